package state

import (
	"context"
	"fmt"
	"time"
)

// Sweep implements remediation.Store. Records go by when they came into their
// last state, messages, dead ones too, by when they were due last. What is
// forgotten can happen again: before should be older than any alert lasts.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	err := s.write(ctx, "sweep", func(t *tx) error {
		if err := t.exec("DELETE FROM slo_actions WHERE NOT is_open AND entered < ?", micros(exact(before))); err != nil {
			return err
		}
		if err := t.exec("DELETE FROM slo_messages WHERE fate <> '' AND due < ?", micros(exact(before))); err != nil {
			return err
		}
		return t.countMessages()
	})
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}
