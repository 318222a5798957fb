package traefik

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// between gives one of two overlays weights that lie between both; without an
// overlay, the service's own count.
func between(from, to weighing, share float64) (actuator.Value, error) {
	over := from.Overlay
	if actuator.Same(over, actuator.Absent) {
		over = to.Overlay
	}
	var o overlay
	switch err := decode(over, &o); {
	case err != nil:
		return nil, fmt.Errorf("find the value between: %w: %w", actuator.ErrRefused, err)
	case actuator.Same(over, actuator.Absent) || !maps.Equal(from.Weights, to.Weights):
		return nil, fmt.Errorf("find the value between: %w: the weights of the service are %v and %v", actuator.ErrRefused, from.Weights, to.Weights)
	}
	children, err := o.children()
	if err != nil {
		return nil, err
	}
	f, err := from.under(children)
	if err != nil {
		return nil, err
	}
	t, err := to.under(children)
	if err != nil {
		return nil, err
	}
	least := max(proportion.Sum(f), proportion.Sum(t)) // so that the sum stays, if it is fine enough
	for i, n := range proportion.Of(proportion.Mixed(proportion.Shares(f), proportion.Shares(t), share), least) {
		children[i].Weight = n
	}
	o.weighted()["services"] = children
	if from.Overlay, err = actuator.Canonical(o); err != nil {
		return nil, err
	}
	return actuator.Canonical(from)
}

// weighted is the one service of an overlay with weights.
func (o *overlay) weighted() (w map[string]any) {
	for _, s := range o.Services {
		w, _ = s["weighted"].(map[string]any)
	}
	return w
}

// children are the members of that.
func (o *overlay) children() (list []child, err error) {
	raw, err := json.Marshal(o.weighted()["services"])
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil || len(list) == 0 || len(o.Services) != 1 {
		return nil, fmt.Errorf("find the value between: %w: no overlay with weights: %v", actuator.ErrRefused, err)
	}
	return list, nil
}

// under are the weights of members in a value: those of its overlay, or the
// service's own.
func (w weighing) under(children []child) (set []int, err error) {
	given := map[string]int{}
	if actuator.Same(w.Overlay, actuator.Absent) {
		names := short(children)
		for i, c := range children {
			given[c.Name] = w.Weights[names[i]]
		}
	} else {
		var o overlay
		if err := decode(w.Overlay, &o); err != nil {
			return nil, fmt.Errorf("find the value between: %w: %w", actuator.ErrRefused, err)
		}
		given = o.weights()
	}
	for _, c := range children {
		n, there := given[c.Name]
		if !there {
			return nil, fmt.Errorf("find the value between: %w: not the same members: %q and %v", actuator.ErrRefused, c.Name, slices.Sorted(maps.Keys(given)))
		}
		set = append(set, n)
	}
	return set, nil
}
