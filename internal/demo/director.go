package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stage is what the director can do to the shop.
type stage interface {
	begin(ctx context.Context) error
	breakV2()
	repairV2()
	// share is what the gateway gives v2 of the traffic, 0 to 1.
	share(ctx context.Context) (float64, error)
	// finish closes the shop and returns what it served, by SLO id.
	finish(ctx context.Context) (map[string]counts, error)
	// close ends what is still open, and waits for it.
	close() error
}

// director looks at the engine again and again, tells what it sees, and does
// to the shop what the story asks for. It runs in one goroutine, its caller's.
type director struct {
	plan  plan
	story *story
	stage stage
	watch func(context.Context) (view, error)
	lines *timeline

	served  map[string]counts // nil until the shop is closed
	printed time.Time         // of the last row
	seen    time.Time         // of the last answer of the engine
}

// blindPatience is how long the engine may fail to answer in the middle.
const blindPatience = 10 * time.Second

// run tells the story to its end. ctx bounds it.
func (d *director) run(ctx context.Context) error {
	d.lines.head()
	d.seen = time.Now()
	ticker := time.NewTicker(d.plan.poll)
	defer ticker.Stop()
	for d.story.phase != closed {
		if err := d.turn(ctx); err != nil {
			d.lines.mark(time.Since(d.story.start), mark{bad, err.Error()})
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return d.interrupted(ctx)
		}
	}
	return nil
}

// turn looks once and moves the story on.
func (d *director) turn(ctx context.Context) error {
	v, err := d.watch(ctx)
	now := time.Now()
	if err != nil {
		return d.blind(ctx, now, err)
	}
	v.share, err = d.stage.share(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return d.interrupted(ctx)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNoGateway, err)
	}
	d.seen, v.served = now, d.served
	d.row(now, v)
	marks, do, err := d.story.step(now, v)
	for _, m := range marks {
		d.lines.mark(now.Sub(d.story.start), m)
	}
	if err != nil {
		return err
	}
	if d.story.phase == closed {
		d.lines.summary(d.story, v)
	}
	return d.do(ctx, do)
}

// blind bears with an engine that does not answer, for a while.
func (d *director) blind(ctx context.Context, now time.Time, err error) error {
	if ctx.Err() != nil {
		return d.interrupted(ctx)
	}
	if now.Sub(d.seen) < blindPatience {
		return nil
	}
	return fmt.Errorf("%w: no answer in %s: %w", ErrNotReady, blindPatience, err)
}

// interrupted is the error for a context that ended before the story did.
func (d *director) interrupted(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, errTimeOver) {
		return fmt.Errorf("%w while %s, after %s", cause, d.story.phase, d.plan.limit)
	}
	return fmt.Errorf("demo interrupted while %s: %w", d.story.phase, context.Cause(ctx))
}

// row prints a line of numbers when one is due.
func (d *director) row(now time.Time, v view) {
	if now.Sub(d.printed) < d.plan.print {
		return
	}
	d.printed = now
	d.lines.row(now.Sub(d.story.start), d.story.phase, v)
}

func (d *director) do(ctx context.Context, what order) (err error) {
	switch what {
	case beginLoad:
		return d.stage.begin(ctx)
	case breakV2:
		d.stage.breakV2()
	case repairV2:
		d.stage.repairV2()
	case finishShop:
		if d.served, err = d.stage.finish(ctx); err != nil && ctx.Err() != nil {
			return d.interrupted(ctx)
		}
	}
	return err
}
