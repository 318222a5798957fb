package apisix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Overlays is an adapter that lays routes over others.
type Overlays struct{ g *gateway }

var (
	_ actuator.Actuator = (*Overlays)(nil)
	_ actuator.Leaser   = (*Overlays)(nil)
)

// Guarantees are those of objects with a ttl.
func (v *Overlays) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.ReadBefore, Expires: true, Survives: true,
		Window: "between the look at APISIX right before a write and the write itself, a few milliseconds: PUT and DELETE compare nothing",
		Kinds:  []actuator.Kind{actuator.RateLimit, actuator.CloseRoute, actuator.Breaker},
	}
}

// over is the overlay of a route.
func (o object) over() object { return object{"route", "slo-" + o.id} }

// covered is a route with its overlay, as they were read.
type covered struct {
	object
	route, overlay document // overlay: nil: there is none
	rule           rule
	revision       string
}

// look finds a route and its overlay.
func (v *Overlays) look(ctx context.Context, o object) (c covered, err error) {
	c.object = o
	if !id.MatchString(o.over().id) {
		return c, fmt.Errorf("find %s: %w: no overlay can have the id %q", o.target(), actuator.ErrUnsupported, o.over().id)
	}
	if c.route, c.revision, err = v.g.get(ctx, o.path()); err != nil {
		return c, err
	}
	c.overlay, _, err = v.g.get(ctx, o.over().path())
	if err != nil && !errors.Is(err, actuator.ErrMissing) {
		return c, err
	}
	c.rule, err = readRule(o, c.route, c.overlay)
	return c, err
}

// live is what is said of it, and what APISIX's nodes say.
func (v *Overlays) live(ctx context.Context, c covered) (l actuator.Live, err error) {
	l.Value, err = c.rule.value()
	l.Version, l.Owner = c.revision, c.rule.Action
	there := func(value document) bool { return contains(value, c.overlay) }
	if c.overlay == nil {
		there = nil
	}
	l.Unsettled = v.g.unsettled(ctx, "/v1/route/"+c.over().id, there)
	return l, err
}

// Read implements actuator.Actuator.
func (v *Overlays) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	o, err := parse(target, "route")
	if err != nil {
		return l, err
	}
	c, err := v.look(ctx, o)
	if err != nil {
		return l, err
	}
	return v.live(ctx, c)
}

// does is an action in the words of an overlay, and the route that it is about.
func (v *Overlays) does(action actuator.Action) (route, does string, err error) {
	status := action.Status
	if status == 0 {
		status = 503
	}
	switch action.Kind {
	case actuator.CloseRoute:
		return action.Route, "close:" + strconv.Itoa(status), nil
	case actuator.Breaker:
		if v.g.c.Trip {
			return action.Dependency, "trip:" + strconv.Itoa(status), nil
		}
		return action.Dependency, "breaker:" + strconv.Itoa(status), nil
	case actuator.RateLimit:
		if limit := action.PerSecond; !(limit >= 1 && limit <= math.MaxInt32) || limit != math.Trunc(limit) {
			return "", "", fmt.Errorf("plan rate limit: %w: %v requests a second: APISIX counts whole ones, from 1", actuator.ErrRefused, limit)
		}
		return action.Route, "rate:" + strconv.Itoa(int(action.PerSecond)), nil
	case actuator.Shift, actuator.Eject, actuator.Drain:
		return "", "", fmt.Errorf("plan %s: %w: name the upstream whose members it is about, or the route that splits traffic", action.Kind, actuator.ErrUnsupported)
	}
	return "", "", fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
}

// Plan implements actuator.Actuator.
func (v *Overlays) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	route, does, err := v.does(action)
	if err != nil {
		return p, err
	}
	o, err := parse("route "+route, "route")
	if err != nil {
		return p, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	c, err := v.look(ctx, o)
	if err != nil {
		return p, err
	}
	next := rule{Action: action.ID, Does: does, Route: c.rule.Route}
	if err := c.allows(next); err != nil {
		return p, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	p.Target = o.target()
	if p.Before, err = v.live(ctx, c); err != nil {
		return p, err
	}
	if p.After, err = next.value(); err != nil {
		return p, err
	}
	do, err := v.lay(c, next, action.Expires)
	p.Requests, p.Undo = do.requests, v.lift(c).requests
	return p, err
}

// allows reports what stands in the way of a rule.
func (c covered) allows(r rule) error {
	name, _, err := plugin(r.Does)
	if err != nil {
		return err
	}
	var plugins document
	if raw, there := c.route["plugins"]; there && json.Unmarshal(raw, &plugins) != nil {
		return fmt.Errorf("%w: the plugins of %s make no sense", actuator.ErrRefused, c.target())
	}
	_, own := plugins[name]
	switch {
	case c.overlay != nil && (c.rule.Action != r.Action || c.rule.Changed != ""):
		return fmt.Errorf("%w: there is an overlay already, of action %q: see %s", actuator.ErrConflict, c.rule.Action, c.over().path())
	case c.route["script"] != nil:
		return fmt.Errorf("%w: %s has a script, and plugins do not go with one", actuator.ErrUnsupported, c.target())
	case string(c.route["status"]) == "0":
		return fmt.Errorf("%w: %s is switched off", actuator.ErrRefused, c.target())
	case own && name != "fault-injection":
		return fmt.Errorf("%w: %s has its own plugin %s, which may be the stricter one", actuator.ErrRefused, c.target(), name)
	}
	return nil
}

// Between implements actuator.Actuator: an overlay is there, or it is not.
func (v *Overlays) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	if share >= 1 {
		return to, nil
	}
	return from, nil
}
