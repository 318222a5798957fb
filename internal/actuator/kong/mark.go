package kong

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Values of a target's health; others are Kong's, in lower case.
const (
	markedUp   = "healthy"
	markedDown = "unhealthy"
)

// healthTarget is what the nodes' balancers think of a target.
type healthTarget struct {
	a                *Actuator
	upstream, target string
}

func (t healthTarget) String() string { return "health " + t.upstream + " " + t.target }

func (t healthTarget) read(ctx context.Context) (l actuator.Live, err error) {
	u, err := upstreamTarget{t.a, t.upstream}.look(ctx)
	if err != nil {
		return l, err
	}
	return t.live(u)
}

func (t healthTarget) live(u upstream) (l actuator.Live, err error) {
	if _, there := u.weights[t.target]; !there {
		return l, fmt.Errorf("read %s: %w: upstream %s has no such target", t, actuator.ErrMissing, t.upstream)
	}
	if u.health == nil {
		return l, fmt.Errorf("read %s: %w: no node tells its health", t, actuator.ErrUnavailable)
	}
	value := func(seen map[string]health) string { return strings.ToLower(seen[t.target].Health) }
	l.Value, err = actuator.Canonical(value(u.health))
	l.Members = t.a.members(u, u.weights)
	l.Unsettled = unsettled(u.nodes, func(seen map[string]health) bool {
		return seen != nil && value(seen) == value(u.health)
	})
	return l, err
}

// requests tell all nodes, by way of one.
func (t healthTarget) requests(_ string, _, to actuator.Value) ([]request, error) {
	var state string
	if err := json.Unmarshal(to, &state); err != nil || state != markedUp && state != markedDown {
		return nil, fmt.Errorf("set %s: %w: it can be healthy or unhealthy, not %s", t, actuator.ErrRefused, to)
	}
	path := "/upstreams/" + url.PathEscape(t.upstream) + "/targets/" + url.PathEscape(t.target) + "/" + state
	return []request{{method: http.MethodPut, path: path}}, nil
}

// planHealth marks a target as unhealthy.
func (a *Actuator) planHealth(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	t := healthTarget{a, a.c.Upstream, a.target(action.Member)}
	if !isName(t.upstream) || !isName(t.target) {
		return p, fmt.Errorf("plan eject: %w: the playbook names no upstream, or no member", actuator.ErrMissing)
	}
	u, err := upstreamTarget{a, t.upstream}.look(ctx)
	if err != nil {
		return p, err
	}
	if p.Before, err = t.live(u); err != nil {
		return p, err
	}
	switch h := u.health[t.target]; {
	case h.Health == isUnknown:
		return p, fmt.Errorf("plan eject: %w: Kong cannot resolve %s", actuator.ErrRefused, t.target)
	case h.healthy() == nil:
		return p, fmt.Errorf("plan eject: %w: upstream %s has no health checks, so that Kong does not look at health: eject by weight",
			actuator.ErrUnsupported, t.upstream)
	default:
		h.Health = isUnhealthy
		u.health[t.target] = h
	}
	p.Members = a.members(u, u.weights)
	p.After, err = actuator.Canonical(markedDown)
	return a.complete(p, action.ID, t, err)
}
