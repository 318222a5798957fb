package journal

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// blockBytes is the payload of a snapshot's frames.
const blockBytes = 64 << 10

// WriteSnapshot saves the state as it was at the cut: save writes it, in as
// small pieces as it likes. When it returns nil the snapshot is durable, and
// what only an older one needs is removed; if the journal had failed, and not
// again since the cut, it is healthy again.
//
// It may take minutes while appends go on, and save may write what is newer
// than the cut, as far as the state tells which records it holds: the snapshot
// is complete only when every record appended before save returned is durable,
// and is given up if one was lost.
//
// One is written at a time. When ctx ends, the next write of save fails. After
// an error nothing has changed, and a new cut is needed only if it is ErrFailed
// or ErrOldCut.
func (j *Journal) WriteSnapshot(ctx context.Context, c *Cut, save func(io.Writer) error) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	began := time.Now()
	s, err := j.save(ctx, c, save)
	if err != nil {
		j.metrics.errors.WithLabelValues("snapshot").Inc()
		return fmt.Errorf("write snapshot: %w", err)
	}
	j.keep(c, s)
	j.metrics.snapshotSeconds.Set(time.Since(began).Seconds())
	j.metrics.snapshotBytes.Set(float64(s.at))
	j.log.Info("snapshot written", "number", c.number, "bytes", s.at, "took", time.Since(began).Round(time.Millisecond))
	j.prune()
	return nil
}

// save writes the file under another name first, so that a name without "tmp"
// always means a whole one.
func (j *Journal) save(ctx context.Context, c *Cut, save func(io.Writer) error) (*snapshotWriter, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	if j.newestSnapshot() >= c.number {
		return nil, ErrOldCut
	}
	temp := j.snapshots.path(c.number, tempSuffix)
	s, err := j.fill(ctx, temp, c.number, save)
	if err == nil {
		err = j.settle(ctx, c)
	}
	if err == nil {
		err = j.opts.FS.Rename(temp, j.snapshots.path(c.number, snapshotSuffix))
	}
	if err != nil {
		j.discard(entry{number: c.number, suffix: tempSuffix})
		return nil, err
	}
	return s, j.opts.FS.SyncDir(j.snapshots.dir)
}

func (j *Journal) newestSnapshot() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.newest
}

// fill writes and syncs a snapshot file.
func (j *Journal) fill(ctx context.Context, name string, number uint64, save func(io.Writer) error) (*snapshotWriter, error) {
	f, err := j.opts.FS.Create(name)
	if errors.Is(err, fs.ErrExist) { // an earlier attempt could not even be removed
		if err = j.opts.FS.Remove(name); err == nil {
			f, err = j.opts.FS.Create(name)
		}
	}
	if err != nil {
		return nil, err
	}
	s := newSnapshotWriter(ctx, f, number, j.now())
	if err = save(s); err == nil {
		err = s.end()
	}
	if err == nil {
		err = f.Sync()
	}
	return s, errors.Join(err, f.Close())
}

// keep notes a complete snapshot.
func (j *Journal) keep(c *Cut, s *snapshotWriter) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.newest, j.lastSnapshot, j.atSnapshot = c.number, s.created, c.at
	j.intact = append(j.intact, c.number)
	j.intact = j.intact[max(0, len(j.intact)-2):]
	j.healLocked(c)
}

// snapshotWriter cuts what it is given into frames.
type snapshotWriter struct {
	ctx     context.Context
	file    files.File
	created time.Time
	seed    uint32
	// at is the size of what was written.
	at int64
	// block is the frame that is being filled; begins with room for its head.
	block []byte
	err   error
}

func newSnapshotWriter(ctx context.Context, f files.File, number uint64, created time.Time) *snapshotWriter {
	h := header{magic: snapshotMagic, version: version, number: number, created: created.UnixNano()}
	s := &snapshotWriter{ctx: ctx, file: f, created: created, seed: h.seed()}
	s.block = make([]byte, frameBytes, frameBytes+blockBytes)
	s.put(h.encode())
	return s
}

// Write implements io.Writer.
func (s *snapshotWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0 && s.err == nil; {
		n := min(len(rest), cap(s.block)-len(s.block))
		s.block = append(s.block, rest[:n]...)
		rest = rest[n:]
		if len(s.block) == cap(s.block) {
			s.flush()
		}
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

// flush writes the block as a frame.
func (s *snapshotWriter) flush() {
	payload := s.block[frameBytes:]
	sum := crc32.Checksum(payload, castagnoli)
	appendFrame(s.block[:0], payload, sum) // in place: the payload stands where it belongs
	seal(s.block, s.seed, s.at)
	s.put(s.block)
	s.block = s.block[:frameBytes]
}

func (s *snapshotWriter) put(b []byte) {
	if s.err == nil {
		s.err = context.Cause(s.ctx)
	}
	if s.err == nil {
		_, s.err = s.file.Write(b)
		s.at += int64(len(b))
	}
}

// end writes the last block, and the empty frame that says that it was. Its
// checksum covers its place, so nothing can be missing before it.
func (s *snapshotWriter) end() error {
	if len(s.block) > frameBytes {
		s.flush()
	}
	s.flush()
	return s.err
}

// snapshotReader gives back what a snapshotWriter was given.
type snapshotReader struct {
	*frames
	rest []byte
	// err is how it ended: io.EOF if with the empty frame.
	err error
}

// Read implements io.Reader.
func (s *snapshotReader) Read(p []byte) (int, error) {
	for len(s.rest) == 0 && s.err == nil {
		s.rest, s.err = s.next()
		if s.err == io.EOF {
			s.err = errDamaged // no empty frame
		} else if s.err == nil && len(s.rest) == 0 {
			s.err = io.EOF
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if n == 0 && len(p) > 0 {
		return 0, s.err
	}
	return n, nil
}
