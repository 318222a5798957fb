package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

// waiting asks a gate until it says yes or no.
type waiting struct {
	ask func(context.Context) (apitypes.GateVerdict, error)
	// say tells a person how it goes.
	say func(text string)
	// atMost is for how long it asks again; 0: it asks once.
	atMost time.Duration
	// random is in [0, 1): many who wait do not ask all at once.
	random func() float64
}

// How often is asked again. An answer says for how long it holds.
const (
	askAgainSoonest = time.Second
	askAgainLatest  = 30 * time.Second
)

// run returns the last answer: an allow, a deny, what nothing but a person can
// change, or whatever there was when the time was over or ctx ended.
func (w *waiting) run(ctx context.Context) (apitypes.GateVerdict, error) {
	end := time.Now().Add(w.atMost)
	said, failures := "", 0
	for {
		v, err := w.ask(ctx)
		left := time.Until(end)
		if ctx.Err() != nil || settled(v, err) || left <= 0 {
			return v, err
		}
		failures++
		if err == nil {
			failures = 0
		}
		if text := standstill(v, err); text != said {
			w.say(fmt.Sprintf("%s; asking again, for %s at most", text, coarse(left)))
			said = text
		}
		if !rest(ctx, min(w.pause(v, failures), left)) {
			return v, err
		}
	}
}

// settled says that waiting changes nothing: a yes, a no, a service that no SLO
// speaks of, or an engine that refuses to be asked.
func settled(v apitypes.GateVerdict, err error) bool {
	var refused *client.Error
	switch {
	case errors.As(err, &refused):
		return refused.Problem.Status < http.StatusInternalServerError
	case err != nil:
		return false
	}
	return v.Decision == allow || v.Decision == deny || firstReason(v).Code == "unknown_service"
}

// pause is how long not to ask: as long as the answer holds, and after failures
// ever longer; up to a fifth is left to chance.
func (w *waiting) pause(v apitypes.GateVerdict, failures int) time.Duration {
	d := v.ValidUntil.Sub(v.At.Time) // by the engine's clock alone
	if failures > 0 {
		d = askAgainSoonest << min(failures-1, 4)
	}
	d = min(max(d, askAgainSoonest), askAgainLatest)
	return d + time.Duration(w.random()*float64(d)/5)
}

// rest waits; false: ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// standstill says why it is not over yet.
func standstill(v apitypes.GateVerdict, err error) string {
	if err != nil {
		return "the engine cannot be asked: " + err.Error()
	}
	return v.Decision + ": " + firstReason(v).Text
}

func firstReason(v apitypes.GateVerdict) apitypes.GateReason {
	if len(v.Reasons) == 0 {
		return apitypes.GateReason{}
	}
	return v.Reasons[0]
}
