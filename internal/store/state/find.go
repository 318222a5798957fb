package state

import (
	"context"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// usual is the limit of a query that has none.
const usual = 1000

// Get implements remediation.Store.
func (s *Store) Get(ctx context.Context, id string) (remediation.Record, error) {
	found, err := bodies[remediation.Record](ctx, s, "get", "SELECT body FROM slo_actions WHERE id = ?", text(id))
	if err == nil && len(found) == 0 {
		err = remediation.ErrNotFound
	}
	if err != nil {
		return remediation.Record{}, fmt.Errorf("get action %q: %w", id, err)
	}
	return found[0], nil
}

// Find implements remediation.Store.
func (s *Store) Find(ctx context.Context, q remediation.Query) ([]remediation.Record, error) {
	var w where
	if q.Open {
		w.add("is_open")
	}
	if len(q.States) > 0 {
		states := make([]any, len(q.States))
		for i, state := range q.States {
			states[i] = text(string(state))
		}
		w.add("state IN (?"+strings.Repeat(", ?", len(states)-1)+")", states...)
	}
	w.equal("service", q.Service)
	w.equal("gateway", q.Gateway)
	w.equal("target", q.Target)
	if !q.Since.IsZero() {
		w.add("created >= ?", micros(exact(q.Since)))
	}
	found, err := bodies[remediation.Record](ctx, s, "find",
		"SELECT body FROM slo_actions"+w.String()+" ORDER BY created DESC, id DESC LIMIT ?", append(w.args, limit(q.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("find actions: %w", err)
	}
	return found, nil
}

// limit is how many rows to read.
func limit(n int) int {
	if n <= 0 {
		return usual
	}
	return n
}

// where is a condition.
type where struct {
	parts []string
	args  []any
}

func (w *where) add(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

// equal asks for a value; an empty one is any.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", text(value))
	}
}

func (w *where) String() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}
