package traefik

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Kinds of targets.
const (
	ofService    = "service"    // a weighted one, with weights over its own
	ofRouter     = "router"     // closed, or limited
	ofDependency = "dependency" // a service whose routers are closed
)

// target is something that an overlay is over.
type target struct{ kind, name string }

func (t target) String() string { return t.kind + " " + t.name }

// target is that of a name.
func targetOf(text string) (t target, err error) {
	kind, name, _ := strings.Cut(text, " ")
	known := kind == ofService || kind == ofRouter || kind == ofDependency
	if !known || !qualified.MatchString(name) {
		return t, fmt.Errorf("find target %q: %w: it is neither \"service NAME@PROVIDER\" nor a router or a dependency", text, actuator.ErrMissing)
	}
	return target{kind, name}, nil
}

// weighing is the value of a weighted service.
type weighing struct {
	Weights map[string]int  `json:"weights"` // its own, by member
	Overlay json.RawMessage `json:"overlay"` // null: none
}

// state is a target as it is.
type state struct {
	t     target
	kept  kept
	group *group // of a service; nil otherwise
	live  actuator.Live
}

// base is what the weights of an overlay were made from.
func (s *state) base() string {
	if s.group == nil {
		return ""
	}
	return s.group.name
}

// read looks at the store, and at all nodes.
func (a *Actuator) read(ctx context.Context, t target) (*state, error) {
	s := &state{t: t}
	var err error
	if s.kept, err = a.store.read(ctx, nameOf(t.String())); err != nil {
		return nil, err
	}
	if t.kind == ofService {
		s.group, err = anyNode(a, func(node string) (*group, error) {
			g, err := a.readGroup(ctx, node, t.name)
			if err != nil {
				return nil, err
			}
			return g, a.readHealth(ctx, node, g)
		})
	} else {
		_, err = anyNode(a, func(node string) (object, error) { return a.one(ctx, node, listOf(t.kind), t.name) })
	}
	if err != nil {
		return nil, err
	}
	if s.live, err = s.look(); err != nil {
		return nil, err
	}
	s.live.Unsettled, err = a.unsettled(ctx, t, s.kept.value)
	return s, err
}

// listOf is where the API has what a target is named by.
func listOf(kind string) string {
	if kind == ofRouter {
		return routers
	}
	return services
}

// look is the value, and who gets what under it.
func (s *state) look() (l actuator.Live, err error) {
	l = actuator.Live{Value: s.kept.value, Owner: s.kept.owner}
	if s.kept.revision > 0 {
		l.Version = fmt.Sprint(s.kept.revision)
	}
	if s.group == nil {
		return l, nil
	}
	set := s.group.weights()
	if o, err := parse(s.kept.value, nameOf(s.t.String())); err == nil && o != nil {
		set = s.group.under(o)
	}
	l.Members = s.group.shares(set)
	l.Value, err = s.group.value(s.kept.value)
	return l, err
}

// value is that of a group with an overlay.
func (g *group) value(over actuator.Value) (actuator.Value, error) {
	w := weighing{Weights: map[string]int{}, Overlay: over}
	for i, name := range g.members {
		w.Weights[name] = g.children[i].Weight
	}
	return actuator.Canonical(w)
}

// under are the weights of members under an overlay; 0 where it has none.
func (g *group) under(o *overlay) []int {
	set := make([]int, len(g.children))
	for i, c := range g.children {
		set[i] = o.weights()[c.Name]
	}
	return set
}

// weights are what an overlay gives to services.
func (o *overlay) weights() map[string]int {
	set := map[string]int{}
	for _, s := range o.Services {
		var w struct {
			Weighted struct{ Services []child }
		}
		raw, err := json.Marshal(s)
		if err != nil || json.Unmarshal(raw, &w) != nil {
			continue // none of ours
		}
		for _, c := range w.Weighted.Services {
			set[c.Name] = c.Weight
		}
	}
	return set
}
