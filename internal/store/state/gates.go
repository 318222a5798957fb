package state

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var _ gates.Store = (*Store)(nil)

// gateRows is how many rows one statement writes: neither database takes parameters
// without end.
const gateRows = 500

// Latches implements gates.Store.
func (s *Store) Latches(ctx context.Context) (list []gates.Latch, err error) {
	err = s.try(ctx, "latches", func(ctx context.Context) error {
		list = nil
		return s.each(ctx, "SELECT policy, slo, decision, since FROM slo_gate_latches ORDER BY policy, slo, decision", nil, func(rows *sql.Rows) error {
			var one gates.Latch
			var decision string
			var since int64
			if err := rows.Scan(&one.Policy, &one.SLO, &decision, &since); err != nil {
				return s.dialect.explain(err)
			}
			one.Decision, one.Since = slo.GateDecision(decision), time.UnixMicro(since).UTC()
			list = append(list, one)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read latches: %w", err)
	}
	return list, nil
}

// SetLatches implements gates.Store.
func (s *Store) SetLatches(ctx context.Context, hold, end []gates.Latch) error {
	err := s.write(ctx, "set_latches", func(t *tx) error {
		for some := range slices.Chunk(end, gateRows) {
			if err := t.endLatches(some); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(latchesOnce(hold), gateRows) {
			if err := t.holdLatches(some); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set latches: %w", err)
	}
	return nil
}

// latchesOnce drops latches that are listed twice: one statement may not write a row
// twice.
func latchesOnce(list []gates.Latch) []gates.Latch {
	seen := make(map[[3]string]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(one gates.Latch) bool {
		key := latchKey(one)
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

func latchKey(one gates.Latch) [3]string {
	return [3]string{text(one.Policy), text(one.SLO), text(string(one.Decision))}
}

func (t *tx) endLatches(some []gates.Latch) error {
	var args []any
	for _, one := range some {
		key := latchKey(one)
		args = append(args, key[0], key[1], key[2])
	}
	return t.exec("DELETE FROM slo_gate_latches WHERE (policy = ? AND slo = ? AND decision = ?)"+
		strings.Repeat(" OR (policy = ? AND slo = ? AND decision = ?)", len(some)-1), args...)
}

func (t *tx) holdLatches(some []gates.Latch) error {
	var args []any
	for _, one := range some {
		key := latchKey(one)
		args = append(args, key[0], key[1], key[2], micros(exact(one.Since)))
	}
	return t.exec("INSERT INTO slo_gate_latches (policy, slo, decision, since) VALUES (?, ?, ?, ?)"+
		strings.Repeat(", (?, ?, ?, ?)", len(some)-1)+
		" ON CONFLICT (policy, slo, decision) DO UPDATE SET since = excluded.since", args...)
}

// SweepGates implements gates.Store.
func (s *Store) SweepGates(ctx context.Context, before time.Time, most int) error {
	at := micros(exact(before))
	err := s.write(ctx, "sweep_gates", func(t *tx) error {
		for _, query := range []string{
			"DELETE FROM slo_gate_verdicts WHERE last_told < ?",
			"DELETE FROM slo_gate_glasses WHERE until < ?",
			"DELETE FROM slo_gate_deploys WHERE at < ?",
		} {
			if err := t.exec(query, at); err != nil {
				return err
			}
		}
		return t.thinVerdicts(most)
	})
	if err != nil {
		return fmt.Errorf("sweep gates: %w", err)
	}
	return nil
}

// thinVerdicts keeps so many verdicts.
func (t *tx) thinVerdicts(most int) error {
	var all int
	if most <= 0 {
		return nil
	}
	if err := t.row("SELECT count(*) FROM slo_gate_verdicts")(&all); err != nil || all <= most {
		return err
	}
	return t.exec(`DELETE FROM slo_gate_verdicts WHERE id IN (SELECT id FROM slo_gate_verdicts
		ORDER BY CASE WHEN decision IN ('allow', 'unknown') THEN 0 ELSE 1 END, last_told, id LIMIT ?)`, all-most)
}
