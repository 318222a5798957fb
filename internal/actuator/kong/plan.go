package kong

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees are those of the Admin API.
func (a *Actuator) Guarantees() actuator.Guarantees {
	g := actuator.Guarantees{
		Precondition: actuator.ReadBefore, Survives: true,
		Window: "between the look at Kong right before a write and the write itself, a few milliseconds: the Admin API compares nothing",
		Kinds: []actuator.Kind{
			actuator.Shift, actuator.Eject, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker,
		},
	}
	if a.c.EjectBy == byHealth { // which is in the nodes' memory
		g.Survives, g.Kinds = false, []actuator.Kind{actuator.Eject}
	}
	return g
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	switch action.Kind {
	case actuator.Eject, actuator.Shift, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker:
	default:
		return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	if a.c.EjectBy == byHealth {
		if action.Kind != actuator.Eject {
			return p, fmt.Errorf("plan %s: %w: with ejectBy: health there is nothing but eject", action.Kind, actuator.ErrUnsupported)
		}
		return a.planHealth(ctx, action)
	}
	if err := a.writable(ctx); err != nil {
		return p, err
	}
	switch action.Kind {
	case actuator.RateLimit:
		return a.planPlugin(ctx, action, &pluginTarget{a: a, plugin: limiter, scope: "route", name: action.Route})
	case actuator.CloseRoute:
		return a.planPlugin(ctx, action, &pluginTarget{a: a, plugin: terminator, scope: "route", name: action.Route})
	case actuator.Breaker:
		return a.planPlugin(ctx, action, &pluginTarget{a: a, plugin: terminator, scope: "service", name: action.Dependency})
	}
	return a.planWeights(ctx, action)
}

// planWeights changes weights of an upstream's targets.
func (a *Actuator) planWeights(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	t := upstreamTarget{a, a.c.Upstream}
	if !isName(t.name) {
		return p, fmt.Errorf("plan %s: %w: the playbook names no upstream", action.Kind, actuator.ErrMissing)
	}
	u, err := t.look(ctx)
	if err != nil {
		return p, err
	}
	after, err := a.weighed(ctx, t, u, action)
	if err != nil {
		return p, err
	}
	if p.Before, err = t.live(u); err != nil {
		return p, err
	}
	p.Members = a.members(u, after)
	p.After, err = after.value()
	return a.complete(p, action.ID, t, err)
}

// weighed are the weights that an action leaves.
func (a *Actuator) weighed(ctx context.Context, t upstreamTarget, u upstream, action actuator.Action) (weights, error) {
	for _, name := range []string{action.From, action.To, action.Member} {
		if _, there := u.weights[a.target(name)]; name != "" && !there {
			return nil, fmt.Errorf("plan %s: %w: upstream %s has no target %q", action.Kind, actuator.ErrMissing, t.name, a.target(name))
		}
	}
	if action.Kind == actuator.Shift {
		if err := t.weighs(ctx); err != nil {
			return nil, err
		}
		return u.shift(a.target(action.From), a.target(action.To), action.Share)
	}
	if action.Member == "" { // nobody, never everybody
		return nil, fmt.Errorf("plan %s: %w: no member is named", action.Kind, actuator.ErrMissing)
	}
	after := maps.Clone(u.weights)
	after[a.target(action.Member)] = 0
	return after, nil
}

// weighs reports whether the upstream's algorithm looks at weights.
func (t upstreamTarget) weighs(ctx context.Context) error {
	var about struct{ Algorithm string }
	if _, err := t.a.get(ctx, t.a.c.URL, t.path(), &about); err != nil {
		return err
	}
	if about.Algorithm == "latency" {
		return fmt.Errorf("shift in %s: %w: the latency algorithm looks at no weights", t, actuator.ErrUnsupported)
	}
	return nil
}

// planPlugin limits a route, closes one, or answers in place of a service.
func (a *Actuator) planPlugin(ctx context.Context, action actuator.Action, t *pluginTarget) (p actuator.Plan, err error) {
	if !isName(t.name) {
		return p, fmt.Errorf("plan %s: %w: %q is not the name of a %s", action.Kind, actuator.ErrMissing, t.name, t.scope)
	}
	if p.Before, err = t.read(ctx); err != nil {
		return p, err
	}
	var before *pluginValue
	if err := json.Unmarshal(p.Before.Value, &before); err != nil {
		return p, fmt.Errorf("plan %s: %w: %w", action.Kind, actuator.ErrUnavailable, err)
	}
	after := pluginValue{ID: idOf(action.ID, t), Enabled: true}
	if before != nil {
		after.ID = before.ID
	}
	if t.plugin == limiter {
		after.Config, err = a.limited(before, t, action.PerSecond)
	} else {
		after.Config, err = closed(before, action.Status)
	}
	if err != nil {
		return p, err
	}
	p.After, err = actuator.Canonical(after)
	return a.complete(p, action.ID, t, err)
}

// complete says what would be sent.
func (a *Actuator) complete(p actuator.Plan, action string, t target, err error) (actuator.Plan, error) {
	if err != nil {
		return p, err
	}
	do, err := t.requests(action, p.Before.Value, p.After)
	if err != nil {
		return p, err
	}
	undo, err := t.requests(action, p.After, p.Before.Value)
	p.Target, p.Requests, p.Undo = t.String(), a.shown(do), a.shown(undo)
	return p, err
}
