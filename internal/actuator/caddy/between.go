package caddy

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// Between is the value on the way. Shares of the traffic go straight from the
// one to the other, in weights as small as they can be. A route that is closed
// knows no middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	if share >= 1 {
		return to, nil
	}
	f, t, err := settings(from, to)
	switch {
	case err != nil:
		return nil, err
	case share <= 0 || f.Upstreams == nil || t.Upstreams == nil:
		return from, nil
	case !slices.Equal(f.Upstreams, t.Upstreams):
		return nil, fmt.Errorf("find the value between: %w: not the same upstreams: %q and %q", actuator.ErrRefused, f.Upstreams, t.Upstreams)
	}
	fw, err := f.weights()
	if err != nil {
		return nil, fmt.Errorf("find the value between: %w", err)
	}
	tw, err := t.weights()
	if err != nil {
		return nil, fmt.Errorf("find the value between: %w", err)
	}
	middle, err := f.with(proportion.Of(proportion.Mixed(proportion.Shares(fw), proportion.Shares(tw), share), 0))
	if err != nil {
		return nil, err
	}
	return middle.value()
}

// settings reads two values; those of routes have no upstreams.
func settings(from, to actuator.Value) (f, t setting, err error) {
	for value, into := range map[*actuator.Value]*setting{&from: &f, &to: &t} {
		if err := json.Unmarshal(*value, into); err != nil {
			return f, t, fmt.Errorf("read value %s: %w: %w", *value, actuator.ErrRefused, err)
		}
	}
	return f, t, nil
}
