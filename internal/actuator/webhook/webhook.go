package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Guarantees implements actuator.Actuator.
func (a *Actuator) Guarantees() actuator.Guarantees {
	g := actuator.Guarantees{
		Precondition: actuator.ReadBefore, Kinds: []actuator.Kind{actuator.Notify}, Survives: true,
		Window: "always: without a status URL nothing can be asked before or after an event",
	}
	if a.c.StatusURL != "" {
		g.Window = "between the question to the status URL and the event: the receiver compares nothing"
	}
	return g
}

// Plan implements actuator.Actuator.
func (a *Actuator) Plan(ctx context.Context, action actuator.Action) (p actuator.Plan, err error) {
	if action.Kind != actuator.Notify {
		return p, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	p.Target = subjectOf(action.Event)
	if p.Before, err = a.before(ctx, p.Target); err != nil {
		return p, err
	}
	data := action.Event
	if len(data) == 0 || actuator.Same(data, actuator.Absent) {
		data = json.RawMessage("{}")
	}
	if p.After, err = actuator.Canonical(data); err != nil {
		return p, fmt.Errorf("plan webhook: %w: the event is not JSON: %w", actuator.ErrRefused, err)
	}
	do, err := a.eventFor(action.ID, p.Target, p.Before.Value, p.After)
	if err != nil {
		return p, err
	}
	undo, err := a.eventFor(action.ID, p.Target, p.After, p.Before.Value)
	p.Requests, p.Undo = []actuator.Request{a.request(do)}, []actuator.Request{a.request(undo)}
	return p, err
}

// before is what is live, or nothing where that cannot be asked.
func (a *Actuator) before(ctx context.Context, target string) (actuator.Live, error) {
	if a.c.StatusURL == "" {
		return actuator.Live{Value: actuator.Absent}, nil
	}
	return a.Read(ctx, target)
}

// Read implements actuator.Actuator. ErrUnsupported: there is no status URL.
func (a *Actuator) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	if a.c.StatusURL == "" {
		return l, fmt.Errorf("read %s: %w: the webhook has no statusUrl", target, actuator.ErrUnsupported)
	}
	got, err := a.ask(ctx, target)
	switch {
	case err != nil:
		return l, err
	case got.status == http.StatusNotFound:
		return actuator.Live{Value: actuator.Absent}, nil
	case got.status != http.StatusOK:
		return l, fmt.Errorf("ask %s: %w: %s", shown(a.c.StatusURL), actuator.ErrUnavailable, got.text())
	}
	return live(got)
}

// live is what a status says.
func live(got answer) (l actuator.Live, err error) {
	var status struct {
		State, Action string
		Data          json.RawMessage
	}
	err = json.Unmarshal(got.body, &status)
	l = actuator.Live{Value: actuator.Absent, Owner: status.Action}
	switch {
	case err == nil && status.State == "undone":
		return actuator.Live{Value: actuator.Absent}, nil
	case err == nil && status.State == "pending":
		l.Unsettled = []string{"receiver"}
		fallthrough
	case err == nil && status.State == "done":
		l.Value, err = actuator.Canonical(status.Data)
	case err == nil:
		err = fmt.Errorf("state %q is not pending, done or undone", status.State)
	}
	if err != nil {
		return l, fmt.Errorf("read status: %w: %w", actuator.ErrUnavailable, err)
	}
	return l, nil
}

// Write implements actuator.Actuator. Repeating it sends the same event again,
// with the same id.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	done, err := a.compare(ctx, w)
	if done || err != nil {
		return x, err
	}
	e, err := a.eventFor(w.Action, w.Target, w.From.Value, w.To)
	if err != nil {
		return x, err
	}
	a.log.Debug("send event", "action", w.Action, "event", e.id, "to", a.c.Name())
	x.Requests = []actuator.Request{a.request(e)}
	got, err := a.post(ctx, e)
	if got.status != 0 {
		x.Answer = got.text()
	}
	return x, err
}

// compare looks whether there is anything to tell, and whether it may be told.
func (a *Actuator) compare(ctx context.Context, w actuator.Write) (done bool, err error) {
	if a.c.StatusURL == "" {
		return actuator.Same(w.From.Value, w.To), nil
	}
	now, err := a.Read(ctx, w.Target)
	switch {
	case err != nil:
		return false, err
	case actuator.Same(now.Value, w.To):
		return true, nil
	case !actuator.Same(now.Value, w.From.Value):
		return false, fmt.Errorf("tell about %s: %w: %s, not %s", w.Target, actuator.ErrConflict, now.Value, w.From.Value)
	}
	return false, nil
}

// Between implements actuator.Actuator: an event is sent, or it is not.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	if share >= 1 {
		return to, nil
	}
	return from, nil
}
