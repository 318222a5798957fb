package kong

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, name string) (l actuator.Live, err error) {
	t, err := a.parse(name)
	if err != nil {
		return l, err
	}
	return t.read(ctx)
}

// Write implements actuator.Actuator: it looks, writes, and looks again.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	t, err := a.parse(w.Target)
	if err != nil {
		return x, err
	}
	live, err := t.read(ctx)
	switch {
	case err != nil:
		return x, err
	case actuator.Same(live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(live.Value, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
	requests, err := t.requests(w.Action, live.Value, w.To)
	if err != nil {
		return x, err
	}
	a.log.Debug("write to kong", "action", w.Action, "target", w.Target, "requests", len(requests))
	x.Requests = a.shown(requests)
	if x.Answer, err = a.send(ctx, requests); err != nil && len(requests) > 1 {
		return x, a.mend(ctx, t, w, live.Value, err)
	} else if err != nil {
		return x, err
	}
	live, err = t.read(ctx)
	if err == nil && !actuator.Same(live.Value, w.To) && !a.lags(t) {
		return x, fmt.Errorf("write %s: %w: it took it, and %s is live", w.Target, actuator.ErrUncertain, live.Value)
	}
	return x, nil // where it cannot be read, Read tells later
}

// lags reports whether a look may be answered by a node that does not have yet
// what Kong took.
func (a *Actuator) lags(t target) bool {
	_, inMemory := t.(healthTarget)
	return inMemory
}

// send makes all requests at once: none waits for another, so that an answer
// that is lost keeps none from being made.
func (a *Actuator) send(ctx context.Context, list []request) (said string, err error) {
	answers, errs := make([]answer, len(list)), make([]error, len(list))
	var all sync.WaitGroup
	for i, r := range list {
		all.Go(func() { answers[i], errs[i] = a.tell(ctx, r) })
	}
	all.Wait()
	var texts []string
	for i := range list {
		if answers[i].status != 0 {
			texts = append(texts, answers[i].text())
		}
		if errs[i] != nil && (err == nil || errors.Is(errs[i], actuator.ErrUncertain)) {
			err = errs[i]
		}
	}
	return strings.Join(texts, "; "), err
}

// mend looks what came of some requests that were not all taken, and puts back
// what was.
func (a *Actuator) mend(ctx context.Context, t target, w actuator.Write, from actuator.Value, failure error) error {
	live, err := t.read(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("write %s: %w: a part of it failed (%v), and then all: %v", w.Target, actuator.ErrUncertain, failure, err)
	case actuator.Same(live.Value, w.To):
		return nil
	case actuator.Same(live.Value, from):
		return failure
	}
	back, err := t.requests(w.Action, live.Value, from)
	if err == nil {
		_, err = a.send(ctx, back)
	}
	if now, e := t.read(ctx); err == nil && e == nil && actuator.Same(now.Value, from) {
		return failure
	}
	return fmt.Errorf("write %s: %w: a part of it failed (%v), and the rest could not be put back", w.Target, actuator.ErrUncertain, failure)
}
