package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Append implements remediation.Store.
func (s *Store) Append(ctx context.Context, entries ...remediation.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := s.write(ctx, "append", func(t *tx) error { return t.appended(entries) })
	if err != nil {
		return fmt.Errorf("append to the audit: %w", err)
	}
	return nil
}

// appended puts entries at the end of the chain.
func (t *tx) appended(entries []remediation.Entry) error {
	for _, e := range entries {
		e.At = exact(e.At)
		body, err := encode(e)
		if err != nil {
			return fmt.Errorf("audit %q: %w", e.What, err)
		}
		previous := t.head.hash
		t.head.seq++
		t.head.hash, t.moved = link(previous, t.head.seq, body), true
		if err := t.exec("INSERT INTO slo_audit (seq, at, action, service, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
			t.head.seq, micros(e.At), text(e.Action), text(e.Service), body, previous, t.head.hash); err != nil {
			return fmt.Errorf("audit %q: %w", e.What, err)
		}
	}
	return nil
}

// link is the hash of an entry: hex of sha256 over the one before, its number
// and its body, a line each.
func link(previous string, seq int64, body string) string {
	sum := sha256.Sum256([]byte(previous + "\n" + strconv.FormatInt(seq, 10) + "\n" + body))
	return hex.EncodeToString(sum[:])
}

// Entries implements remediation.Store.
func (s *Store) Entries(ctx context.Context, q remediation.EntryQuery) ([]remediation.Entry, error) {
	var w where
	w.equal("action", q.Action)
	w.equal("service", q.Service)
	if !q.Since.IsZero() {
		w.add("at >= ?", micros(exact(q.Since)))
	}
	found, err := bodies[remediation.Entry](ctx, s, "entries",
		"SELECT body FROM slo_audit"+w.String()+" ORDER BY seq DESC LIMIT ?", append(w.args, limit(q.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return found, nil
}
