package remediation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// gateway is an actuator that is asked only while this engine leads, and for a
// limited time.
type gateway struct {
	actuator.Actuator
	r *Runner
}

// open finds the gateway of a record by what the record says, whatever the
// playbooks say now.
func (r *Runner) open(rec Record) (gateway, error) {
	_, a, err := r.o.Gateways.Open(rec.Kind, rec.Settings)
	if err != nil {
		return gateway{}, fmt.Errorf("open gateway: %w", err)
	}
	return gateway{a, r}, nil
}

// bounded is the context of one call: an engine that may not lead any more when
// the answer comes does not ask.
func (g gateway) bounded(ctx context.Context) (context.Context, context.CancelFunc, error) {
	g.r.mu.Lock()
	until := g.r.until
	g.r.mu.Unlock()
	now := g.r.o.Now()
	if !now.Before(until) {
		return nil, nil, ErrNotLeading
	}
	ctx, cancel := context.WithTimeout(ctx, min(g.r.o.CallTimeout, until.Sub(now)))
	return ctx, cancel, nil
}

func (g gateway) plan(ctx context.Context, a actuator.Action) (p actuator.Plan, err error) {
	ctx, cancel, err := g.bounded(ctx)
	if err != nil {
		return p, err
	}
	defer cancel()
	p, err = g.Plan(ctx, a)
	return p, fenced(err)
}

func (g gateway) read(ctx context.Context, target string) (l actuator.Live, err error) {
	ctx, cancel, err := g.bounded(ctx)
	if err != nil {
		return l, err
	}
	defer cancel()
	l, err = g.Read(ctx, target)
	return l, fenced(err)
}

func (g gateway) write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	ctx, cancel, err := g.bounded(ctx)
	if err != nil {
		return x, err
	}
	defer cancel()
	w.Epoch = g.r.epoch()
	if x, err = g.Write(ctx, w); err == nil {
		g.r.mark(w.Action, "acted")
	}
	return x, fenced(err)
}

// renew tells a gateway that can that an action still holds.
func (g gateway) renew(ctx context.Context, rec Record, until time.Time) error {
	leaser, ok := g.Actuator.(actuator.Leaser)
	if !ok || !rec.Terms.Native {
		return nil
	}
	ctx, cancel, err := g.bounded(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return fenced(leaser.Renew(ctx, rec.Target, rec.ID, until))
}

// expiry is when the gateway itself takes a change back: never, unless the
// playbook wants it and the gateway can.
func (g gateway) expiry(rec Record, until time.Time) time.Time {
	if _, ok := g.Actuator.(actuator.Leaser); !ok || !rec.Terms.Native {
		return time.Time{}
	}
	return until
}

// fenced makes one error of the two ways to learn that another engine leads.
func fenced(err error) error {
	if errors.Is(err, actuator.ErrFenced) {
		return fmt.Errorf("%w: %w", ErrNotLeading, err)
	}
	return err
}

// reasonOf names an actuator's error.
func reasonOf(err error) Reason {
	for known, reason := range map[error]Reason{
		actuator.ErrConflict: ReasonConflict, actuator.ErrMissing: ReasonMissing, actuator.ErrRefused: ReasonRefused,
		actuator.ErrUnavailable: ReasonUnavailable, actuator.ErrUncertain: ReasonUncertain,
		actuator.ErrUnsupported: ReasonUnsupported, actuator.ErrGone: ReasonTakenBack,
	} {
		if errors.Is(err, known) {
			return reason
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return ReasonUncertain // an adapter that does not say is believed the worst
	}
	return ReasonTrouble
}

// look is what is live. A gateway that cannot be read is believed to have what
// it took.
func (g gateway) look(ctx context.Context, rec Record) (actuator.Live, error) {
	live, err := g.read(ctx, rec.Target)
	if !errors.Is(err, actuator.ErrUnsupported) {
		return live, err
	}
	if rec.Wrote != nil {
		return *rec.Wrote, nil
	}
	return rec.Plan.Before, nil
}

// handsOff reports whether the kill switch keeps this action from being
// written: it is asked right before each write. What a person wants undone by
// name is undone all the same.
func (r *Runner) handsOff(ctx context.Context, rec Record) (bool, error) {
	paused, err := r.paused(ctx)
	return paused != "" && rec.Asked == "", err
}
