package etcd

import (
	"context"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Guarantees are those of etcd's transactions and leases.
func (a *Actuator) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.Compare, Expires: true, Survives: true, Fenced: true,
		Kinds: []actuator.Kind{
			actuator.Shift, actuator.Eject, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker,
		},
	}
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	o, err := a.about(action)
	if err != nil {
		return p, err
	}
	err = a.call(ctx, func(ctx context.Context, c *clientv3.Client) error {
		s, err := a.look(ctx, c, o)
		if err == nil {
			p, err = a.plan(s, action)
		}
		return err
	})
	return p, err
}

func (a *Actuator) plan(s *state, action actuator.Action) (p actuator.Plan, err error) {
	p.Target = s.target()
	if p.Before, err = s.live(a.now()); err != nil {
		return p, fmt.Errorf("plan %s: %w: %w", action.Kind, actuator.ErrRefused, err)
	}
	if owner := p.Before.Owner; owner != "" && owner != action.ID {
		return p, fmt.Errorf("plan %s: %w: action %s holds %s (who writes the document %s again ends that)",
			action.Kind, actuator.ErrConflict, owner, p.Target, a.documentKey(s.object))
	}
	to, err := after(action, p.Before.Value)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	if p.After, err = actuator.Canonical(to); err != nil {
		return p, fmt.Errorf("plan %s: %w: %w", action.Kind, actuator.ErrRefused, err)
	}
	p.Members = s.members(p.After)
	return a.complete(p, s, action)
}

// complete says what would be sent, and what to take it back.
func (a *Actuator) complete(p actuator.Plan, s *state, action actuator.Action) (actuator.Plan, error) {
	w := actuator.Write{Action: action.ID, Epoch: action.Epoch, Target: p.Target, To: p.After, Until: action.Expires}
	do, err := a.changeTo(s, w)
	if err != nil {
		return p, err
	}
	w.To = p.Before.Value
	undo, err := a.changeTo(s, w)
	if err != nil {
		return p, err
	}
	for i := range undo.compares {
		if key := undo.compares[i].key; key == undo.key || key == a.epochKey() {
			undo.compares[i].revision = -1
		}
	}
	p.Requests, p.Undo = do.requests(), undo.requests()
	return p, nil
}
