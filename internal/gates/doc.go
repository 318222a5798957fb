// Package gates answers whether changes may ship, from what the engine knows. The
// decision itself is pure and stands in pkg/gate; a Keeper has what is around it:
//
//   - Evidence is read from the newest snapshot. Ask never waits for the engine, for
//     a disk or for a database, and ingesting never waits for Ask.
//   - One question about one snapshot has one answer with one ID, however many ask
//     it. Each distinct verdict is written down with how often it was told; what
//     could not be written is counted.
//   - Latches: a level that was once fallen below holds until enough is left again.
//     They step once for each snapshot, not with each question, and outlive
//     restarts.
//   - A broken glass and a marked deploy are on disk before they are acknowledged.
//     Several engines that share a database see each other's within seconds.
//
// Where the state is away, questions are answered all the same: latches, glasses and
// deploys hold as they were known last, verdicts wait in a bounded queue. What must be
// on disk before it is acknowledged is refused with ErrStateAway.
//
// Step looks at a new snapshot, Sync speaks with the Store; Run does both, each in
// its own goroutine, so that a database that hangs stops no latch.
package gates
