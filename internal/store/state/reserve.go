package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Reserve implements remediation.Store. An empty State is Proposed, and no other
// one can be reserved. A zero Limits.Now is the time of r.Created. Actions from
// the future, as after a clock that was set back, count as if they were new.
func (s *Store) Reserve(ctx context.Context, r remediation.Record, limits remediation.Limits, along ...remediation.Along) (remediation.Record, error) {
	r, body, err := fresh(r)
	if err == nil {
		err = s.write(ctx, "reserve", func(t *tx) error {
			if err := t.reserve(r, body, limits); err != nil {
				return err
			}
			return t.along(along)
		})
	}
	var held *remediation.Held
	switch {
	case errors.As(err, &held):
		s.metrics.held.WithLabelValues(string(held.Reason)).Inc()
		return remediation.Record{}, held
	case err != nil:
		return remediation.Record{}, fmt.Errorf("reserve action %q: %w", r.ID, err)
	}
	return r, nil
}

// fresh is a record as it is reserved.
func fresh(r remediation.Record) (remediation.Record, string, error) {
	if r.State == "" {
		r.State = remediation.Proposed
	}
	switch {
	case r.ID == "" || r.Gateway == "" || r.Target == "" || r.Created.IsZero():
		return r, "", errors.New("it needs an id, a gateway, a target and the time of its creation")
	case r.State != remediation.Proposed:
		return r, "", fmt.Errorf("it is %s: an action begins as %s", r.State, remediation.Proposed)
	}
	r.Revision = 1
	return stored(r)
}

func (t *tx) reserve(r remediation.Record, body string, limits remediation.Limits) error {
	if limits.Now.IsZero() {
		limits.Now = r.Created
	}
	held, err := t.held(r, limits)
	if err != nil {
		return err
	}
	if held != nil {
		return held
	}
	if err = t.insert(r, body); err == nil {
		return t.countActions()
	}
	if t.s.dialect.unique(err) {
		// Somebody wrote past the head: look again, and find whom.
		return &trouble{kind: ErrLocked, cause: err, again: true}
	}
	return err
}

func (t *tx) insert(r remediation.Record, body string) error {
	return t.exec(`INSERT INTO slo_actions
		(id, revision, alert, since, playbook, step, service, gateway, target, state, is_open, drill, created, entered, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		text(r.ID), r.Revision, text(r.Alert), micros(r.Since), text(r.Playbook), r.Step, text(r.Service),
		text(r.Gateway), text(r.Target), text(string(r.State)), !r.State.Over(), r.Drill, micros(r.Created), micros(entered(r)), body)
}

// entered is when a record came into its state, as far as it says.
func entered(r remediation.Record) time.Time {
	for _, at := range []time.Time{r.Entered, r.Updated} {
		if !at.IsZero() {
			return at
		}
	}
	return r.Created
}
