// Package faulty is a file system in memory for tests of durable code. It can
// do what a real one does on its worst day:
//
//   - Fail: Inject makes chosen calls fail, before they do anything, half way
//     or after they did it. Every call has a number, so a test can count the
//     calls of a workload once and then fail each in turn.
//   - Kill: what a process leaves that was killed. All that was written is
//     there, whether or not it was synced.
//   - Crash: what a machine leaves that lost power. What was synced is there;
//     of what was not, anything may be: a part, a part with wrong bytes,
//     nothing. Names that were given or taken without a SyncDir may be old or
//     new, each for itself.
//   - Stall: Before is called ahead of each call, and may wait there.
//
// It is crueler than most disks, on purpose: a folder's entry does not become
// durable because its file was synced, and what a failed Sync left in doubt
// stays so even when a later Sync succeeds. Folders themselves are durable at
// once; nothing here depends on when they became so.
package faulty
