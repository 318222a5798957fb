package journal

import (
	"errors"
	"io/fs"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// segment is the file that is being written.
type segment struct {
	files.File
	name string
	seed uint32
	// size is up to where all is whole.
	size  int64
	dirty bool
}

// put writes a batch at the end of the log.
func (w *writer) put(b *batch) error {
	if len(b.buf) == 0 {
		return nil
	}
	if w.segment.size >= w.opts.SegmentBytes {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	s := w.segment
	seal(b.buf, s.seed, s.size)
	if _, err := s.Write(b.buf); err != nil {
		return w.fail("write", err)
	}
	s.size += int64(len(b.buf))
	if w.opts.FsyncInterval < 0 {
		return w.sync()
	}
	w.soil()
	return nil
}

func (w *writer) rotate() error {
	if err := w.finish(); err != nil {
		return err
	}
	return w.create()
}

// soil notes that the segment has to be synced, and when.
func (w *writer) soil() {
	if s := w.segment; !s.dirty {
		s.dirty = true
		w.due = time.Now().Add(w.opts.FsyncInterval)
		w.timer.Reset(w.opts.FsyncInterval)
	}
}

func (w *writer) dirty() bool { return w.segment != nil && w.segment.dirty }

// sync makes what was written durable.
func (w *writer) sync() error {
	began := time.Now()
	err := w.segment.Sync()
	if err != nil {
		return w.fail("sync", err)
	}
	w.segment.dirty = false
	w.timer.Stop()
	w.metrics.fsync.Observe(time.Since(began).Seconds())
	return nil
}

// finish syncs and closes the segment, if there is one.
func (w *writer) finish() error {
	if w.segment == nil {
		return nil
	}
	if w.dirty() {
		if err := w.sync(); err != nil {
			return err
		}
	}
	err := w.segment.Close()
	if err != nil {
		return w.fail("close", err)
	}
	w.at, w.segment = w.segment.size, nil
	return nil
}

// create begins the next segment.
func (w *writer) create() error {
	h := header{magic: segmentMagic, version: version, number: w.next, follows: w.last, at: w.at, created: w.now().UnixNano()}
	if w.gap {
		h.flags |= afterGap
	}
	w.next++
	name := w.segments.path(h.number, segmentSuffix)
	f, err := w.opts.FS.Create(name)
	if err != nil {
		w.remove(name) // it may be there all the same
		return w.fail("create", err)
	}
	_, err = f.Write(h.encode())
	if err == nil { // a segment that stays empty is never synced again
		err = f.Sync()
	}
	if err == nil {
		err = w.opts.FS.SyncDir(w.segments.dir)
	}
	if err != nil {
		_ = f.Close()
		w.remove(name)
		return w.fail("create", err)
	}
	w.segment = &segment{File: f, name: name, seed: h.seed(), size: headerBytes}
	w.last, w.gap = h.number, false
	w.mu.Lock()
	defer w.mu.Unlock()
	w.live = append(w.live, h.number)
	return nil
}

// remove takes a segment away that never held a record, so that a full disk
// does not fill with them.
func (w *writer) remove(name string) {
	if err := w.opts.FS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.log.Warn("cannot remove a segment that could not be begun", "file", name, "err", err)
	}
}

// fail gives up the segment and what is queued for it, and returns what those
// who wait are told.
func (w *writer) fail(op string, err error) error {
	w.mu.Lock()
	w.failLocked(op, err)
	w.dropLocked(w.untilCutLocked())
	failed := w.failed
	w.mu.Unlock()
	w.abandon(op == "write")
	return failed
}

// leave gives up a segment that is fine, since what comes next is after a gap.
func (w *writer) leave() {
	if w.dirty() {
		_ = w.segment.Sync()
	}
	w.abandon(false)
}

// abandon closes the segment for good; if it was torn, its whole part is kept.
func (w *writer) abandon(torn bool) {
	s := w.segment
	w.segment, w.gap = nil, true
	if s == nil {
		return
	}
	_ = s.Close() // that it failed is known already
	if !torn {
		return
	}
	if err := w.opts.FS.Truncate(s.name, s.size); err != nil {
		w.metrics.errors.WithLabelValues("truncate").Inc()
		w.log.Warn("cannot cut a torn segment; the next start will", "file", s.name, "err", err)
	}
}
