// Package journal keeps opaque records so that a process finds them again: an
// append-only log in segments, and snapshots that replace what came before.
//
// What it promises:
//
//   - A record whose Wait returned nil survives the end of the process. It
//     survives the end of the machine too, once FsyncInterval and one fsync
//     have passed, or at once with FsyncAlways.
//   - Recover returns the newest intact snapshot, then the records after it:
//     in the order of Append, none twice, none that was damaged. If records
//     are missing between two that it replays, it says so: Recovery.Gaps.
//   - Nothing a crash leaves behind keeps it from starting.
//   - It never waits for a disk: not in Append, not in Cut. A disk that fails
//     or hangs costs durability, shows in the metrics, and nothing else.
//
// What makes it hold:
//
//   - One goroutine, the writer, touches the segments. It writes all that has
//     been queued meanwhile in one call, so many appends share one write and
//     one fsync.
//   - A file in which something failed is never written again; see package
//     files. The journal has failed then: it refuses records until Cut has
//     begun a new segment, and counts as healthy only when the snapshot of
//     that cut is complete, since the records in between are in no file. The
//     segment says in its header that it comes after a gap.
//   - A process never writes to a segment of the one before. Where the last
//     one is torn, Recover cuts it off.
//   - There are always two snapshots, and the segments since the older one, so
//     that a damaged snapshot costs time, not history.
//
// On disk, below Options.Dir:
//
//	journal/0000000000000012.log    header, frames
//	snapshot/0000000000000011.snap  header, frames, an empty frame
//	snapshot/0000000000000012.snap  the state before segment 12
//
// The numbers of the segments only grow. A frame is a length, a checksum and a
// payload; the checksum covers the file's header and the frame's place too, so
// that bytes of another file, or of another place, never pass for a record.
//
// Who opens a folder must be alone with it; the journal does not lock it.
package journal
