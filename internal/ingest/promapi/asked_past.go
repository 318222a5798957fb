package promapi

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// coarseSteps are the steps that the past is asked for from an age on, as
// coarse as a ledger knows it then, the coarsest first.
var coarseSteps = []struct{ age, step time.Duration }{{74 * time.Hour, time.Hour}, {26 * time.Hour, 5 * time.Minute}, {0, 0}}

// askable is the next chunk of a question's past. It consists of whole steps.
func (p *past) askable(missing sli.Missing, until time.Time, now time.Time) (chunk, bool) {
	if until.IsZero() {
		return chunk{}, false // nothing asks for what follows it
	}
	for _, s := range missing.Of {
		s.To = earliest(s.To, until)
		if !p.reached.IsZero() {
			s.To = earliest(s.To, p.reached)
		}
		s.To = down(s.To, p.question.Step)
		if p.begun.IsZero() && s.From.Before(s.To) {
			p.begun = s.To
		}
		for _, c := range coarseSteps {
			if one, ok := p.cutSteps(s, c.step, now.Sub(s.To) >= c.age); ok {
				return one, true
			}
		}
	}
	return chunk{}, false
}

// cutSteps takes the newest part of a stretch that can be asked for in a step;
// 0: that of the question.
func (p *past) cutSteps(s sli.Stretch, step time.Duration, old bool) (chunk, bool) {
	own := p.question.Step
	if step == 0 {
		step = own
	} else if !p.question.Sums || p.program.Grain().Slice > 0 || step%own != 0 || !old {
		return chunk{}, false
	}
	if !down(s.To, step).Equal(s.To) {
		return chunk{}, false // finer, up to where a coarse step begins
	}
	steps := stepsAtOnce
	if p.series > 0 {
		steps = max(1, min(steps, pointsOfChunk/p.series))
	}
	length := time.Duration(steps) * step
	if p.longest > 0 {
		length = max(step, min(length, p.longest.Truncate(step)))
	}
	from := up(laterOf(s.From, s.To.Add(-length)), step)
	if edge := up(from, time.Hour); edge.Before(s.To) && from.After(s.From.Add(step)) && edge.Equal(up(edge, step)) {
		from = edge
	}
	return chunk{Stretch: sli.Stretch{From: from, To: s.To}, step: step}, from.Before(s.To)
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// askPast asks for a chunk and counts it.
func (b *Backend) askPast(ctx context.Context, p *past, c chunk) (*sli.Past, error) {
	to := c.To
	if p.program.Grain().Slice > 0 {
		to = to.Add(c.step) // a slice is over when a sample comes after it
	}
	list, _, err := b.ask(ctx, pasts, p.question, c.From, to, c.step)
	if err != nil {
		return nil, err
	}
	p.series = len(streamsOf(list))
	recount := sli.NewRecount(p.program, c.Stretch)
	for _, step := range byStep(list) {
		b.client.metrics.refuse(recount.Count(&sli.Batch{Series: seriesOf(step, c.step)}, step[0].at))
	}
	return recount.Past(b.options.Now()), nil
}

// liveSince is where live counting of a question began.
func (b *Backend) liveSince(p *past) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.polls {
		if p.question.equals(one.question) {
			return one.state.began
		}
	}
	return time.Time{}
}
