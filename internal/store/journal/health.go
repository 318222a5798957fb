package journal

import (
	"fmt"
	"time"
)

// health is how the journal is; Journal.mu guards it.
type health struct {
	// failed is why it is not healthy, nil if it is.
	failed error
	// failures counts how often it failed: a snapshot heals only if none came
	// since its cut.
	failures uint64
	// written are all bytes of the log, atSnapshot those at the newest
	// snapshot's cut.
	written, atSnapshot int64
	lastSnapshot        time.Time
	// newest is the number of the newest snapshot.
	newest uint64
}

// failLocked notes that something failed. What is to happen to the queue is up
// to the caller.
func (j *Journal) failLocked(op string, err error) {
	j.failures++
	j.failed = fmt.Errorf("%w: %s: %w", ErrFailed, op, err)
	j.metrics.errors.WithLabelValues(op).Inc()
	j.metrics.healthy.Set(0)
	j.log.Error("the journal has failed; counting goes on in memory, and a crash now would lose it", "op", op, "err", err)
}

// healLocked ends a failure if a cut came after it.
func (j *Journal) healLocked(c *Cut) {
	if j.failed == nil || c.failures != j.failures {
		return
	}
	j.failed = nil
	j.metrics.healthy.Set(1)
	j.log.Info("the journal is healthy again")
}

// Stats is how a journal is at a moment.
type Stats struct {
	// Healthy: all that was acknowledged is kept. False after a failure, until
	// a snapshot of a later cut is complete.
	Healthy bool
	// Stalled: the disk does not answer at the moment.
	Stalled bool
	// LastError is why it is not healthy, nil if it is.
	LastError error
	// LastSnapshot is when the newest snapshot was written; zero if there is
	// none.
	LastSnapshot time.Time
	// BytesSinceSnapshot are the bytes of the log that the newest snapshot
	// does not hold: what a restart would replay.
	BytesSinceSnapshot int64
	// QueueBytes are those waiting to be written.
	QueueBytes int
	// Segments and Snapshots are how many files there are.
	Segments, Snapshots int
}

// Stats is how the journal is now.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return Stats{
		Healthy:            j.failed == nil && j.phase != opened && j.phase != recovering,
		Stalled:            j.stalled,
		LastError:          j.failed,
		LastSnapshot:       j.lastSnapshot,
		BytesSinceSnapshot: j.written - j.atSnapshot,
		QueueBytes:         j.bytes,
		Segments:           len(j.live),
		Snapshots:          len(j.intact),
	}
}
