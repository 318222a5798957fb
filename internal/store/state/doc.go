// Package state keeps what remediation must not forget, in SQL: actions, who may
// act, the audit, what people have set, alerts from elsewhere, and messages that
// are to be delivered. So it does for gates: latches, verdicts, broken glasses and
// marked deploys. It is a remediation.Store and a gates.Store, on SQLite for one
// engine and on PostgreSQL for several that share it; package statetest says what
// all of them must do.
//
// What it promises:
//
//   - What a call has returned without an error survives the end of the process
//     and of the machine. SQLite syncs at each commit; PostgreSQL is asked to,
//     and a DSN that says otherwise is refused.
//   - Writers come one after the other, in this process and in all others: each
//     transaction takes the row of slo_head before it reads anything (SQLite
//     takes the file). So what a transaction has checked still holds when it is
//     committed, and there is nothing to be serialized afterwards.
//   - Should somebody write past that row, unique indexes still keep two actions
//     from one target, and one alert from having an action twice.
//   - An engine whose epoch is older than the one given out last changes no
//     action: the epoch is read in the transaction that writes.
//   - The audit is only ever appended to. Triggers refuse everything else, and
//     each entry holds the hash of the one before: see Verify.
//   - Times are the caller's. The database's clock is asked for nothing.
//
// Who fails how: a database that is locked, or away, is tried again for
// Options.Patience; then the error wraps one of those in errors.go. The next
// call begins anew, so nothing needs to be reopened. After ErrUncertain the
// caller must look. Reserve and Push may simply be repeated: what was written
// is found by its id.
//
// # Leading and clocks
//
// A lease is as good as the clocks of those who ask for it. An engine whose clock
// is ahead by more than the rest of a lease takes over early; then two engines
// think that they lead until the first one asks again, but only the newer one's
// epoch is good for a write. A clock that was ahead and is set back leaves a
// lease that seems to last for hours: an engine that has watched it for a ttl
// without seeing it renewed takes over. Who comes back after the end of its own
// lease gets a new epoch, so that nothing it began before counts.
//
// # On disk
//
// Tables begin with slo_. The files in migrations make them, in the order of
// their numbers: NNNN_what.sql for both engines, then NNNN_what.ENGINE.sql for
// one. A file that has been released is never changed; the next number is.
package state
