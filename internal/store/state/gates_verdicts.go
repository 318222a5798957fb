package state

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
)

// verdictRow is a verdict as its row has it.
type verdictRow struct {
	id, service, decision, body string
	first, last, count          int64
}

// TellVerdicts implements gates.Store.
func (s *Store) TellVerdicts(ctx context.Context, told []gates.Told) error {
	rows, err := verdictRows(told)
	if err == nil && len(rows) > 0 {
		err = s.write(ctx, "tell_verdicts", func(t *tx) error {
			for some := range slices.Chunk(rows, gateRows) {
				if err := t.tellVerdicts(some); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("write verdicts: %w", err)
	}
	return nil
}

// verdictRows are the rows to write, each id once.
func verdictRows(told []gates.Told) ([]verdictRow, error) {
	rows, places := make([]verdictRow, 0, len(told)), make(map[string]int, len(told))
	for _, one := range told {
		body, err := gates.Encode(one.Verdict)
		if err != nil {
			return nil, err
		}
		row := verdictRow{
			id: text(one.ID), service: text(one.Request.Service), decision: text(string(one.Decision)), body: string(body),
			first: micros(exact(one.First)), last: micros(exact(one.Last)), count: one.Count,
		}
		if i, twice := places[row.id]; twice {
			rows[i].first, rows[i].last = min(rows[i].first, row.first), max(rows[i].last, row.last)
			rows[i].count += row.count
			continue
		}
		places[row.id] = len(rows)
		rows = append(rows, row)
	}
	return rows, nil
}

func (t *tx) tellVerdicts(some []verdictRow) error {
	var args []any
	for _, r := range some {
		args = append(args, r.id, r.service, r.decision, r.first, r.last, r.count, r.body)
	}
	const v = "slo_gate_verdicts"
	return t.exec("INSERT INTO "+v+" (id, service, decision, first_told, last_told, told, body) VALUES (?, ?, ?, ?, ?, ?, ?)"+
		strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", len(some)-1)+` ON CONFLICT (id) DO UPDATE SET told = `+v+`.told + excluded.told,
			first_told = CASE WHEN excluded.first_told < `+v+`.first_told THEN excluded.first_told ELSE `+v+`.first_told END,
			last_told = CASE WHEN excluded.last_told > `+v+`.last_told THEN excluded.last_told ELSE `+v+`.last_told END`, args...)
}

// Verdict implements gates.Store.
func (s *Store) Verdict(ctx context.Context, id string) (gates.Told, error) {
	found, err := s.verdicts(ctx, "verdict", " WHERE id = ?", text(id))
	if err == nil && len(found) == 0 {
		err = gates.ErrUnknown
	}
	if err != nil {
		return gates.Told{}, fmt.Errorf("read verdict: %w", err)
	}
	return found[0], nil
}

// FindVerdicts implements gates.Store.
func (s *Store) FindVerdicts(ctx context.Context, q gates.VerdictQuery) ([]gates.Told, error) {
	var w where
	w.equal("service", q.Service)
	w.equal("decision", string(q.Decision))
	if !q.Since.IsZero() {
		w.add("last_told >= ?", micros(exact(q.Since)))
	}
	found, err := s.verdicts(ctx, "find_verdicts", w.String()+" ORDER BY last_told DESC, id LIMIT ?", append(w.args, gateLimit(q.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("find verdicts: %w", err)
	}
	return found, nil
}

// gateLimit is how many rows to read.
func gateLimit(n int) int {
	if n <= 0 {
		return gateUsual
	}
	return n
}

// gateUsual is the limit of a query that has none.
const gateUsual = 100

// verdicts reads rows.
func (s *Store) verdicts(ctx context.Context, operation, rest string, args ...any) (list []gates.Told, err error) {
	err = s.try(ctx, operation, func(ctx context.Context) error {
		list = nil
		return s.each(ctx, "SELECT first_told, last_told, told, body FROM slo_gate_verdicts"+rest, args, func(rows *sql.Rows) error {
			var one gates.Told
			var first, last int64
			var body string
			if err := rows.Scan(&first, &last, &one.Count, &body); err != nil {
				return s.dialect.explain(err)
			}
			one.First, one.Last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
			var err error
			if one.Verdict, err = gates.Decode([]byte(body)); err != nil {
				return fmt.Errorf("%w: read a row: %w", ErrDamaged, err)
			}
			list = append(list, one)
			return nil
		})
	})
	return list, err
}
