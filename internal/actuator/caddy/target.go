package caddy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// target is something whose value can be read, and written in one message.
type target interface {
	// name is the one in plans.
	name() string
	// read is what is live, with the state that changes are made from.
	read(ctx context.Context) (state, error)
}

// state is a target as it is.
type state interface {
	// live is its value.
	live() (actuator.Live, error)
	// change is the message that makes one value another. ErrRefused: one of them is
	// no value of this target.
	change(action string, from, to actuator.Value) (message, error)
}

// parse is the target of a name.
func (a *Actuator) parse(name string) (target, error) {
	kind, rest, _ := strings.Cut(name, " ")
	switch list, route, both := strings.Cut(rest, " "); {
	case kind == "proxy" && (identity.MatchString(rest) || place.MatchString(rest)):
		return proxyTarget{a, rest}, nil
	case kind == "route" && !both && identity.MatchString(rest):
		return routeTarget{a, "", rest}, nil
	case kind == "route" && both && place.MatchString(list) && byPath.MatchString(route):
		return routeTarget{a, list, route}, nil
	}
	return nil, fmt.Errorf("find target %q: %w: it is neither \"proxy ID\" nor \"route ID\"", name, actuator.ErrMissing)
}

// proxyTarget is a reverse_proxy handler.
type proxyTarget struct {
	a   *Actuator
	ref string
}

func (t proxyTarget) name() string { return "proxy " + t.ref }

func (t proxyTarget) read(ctx context.Context) (state, error) {
	p, err := t.a.readProxy(ctx, t.ref)
	return proxyState{p}, err
}

type proxyState struct{ *proxy }

func (s proxyState) live() (actuator.Live, error) { return s.proxy.live() }

func (s proxyState) change(_ string, from, to actuator.Value) (m message, err error) {
	f, t, err := settings(from, to)
	switch {
	case err != nil:
		return m, err
	case !slices.Equal(f.Upstreams, s.set.Upstreams) || !slices.Equal(t.Upstreams, s.set.Upstreams):
		return m, fmt.Errorf("set proxy %s: %w: its upstreams are others now: %q", s.ref, actuator.ErrRefused, s.set.Upstreams)
	case !isPolicy(t.Policy):
		return m, fmt.Errorf("set proxy %s: %w: %s is no selection policy", s.ref, actuator.ErrRefused, t.Policy)
	}
	return s.proxy.change(f.Policy, t.Policy)
}

// isPolicy keeps anything else out of the configuration.
func isPolicy(v json.RawMessage) bool {
	var p policy
	return actuator.Same(v, actuator.Absent) || json.Unmarshal(v, &p) == nil && p.Policy != ""
}

// routeTarget is a route that can be closed: by its @id, or in a list by host
// and path.
type routeTarget struct {
	a          *Actuator
	list, path string
}

func (t routeTarget) name() string {
	if t.list == "" {
		return "route " + t.path
	}
	return "route " + t.list + " " + t.path
}

func (t routeTarget) read(ctx context.Context) (state, error) {
	r, err := t.a.readRoute(ctx, t.list, t.path)
	return routeState{r}, err
}

type routeState struct{ *route }

func (s routeState) live() (actuator.Live, error) { return s.route.live, nil }

func (s routeState) change(action string, from, to actuator.Value) (message, error) {
	if !actuator.Same(to, actuator.Absent) && !isClosing(to) {
		return message{}, fmt.Errorf("write route: %w: %s does more than answer", actuator.ErrRefused, to)
	}
	return s.route.change(action, from, to)
}

func isClosing(v actuator.Value) bool {
	var one map[string]json.RawMessage
	return json.Unmarshal(v, &one) == nil && answers(one)
}
