package caddy

import (
	"context"
	"errors"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, name string) (l actuator.Live, err error) {
	t, err := a.parse(name)
	if err != nil {
		return l, err
	}
	now, err := t.read(ctx)
	if err != nil {
		return l, err
	}
	return now.live()
}

// Write implements actuator.Actuator: it looks, and writes over what it has seen
// and nothing else.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	t, err := a.parse(w.Target)
	if err != nil {
		return x, err
	}
	now, err := t.read(ctx)
	if err != nil {
		return x, err
	}
	live, err := now.live()
	switch {
	case err != nil:
		return x, err
	case actuator.Same(live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(live.Value, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
	m, err := now.change(w.Action, live.Value, w.To)
	if err != nil {
		return x, err
	}
	a.log.Debug("write to caddy", "action", w.Action, "target", w.Target, "method", m.method, "path", m.path)
	x.Requests = []actuator.Request{a.request(m, live.Version)}
	got, err := a.tell(ctx, m, live.Version)
	if got.status != 0 {
		x.Answer = got.text()
	}
	if errors.Is(err, actuator.ErrUncertain) {
		err = a.ascertain(ctx, t, w, err)
	}
	return x, err
}

// ascertain looks what came of a write whose answer was lost. Where another value
// is live than it was, ours cannot be written any more.
func (a *Actuator) ascertain(ctx context.Context, t target, w actuator.Write, lost error) error {
	now, err := t.read(ctx)
	if err != nil {
		return lost
	}
	switch live, err := now.live(); {
	case err != nil || actuator.Same(live.Value, w.From.Value):
		return lost // it may still come
	case actuator.Same(live.Value, w.To):
		return nil
	default:
		return fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
}
