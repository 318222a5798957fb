package state

import (
	"context"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Update implements remediation.Store. A state that is no legal move from the
// stored one is an error, and so is another alert, target or time of creation:
// those are what was reserved.
func (s *Store) Update(ctx context.Context, r remediation.Record, along ...remediation.Along) (remediation.Record, error) {
	var written remediation.Record
	err := s.write(ctx, "update", func(t *tx) (err error) {
		if written, err = t.update(r); err != nil {
			return err
		}
		return t.along(along)
	})
	if err != nil {
		return remediation.Record{}, fmt.Errorf("update action %q: %w", r.ID, err)
	}
	return written, nil
}

// along writes what goes with a record.
func (t *tx) along(along []remediation.Along) error {
	entries, messages := remediation.Sorted(along)
	if err := t.appended(entries); err != nil {
		return err
	}
	return t.pushed(messages)
}

func (t *tx) update(r remediation.Record) (remediation.Record, error) {
	was, err := t.get(r.ID)
	if err == nil {
		err = t.permits(was, r)
	}
	if err != nil {
		return r, err
	}
	r.Revision++
	r, body, err := stored(r)
	if err != nil {
		return r, err
	}
	err = t.exec("UPDATE slo_actions SET revision = ?, state = ?, is_open = ?, entered = ?, body = ? WHERE id = ?",
		r.Revision, text(string(r.State)), !r.State.Over(), micros(entered(r)), body, text(r.ID))
	if err == nil && r.State.Over() {
		err = t.countActions()
	}
	return r, err
}

// permits says why a record may not take the place of what was stored.
func (t *tx) permits(was, r remediation.Record) error {
	switch {
	case r.Epoch < t.head.lease.epoch:
		return fmt.Errorf("%w: %q has epoch %d, and this one %d", remediation.ErrNotLeading,
			t.head.lease.holder, t.head.lease.epoch, r.Epoch)
	case r.Revision != was.Revision:
		return fmt.Errorf("%w: its revision is %d, not %d", remediation.ErrRevision, was.Revision, r.Revision)
	case r.State != was.State && !was.State.May(r.State):
		return fmt.Errorf("an action that is %s cannot become %s", was.State, r.State)
	case identity(r) != identity(was):
		return fmt.Errorf("its gateway, target, alert, playbook, service and time of creation are reserved, and cannot change")
	}
	return nil
}

// reserved is what a record is found by. It never changes.
type reserved struct {
	gateway, target, alert, playbook, service string
	drill                                     bool
	step                                      int
	since, created                            int64
}

func identity(r remediation.Record) reserved {
	return reserved{
		r.Gateway, r.Target, r.Alert, r.Playbook, r.Service,
		r.Drill, r.Step, micros(exact(r.Since)), micros(exact(r.Created)),
	}
}

func (t *tx) get(id string) (remediation.Record, error) {
	var body string
	found, err := t.found(t.row("SELECT body FROM slo_actions WHERE id = ?", text(id)), &body)
	switch {
	case err != nil:
		return remediation.Record{}, err
	case !found:
		return remediation.Record{}, remediation.ErrNotFound
	}
	return decode[remediation.Record](body)
}
