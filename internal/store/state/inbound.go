package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// inboundRows is how many alerts one statement writes: neither database takes
// parameters without end.
const inboundRows = 500

// TakeInbound implements remediation.Store. Of several alerts with one
// fingerprint the last one counts.
func (s *Store) TakeInbound(ctx context.Context, seen int64, alerts []remediation.Inbound, forget []string) (int64, error) {
	names, rows, err := inboundBodies(alerts)
	if err == nil {
		err = s.write(ctx, "take_inbound", func(t *tx) error {
			if err := t.nextInbound(seen); err != nil {
				return err
			}
			if err := t.forgetInbound(forget); err != nil {
				return err
			}
			return t.takeInbound(seen+1, names, rows)
		})
	}
	if err != nil {
		return seen, fmt.Errorf("take alerts from elsewhere: %w", err)
	}
	return seen + 1, nil
}

// inboundBodies are what to write, each fingerprint once.
func inboundBodies(alerts []remediation.Inbound) (names []string, rows map[string]string, err error) {
	rows = make(map[string]string, len(alerts))
	for _, a := range alerts {
		if a.Fingerprint == "" {
			return nil, nil, errors.New("one has no fingerprint")
		}
		a.StartsAt, a.EndsAt, a.Heard, a.Until = exact(a.StartsAt), exact(a.EndsAt), exact(a.Heard), exact(a.Until)
		body, err := encode(a)
		if err != nil {
			return nil, nil, fmt.Errorf("alert %q: %w", a.Fingerprint, err)
		}
		name := text(a.Fingerprint)
		if _, twice := rows[name]; !twice {
			names = append(names, name)
		}
		rows[name] = body
	}
	return names, rows, nil
}

// nextInbound counts this write, if the caller has seen all before.
func (t *tx) nextInbound(seen int64) error {
	var last int64
	if err := t.row("SELECT seq FROM slo_inbound_end WHERE id = 1")(&last); err != nil {
		return err
	}
	if last != seen {
		return fmt.Errorf("%w: %d writes, and the caller has seen %d", remediation.ErrRevision, last, seen)
	}
	return t.exec("UPDATE slo_inbound_end SET seq = ? WHERE id = 1", seen+1)
}

func (t *tx) forgetInbound(fingerprints []string) error {
	for some := range slices.Chunk(fingerprints, inboundRows) {
		args := make([]any, len(some))
		for i, f := range some {
			args[i] = text(f)
		}
		if err := t.exec("DELETE FROM slo_inbound WHERE fingerprint IN (?"+strings.Repeat(", ?", len(some)-1)+")", args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) takeInbound(seq int64, names []string, rows map[string]string) error {
	for some := range slices.Chunk(names, inboundRows) {
		var args []any
		for _, name := range some {
			args = append(args, name, seq, rows[name])
		}
		if err := t.exec("INSERT INTO slo_inbound (fingerprint, seq, body) VALUES (?, ?, ?)"+
			strings.Repeat(", (?, ?, ?)", len(some)-1)+
			" ON CONFLICT (fingerprint) DO UPDATE SET seq = excluded.seq, body = excluded.body", args...); err != nil {
			return err
		}
	}
	return nil
}

// Inbound implements remediation.Store. The number is read first: what is
// written meanwhile may be read now and once more.
func (s *Store) Inbound(ctx context.Context, after int64) (alerts []remediation.Inbound, number int64, err error) {
	err = s.try(ctx, "inbound", func(ctx context.Context) error {
		return s.each(ctx, "SELECT seq FROM slo_inbound_end WHERE id = 1", nil, func(rows *sql.Rows) error {
			if err := rows.Scan(&number); err != nil {
				return s.dialect.explain(err)
			}
			return nil
		})
	})
	if err == nil && number != after {
		alerts, err = bodies[remediation.Inbound](ctx, s, "inbound", "SELECT body FROM slo_inbound WHERE seq > ?", after)
	}
	if err != nil {
		return nil, after, fmt.Errorf("read alerts from elsewhere: %w", err)
	}
	return alerts, number, nil
}
