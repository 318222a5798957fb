package state

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// held says which limit forbids a reservation; nil: none does. The first that
// does is named: from what will not change by waiting to what will.
func (t *tx) held(r remediation.Record, limits remediation.Limits) (*remediation.Held, error) {
	if r.Epoch < t.head.lease.epoch {
		return &remediation.Held{Reason: remediation.HeldNotLeading}, nil
	}
	for _, check := range []func(remediation.Record, remediation.Limits) (*remediation.Held, error){
		t.decided, t.taken, t.busy, t.cooling, t.crowded, t.spent, t.spentByService,
	} {
		if held, err := check(r, limits); held != nil || err != nil {
			return held, err
		}
	}
	return nil, nil
}

// decided: the same alert has had the same action.
func (t *tx) decided(r remediation.Record, _ remediation.Limits) (*remediation.Held, error) {
	return t.standing(remediation.HeldDecided, `SELECT id FROM slo_actions
		WHERE alert = ? AND since = ? AND playbook = ? AND step = ?`,
		text(r.Alert), micros(r.Since), text(r.Playbook), r.Step)
}

// taken: an id is used once.
func (t *tx) taken(r remediation.Record, _ remediation.Limits) (*remediation.Held, error) {
	var id string
	found, err := t.found(t.row("SELECT id FROM slo_actions WHERE id = ?", text(r.ID)), &id)
	if found {
		err = fmt.Errorf("another action has this id")
	}
	return nil, err
}

// busy: the target has an action that has not ended.
func (t *tx) busy(r remediation.Record, _ remediation.Limits) (*remediation.Held, error) {
	return t.standing(remediation.HeldBusyTarget, "SELECT id FROM slo_actions WHERE gateway = ? AND target = ? AND is_open",
		text(r.Gateway), text(r.Target))
}

// standing is who stands in the way, if the query finds one.
func (t *tx) standing(reason remediation.Reason, query string, args ...any) (*remediation.Held, error) {
	held := &remediation.Held{Reason: reason}
	if found, err := t.found(t.row(query, args...), &held.By); !found || err != nil {
		return nil, err
	}
	return held, nil
}

// cooling: the service or the target has had an action just now. The two are
// asked for one by one: each has an index, both together have none.
func (t *tx) cooling(r remediation.Record, limits remediation.Limits) (held *remediation.Held, err error) {
	if limits.Cooldown <= 0 {
		return nil, nil
	}
	after := micros(exact(limits.Now).Add(-limits.Cooldown))
	for _, q := range []struct {
		where string
		args  []any
	}{
		{"service = ?", []any{text(r.Service), after}},
		{"gateway = ? AND target = ?", []any{text(r.Gateway), text(r.Target), after}},
	} {
		last := &remediation.Held{Reason: remediation.HeldCooldown}
		var created int64
		found, err := t.found(t.row("SELECT id, created FROM slo_actions WHERE "+q.where+
			" AND created > ? AND NOT drill ORDER BY created DESC, id DESC LIMIT 1", q.args...), &last.By, &created)
		if err != nil {
			return nil, err
		}
		last.Until = time.UnixMicro(created).UTC().Add(limits.Cooldown)
		if found && (held == nil || last.Until.After(held.Until)) {
			held = last
		}
	}
	return held, nil
}

// crowded: too many actions have not ended.
func (t *tx) crowded(_ remediation.Record, limits remediation.Limits) (*remediation.Held, error) {
	if limits.MaxOpen <= 0 {
		return nil, nil
	}
	var open int
	if err := t.row("SELECT count(*) FROM slo_actions WHERE is_open")(&open); err != nil || open < limits.MaxOpen {
		return nil, err
	}
	return &remediation.Held{Reason: remediation.HeldOpen}, nil
}

// spent: too many actions in an hour.
func (t *tx) spent(_ remediation.Record, limits remediation.Limits) (*remediation.Held, error) {
	return t.hour(remediation.HeldHour, limits.MaxPerHour, limits.Now, "")
}

// spentByService: too many of this service.
func (t *tx) spentByService(r remediation.Record, limits remediation.Limits) (*remediation.Held, error) {
	return t.hour(remediation.HeldServiceHour, limits.MaxPerServiceHour, limits.Now, " AND service = ?", text(r.Service))
}

// hour looks for the one of the last hour after whose end there is room again.
func (t *tx) hour(reason remediation.Reason, most int, now time.Time, and string, args ...any) (*remediation.Held, error) {
	if most <= 0 {
		return nil, nil
	}
	args = append([]any{micros(exact(now).Add(-time.Hour))}, append(args, most-1)...)
	var created int64
	found, err := t.found(t.row("SELECT created FROM slo_actions WHERE created > ? AND NOT drill"+and+
		" ORDER BY created DESC LIMIT 1 OFFSET ?", args...), &created)
	if !found || err != nil {
		return nil, err
	}
	return &remediation.Held{Reason: reason, Until: time.UnixMicro(created).UTC().Add(time.Hour)}, nil
}
