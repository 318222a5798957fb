package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb"
)

// damaged is the folder, in that of the history, of what could not be read.
// Nothing in it is looked at or deleted again.
const damaged = "damaged"

// headFolders hold what is not in blocks yet. The log has all of it; the
// chunks are there to be read instead of being made again.
var (
	headChunks  = []string{"chunks_head"}
	headFolders = []string{"wal", "wbl", "chunks_head"}
)

// open opens the TSDB. The library repairs a log that ends within a record;
// for the rest what is damaged is set aside, the least first, so that all else
// stays.
func (s *Store) open() error {
	err := s.tryOpen()
	for _, aside := range []func(error) error{
		s.setBlocksAside,
		func(cause error) error { return s.setAside(cause, headChunks...) },
		func(cause error) error { return s.setAside(cause, headFolders...) },
	} {
		if err == nil || passing(err) {
			return err
		}
		if asideErr := aside(err); asideErr != nil {
			return errors.Join(err, asideErr)
		}
		err = s.tryOpen()
	}
	return err
}

// tryOpen opens the TSDB with a registry of its own: a failed try leaves
// metrics behind that a second one could not register.
func (s *Store) tryOpen() error {
	s.inner = prometheus.NewRegistry()
	db, err := tsdb.Open(s.dir, s.options.Logger, s.inner, s.options.tsdb(), nil)
	if err != nil {
		return err
	}
	s.db = db
	return nil
}

// passing reports whether an error says nothing about what is in the files:
// setting them aside would help nobody.
func passing(err error) bool {
	for _, cause := range []error{
		fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE,
		syscall.ENFILE, syscall.ENOMEM, syscall.ENOTDIR, syscall.EAGAIN, // the last: locked by another process
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// setBlocksAside sets those blocks aside that cannot be opened.
func (s *Store) setBlocksAside(error) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := ulid.ParseStrict(e.Name()); err != nil || !e.IsDir() {
			continue
		}
		if err := s.tryBlock(e.Name()); err != nil && !passing(err) {
			if err := s.setAside(err, e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) tryBlock(name string) error {
	block, err := tsdb.OpenBlock(s.options.Logger, filepath.Join(s.dir, name), nil, nil)
	if err != nil {
		return err
	}
	return block.Close()
}

// setAside moves folders of the history into one that nobody reads.
func (s *Store) setAside(cause error, names ...string) error {
	to := filepath.Join(s.dir, damaged, s.options.Now().UTC().Format("20060102T150405.000000000"))
	if err := os.MkdirAll(to, 0o750); err != nil {
		return fmt.Errorf("set damaged history aside: %w", err)
	}
	for _, name := range names {
		err := os.Rename(filepath.Join(s.dir, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set damaged history aside: %w", err)
		}
	}
	s.metrics.setAside.Inc()
	s.options.Logger.Error("a part of the history cannot be read and was set aside; budgets and alerts are not affected",
		"parts", names, "moved_to", to, "error", cause)
	return nil
}

// newest is the time of the newest sample; zero if there is none.
func (s *Store) newest() time.Time {
	head := s.db.Head()
	if head.NumSeries() == 0 {
		return time.Time{}
	}
	return time.UnixMilli(head.MaxTime())
}
