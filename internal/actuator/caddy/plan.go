package caddy

import (
	"context"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees are those of the admin API.
func (a *Actuator) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.Compare,
		Survives:     a.c.Resume,
		Kinds:        []actuator.Kind{actuator.Shift, actuator.Eject, actuator.Drain, actuator.CloseRoute, actuator.Breaker},
	}
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	switch action.Kind {
	case actuator.Shift, actuator.Eject, actuator.Drain:
		return a.planProxy(ctx, action)
	case actuator.CloseRoute:
		return a.planRoute(ctx, action, action.Route)
	case actuator.Breaker:
		return a.planRoute(ctx, action, action.Dependency)
	}
	return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
}

// planProxy changes the weights of a reverse proxy's upstreams.
func (a *Actuator) planProxy(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	if a.c.Proxy == "" {
		return p, fmt.Errorf("plan %s: %w: the playbook names no proxy", action.Kind, actuator.ErrMissing)
	}
	now, err := a.readProxy(ctx, a.c.Proxy)
	if err != nil {
		return p, err
	}
	after, err := now.after(action)
	if err != nil {
		return p, err
	}
	weights, err := after.weights()
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	p.Target, p.Members = proxyTarget{a, a.c.Proxy}.name(), now.members(weights)
	if p.After, err = after.value(); err != nil {
		return p, err
	}
	return a.complete(p, action, proxyState{now})
}

// planRoute closes a route.
func (a *Actuator) planRoute(ctx context.Context, action actuator.Action, name string) (p actuator.Plan, err error) {
	status := action.Status
	if status == 0 {
		status = 503
	}
	if status < 200 || status > 599 {
		return p, fmt.Errorf("plan %s: %w: %d is not a status to answer", action.Kind, actuator.ErrRefused, status)
	}
	t, err := a.routeOf(action.Kind, name)
	if err != nil {
		return p, err
	}
	now, err := a.readRoute(ctx, t.list, t.path)
	if err != nil {
		return p, err
	}
	p.Target = t.name()
	if p.After, err = now.closed(status); err != nil {
		return p, err
	}
	return a.complete(p, action, routeState{now})
}

// routeOf is the target that is named in a playbook.
func (a *Actuator) routeOf(kind actuator.Kind, name string) (t routeTarget, err error) {
	switch {
	case identity.MatchString(name):
		return routeTarget{a, "", name}, nil
	case byPath.MatchString(name) && a.c.Routes != "":
		return routeTarget{a, a.c.Routes, name}, nil
	case strings.Contains(name, "/") && a.c.Routes == "":
		return t, fmt.Errorf("plan %s: %w: the playbook names no routes, in which a route without @id could be closed", kind, actuator.ErrMissing)
	}
	return t, fmt.Errorf("plan %s: %w: %q is neither the @id of a route nor host and path, such as shop.example/pay/*", kind, actuator.ErrMissing, name)
}

// complete says what would be sent.
func (a *Actuator) complete(p actuator.Plan, action actuator.Action, s state) (actuator.Plan, error) {
	var err error
	if p.Before, err = s.live(); err != nil {
		return p, err
	}
	do, err := s.change(action.ID, p.Before.Value, p.After)
	if err != nil {
		return p, err
	}
	undo, err := s.change(action.ID, p.After, p.Before.Value)
	if err != nil {
		return p, err
	}
	p.Requests, p.Undo = []actuator.Request{a.request(do, p.Before.Version)}, []actuator.Request{a.request(undo, "")}
	return p, nil
}
