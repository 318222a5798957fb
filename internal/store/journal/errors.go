package journal

import "errors"

// What Append, Wait, Cut and WriteSnapshot answer, wrapped in what happened.
var (
	// ErrFull: more is waiting to be written than Options.QueueBytes. The
	// record was not taken, and the log has no gap as long as its sender does
	// not count it either: it should be told to come again.
	ErrFull = errors.New("journal queue is full")
	// ErrStalled: the disk does not answer. The record is queued, and will be
	// written if the disk comes back; who waited should go on without.
	ErrStalled = errors.New("disk does not answer")
	// ErrFailed: the journal has failed and takes no records until the next
	// Cut. The engine goes on from memory.
	ErrFailed = errors.New("journal has failed")
	// ErrClosed: the journal was closed.
	ErrClosed = errors.New("journal is closed")
	// ErrSize: the record is empty, or longer than MaxRecord.
	ErrSize = errors.New("record has an impossible size")
	// ErrVersion: a file was written by a newer version. Nothing was changed.
	ErrVersion = errors.New("file of a newer version")
	// ErrOrder: Recover was not called first, or was called twice.
	ErrOrder = errors.New("journal is to be opened, recovered once, then used")
	// ErrOldCut: a snapshot of a later cut has been written already.
	ErrOldCut = errors.New("cut is older than the newest snapshot")
)
