package journal

import "time"

// writer is the one goroutine that writes segments. Its fields are its own.
type writer struct {
	*Journal
	// segment is the one that is written; nil after a failure.
	segment *segment
	// next is the next segment's number. Numbers are not used twice, whatever
	// became of a file.
	next uint64
	// last is the last segment that was begun, at is where it ended, and gap
	// whether anything was lost since.
	last uint64
	at   int64
	gap  bool
	// timer fires when the oldest unsynced write is due, at due.
	timer *time.Timer
	due   time.Time
}

// run writes what is queued until the journal is closed.
func (w *writer) run() {
	defer close(w.ended)
	defer w.timer.Stop()
	for {
		head, overrun, ending := w.head()
		switch {
		case overrun:
			w.watched(w.leave)
		case head == nil && ending:
			w.watched(func() { _ = w.finish() })
			return
		case head == nil:
			w.rest()
		case head.cut != nil:
			w.watched(func() { w.begin(head) })
		default:
			w.watched(func() { w.write(head) })
		}
		if w.dirty() && !time.Now().Before(w.due) {
			w.watched(func() { _ = w.sync() })
		}
	}
}

// head is what comes next. A batch with a cut stays in the queue until its
// segment has begun, so that a failure before then does not reach it.
func (j *Journal) head() (b *batch, overrun, ending bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	overrun, j.overrun = j.overrun, false
	if overrun || len(j.list) == 0 {
		return nil, overrun, j.phase == closed
	}
	b = j.list[0]
	if b.cut == nil {
		j.current, j.list = b, j.list[1:]
	}
	return b, false, false
}

// rest waits for a record, or for a sync to be due.
func (w *writer) rest() {
	select {
	case <-w.wake:
	case <-w.timer.C:
	}
}

// watched runs what may hang on the disk, and has somebody look at the clock.
func (w *writer) watched(work func()) {
	stalled := make(chan struct{})
	watch := time.AfterFunc(w.opts.StallAfter, func() {
		w.stall()
		close(stalled)
	})
	work()
	if !watch.Stop() {
		<-stalled
		w.answered()
	}
}

// begin starts the segment of a cut. What fails in the one before does not
// concern it: the snapshot will hold what that has lost.
func (w *writer) begin(b *batch) {
	_ = w.finish()
	err := w.create()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.list) == 0 || w.list[0] != b {
		return // given up meanwhile
	}
	c := b.cut
	b.cut = nil
	if err != nil {
		c.resolve(w.failed)
		w.dropLocked(w.untilCutLocked())
		return
	}
	c.number, c.failures, c.at = w.last, w.failures, w.written
	c.resolve(nil)
}

// write puts a batch into the log and tells who waits for it.
func (w *writer) write(b *batch) {
	err := w.put(b)
	if err == nil && b.durable && w.dirty() {
		err = w.sync()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.written += int64(len(b.buf))
		w.metrics.bytes.Add(float64(len(b.buf)))
		w.metrics.records.Add(float64(b.records))
	} else {
		w.metrics.lost.Add(float64(b.records))
	}
	w.current = nil
	w.releaseLocked(b, err)
}

// start begins the first segment of this process, and the goroutine.
func (j *Journal) start(last uint64, at int64, next uint64) {
	w := &writer{Journal: j, last: last, at: at, next: next, timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	err := w.create()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.phase, j.accepting = running, err == nil
	j.ended = make(chan struct{})
	go w.run()
}
