package journal

import (
	"context"
	"fmt"
	"hash/crc32"
)

// Append hands a copy of the record to the writer, after all records before
// it, and never waits for the disk. The record is in the log when the ticket's
// Wait says so; who does not care need not wait.
//
// An error means that the record was not taken: ErrSize, ErrFull (back off and
// come again), ErrFailed (go on without), ErrClosed.
func (j *Journal) Append(record []byte) (Ticket, error) {
	if len(record) == 0 || len(record) > MaxRecord {
		return Ticket{}, fmt.Errorf("append %d bytes: %w: 1 to %d bytes are possible", len(record), ErrSize, MaxRecord)
	}
	sum := crc32.Checksum(record, castagnoli) // not under the lock
	j.mu.Lock()
	if err := j.admitLocked(frameBytes + len(record)); err != nil {
		j.mu.Unlock()
		return Ticket{}, err
	}
	b := j.lastLocked()
	before := len(b.buf)
	b.buf = appendFrame(b.buf, record, sum)
	b.records++
	j.bytes += len(b.buf) - before
	j.mu.Unlock()
	j.signal()
	return Ticket{b}, nil
}

// Ticket stands for a record that was appended.
type Ticket struct{ batch *batch }

// Wait returns nil when the record is written, and with FsyncAlways synced.
// Otherwise it is not certain to be kept: ErrStalled if it may still be
// written, ErrFailed if not, or ctx's error if that ended first. Any number of
// goroutines may wait, or none.
func (t Ticket) Wait(ctx context.Context) error {
	select {
	case <-t.batch.done: // also if ctx has ended
		return t.batch.err
	default:
	}
	select {
	case <-t.batch.done:
		return t.batch.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle waits until all that was appended so far is durable. It fails if
// anything that came after the cut is not, and may never be.
func (j *Journal) settle(ctx context.Context, c *Cut) error {
	j.mu.Lock()
	if err := j.phase.check(); err != nil {
		j.mu.Unlock()
		return err
	}
	if j.failures != c.failures {
		defer j.mu.Unlock()
		return fmt.Errorf("records were lost since the cut: %w", ErrFailed)
	}
	b := j.addLocked()
	b.durable = true
	j.mu.Unlock()
	j.signal()
	return Ticket{b}.Wait(ctx)
}

// Cut marks a place in the log: every record appended before is before it,
// every later one after. It never waits for the disk, so it can be called at
// the very moment at which the state is captured that WriteSnapshot will save.
//
// When the journal has failed, records are taken again from here on, and kept
// if the disk works again. The journal is healthy again when the snapshot of
// this cut is complete.
func (j *Journal) Cut() (*Cut, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.phase.check(); err != nil {
		return nil, fmt.Errorf("cut journal: %w", err)
	}
	c := &Cut{done: make(chan struct{})}
	j.addLocked().cut = c
	j.accepting = true
	j.signal()
	return c, nil
}

// Cut is a place between two records.
type Cut struct {
	done chan struct{}
	// The rest is set when done is closed. number is the segment that begins
	// here, failures how often the journal had failed by then, and at how much
	// had been written.
	number   uint64
	failures uint64
	at       int64
	err      error
}

func (c *Cut) resolve(err error) {
	c.err = err
	close(c.done)
}

// wait returns when the new segment has begun, or is known not to.
func (c *Cut) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// signal wakes the writer.
func (j *Journal) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// check says why a journal in this phase takes nothing.
func (p phase) check() error {
	switch p {
	case running:
		return nil
	case closed:
		return ErrClosed
	default:
		return ErrOrder
	}
}
