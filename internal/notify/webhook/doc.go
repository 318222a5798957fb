// Package webhook tells others what happens, as CloudEvents 1.0 that are POSTed
// to them: the transitions of alerts, and the moves of actions. It delivers what
// is in the outbox of the state store; whoever has something to tell puts it in
// there.
//
// What holds:
//
//   - A message is sent at least once. It leaves the outbox when a receiver has
//     answered 2xx, and an engine that dies in between sends it again, with the
//     same id and the same bytes. Receivers tell copies by the id.
//   - Messages of one key (an action; for alerts the SLO instance) come in order:
//     none is sent while one before it waits. Keys do not wait for each other,
//     receivers neither: each has a lane, and one that hangs holds up its own.
//   - 408, 425, 429, 5xx and no answer mean: again, after a time that doubles
//     from about a second to a minute, or as Retry-After says, up to an hour. The
//     receiver as a whole is left alone for that time, and then asked with one
//     message. After a day a message is dead. What else it answers is a no that
//     another time would not change: the message is dead at once.
//   - Dead messages stay in the outbox to be seen, and can be sent again.
//   - Of several engines with one store the leader delivers. One that is no more
//     may finish what it has begun.
//   - Nothing waits for a receiver: [Deliverer.Alert] puts a transition into a
//     bounded queue, and one that does not fit is counted.
//
// # Alerts over the death of the engine
//
// What receivers believe to fire is kept in the store, written before they are
// told that something fires and after they are told that it does not. At the
// start, and twice a minute, it is held against what does fire: what they have
// not heard of, because the engine died or the store was away, they are told
// then, with the id that it would have had. So who heard that an alert fires
// will hear that it ended, whenever that was.
package webhook
