package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// lease says who leads. Times are microseconds.
type lease struct {
	epoch  int64
	holder string // empty: nobody
	until  int64
}

// watched is a lease, and when it was seen first.
type watched struct {
	lease lease
	since time.Time
}

// Lead implements remediation.Store.
func (s *Store) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (remediation.Leadership, error) {
	if holder == "" || ttl <= 0 {
		return remediation.Leadership{}, errors.New("lead: a leader needs a name, and a ttl above zero")
	}
	now = exact(now)
	var is lease
	err := s.write(ctx, "lead", func(t *tx) error {
		is = t.head.lease
		if next, leads := is.after(holder, now, ttl, s.stale(is, now, ttl)); leads {
			is, t.head.lease, t.moved = next, next, true
		}
		return nil
	})
	if err != nil {
		return remediation.Leadership{}, fmt.Errorf("lead: %w", err)
	}
	return remediation.Leadership{
		Holder: is.holder, Leads: is.holder == holder, Epoch: is.epoch, Until: time.UnixMicro(is.until).UTC(),
	}, nil
}

// after is the lease when holder asks for it. An own one that has run out is a
// new one: what was begun under the old one may be late by any time.
func (l lease) after(holder string, now time.Time, ttl time.Duration, stale bool) (next lease, leads bool) {
	next = lease{epoch: l.epoch, holder: holder, until: micros(now.Add(ttl))}
	running := l.holder != "" && micros(now) < l.until
	switch {
	case running && l.holder == holder:
		return next, true
	case running && !stale:
		return l, false
	}
	next.epoch++
	return next, true
}

// stale reports whether this engine has seen a lease stay as it is for a ttl:
// whoever has it is gone, whatever its end says.
func (s *Store) stale(l lease, now time.Time, ttl time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched.lease != l || now.Before(s.watched.since) {
		s.watched = watched{l, now}
	}
	return now.Sub(s.watched.since) >= ttl
}

// Resign implements remediation.Store. Who does not lead has nothing to resign.
func (s *Store) Resign(ctx context.Context, holder string) error {
	err := s.write(ctx, "resign", func(t *tx) error {
		if holder != "" && t.head.lease.holder == holder {
			t.head.lease.holder, t.head.lease.until, t.moved = "", 0, true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("resign: %w", err)
	}
	return nil
}
