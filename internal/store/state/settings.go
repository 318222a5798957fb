package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Setting implements remediation.Store.
func (s *Store) Setting(ctx context.Context, name string) (json.RawMessage, error) {
	found, err := bodies[json.RawMessage](ctx, s, "setting", "SELECT body FROM slo_settings WHERE name = ?", text(name))
	if err != nil {
		return nil, fmt.Errorf("read setting %q: %w", name, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// Set implements remediation.Store. A nil value makes it as if it had never been
// set.
func (s *Store) Set(ctx context.Context, name string, value json.RawMessage, entries ...remediation.Entry) error {
	err := func() error {
		if name == "" {
			return errors.New("it has no name")
		}
		body, err := encode(value)
		if err != nil {
			return err
		}
		return s.write(ctx, "set", func(t *tx) error {
			if err := t.set(text(name), body, value == nil); err != nil {
				return err
			}
			return t.appended(entries)
		})
	}()
	if err != nil {
		return fmt.Errorf("set %q: %w", name, err)
	}
	return nil
}

func (t *tx) set(name, body string, forget bool) error {
	if forget {
		return t.exec("DELETE FROM slo_settings WHERE name = ?", name)
	}
	return t.exec("INSERT INTO slo_settings (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
		name, body)
}
