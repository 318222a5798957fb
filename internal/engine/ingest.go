package engine

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// patience is how long a request waits for a place in the queue before its
// sender is told to come back: it can wait better than we can.
const patience = time.Second

// Ingest counts a batch. When it returns nil, every accepted point is counted
// and kept, as far as anything can be kept; the receipt names what was not. The batch is not kept: once the owner may
// read it, Ingest waits for the owner whatever becomes of ctx.
func (e *Engine) Ingest(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
	if err := e.begun(ctx); err != nil {
		return sli.Receipt{}, err
	}
	now := e.options.Now()
	var receipt sli.Receipt
	var wait func(context.Context) error
	var failed error
	done := make(chan struct{}, 1) // the owner does not wait for us
	err := e.enqueue(ctx, func() {
		receipt, wait, failed = e.count(batch, now)
		done <- struct{}{}
	})
	if err != nil {
		return sli.Receipt{}, err
	}
	select {
	case <-done:
	case <-e.stopped:
		return sli.Receipt{}, ErrStopped
	}
	if failed == nil && wait != nil {
		failed = wait(ctx)
	}
	if failed != nil {
		return sli.Receipt{}, failed
	}
	return receipt, nil
}

// count counts a batch and hands its record to the journal.
func (e *Engine) count(batch *sli.Batch, now time.Time) (sli.Receipt, func(context.Context) error, error) {
	if e.options.Journal == nil {
		return e.core.Ingest(batch, now), nil, nil
	}
	if e.options.Journal.Busy() {
		return sli.Receipt{}, nil, ErrBusy // nothing is counted: it will be sent again
	}
	begun := time.Now()
	receipt, record := e.core.ingestRecorded(batch, now)
	e.recount.Add(int64(time.Since(begun)))
	return receipt, e.keep(record), nil
}

// enqueue sends a function to the owner, or gives up after a while.
func (e *Engine) enqueue(ctx context.Context, f func()) error {
	select {
	case e.inbox <- f:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case e.inbox <- f:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stopped:
		return ErrStopped
	}
}
