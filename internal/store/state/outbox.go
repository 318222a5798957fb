package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Push implements remediation.Store. A message that was delivered is known by
// its id until it is swept.
func (s *Store) Push(ctx context.Context, messages ...remediation.Message) error {
	if len(messages) == 0 {
		return nil
	}
	err := s.write(ctx, "push", func(t *tx) error { return t.pushed(messages) })
	if err != nil {
		return fmt.Errorf("push messages: %w", err)
	}
	return nil
}

// pushed puts messages behind those that wait.
func (t *tx) pushed(messages []remediation.Message) error {
	if len(messages) == 0 {
		return nil
	}
	var seq int64
	if err := t.row("SELECT coalesce(max(seq), 0) FROM slo_messages")(&seq); err != nil {
		return err
	}
	for i, m := range messages {
		if err := t.push(m, seq+int64(i)+1); err != nil {
			return fmt.Errorf("message %q: %w", m.ID, err)
		}
	}
	return t.countMessages()
}

func (t *tx) push(m remediation.Message, seq int64) error {
	if m.ID == "" || m.To == "" || m.Fate != "" {
		return errors.New("it needs an id, a receiver and no fate")
	}
	m, body, err := sealed(m)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO slo_messages (id, seq, receiver, lane, due, fate, body) VALUES (?, ?, ?, ?, ?, '', ?)
		ON CONFLICT (id) DO NOTHING`, text(m.ID), seq, text(m.To), text(m.Key), micros(m.Due), body)
}

// sealed is a message as Pull will return it, and its body.
func sealed(m remediation.Message) (remediation.Message, string, error) {
	m.Made, m.Due, m.Revived = exact(m.Made), exact(m.Due), exact(m.Revived)
	body, err := encode(m)
	return m, body, err
}

// Pull implements remediation.Store. It takes nothing away: who pulls twice
// without settling gets the same.
func (s *Store) Pull(ctx context.Context, to string, now time.Time, most int) ([]remediation.Message, error) {
	found, err := bodies[remediation.Message](ctx, s, "pull", `SELECT body FROM slo_messages AS m
		WHERE receiver = ? AND fate = '' AND due <= ? AND NOT EXISTS (SELECT 1 FROM slo_messages AS before
			WHERE before.fate = '' AND before.receiver = m.receiver AND before.lane = m.lane AND before.seq < m.seq)
		ORDER BY seq LIMIT ?`, text(to), micros(exact(now)), max(most, 0))
	if err != nil {
		return nil, fmt.Errorf("pull messages: %w", err)
	}
	return found, nil
}

// Settle implements remediation.Store. Only Due, Tries, Problem and Fate of m
// count. To settle what has ended changes nothing, and neither does a message
// that is not known: it was delivered long ago.
func (s *Store) Settle(ctx context.Context, messages ...remediation.Message) error {
	if len(messages) == 0 {
		return nil
	}
	err := s.write(ctx, "settle", func(t *tx) error {
		for _, m := range messages {
			if err := t.settle(m); err != nil {
				return fmt.Errorf("message %q: %w", m.ID, err)
			}
		}
		return t.countMessages()
	})
	if err != nil {
		return fmt.Errorf("settle messages: %w", err)
	}
	return nil
}

func (t *tx) settle(m remediation.Message) error {
	if m.Fate != "" && m.Fate != remediation.Delivered && m.Fate != remediation.DeadEnd {
		return errors.New("its fate is unknown: " + string(m.Fate))
	}
	var body string
	found, err := t.found(t.row("SELECT body FROM slo_messages WHERE id = ? AND fate = ''", text(m.ID)), &body)
	if !found || err != nil {
		return err
	}
	was, err := decode[remediation.Message](body)
	if err != nil {
		return err
	}
	was.Due, was.Tries, was.Problem, was.Fate = m.Due, m.Tries, m.Problem, m.Fate
	if was, body, err = sealed(was); err != nil {
		return err
	}
	if m.Fate == remediation.Delivered {
		body = "" // only the id is still needed
	}
	return t.exec("UPDATE slo_messages SET due = ?, fate = ?, body = ? WHERE id = ?",
		micros(was.Due), string(was.Fate), body, text(m.ID))
}
