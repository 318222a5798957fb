package journal

import (
	"fmt"
	"io"
	"time"
)

// Recovery is what Recover found.
type Recovery struct {
	// Snapshot is the number of the snapshot that was loaded, 0 if none was;
	// SnapshotTime is when it was written.
	Snapshot     uint64
	SnapshotTime time.Time
	// DamagedSnapshots were newer, and could not be read. They are renamed to
	// *.damaged, and removed after the next snapshot.
	DamagedSnapshots int
	// Segments were read, and Records replayed from them, in Bytes.
	Segments int
	Records  int64
	Bytes    int64
	// TornBytes were cut off the end of the last segment: the trace of a
	// crash.
	TornBytes int64
	// SkippedBytes could not be read in segments that others follow, or
	// because the disk refused.
	SkippedBytes int64
	// Gaps counts the places at which records are missing between two that
	// were replayed, or between the snapshot and the log. What comes after a
	// gap is replayed all the same: counters catch up.
	Gaps int
	Took time.Duration
}

// Recover calls load with the newest intact snapshot, if there is one, and then
// replay with each record after it; a record is valid only during the call.
// From then on the journal takes records. A disk that cannot be written does
// not keep it from that: it starts as failed; see Stats.
//
// Whatever is damaged is passed over and counted. If a snapshot turns out to be
// unreadable while it is loaded, load is called again with an older one, so it
// has to begin from nothing. An error is one of load or replay, and leaves the
// files as they were.
func (j *Journal) Recover(load func(snapshot io.Reader) error, replay func(record []byte) error) (Recovery, error) {
	j.mu.Lock()
	was := j.phase
	if was == opened {
		j.phase = recovering
	}
	j.mu.Unlock()
	if was != opened {
		return Recovery{}, fmt.Errorf("recover journal: %w", ErrOrder)
	}
	r := &recovery{Journal: j, replay: replay}
	began := time.Now()
	if err := r.state(load); err != nil {
		return r.Recovery, fmt.Errorf("recover journal: %w", err)
	}
	if err := r.records(); err != nil {
		return r.Recovery, fmt.Errorf("recover journal: %w", err)
	}
	r.Took = time.Since(began)
	r.settle()
	return r.Recovery, nil
}

// recovery is a Recover that is under way.
type recovery struct {
	*Journal
	Recovery
	replay func([]byte) error
	// last is the last segment that could be read, and end up to where.
	last uint64
	end  int64
}

// state loads the newest snapshot that can be read.
func (r *recovery) state(load func(io.Reader) error) error {
	for n := len(r.found.snapshots) - 1; n >= 0; n-- {
		s := r.found.snapshots[n]
		intact, err := r.load(s, load)
		if err != nil {
			return err
		}
		if intact {
			r.Snapshot, r.SnapshotTime = s.number, s.created
			for _, older := range r.found.snapshots[max(0, n-1) : n+1] {
				r.intact = append(r.intact, older.number)
			}
			return nil
		}
	}
	return nil
}

// load reads a snapshot twice: half a state would be worse than an old one.
func (r *recovery) load(s file, load func(io.Reader) error) (intact bool, err error) {
	damage := s.err
	if damage == nil {
		damage, _ = r.read(s, func(content io.Reader) error {
			_, err := io.Copy(io.Discard, content)
			return err
		})
	}
	if damage == nil {
		damage, err = r.read(s, load)
	}
	if damage == nil && err != nil {
		return false, fmt.Errorf("load snapshot %s: %w", r.snapshots.path(s.number, s.suffix), err)
	}
	if damage != nil {
		r.putAside(s, damage)
	}
	return damage == nil, nil
}

// read tells what is wrong with the file from what is wrong with its content.
func (r *recovery) read(s file, use func(io.Reader) error) (damage, err error) {
	rc, err := r.opts.FS.Open(r.snapshots.path(s.number, s.suffix))
	if err != nil {
		return err, nil
	}
	defer rc.Close()
	f, err := openFrames(rc, snapshotMagic, s.number)
	if err != nil {
		return err, nil
	}
	content := &snapshotReader{frames: f}
	err = use(content)
	if content.err != nil && content.err != io.EOF {
		return content.err, nil
	}
	return nil, err
}

// putAside gets a damaged snapshot out of the way.
func (r *recovery) putAside(s file, damage error) {
	r.DamagedSnapshots++
	name := r.snapshots.path(s.number, s.suffix)
	r.log.Error("a snapshot is damaged; an older one and the log since then are used", "file", name, "err", damage)
	if err := r.opts.FS.Rename(name, r.snapshots.path(s.number, damagedSuffix)); err != nil {
		r.log.Warn("cannot rename a damaged snapshot", "file", name, "err", err)
	}
}

// settle makes the journal ready for records.
func (r *recovery) settle() {
	next := r.Snapshot
	for _, f := range append(r.found.segments, r.found.snapshots...) {
		next = max(next, f.number)
	}
	r.mu.Lock()
	r.newest, r.lastSnapshot, r.written = r.Snapshot, r.SnapshotTime, r.Bytes
	r.found.segments, r.found.snapshots = nil, nil
	r.metrics.healthy.Set(1)
	r.mu.Unlock()
	r.log.Info("journal recovered", "snapshot", r.Snapshot, "records", r.Records, "bytes", r.Bytes,
		"torn", r.TornBytes, "skipped", r.SkippedBytes, "gaps", r.Gaps, "took", r.Took.Round(time.Millisecond))
	r.start(r.last, r.end, next+1)
}
