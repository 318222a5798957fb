package haproxy

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees are those of the runtime API.
func (a *Actuator) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.ReadBefore,
		Window:       "between the look at HAProxy right before a write and the write itself, a few milliseconds: the runtime API compares nothing",
		Kinds: []actuator.Kind{
			actuator.Shift, actuator.Eject, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker,
		},
	}
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	switch action.Kind {
	case actuator.Shift, actuator.Eject, actuator.Drain:
		return a.planBackend(ctx, a.c.Backend, action)
	case actuator.Breaker:
		if action.Status != 0 && action.Status != 503 {
			return p, fmt.Errorf("plan breaker: %w: HAProxy answers 503 for a backend without servers, not %d", actuator.ErrUnsupported, action.Status)
		}
		return a.planBackend(ctx, action.Dependency, action)
	case actuator.CloseRoute:
		return a.planClose(ctx, action)
	case actuator.RateLimit:
		return a.planRate(ctx, action)
	}
	return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
}

// planBackend changes settings of a backend's servers.
func (a *Actuator) planBackend(ctx context.Context, name string, action actuator.Action) (p actuator.Plan, err error) {
	if !proxyName.MatchString(name) {
		return p, fmt.Errorf("plan %s: %w: %q is not a backend: write it as backend, or as the breaker's dependency", action.Kind, actuator.ErrMissing, name)
	}
	b, err := a.readBackend(ctx, name)
	if err != nil {
		return p, err
	}
	after, err := b.after(action)
	if err != nil {
		return p, err
	}
	if p.Before, err = b.live(); err != nil {
		return p, err
	}
	if p.After, err = after.value(); err != nil {
		return p, err
	}
	p.Members = b.members(after)
	return complete(p, backendTarget{a, name})
}

// after are the settings that an action leaves.
func (b *backend) after(action actuator.Action) (settings, error) {
	after := b.settings()
	for _, name := range []string{action.From, action.To, action.Member} {
		if _, there := after[name]; name != "" && !there {
			return nil, fmt.Errorf("plan %s: %w: backend %s has no server %q", action.Kind, actuator.ErrMissing, b.name, name)
		}
	}
	switch action.Kind {
	case actuator.Shift:
		return b.shift(action.From, action.To, action.Share)
	case actuator.Eject:
		return after, force(after, action.Member, maint)
	case actuator.Drain:
		return after, force(after, action.Member, drain)
	}
	for name := range after { // a breaker
		if err := force(after, name, maint); err != nil {
			return nil, err
		}
	}
	return after, nil
}

// force sets a server's state. An empty name is nobody, never everybody.
func force(s settings, name, state string) error {
	set, there := s[name]
	if !there {
		return fmt.Errorf("force a server into %s: %w: no member is named", state, actuator.ErrMissing)
	}
	if set.State != maint { // what is out already stays so
		set.State = state
	}
	s[name] = set
	return nil
}

// planClose writes the status to answer.
func (a *Actuator) planClose(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	status := action.Status
	if status == 0 {
		status = 503
	}
	if status < 200 || status > 599 {
		return p, fmt.Errorf("plan close: %w: %d is not a status to answer", actuator.ErrRefused, status)
	}
	return a.planEntry(ctx, "closeMap", a.c.CloseMap, action, strconv.Itoa(status))
}

// planRate writes the limit, which HAProxy reads as a whole number.
func (a *Actuator) planRate(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	limit := action.PerSecond
	if !(limit >= 1 && limit <= math.MaxInt32) || limit != math.Trunc(limit) {
		return p, fmt.Errorf("plan rate limit: %w: %v requests a second: HAProxy compares whole numbers, from 1", actuator.ErrRefused, limit)
	}
	return a.planEntry(ctx, "rateMap", a.c.RateMap, action, strconv.Itoa(int(limit)))
}

// planEntry writes a route's entry of a map.
func (a *Actuator) planEntry(ctx context.Context, field, file string, action actuator.Action, value string) (p actuator.Plan, err error) {
	switch {
	case file == "":
		return p, fmt.Errorf("plan %s: %w: the playbook names no %s", action.Kind, actuator.ErrMissing, field)
	case !word.MatchString(action.Route):
		return p, fmt.Errorf("plan %s: %w: route %q is not a key of a map: write it without spaces and ; \\ < # ' \"", action.Kind, actuator.ErrMissing, action.Route)
	}
	t := entryTarget{a, file, action.Route}
	if p.Before, err = t.read(ctx); err != nil {
		return p, err
	}
	if p.After, err = actuator.Canonical(value); err != nil {
		return p, err
	}
	return complete(p, t)
}

// complete says what would be sent.
func complete(p actuator.Plan, t target) (actuator.Plan, error) {
	do, err := t.commands(p.Before.Value, p.After)
	if err != nil {
		return p, err
	}
	undo, err := t.commands(p.After, p.Before.Value)
	if err != nil {
		return p, err
	}
	p.Target, p.Requests, p.Undo = t.name(), requests(do), requests(undo)
	return p, nil
}

// requests are commands as people read them, which is as they are.
func requests(commands []string) []actuator.Request {
	list := make([]actuator.Request, 0, len(commands))
	for _, c := range commands {
		list = append(list, actuator.Request{Line: c})
	}
	return list
}
