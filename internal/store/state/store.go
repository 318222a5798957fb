package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Store is a database. Its methods may be called by several goroutines.
type Store struct {
	dialect dialect
	options Options
	metrics *metrics
	known   []migration
	// writer has one connection, reader some.
	writer, reader *sql.DB

	mu sync.Mutex
	// watched is the lease of another engine, as it was when this one asked.
	watched watched
}

var _ remediation.Store = (*Store)(nil)

// write does something in one transaction, with the row that all writers wait
// for. do may be called several times; what it returns of its own is returned
// as it is, and nothing is written.
func (s *Store) write(ctx context.Context, operation string, do func(*tx) error) error {
	return s.try(ctx, operation, func(ctx context.Context) error {
		t, err := s.begin(ctx)
		if err != nil {
			return err
		}
		defer t.rollback()
		if err := do(t); err != nil {
			return err
		}
		return t.commit()
	})
}

// try does something until it succeeds, or trying again is no use.
func (s *Store) try(ctx context.Context, operation string, do func(context.Context) error) error {
	started := time.Now()
	bounded, cancel := context.WithTimeout(ctx, 2*s.options.Patience)
	defer cancel()
	err := do(bounded)
	for wait := time.Millisecond; s.again(err) && time.Since(started) < s.options.Patience; wait = min(2*wait, maxWait) {
		s.metrics.retries.Inc()
		pause(bounded, wait/2+rand.N(wait))
		err = do(bounded)
	}
	err = outlived(ctx, err)
	s.metrics.done(operation, time.Since(started), err)
	return err
}

// maxWait is the longest pause between two tries.
const maxWait = 100 * time.Millisecond

func (s *Store) again(err error) bool {
	var t *trouble
	return errors.As(err, &t) && t.again
}

// outlived tells a caller that has gone from a database that took too long: the
// drivers know only that a context has ended.
func outlived(ctx context.Context, err error) error {
	var t *trouble
	if !errors.As(err, &t) || t.kind != errEnded {
		return err
	}
	if ctx.Err() == nil {
		return &trouble{kind: ErrAway, cause: t.cause}
	}
	return &trouble{kind: errEnded, cause: fmt.Errorf("%w: %w", ctx.Err(), t.cause)}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// each scans the rows of a query.
func (s *Store) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.reader.QueryContext(ctx, s.dialect.query(query), args...)
	if err != nil {
		return s.dialect.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.dialect.explain(err)
	}
	return nil
}

// bodies reads the column body of a query's rows.
func bodies[T any](ctx context.Context, s *Store, operation, query string, args ...any) ([]T, error) {
	var all []T
	err := s.try(ctx, operation, func(ctx context.Context) error {
		all = nil
		return s.each(ctx, query, args, func(rows *sql.Rows) error {
			var body string
			if err := rows.Scan(&body); err != nil {
				return s.dialect.explain(err)
			}
			one, err := decode[T](body)
			all = append(all, one)
			return err
		})
	})
	return all, err
}
