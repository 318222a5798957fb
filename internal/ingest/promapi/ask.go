package promapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// stepsAtOnce is how many steps are asked for in one query, and how far behind
// the present live counting begins at most; what is before that is the past's.
const stepsAtOnce = 1000

// askOnce asks for the steps that are over and were not asked for, and hands
// their events over in order.
func (b *Backend) askOnce(ctx context.Context, p *poll) error {
	q := p.question
	newest := down(b.settled(), q.Step)
	if p.newest.IsZero() {
		if err := b.beginAsking(ctx, p, newest); err != nil {
			return err
		}
	}
	most := time.Duration(stepsAtOnce>>p.halved) * q.Step
	to := earliest(newest, p.newest.Add(most))
	if !to.After(p.newest) {
		return nil
	}
	list, wrong, err := b.ask(ctx, polls, q, p.newest, to, q.Step)
	if errors.Is(err, errTooLarge) && most > q.Step {
		p.halved++ // the half of it, then
	}
	if err != nil {
		return err
	}
	if err := b.handSteps(ctx, p, list, to); err != nil {
		return err
	}
	return wrong.err()
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// settled is the time up to which the server has all samples, by our clock. One
// whose clock is behind gets them later.
func (b *Backend) settled() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.options.Now().Add(min(0, b.clock.ahead) - b.options.QueryDelay)
}

// beginAsking goes on where counting ended, or begins with the newest step.
func (b *Backend) beginAsking(ctx context.Context, p *poll, newest time.Time) error {
	step := p.question.Step
	missing, err := b.options.Engine.Missing(ctx, p.question.name())
	if err != nil {
		return fmt.Errorf("ask where counting ended: %w", err)
	}
	begin := newest.Add(-step)
	if !missing.Newest.IsZero() {
		begin = up(missing.Newest, step)
	}
	if limit := newest.Add(-stepsAtOnce * step); begin.Before(limit) {
		begin = limit
	}
	p.newest = begin
	b.mu.Lock()
	defer b.mu.Unlock()
	p.state.began = begin
	return nil
}

// handSteps gives events to the sink, and notes what it took.
func (b *Backend) handSteps(ctx context.Context, p *poll, list []events, to time.Time) error {
	groups := streamsOf(list)
	b.mu.Lock()
	p.state.series = len(groups)
	b.mu.Unlock()
	if len(p.question.spec.GroupBy) > 0 && p.stranger(groups) {
		b.client.metrics.failed.WithLabelValues("other_series").Inc()
		return errStrange
	}
	steps := byStep(list)
	for part := range slices.Chunk(steps, max(1, pointsOfBatch/max(1, len(list)/max(1, len(steps))))) {
		batch := &sli.Batch{}
		for _, step := range part {
			batch.Series = append(batch.Series, seriesOf(step, p.question.Step)...)
		}
		receipt, err := b.options.Sink.Ingest(ctx, batch)
		if err != nil {
			return fmt.Errorf("hand %d steps over: %w", len(part), err)
		}
		b.client.metrics.refuse(receipt)
		p.newest = part[len(part)-1][0].at
	}
	p.handedSteps(list, to)
	p.newest = to
	return nil
}

// pointsOfBatch is about how many events are handed over at a time.
const pointsOfBatch = 5000

// handedSteps notes which groups there were. Those that are long gone are
// forgotten.
func (p *poll) handedSteps(list []events, to time.Time) {
	for _, e := range list {
		p.handed[e.group.name] = e.at.UnixNano()
	}
	for name, last := range p.handed {
		if last < to.Add(-mostReach).UnixNano() {
			delete(p.handed, name)
		}
	}
}

// streamsOf are the groups, as streams without points.
func streamsOf(list []events) (groups []stream) {
	seen := map[*group]bool{}
	for _, e := range list {
		if !seen[e.group] {
			seen[e.group] = true
			groups = append(groups, stream{name: e.group.name})
		}
	}
	return groups
}

// nextStep is when the next step can be asked for: at once, while some are
// behind. SLOs take turns within a while.
func (b *Backend) nextStep(p *poll) time.Time {
	if p.newest.IsZero() {
		return b.options.Now().Add(b.options.PollInterval)
	}
	step := p.question.Step
	return p.newest.Add(step + b.options.QueryDelay + p.offset(min(step/4, b.options.PollInterval)) + b.behind())
}

// behind is by how much the server's clock is.
func (b *Backend) behind() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, -b.clock.ahead)
}
