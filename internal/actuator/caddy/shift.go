package caddy

import (
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// after is the setting that an action leaves.
func (p *proxy) after(action actuator.Action) (setting, error) {
	set, err := p.set.weights()
	if err != nil {
		return p.set, fmt.Errorf("plan %s: %w", action.Kind, err)
	}
	for _, name := range []string{action.From, action.To, action.Member} {
		if name != "" && !slices.Contains(p.set.Upstreams, name) {
			return p.set, fmt.Errorf("plan %s: %w: proxy %s has no upstream %q, but %q", action.Kind, actuator.ErrMissing, p.ref, name, p.set.Upstreams)
		}
	}
	if action.Kind == actuator.Shift {
		set, err = p.shift(set, action.From, action.To, action.Share)
	} else {
		set, err = p.eject(set, action.Member)
	}
	if err != nil {
		return p.set, err
	}
	return p.set.with(set)
}

// eject leaves an upstream without weight. An empty name is nobody, never
// everybody.
func (p *proxy) eject(set []int, name string) ([]int, error) {
	i := slices.Index(p.set.Upstreams, name)
	if i < 0 {
		return nil, fmt.Errorf("eject: %w: no member is named", actuator.ErrMissing)
	}
	set = slices.Clone(set)
	set[i] = 0
	if proportion.Sum(set) == 0 {
		return nil, fmt.Errorf("eject %s: %w: nobody else has a weight", name, actuator.ErrRefused)
	}
	return set, nil
}

// shift is the weights with a share of one upstream's traffic moved to another,
// or to all others in proportion.
func (p *proxy) shift(set []int, from, to string, share float64) ([]int, error) {
	gives, takes := slices.Index(p.set.Upstreams, from), slices.Index(p.set.Upstreams, to)
	now := p.shares(set)
	switch {
	case gives < 0:
		return nil, fmt.Errorf("shift: %w: it is not said from whom", actuator.ErrMissing)
	case !(share > 0 && share <= 1):
		return nil, fmt.Errorf("shift from %s: %w: %v is not a share", from, actuator.ErrRefused, share)
	case now[gives] == 0:
		return nil, fmt.Errorf("shift from %s: %w: it gets no traffic", from, actuator.ErrRefused)
	case to != "" && (takes == gives || now[takes] == 0):
		return nil, fmt.Errorf("shift to %s: %w: it would get no traffic: its weight is %d, or it fails", to, actuator.ErrRefused, set[takes])
	case now[gives] == 1:
		return nil, fmt.Errorf("shift from %s: %w: no other upstream gets traffic", from, actuator.ErrRefused)
	}
	return proportion.Of(proportion.Moved(proportion.Shares(set), gives, takes, share), 0), nil
}
