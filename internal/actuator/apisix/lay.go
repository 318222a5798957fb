package apisix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// change is what is sent.
type change struct {
	method, path string
	body         []byte
	requests     []actuator.Request
}

// lay is the change that lays an overlay, to end at a time unless that is zero.
func (v *Overlays) lay(c covered, r rule, until time.Time) (ch change, err error) {
	whole, own, err := compose(c.object, c.route, r)
	if err != nil {
		return ch, err
	}
	ch = change{method: http.MethodPut, path: c.over().path()}
	if !until.IsZero() {
		left := until.Sub(v.g.now())
		if left <= 0 {
			return ch, fmt.Errorf("lay over %s: %w: it would have ended %s ago", c.target(), actuator.ErrRefused, -left)
		}
		ch.path += "?ttl=" + strconv.Itoa(int(math.Ceil(left.Seconds())))
	}
	if ch.body, err = json.Marshal(whole); err != nil {
		return ch, err
	}
	// The route's own fields may hold secrets.
	shown, err := json.Marshal(with(own, "…", "all else as in route "+c.id))
	ch.requests = []actuator.Request{v.g.request(ch.method, ch.path, string(shown))}
	return ch, err
}

// lift is the change that takes it away.
func (v *Overlays) lift(c covered) change {
	ch := change{method: http.MethodDelete, path: c.over().path()}
	ch.requests = []actuator.Request{v.g.request(ch.method, ch.path, "")}
	return ch
}

// Write implements actuator.Actuator: it looks, and writes.
func (v *Overlays) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	o, err := parse(w.Target, "route")
	if err != nil {
		return x, err
	}
	c, err := v.look(ctx, o)
	if err != nil {
		return x, err
	}
	now, err := c.rule.value()
	switch {
	case err != nil:
		return x, err
	case actuator.Same(now, w.To):
		return actuator.Exchange{Answer: "it is so already", Version: c.revision}, nil
	case !actuator.Same(now, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, now, w.From.Value)
	}
	ch, err := v.changeTo(c, w)
	if err != nil {
		return x, fmt.Errorf("write %s: %w", w.Target, err)
	}
	v.g.log.Debug("write to apisix", "action", w.Action, "target", w.Target)
	x.Requests = ch.requests
	x.Answer, err = v.g.tell(ctx, ch.method, ch.path, ch.body)
	if ch.method == http.MethodDelete && errors.Is(err, actuator.ErrMissing) {
		err = nil // its time was over meanwhile
	}
	return x, err
}

// changeTo leads to a value.
func (v *Overlays) changeTo(c covered, w actuator.Write) (ch change, err error) {
	var to rule
	switch err := json.Unmarshal(w.To, &to); {
	case err != nil:
		return ch, fmt.Errorf("%w: %.200s is not a value: %w", actuator.ErrRefused, w.To, err)
	case to.Route != c.rule.Route:
		return ch, fmt.Errorf("%w: the value is one over another route", actuator.ErrRefused)
	case to.Changed != "":
		return ch, fmt.Errorf("%w: nobody knows the overlay that was there", actuator.ErrRefused)
	case to.Action == "" && to.Does == "":
		return v.lift(c), nil
	case to.Action != w.Action:
		return ch, fmt.Errorf("%w: it is the overlay of action %q", actuator.ErrRefused, to.Action)
	}
	if err := c.allows(to); err != nil {
		return ch, err
	}
	return v.lay(c, to, w.Until)
}

// Renew implements actuator.Leaser: the overlay is written again, with another
// ttl.
func (v *Overlays) Renew(ctx context.Context, target, action string, until time.Time) error {
	o, err := parse(target, "route")
	if err != nil {
		return err
	}
	c, err := v.look(ctx, o)
	switch {
	case errors.Is(err, actuator.ErrMissing):
		return fmt.Errorf("renew %s: %w: the route is gone", target, actuator.ErrGone)
	case err != nil:
		return err
	case c.overlay == nil || c.rule.Action != action || c.rule.Changed != "":
		return fmt.Errorf("renew %s: %w: no overlay of action %s is there as it was", target, actuator.ErrGone, action)
	}
	ch, err := v.lay(c, c.rule, until)
	if err == nil {
		_, err = v.g.tell(ctx, ch.method, ch.path, ch.body)
	}
	return err
}
