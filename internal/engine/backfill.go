package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// kindPast is the record of a stretch of the past: sli.Tracker.ReplayPast.
const kindPast = kindEnd + 1

// Missing is what is not known of an SLO's windows; nothing if there is no such
// SLO.
func (e *Engine) Missing(ctx context.Context, slo string) (sli.Missing, error) {
	if err := e.begun(ctx); err != nil {
		return sli.Missing{}, err
	}
	done := make(chan sli.Missing, 1) // the owner does not wait for us
	if err := e.enqueue(ctx, func() { done <- e.core.Missing(slo, e.options.Now()) }); err != nil {
		return sli.Missing{}, fmt.Errorf("ask what is missing of %s: %w", slo, err)
	}
	select {
	case missing := <-done:
		return missing, nil
	case <-ctx.Done():
		return sli.Missing{}, ctx.Err()
	case <-e.stopped:
		return sli.Missing{}, ErrStopped
	}
}

// AddPast counts a stretch of the past. When it returns nil, the stretch is
// counted and kept, as far as anything can be kept. ErrBusy: nothing was
// counted, it may be sent again; sli.ErrKnown and sli.ErrOtherEvents: it must
// not.
func (e *Engine) AddPast(ctx context.Context, past *sli.Past) error {
	if err := e.begun(ctx); err != nil {
		return err
	}
	type outcome struct {
		wait func(context.Context) error
		err  error
	}
	done := make(chan outcome, 1)
	if err := e.enqueue(ctx, func() {
		wait, err := e.addPast(past)
		done <- outcome{wait, err}
	}); err != nil {
		return err
	}
	select {
	case o := <-done:
		if o.err != nil || o.wait == nil {
			return o.err
		}
		return o.wait(ctx)
	case <-e.stopped:
		return ErrStopped
	}
}

func (e *Engine) addPast(past *sli.Past) (wait func(context.Context) error, err error) {
	if e.options.Journal != nil && e.options.Journal.Busy() {
		return nil, ErrBusy
	}
	record, err := e.core.tracker.AddPast([]byte{kindPast}, past)
	if err != nil {
		return nil, err
	}
	return e.keep(record), nil
}

// AddPast counts a stretch of the past: see Engine.AddPast.
func (c *Core) AddPast(past *sli.Past) error {
	_, err := c.tracker.AddPast(nil, past)
	return err
}

// Missing is what is not known: see Engine.Missing.
func (c *Core) Missing(slo string, now time.Time) sli.Missing { return c.tracker.Missing(slo, now) }
