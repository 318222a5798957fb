package traefik

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, name string) (l actuator.Live, err error) {
	t, err := targetOf(name)
	if err != nil {
		return l, err
	}
	s, err := a.read(ctx, t)
	if err != nil {
		return l, err
	}
	return s.live, nil
}

// Write implements actuator.Actuator: it looks, and writes over what it has seen
// as far as the store can promise that.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	t, err := targetOf(w.Target)
	if err != nil {
		return x, err
	}
	s, err := a.read(ctx, t)
	switch {
	case err != nil:
		return x, err
	case actuator.Same(s.live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(s.live.Value, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, s.live.Value, w.From.Value)
	}
	c := change{name: nameOf(w.Target), action: w.Action, epoch: w.Epoch, from: s.kept, until: w.Until, base: s.base()}
	if c.to, err = s.overlayIn(w.To); err != nil {
		return x, fmt.Errorf("write %s: %w", w.Target, err)
	}
	if x.Requests, err = a.store.requests(c); err != nil {
		return x, err
	}
	a.log.Debug("write to traefik", "action", w.Action, "target", w.Target, "overlay", c.name)
	x.Answer, err = a.store.write(ctx, c)
	return x, err
}

// overlayIn is the overlay of a value, which must be one.
func (s *state) overlayIn(v actuator.Value) (actuator.Value, error) {
	over := v
	if s.group != nil {
		var w weighing
		if err := strictly(v, &w); err != nil || w.Overlay == nil {
			return nil, fmt.Errorf("read value %s: %w: it has no weights and overlay: %v", v, actuator.ErrRefused, err)
		}
		over = w.Overlay
		if same, err := s.group.value(over); err != nil || !actuator.Same(same, v) {
			return nil, fmt.Errorf("read value %s: %w: the weights of the service are others now", v, actuator.ErrRefused)
		}
	}
	_, err := parse(over, nameOf(s.t.String()))
	return over, err
}

// Between is the value on the way: weights under an overlay go straight to those
// of the service itself. Other overlays know no middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	if share >= 1 {
		return to, nil
	}
	var f, t weighing
	for value, into := range map[*actuator.Value]*weighing{&from: &f, &to: &t} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("find the value between: %w: %w", actuator.ErrRefused, err)
		}
	}
	if share <= 0 || f.Weights == nil || t.Weights == nil {
		return from, nil
	}
	return between(f, t, share)
}
