package journal

import "fmt"

// A batch takes no more records when it is this long, or as long as a segment,
// so that its buffer, which goes back and forth between Append and the writer,
// stays of a size to keep.
const (
	maxBatchBytes = 1 << 20
	maxSpares     = 8
	maxSpareBytes = 4 << 20
)

// batch is what is written in one call: the frames of some records.
type batch struct {
	// cut, unless nil, asks for a new segment before these records.
	cut     *Cut
	buf     []byte
	records int
	// durable: whoever waits does so for the sync, too.
	durable bool
	// done is closed when err says how it ended for those who wait.
	done chan struct{}
	err  error
	over bool
}

func (b *batch) finish(err error) {
	if !b.over {
		b.over, b.err = true, err
		close(b.done)
	}
}

// queue is what waits for the writer; Journal.mu guards it. Only its last
// batch grows.
type queue struct {
	list []*batch
	// bytes are those of list and of current.
	bytes int
	// current is the batch that the writer is busy with.
	current *batch
	spares  [][]byte
	// accepting: records are taken. It ends with a failure and begins with a
	// cut.
	accepting bool
	// stalled: the disk does not answer, and nobody waits for it.
	stalled bool
	// overrun: records were refused while the disk did not answer. The writer
	// has to leave the segment, since what comes next is after a gap.
	overrun bool
}

// admitLocked decides whether n bytes more are taken.
func (j *Journal) admitLocked(n int) error {
	if err := j.phase.check(); err != nil {
		return err
	}
	if !j.accepting {
		j.metrics.lost.Inc()
		return j.failed
	}
	if j.bytes == 0 || j.bytes+n <= j.opts.QueueBytes {
		return nil
	}
	if !j.stalled {
		j.metrics.refused.Inc()
		return ErrFull
	}
	j.failLocked("queue", fmt.Errorf("%w, and %d bytes wait for it", ErrStalled, j.bytes))
	j.dropLocked(len(j.list))
	j.overrun = true
	j.metrics.lost.Inc()
	return j.failed
}

// lastLocked is the batch that takes the next record.
func (j *Journal) lastLocked() *batch {
	if n := len(j.list); n > 0 && j.list[n-1].open(j.stalled, j.batchBytes()) {
		return j.list[n-1]
	}
	return j.addLocked()
}

// open reports whether a queued batch takes more records. One that a stall has
// ended does so only during it: later records have somebody who waits.
func (b *batch) open(stalled bool, limit int) bool {
	return len(b.buf) < limit && b.over == stalled
}

func (j *Journal) batchBytes() int { return int(min(maxBatchBytes, j.opts.SegmentBytes)) }

// addLocked puts an empty batch at the end. Nobody waits for it if nobody
// knows when the disk will take it.
func (j *Journal) addLocked() *batch {
	b := &batch{done: make(chan struct{})}
	if n := len(j.spares); n > 0 {
		b.buf, j.spares = j.spares[n-1], j.spares[:n-1]
	} else {
		b.buf = make([]byte, 0, j.batchBytes()*9/8) // the last record goes beyond
	}
	if j.stalled {
		b.finish(ErrStalled)
	}
	j.list = append(j.list, b)
	return b
}

// dropLocked gives up the first n batches.
func (j *Journal) dropLocked(n int) {
	for _, b := range j.list[:n] {
		if b.cut != nil {
			b.cut.resolve(j.failed)
		}
		j.metrics.lost.Add(float64(b.records))
		j.releaseLocked(b, j.failed)
	}
	j.list = append(j.list[:0:0], j.list[n:]...)
	j.accepting = len(j.list) > 0
}

// releaseLocked ends a batch and takes its memory back.
func (j *Journal) releaseLocked(b *batch, err error) {
	b.finish(err)
	j.bytes -= len(b.buf)
	if len(j.spares) < maxSpares && cap(b.buf) > 0 && cap(b.buf) <= maxSpareBytes {
		j.spares = append(j.spares, b.buf[:0])
	}
	b.buf = nil
}

// untilCutLocked is how many batches stand before the next cut.
func (j *Journal) untilCutLocked() int {
	for i, b := range j.list {
		if b.cut != nil {
			return i
		}
	}
	return len(j.list)
}

// stall sends everybody on who waits for the disk.
func (j *Journal) stall() {
	j.metrics.stalls.Inc()
	j.log.Error("the disk does not answer; records are queued, and nobody waits for them", "after", j.opts.StallAfter)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stalled = true
	if j.current != nil {
		j.current.finish(ErrStalled)
	}
	for _, b := range j.list {
		b.finish(ErrStalled)
	}
}

// answered ends a stall.
func (j *Journal) answered() {
	j.log.Info("the disk answers again")
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stalled = false
}
