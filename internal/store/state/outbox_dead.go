package state

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// isDead finds dead messages. It says twice what is meant: SQLite does not see by
// itself that its index of those that have ended holds all the dead ones.
const isDead = "fate <> '' AND fate = 'dead'"

// Dead implements remediation.Store: the newest first.
func (s *Store) Dead(ctx context.Context, most int) ([]remediation.Message, error) {
	found, err := bodies[remediation.Message](ctx, s, "dead",
		"SELECT body FROM slo_messages WHERE "+isDead+" ORDER BY seq DESC LIMIT ?", max(most, 0))
	if err != nil {
		return nil, fmt.Errorf("read dead messages: %w", err)
	}
	return found, nil
}

// Revive implements remediation.Store. Ids that are not those of dead messages
// are passed over.
func (s *Store) Revive(ctx context.Context, now time.Time, ids ...string) (revived int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.write(ctx, "revive", func(t *tx) error {
		revived = 0
		for _, id := range ids {
			done, err := t.revive(id, exact(now))
			if err != nil {
				return fmt.Errorf("message %q: %w", id, err)
			}
			if done {
				revived++
			}
		}
		return t.countMessages()
	})
	if err != nil {
		return 0, fmt.Errorf("revive messages: %w", err)
	}
	return revived, nil
}

func (t *tx) revive(id string, now time.Time) (bool, error) {
	var body string
	found, err := t.found(t.row("SELECT body FROM slo_messages WHERE id = ? AND fate = 'dead'", text(id)), &body)
	if !found || err != nil {
		return false, err
	}
	m, err := decode[remediation.Message](body)
	if err != nil {
		return false, err
	}
	m.Fate, m.Tries, m.Problem, m.Due, m.Revived = "", 0, "", now, now
	if m, body, err = sealed(m); err != nil {
		return false, err
	}
	return true, t.exec("UPDATE slo_messages SET due = ?, fate = '', body = ? WHERE id = ?", micros(m.Due), body, text(id))
}

// Backlog implements remediation.Store.
func (s *Store) Backlog(ctx context.Context) ([]remediation.Backlog, error) {
	var all []remediation.Backlog
	err := s.try(ctx, "backlog", func(ctx context.Context) error {
		all = nil
		return s.each(ctx, `SELECT receiver, sum(waiting), sum(dead) FROM (
			SELECT receiver, 1 AS waiting, 0 AS dead FROM slo_messages WHERE fate = '' UNION ALL
			SELECT receiver, 0, 1 FROM slo_messages WHERE `+isDead+`) AS kept GROUP BY receiver`, nil, func(rows *sql.Rows) error {
			var b remediation.Backlog
			if err := rows.Scan(&b.To, &b.Waiting, &b.Dead); err != nil {
				return s.dialect.explain(err)
			}
			all = append(all, b)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count messages: %w", err)
	}
	slices.SortFunc(all, func(a, b remediation.Backlog) int { return cmp.Compare(a.To, b.To) }) // databases sort as their locale does
	return all, nil
}
