package embedded

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/silence"
)

// notifiedInterval is how often the notification log is saved: what a crash can
// make us notify twice.
const notifiedInterval = 15 * time.Second

// snapshot is a file that holds the whole of a state and is replaced whole.
type snapshot struct {
	path  string
	write func(io.Writer) (int64, error)
	// mu keeps saves apart: of two at a time, the one that took its state
	// earlier could be renamed into place later.
	mu sync.Mutex
}

// save returns when the state is on disk under its name.
func (s *snapshot) save() error {
	_, err := s.saveSized()
	return err
}

func (s *snapshot) saveSized() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size, err := s.replace()
	if err != nil {
		return size, fmt.Errorf("save %s: %w", s.path, err)
	}
	return size, nil
}

func (s *snapshot) replace() (int64, error) {
	f, err := os.OpenFile(s.path+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return 0, err
	}
	size, err := s.write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return size, err
	}
	if err := os.Rename(f.Name(), s.path); err != nil {
		return size, err
	}
	return size, syncDir(filepath.Dir(s.path))
}

// syncDir makes a rename in the folder last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// restore reads what an earlier instance saved in the data folder.
func (a *Alertmanager) restore() (err error) {
	silences := filepath.Join(a.opts.DataDir, "silences")
	a.silences, err = silence.New(silence.Options{
		SnapshotFile:  silences,
		Retention:     retention,
		Logger:        a.opts.Logger,
		Metrics:       a.registry,
		EventRecorder: a.recorder,
	})
	if err = setAside(a.opts.Logger, silences, a.silences != nil, err); err != nil {
		return fmt.Errorf("load silences: %w", err)
	}
	notified := filepath.Join(a.opts.DataDir, "nflog")
	a.notifications, err = nflog.New(nflog.Options{
		SnapshotFile: notified,
		Retention:    retention,
		Logger:       a.opts.Logger,
		Metrics:      a.registry,
	})
	if err = setAside(a.opts.Logger, notified, a.notifications != nil, err); err != nil {
		return fmt.Errorf("load notification log: %w", err)
	}
	a.silenceFile = &snapshot{path: silences, write: a.silences.Snapshot}
	a.notifiedFile = &snapshot{path: notified, write: a.notifications.Snapshot}
	return nil
}

// setAside deals with a damaged file, after which the library returns an empty
// but usable state: the file is kept under another name and we go on without
// it. Pages that were silenced, or are repeated, do less harm than none at all.
func setAside(logger *slog.Logger, path string, usable bool, err error) error {
	if err == nil || !usable {
		return err
	}
	kept := path + ".damaged"
	if renameErr := os.Rename(path, kept); renameErr != nil {
		return errors.Join(err, renameErr)
	}
	logger.Error("a saved state is damaged; starting without it", "file", path, "kept_as", kept, "err", err)
	return nil
}

// keepSaving runs the periodic upkeep until quit is closed. The library drives
// it and counts its failures; the writing is ours, so that it takes turns with
// the saves of silence calls.
func (a *Alertmanager) keepSaving() {
	a.saving.Go(func() {
		a.notifications.Maintenance(notifiedInterval, "", a.quit, func() (int64, error) {
			if _, err := a.notifications.GC(); err != nil {
				return 0, err
			}
			return a.notifiedFile.saveSized()
		})
	})
	a.saving.Go(func() {
		a.silences.Maintenance(silenceInterval, "", a.quit, func() (int64, error) {
			if _, err := a.silences.GC(); err != nil {
				return 0, err
			}
			return a.silenceFile.saveSized()
		})
	})
}
