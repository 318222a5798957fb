package history

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

const (
	// DefaultRetention is how long samples are kept where nothing is said: a
	// year, and the month before it to compare with.
	DefaultRetention = 400 * 24 * time.Hour
	// DefaultMaxSeries bounds the series where nothing is said.
	DefaultMaxSeries = 1_000_000

	shortestBlock = 2 * time.Hour
	longestBlock  = 31 * 24 * time.Hour
	// flushDeadline is how long Close waits for receivers of remote write.
	flushDeadline = 5 * time.Second
)

// Options say how a Store is kept. The zero value is usable.
type Options struct {
	// Retention is the age at which samples are deleted, block by block. 0:
	// DefaultRetention.
	Retention time.Duration
	// MaxBytes bounds the blocks on disk, the oldest going first. 0: no bound.
	MaxBytes int64
	// MaxSeries bounds the series that are kept at a time; samples of further
	// ones are counted and left out. 0: DefaultMaxSeries.
	MaxSeries int
	// Logger is told of repairs and of what the TSDB does. nil: silent.
	Logger *slog.Logger
	// Registerer takes slo_engine_history_* and the metrics of Prometheus's
	// TSDB and remote write under their own names, until Close. nil: none.
	Registerer prometheus.Registerer
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.MaxSeries == 0 {
		o.MaxSeries = DefaultMaxSeries
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "history")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// tsdb are the options of the library. Blocks grow to a tenth of the
// retention, as Prometheus has it, so that what is too old goes in small
// pieces.
func (o Options) tsdb() *tsdb.Options {
	t := tsdb.DefaultOptions()
	t.RetentionDuration = o.Retention.Milliseconds()
	t.MaxBytes = o.MaxBytes
	t.MinBlockDuration = shortestBlock.Milliseconds()
	t.MaxBlockDuration = max(shortestBlock, min(longestBlock, o.Retention/10)).Milliseconds()
	t.WALCompression = compression.Snappy
	return t
}

// Store is a history that is open. Its methods may be called from everywhere.
type Store struct {
	options Options
	dir     string
	db      *tsdb.DB
	writes  *remote.WriteStorage
	inner   *prometheus.Registry // of the library; one collector to the outside
	metrics *metrics

	mu   sync.Mutex // one append at a time; guards book
	book book

	closing sync.Once
	closed  error
}

// Open opens the history in dir, which it makes if it is not there. Damaged
// parts are repaired or set aside; an error means that there is no history to
// be had: the folder is in use, not writable, or the disk is full.
func Open(dir string, options Options) (*Store, error) {
	s := &Store{options: options.withDefaults(), dir: dir}
	s.metrics = newMetrics()
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("open history %s: %w", dir, err)
	}
	// The TSDB reads its listener without a lock, so it is there from the first
	// append on, with nobody to send to yet.
	s.writes = remote.NewWriteStorage(s.options.Logger, s.inner, dir, flushDeadline, nil)
	s.db.SetWriteNotified(s.writes)
	if err := s.export(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close sends what remote write still can within seconds, and closes the
// files. Nothing may be appended or asked afterwards. Later calls return what
// the first returned.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unexport()
		s.closed = errors.Join(s.writes.Close(), s.db.Close())
	})
	return s.closed
}

// Querier reads samples from mint to maxt, both included, in milliseconds.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	return s.db.Querier(mint, maxt)
}

// ChunkQuerier is Querier for readers that take whole chunks.
func (s *Store) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return s.db.ChunkQuerier(mint, maxt)
}
