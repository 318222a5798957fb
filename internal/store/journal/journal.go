package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// phase is how far a journal is in its life.
type phase int

const (
	opened phase = iota
	recovering
	running
	closed
)

// Journal is a log with its snapshots. Make one with Open, call Recover once,
// then the other methods from any goroutine; Close ends it.
type Journal struct {
	opts      Options
	log       *slog.Logger
	metrics   *metrics
	segments  folder
	snapshots folder

	wake chan struct{} // something is queued

	// writing is held by the one who writes a snapshot.
	writing sync.Mutex

	mu    sync.Mutex
	phase phase
	ended chan struct{} // the writer has returned; nil before it began
	queue               // what waits for the writer
	health
	// found are the files at Open, until Recover has read them.
	found struct{ segments, snapshots []file }
	// live are the segments that exist, and intact the snapshots that are
	// known to be good, both by number.
	live   []uint64
	intact []uint64
}

// Open finds out what is in the data folder, and changes nothing there except
// that it removes snapshots that were never finished. Whatever a crash left
// is fine. An error means that the folder cannot be used, that a file there
// may not be read, or that it is of a newer version (ErrVersion).
func Open(o Options) (*Journal, error) {
	o = o.withDefaults()
	j := &Journal{
		opts:      o,
		log:       o.Logger,
		segments:  folder{o.FS, filepath.Join(o.Dir, "journal"), []string{segmentSuffix}},
		snapshots: folder{o.FS, filepath.Join(o.Dir, "snapshot"), []string{snapshotSuffix, tempSuffix, damagedSuffix}},
		wake:      make(chan struct{}, 1),
	}
	for _, f := range []folder{j.segments, j.snapshots} {
		if err := o.FS.MkdirAll(f.dir); err != nil {
			return nil, fmt.Errorf("make folder %s: %w", f.dir, err)
		}
	}
	if err := o.FS.SyncDir(o.Dir); err != nil {
		return nil, fmt.Errorf("sync folder %s: %w", o.Dir, err)
	}
	if err := j.look(); err != nil {
		return nil, err
	}
	j.metrics = newMetrics(o.Registerer, j)
	return j, nil
}

// look lists both folders and reads the headers.
func (j *Journal) look() error {
	segments, strangers, err := j.segments.list()
	if err != nil {
		return err
	}
	snapshots, more, err := j.snapshots.list()
	if err != nil {
		return err
	}
	if strangers+more > 0 {
		j.log.Warn("the journal's folders hold files that are not its own; they are left alone", "files", strangers+more)
	}
	for _, e := range segments {
		f, err := j.segments.inspect(e, segmentMagic)
		if err != nil {
			return err
		}
		j.found.segments = append(j.found.segments, f)
		j.live = append(j.live, e.number)
	}
	for _, e := range snapshots {
		if e.suffix == tempSuffix {
			j.discard(e)
		}
		if e.suffix != snapshotSuffix {
			continue
		}
		f, err := j.snapshots.inspect(e, snapshotMagic)
		if err != nil {
			return err
		}
		j.found.snapshots = append(j.found.snapshots, f)
	}
	return nil
}

// discard removes a snapshot that was never finished. If that fails now, the
// next start will try again.
func (j *Journal) discard(e entry) {
	name := j.snapshots.path(e.number, e.suffix)
	if err := j.opts.FS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.log.Warn("cannot remove an unfinished snapshot", "file", name, "err", err)
	}
}

// Close writes and syncs what is queued, and waits for the writer. Records that
// come later are refused with ErrClosed. When ctx ends first, because the disk
// does not answer, the writer is left behind and goes on by itself. The error
// tells that not everything is durable. Close may be called again, but not
// while Recover runs.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.phase = closed
	ended := j.ended
	j.mu.Unlock()
	if ended == nil {
		return nil
	}
	j.signal()
	select {
	case <-ended:
		return j.closingError()
	case <-ctx.Done():
		return fmt.Errorf("close journal: %w", context.Cause(ctx))
	}
}

func (j *Journal) closingError() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed == nil {
		return nil
	}
	return fmt.Errorf("close journal: %w", j.failed)
}

// now is the time for stamps.
func (j *Journal) now() time.Time { return j.opts.Now() }
