package traefik

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees implements actuator.Actuator.
func (a *Actuator) Guarantees() actuator.Guarantees {
	return a.store.guarantees(actuator.Guarantees{
		Survives: true,
		Kinds: []actuator.Kind{
			actuator.Shift, actuator.Eject, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker,
		},
	})
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	t, err := a.asked(action)
	if err != nil {
		return p, err
	}
	s, err := a.read(ctx, t)
	if err != nil {
		return p, err
	}
	p.Target, p.Before = t.String(), s.live
	over, err := a.design(ctx, s, action)
	if err != nil {
		return p, err
	}
	after, err := actuator.Canonical(over)
	if err != nil {
		return p, err
	}
	if p.After = after; s.group != nil {
		p.Members = s.group.shares(s.group.under(over))
		if p.After, err = s.group.value(after); err != nil {
			return p, err
		}
	}
	return a.complete(p, s, action, after)
}

// asked is what an action is about.
func (a *Actuator) asked(action actuator.Action) (t target, err error) {
	field := ""
	switch action.Kind {
	case actuator.Shift, actuator.Eject, actuator.Drain:
		t, field = target{ofService, a.c.Service}, "service"
	case actuator.RateLimit, actuator.CloseRoute:
		t, field = target{ofRouter, action.Route}, "route"
	case actuator.Breaker:
		t, field = target{ofDependency, action.Dependency}, "dependency"
	default:
		return t, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	if !qualified.MatchString(t.name) {
		return t, fmt.Errorf("plan %s: %w: %s %q is not a name of Traefik's with its provider, such as checkout@file", action.Kind, actuator.ErrMissing, field, t.name)
	}
	return t, nil
}

// design is the overlay of an action.
func (a *Actuator) design(ctx context.Context, s *state, action actuator.Action) (*overlay, error) {
	all, err := anyNode(a, func(node string) (map[string]object, error) { return a.list(ctx, node, routers, "") })
	if err != nil {
		return nil, err
	}
	name, provider := nameOf(s.t.String()), a.store.provider()
	under := leading(all, s.t)
	if len(under) == 0 {
		return nil, fmt.Errorf("plan %s: %w: no router leads to %s", action.Kind, actuator.ErrMissing, s.t.name)
	}
	if err := free(all, under, name); err != nil {
		return nil, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	switch action.Kind {
	case actuator.Shift, actuator.Eject, actuator.Drain:
		set, err := s.group.after(action)
		if err != nil {
			return nil, err
		}
		return s.group.shifted(name, provider, under, set)
	case actuator.RateLimit:
		middleware, err := limited(action.PerSecond)
		if err != nil {
			return nil, err
		}
		return guarded(name, provider, under, middleware, false)
	}
	status := action.Status
	if status == 0 {
		status = 503
	}
	if status < 200 || status > 599 {
		return nil, fmt.Errorf("plan %s: %w: %d is not a status to answer", action.Kind, actuator.ErrRefused, status)
	}
	return guarded(name, provider, under, closed(status), true)
}

// leading are the routers that an overlay is put above: the one that is named,
// or all that lead to a service. None of ours is among them.
func leading(all map[string]object, t target) (list []object) {
	for name, r := range all {
		led := name
		if t.kind != ofRouter {
			led = with(r.text("service"), r.text("provider"))
		}
		if led == t.name && !strings.HasPrefix(name, prefix) {
			list = append(list, r)
		}
	}
	return list
}

// free reports whether another overlay stands over one of these routers: what
// is above both would not be known.
func free(all map[string]object, under []object, ours string) error {
	for name, r := range all {
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, ours+"-") {
			continue
		}
		for _, u := range under {
			if u.text("rule") == r.text("rule") && slices.Equal(u.texts("entryPoints"), r.texts("entryPoints")) {
				return fmt.Errorf("%w: another action's router %s stands over %s", actuator.ErrRefused, name, u.text("name"))
			}
		}
	}
	return nil
}

// complete says what would be sent.
func (a *Actuator) complete(p actuator.Plan, s *state, action actuator.Action, over actuator.Value) (actuator.Plan, error) {
	do := change{name: nameOf(p.Target), action: action.ID, epoch: action.Epoch, from: s.kept, to: over, base: s.base()}
	var err error
	if p.Requests, err = a.store.requests(do); err != nil {
		return p, err
	}
	p.Undo, err = a.store.requests(change{
		name: do.name, action: do.action, epoch: do.epoch, to: s.kept.value, base: do.base, from: a.store.written(do),
	})
	for i := range p.Undo {
		p.Undo[i].Headers = nil // revisions that there are not yet
	}
	return p, err
}
