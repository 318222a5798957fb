package journal

import (
	"errors"
	"fmt"
	"io"
)

// records replays the segments since the snapshot.
func (r *recovery) records() error {
	for n, s := range r.found.segments {
		if s.number < r.Snapshot {
			continue
		}
		if err := r.segment(s, n == len(r.found.segments)-1); err != nil {
			return err
		}
	}
	return nil
}

// segment replays one.
func (r *recovery) segment(s file, last bool) error {
	r.Segments++
	name := r.segments.path(s.number, s.suffix)
	rc, err := r.opts.FS.Open(name)
	if err != nil {
		r.skip(name, s.size, last, err)
		return nil
	}
	defer rc.Close()
	f, err := openFrames(rc, segmentMagic, s.number)
	if err != nil {
		r.headless(s, name, last, err)
		return nil
	}
	r.join(f.header)
	damage, err := r.frames(f)
	if err != nil {
		return fmt.Errorf("replay record before byte %d of %s: %w", f.end, name, err)
	}
	r.end = f.end
	r.Bytes += f.end - headerBytes
	switch {
	case last && (damage == nil || errors.Is(damage, errDamaged)):
		r.trim(name, f.end, s.size)
	case damage != nil:
		r.skip(name, s.size-f.end, last, damage)
	}
	return nil
}

// join compares where the segment goes on from with how far the log was read.
// What a snapshot holds cannot be missing.
func (r *recovery) join(h header) {
	held := h.number == r.Snapshot || h.follows < r.Snapshot && h.flags&afterGap == 0
	joined := h.flags&afterGap == 0 && h.follows == r.last && h.at == r.end
	if !held && !joined {
		r.Gaps++
		r.log.Error("records are missing before a segment", "segment", h.number)
	}
	r.last = h.number
}

// frames replays all that is intact.
func (r *recovery) frames(f *frames) (damage, err error) {
	for {
		record, err := f.next()
		if err == io.EOF {
			return nil, nil
		}
		if err == nil && len(record) == 0 {
			err = errDamaged // nobody appends nothing
		}
		if err != nil {
			return err, nil
		}
		if err := r.replay(record); err != nil {
			return nil, err
		}
		r.Records++
	}
}

// trim cuts the last segment where it is torn. It syncs the segment, too: the
// process that wrote it may not have come to that, and what we append is worth
// nothing without what stands before it.
func (r *recovery) trim(name string, at, size int64) {
	r.TornBytes += size - at
	if size > at {
		r.log.Warn("the end of the last segment is torn, as after a crash; it is cut off", "file", name, "bytes", size-at)
	}
	if err := r.opts.FS.Truncate(name, at); err != nil {
		r.metrics.errors.WithLabelValues("truncate").Inc()
		r.log.Warn("cannot cut and sync the last segment", "file", name, "err", err)
	}
}

// headless deals with a segment whose header cannot be read.
func (r *recovery) headless(s file, name string, last bool, err error) {
	if !last || !errors.Is(err, errHeader) {
		r.skip(name, s.size, last, err)
		return
	}
	r.TornBytes += s.size
	r.log.Warn("the last segment was not even begun, as after a crash; it is removed", "file", name, "bytes", s.size)
	if r.unlink(r.segments, s.entry) {
		r.forget(s.number)
	}
}

// skip passes over what cannot be read. If another segment follows, joining it
// will show whether something is missing.
func (r *recovery) skip(name string, bytes int64, last bool, err error) {
	r.SkippedBytes += bytes
	if last {
		r.Gaps++
	}
	r.log.Error("a segment is damaged; the rest of it is skipped", "file", name, "bytes", bytes, "err", err)
}
