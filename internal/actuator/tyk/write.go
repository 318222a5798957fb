package tyk

import (
	"context"
	"errors"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Write implements actuator.Actuator: it looks, writes, and has Tyk reload.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	api, err := apiOf(w.Target)
	if err != nil {
		return x, err
	}
	live, d, err := a.look(ctx, api)
	switch {
	case err != nil:
		return x, err
	case actuator.Same(live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(live.Value, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
	var from, to parts
	if convert(live.Value, &from) != nil || convert(w.To, &to) != nil || to == nil {
		return x, fmt.Errorf("write %s: %w: %s is no value of an API", w.Target, actuator.ErrRefused, w.To)
	}
	changed, err := d.with(from, to)
	if err != nil {
		return x, fmt.Errorf("write %s: %w", w.Target, err)
	}
	var body []byte
	if x.Requests, body, err = a.requests(api, changed, from, to); err != nil {
		return x, fmt.Errorf("write %s: %w: %w", w.Target, actuator.ErrRefused, err)
	}
	a.log.Debug("write to tyk", "action", w.Action, "target", w.Target, "definition", digest(body))
	return a.write(ctx, x, api, d, body, w.To)
}

// write PUTs a definition and asks for a reload.
func (a *Actuator) write(ctx context.Context, x actuator.Exchange, api string, before document, body []byte, to actuator.Value) (actuator.Exchange, error) {
	got, err := a.put(ctx, api, body)
	if got.status != 0 {
		x.Answer = got.text()
	}
	if err != nil {
		return x, err
	}
	for i, address := range a.reloads() {
		got, err := a.reload(ctx, address)
		if got.status != 0 {
			x.Answer += "; " + got.text()
		}
		switch {
		case err != nil && i == 0:
			return x, a.putBack(ctx, api, before, err)
		case err != nil: // the others have been told
			return x, fmt.Errorf("write %s: %w: the group was told, and this gateway not: %v", targetOf(api), actuator.ErrUncertain, err)
		}
	}
	live, _, err := a.look(ctx, api)
	if err == nil && !actuator.Same(live.Value, to) {
		return x, fmt.Errorf("write %s: %w: it has reloaded, and %s is live", targetOf(api), actuator.ErrUncertain, live.Value)
	}
	return x, nil // where it cannot be read, Read tells later
}

// putBack writes the old definition where the new one is not going to be loaded:
// the next reload, of whoever it is, would bring it.
func (a *Actuator) putBack(ctx context.Context, api string, before document, failure error) error {
	if errors.Is(failure, actuator.ErrUncertain) {
		return failure // it may be loaded
	}
	body, err := before.body()
	if err == nil {
		_, err = a.put(ctx, api, body)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w: it took the definition, does not reload (%v), and does not take the old one back: %v",
			targetOf(api), actuator.ErrUncertain, failure, err)
	}
	return failure
}
