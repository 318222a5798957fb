// Package engine runs the pure parts: it owns the shards, feeds them samples,
// judges every instance on each tick and publishes what it found.
//
// Ownership:
//
//   - Each shard is one goroutine. It owns its tracker, ledgers and alert
//     states; everything that touches them is a function sent to it.
//   - Engine.Run owns the tick. Event time decides, the tick only says when to
//     look.
//   - Readers get a Snapshot: immutable, replaced as a whole at each tick.
//     They never wait for ingest, and ingest never waits for them.
//
// The package knows nothing of where samples come from or where alerts go:
// Ingest is called, Options.Notify is called.
package engine
