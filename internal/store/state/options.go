package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DefaultPatience is the usual Options.Patience.
const DefaultPatience = 5 * time.Second

// Options say where the state is.
type Options struct {
	// DSN is the path of an SQLite file, which is made if it is missing (its
	// folder is not), or a postgres:// URL: TLS, certificates, passwords and
	// several hosts as in libpq. Where it names several, target_session_attrs
	// should be read-write.
	DSN string
	// Patience is how long a call tries again while the database is locked, or
	// away. A call returns within twice that. 0: DefaultPatience.
	Patience time.Duration
	// Logger; nil: nothing is logged. A DSN never is.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now dates migrations. nil: time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "state")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Open connects to the database, and makes or migrates its tables.
func Open(ctx context.Context, options Options) (*Store, error) {
	o := options.withDefaults()
	d, writer, reader, err := connect(o)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	s := &Store{dialect: d, writer: writer, reader: reader, options: o, metrics: newMetrics(), known: migrations}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open state: %w", err), s.Close())
	}
	s.metrics.register(o.Registerer)
	return s, nil
}

// connect makes two pools: one connection that writes, since writers wait for
// each other anyway, and some that read meanwhile.
func connect(o Options) (d dialect, writer, reader *sql.DB, err error) {
	scheme, _, isURL := strings.Cut(o.DSN, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		writer, reader, err = openPostgres(o)
		return postgres, writer, reader, err
	case isURL:
		err = fmt.Errorf("%s:// is no database that is known: name a file for SQLite, or a postgres:// URL", scheme)
	case o.DSN == "" || strings.HasPrefix(o.DSN, ":memory:"):
		err = errors.New("the state must be kept: name a file for SQLite, or a postgres:// URL")
	default:
		writer, reader, err = openSQLite(o)
	}
	return sqlite, writer, reader, err
}

// readers is how many connections read.
const readers = 4

func (s *Store) start(ctx context.Context) error {
	s.writer.SetMaxOpenConns(1)
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.count(ctx)
}

// Close ends all connections. Calls under way fail.
func (s *Store) Close() error {
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}
