package tyk

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees are those of the Gateway API.
func (a *Actuator) Guarantees() actuator.Guarantees {
	g := actuator.Guarantees{
		Precondition: actuator.ReadBefore, Survives: true,
		Window: "between the look at Tyk right before a PUT and the PUT itself, a few milliseconds, and all that somebody else has PUT and not reloaded: the Gateway API compares nothing, and shows only what is loaded",
		Kinds:  []actuator.Kind{actuator.Shift, actuator.RateLimit},
	}
	if a.c.Format != classic {
		g.Kinds = append(g.Kinds, actuator.Eject, actuator.Drain, actuator.CloseRoute, actuator.Breaker)
	}
	return g
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	if !slices.Contains(a.Guarantees().Kinds, action.Kind) {
		return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	api := a.c.API
	if action.Kind == actuator.Breaker {
		api = action.Dependency
	}
	if !isName(api) {
		return p, fmt.Errorf("plan %s: %w: %q is not an API's id: write it as api, or as the breaker's dependency", action.Kind, actuator.ErrMissing, api)
	}
	live, d, err := a.look(ctx, api)
	if err != nil {
		return p, err
	}
	before, err := d.parts()
	if err != nil {
		return p, err
	}
	after, err := a.after(d, before, action)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	p.Target, p.Before, p.Members = targetOf(api), live, a.members(after)
	if p.After, err = after.value(); err != nil {
		return p, err
	}
	return a.complete(p, api, d, before, after)
}

// complete says what would be sent.
func (a *Actuator) complete(p actuator.Plan, api string, d document, before, after parts) (actuator.Plan, error) {
	changed, err := d.with(before, after)
	if err != nil {
		return p, err
	}
	if p.Requests, _, err = a.requests(api, changed, before, after); err != nil {
		return p, err
	}
	restored, err := changed.with(after, before)
	if err != nil {
		return p, err
	}
	p.Undo, _, err = a.requests(api, restored, after, before)
	return p, err
}

// requests are a PUT of a whole definition and reloads, as people read them, and
// the body of the first.
func (a *Actuator) requests(api string, d document, from, to parts) ([]actuator.Request, []byte, error) {
	body, err := d.body()
	if err != nil {
		return nil, nil, err
	}
	differ := parts{}
	for _, p := range []parts{from, to} {
		for name := range p {
			if !same(from[name], to[name]) {
				differ[name] = to[name]
			}
		}
	}
	text, err := differ.value()
	list := []actuator.Request{{
		Line:    "PUT " + a.c.URL + a.path(api),
		Headers: []string{"Whole-Definition: sha256=" + digest(body) + ", of which this differs:"},
		Body:    string(text),
	}}
	for _, address := range a.reloads() {
		list = append(list, actuator.Request{Line: "GET " + address})
	}
	return list, body, err
}

// after are the parts that an action leaves.
func (a *Actuator) after(d document, before parts, action actuator.Action) (parts, error) {
	switch action.Kind {
	case actuator.RateLimit:
		return a.limited(d, before, action)
	case actuator.CloseRoute:
		return answered(d, before, []string{action.Route}, action.Status)
	case actuator.Breaker:
		if a.c.BreakerBy == byTyk {
			return fused(d, before, action.Status)
		}
		return answered(d, before, d.operations(), action.Status)
	}
	return a.reweighed(d, before, action)
}

// reweighed are other weights of the load balancer's targets.
func (a *Actuator) reweighed(d document, before parts, action actuator.Action) (parts, error) {
	w := before.weights()
	if on, _ := get(d.all, "proxy", "enable_load_balancing").(bool); w == nil || d.classic && !on {
		return nil, fmt.Errorf("%w: the API's load balancing is off, or has no targets", actuator.ErrMissing)
	}
	for _, name := range []string{action.From, action.To, action.Member} {
		if _, there := w[a.target(name)]; name != "" && !there {
			return nil, fmt.Errorf("%w: the load balancer has no target %q", actuator.ErrMissing, a.target(name))
		}
	}
	if action.Kind == actuator.Shift {
		after, err := w.shift(a.target(action.From), a.target(action.To), action.Share)
		if err == nil && d.classic && after[a.target(action.From)] == 0 {
			err = fmt.Errorf("%w: a classic definition cannot keep a target without traffic", actuator.ErrUnsupported)
		}
		return before.weighing(after), err
	}
	member := a.target(action.Member)
	switch {
	case action.Member == "": // nobody, never everybody
		return nil, fmt.Errorf("%w: no member is named", actuator.ErrMissing)
	case w[member] == w.sum() && w[member] > 0: // then Tyk calls the API's own URL
		return nil, fmt.Errorf("%w: no other target gets traffic", actuator.ErrRefused)
	}
	after := maps.Clone(w)
	after[member] = 0
	return before.weighing(after), nil
}
