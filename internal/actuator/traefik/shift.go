package traefik

import (
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// weights are those of the members.
func (g *group) weights() (list []int) {
	for _, c := range g.children {
		list = append(list, c.Weight)
	}
	return list
}

// takers are weights without those of members that get nothing.
func (g *group) takers(set []int) []int {
	set = slices.Clone(set)
	for i, well := range g.healthy {
		if g.heeds && well != nil && !*well {
			set[i] = 0
		}
	}
	return set
}

// shares are what members get under some weights.
func (g *group) shares(set []int) (list []actuator.Member) {
	shares := proportion.Shares(g.takers(set))
	for i, name := range g.members {
		m := actuator.Member{Name: name, Share: shares[i]}
		if g.healthy != nil {
			m.Healthy = g.healthy[i]
		}
		list = append(list, m)
	}
	return list
}

// after are the weights that an action leaves.
func (g *group) after(action actuator.Action) ([]int, error) {
	for _, name := range []string{action.From, action.To, action.Member} {
		if name != "" && !slices.Contains(g.members, name) {
			return nil, fmt.Errorf("plan %s: %w: service %s has no member %q, but %q", action.Kind, actuator.ErrMissing, g.name, name, g.members)
		}
	}
	if action.Kind == actuator.Shift {
		return g.shift(action.From, action.To, action.Share)
	}
	return g.eject(action.Member)
}

// eject leaves a member without weight. An empty name is nobody, never everybody.
func (g *group) eject(name string) ([]int, error) {
	i := slices.Index(g.members, name)
	if i < 0 {
		return nil, fmt.Errorf("eject: %w: no member is named", actuator.ErrMissing)
	}
	set := g.weights()
	set[i] = 0
	if proportion.Sum(set) == 0 {
		return nil, fmt.Errorf("eject %s: %w: nobody else has a weight", name, actuator.ErrRefused)
	}
	return set, nil
}

// shift is the weights with a share of one member's traffic moved to another, or
// to all others in proportion.
func (g *group) shift(from, to string, share float64) ([]int, error) {
	set := g.weights()
	gives, takes := slices.Index(g.members, from), slices.Index(g.members, to)
	takers := g.takers(set)
	switch {
	case gives < 0:
		return nil, fmt.Errorf("shift: %w: it is not said from whom", actuator.ErrMissing)
	case !(share > 0 && share <= 1):
		return nil, fmt.Errorf("shift from %s: %w: %v is not a share", from, actuator.ErrRefused, share)
	case takers[gives] == 0:
		return nil, fmt.Errorf("shift from %s: %w: it gets no traffic", from, actuator.ErrRefused)
	case to != "" && (takes == gives || takers[takes] == 0):
		return nil, fmt.Errorf("shift to %s: %w: it would get no traffic: its weight is %d, or its checks fail", to, actuator.ErrRefused, set[takes])
	case takers[gives] == proportion.Sum(takers):
		return nil, fmt.Errorf("shift from %s: %w: no other member gets traffic", from, actuator.ErrRefused)
	}
	return proportion.Of(proportion.Moved(proportion.Shares(set), gives, takes, share), proportion.Sum(set)), nil
}
