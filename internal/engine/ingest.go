package engine

import (
	"context"
	"sync"
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
	c := e.calls.get(e)
	c.batch, c.now = batch, e.options.Now()
	if err := e.enqueue(ctx, c.run); err != nil {
		return sli.Receipt{}, err
	}
	select {
	case <-c.done:
	case <-e.stopped:
		return sli.Receipt{}, ErrStopped
	}
	receipt, wait, failed := c.receipt, c.wait, c.failed
	e.calls.put(c)
	if failed == nil && wait != nil {
		failed = wait(ctx)
	}
	if failed != nil {
		return sli.Receipt{}, failed
	}
	return receipt, nil
}

// call is a batch on its way through the owner. Calls are used again: made for
// each request, they would be five objects of it.
type call struct {
	batch *sli.Batch
	now   time.Time

	receipt sli.Receipt
	wait    func(context.Context) error
	failed  error

	run  func()        // has the owner count the batch
	done chan struct{} // with room for one: the owner does not wait for us
}

// calls keeps calls that the owner is done with. One that the owner may never
// come to is not given back.
type calls struct{ pool sync.Pool }

func (p *calls) get(e *Engine) *call {
	if c, ok := p.pool.Get().(*call); ok {
		return c
	}
	c := &call{done: make(chan struct{}, 1)}
	c.run = func() {
		c.receipt, c.wait, c.failed = e.count(c.batch, c.now)
		c.done <- struct{}{}
	}
	return c
}

func (p *calls) put(c *call) {
	c.batch, c.receipt, c.wait, c.failed = nil, sli.Receipt{}, nil, nil
	p.pool.Put(c)
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
