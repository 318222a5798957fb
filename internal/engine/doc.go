// Package engine decides: it counts samples, judges every instance at each
// tick and publishes what it found.
//
// Ownership:
//
//   - A Core is all that is decided, synchronous and without a clock: its
//     tracker, ledgers and alert states belong to one goroutine. Time is an
//     argument.
//   - An Engine makes a Core go. One goroutine owns it; everything that touches
//     it is a function sent to that goroutine. While it evaluates, it lends its
//     instances, each to one helper, and waits for them.
//   - Engine.Run owns the tick. Event time decides, the tick only says when to
//     look.
//   - Readers get a Snapshot: immutable, replaced as a whole at each tick.
//     They never wait for ingest, and ingest never waits for them.
//
// The package knows nothing of where samples come from or where alerts go:
// Ingest is called, Options.Notify is called.
package engine
