package promapi

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// chunk is a stretch of the past that is read at once.
type chunk struct {
	sli.Stretch
	// step is the time between two values that are asked for; 0: all samples.
	step time.Duration
	// live says that counting began at its end, with the first sample of each
	// series: up to there is read. Other chunks end where the next one began.
	live bool
	// watched is since when live counting takes a series for new.
	watched time.Time
}

// The lengths of chunks and steps. A step must not be longer than the five
// minutes for which a server takes the last sample for the present one.
const (
	shortestChunk = 15 * time.Minute
	firstChunk    = 6 * time.Hour
	secondChunk   = 24 * time.Hour // the fine steps end there
	longestChunk  = 10 * 24 * time.Hour
	fineStep      = time.Minute
	coarseStep    = 5 * time.Minute
	leastMissing  = 2 * time.Minute
	// pointsOfChunk is about how many values a chunk holds.
	pointsOfChunk = 200_000
	// stepsOfQuery is how many steps a server answers, with some to spare.
	stepsOfQuery = 10_000
)

// chunk is the next one to be read of what is missing; not ok if nothing is.
func (p *past) chunk(missing sli.Missing, now time.Time) (c chunk, ok bool) {
	for _, s := range missing.Of {
		if !p.reached.IsZero() && p.reached.Before(s.To) {
			s.To = p.reached
		}
		if s.To.Sub(s.From) < leastMissing {
			continue
		}
		if p.begun.IsZero() {
			p.begun = s.To
		}
		c = p.cut(s, now)
		c.watched = missing.Watched
		return c, true
	}
	return chunk{}, false
}

// cut takes the newest part of a stretch. Chunks end at whole hours, live
// counting hardly ever begins at a whole minute.
func (p *past) cut(s sli.Stretch, now time.Time) chunk {
	c := chunk{Stretch: s, live: !s.To.Truncate(time.Minute).Equal(s.To)}
	age := now.Sub(s.To)
	var length time.Duration
	switch {
	case age < firstChunk-time.Hour:
		c.step, length = fineStep, firstChunk-age
	case age < secondChunk-time.Hour:
		c.step, length = fineStep, secondChunk-age
	default:
		c.step, length = coarseStep, longestChunk
	}
	switch g := p.program.Grain(); {
	case g.Samples:
		c.step, length = 0, min(length, firstChunk)
	case g.Slice > 0 && g.Slice < fineStep:
		c.step = max(g.Slice, 10*time.Second)
	case g.Slice > 0:
		c.step = fineStep
	}
	if c.step > 0 {
		steps := stepsOfQuery
		if p.series > 0 {
			steps = min(steps, pointsOfChunk/p.series)
		}
		length = min(length, max(time.Duration(steps)*c.step, time.Hour))
	}
	if p.longest > 0 {
		length = min(length, p.longest)
	}
	if from := s.To.Add(-length).Truncate(min(time.Hour, max(length/2, time.Minute)).Truncate(time.Minute)); from.After(s.From) {
		c.From = from
	}
	return c
}

// ends is the last step at or before the chunk's end.
func (c chunk) ends() time.Time {
	return c.From.Add(c.To.Sub(c.From).Truncate(c.step))
}

// read asks for all that a chunk needs.
func (b *Backend) read(ctx context.Context, p *past, c chunk) ([]stream, error) {
	var all []stream
	for _, s := range p.program.Selectors() {
		list, err := b.readSelector(ctx, s.String(), c, p.program.Grain())
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	if c.live {
		all = untilLive(all, c.To, c.watched)
	}
	return all, nil
}

// tail is how far after the beginning of live counting its first samples are
// looked for: as far as a first poll looks back, and some more.
const tail = firstReach + 2*time.Minute

func (b *Backend) readSelector(ctx context.Context, selector string, c chunk, g sli.Grain) ([]stream, error) {
	if c.step == 0 {
		answer, err := b.client.raw(ctx, pasts, selector, c.From, c.To)
		return b.client.metrics.streams(answer), err
	}
	end := c.ends()
	if g.Slice > 0 && !c.live {
		end = end.Add(c.step) // a slice is over when a sample comes after it
	}
	answer, err := b.client.steps(ctx, pasts, selector, c.From, end, c.step)
	if err != nil {
		return nil, err
	}
	list := b.client.metrics.streams(answer)
	gaps := []sli.Stretch(nil)
	if g.Slice == 0 {
		gaps = b.client.metrics.bounded(unsteady(list, c.From, c.ends(), c.step))
	}
	switch rest := (sli.Stretch{From: c.ends(), To: c.To}); {
	case c.live:
		rest.To = rest.To.Add(tail)
		gaps = append(gaps, rest)
	case rest.From.Before(rest.To):
		gaps = append(gaps, rest)
	}
	for _, gap := range gaps {
		answer, err := b.client.raw(ctx, pasts, selector, gap.From, gap.To)
		if err != nil {
			return nil, err
		}
		more := b.client.metrics.streams(answer)
		if foreign(list, more) {
			return nil, errStrange
		}
		list = join(list, more)
	}
	return list, nil
}

// foreign reports whether the samples of a part of a chunk have no series in
// common with the chunk.
func foreign(list, part []stream) bool {
	return len(list) > 0 && len(part) > 0 && !slices.ContainsFunc(part, func(s stream) bool {
		return slices.ContainsFunc(list, func(known stream) bool { return known.name == s.name })
	})
}

// mostFiner is how many stretches of a chunk are read sample by sample.
const mostFiner = 16

// bounded leaves out the oldest of too many.
func (m *metrics) bounded(gaps []sli.Stretch) []sli.Stretch {
	if over := len(gaps) - mostFiner; over > 0 {
		m.coarse.Add(float64(over))
		return gaps[over:]
	}
	return gaps
}

// unsteady are the steps within which a series was reset, came or went: there
// the difference of two values is not what was counted. Neighbours are joined.
func unsteady(list []stream, from, to time.Time, step time.Duration) []sli.Stretch {
	n := int(to.Sub(from)/step) + 1
	hit := make([]bool, n+1)
	for _, s := range list {
		before := -1
		for i := range s.points {
			// The nearest step: servers know milliseconds only.
			at := int((s.points[i].Time - from.UnixNano() + int64(step)/2) / int64(step))
			if at > n-1 {
				break
			}
			switch {
			case at != before+1: // it came, and before that it may have gone
				hit[at] = true
				if before >= 0 {
					hit[before+1] = true
				}
			case i > 0 && sizeOf(&s.points[i]) < sizeOf(&s.points[i-1]):
				hit[at] = true
			}
			before = at
		}
		if before >= 0 && before < n-1 {
			hit[before+1] = true
		}
	}
	var gaps []sli.Stretch
	for i := 1; i < n; i++ {
		switch last := len(gaps) - 1; {
		case !hit[i]:
		case hit[i-1] && i > 1:
			gaps[last].To = gaps[last].To.Add(step)
		default:
			at := from.Add(time.Duration(i) * step)
			gaps = append(gaps, sli.Stretch{From: at.Add(-step), To: at})
		}
	}
	return gaps
}

// sizeOf is a counter's value.
func sizeOf(p *sli.Point) float64 {
	if p.Histogram != nil {
		return p.Histogram.Count
	}
	return p.Value
}

// join adds the points of more to the streams of the same series.
func join(list, more []stream) []stream {
	at := make(map[string]int, len(list))
	for i := range list {
		at[list[i].name] = i
	}
	for _, s := range more {
		if i, ok := at[s.name]; ok {
			list[i].points = append(list[i].points, s.points...)
			continue
		}
		list = append(list, s)
	}
	return list
}

// untilLive ends each series with the sample that live counting began from: its
// first one at or after the beginning. For a series that was not there before,
// that is its first one of all; live counting took it for new only if it came
// after its target's first sample set since the SLO is watched.
func untilLive(list []stream, began, watched time.Time) []stream {
	type family struct{ name, target string }
	sets := map[family]int64{} // the first sample set after which live counting knows what is new
	familyOf := func(s *stream) family { return family{s.labels.Get(labels.MetricName), s.target} }
	since := max(began.UnixNano(), watched.UnixNano()+1)
	for i := range list {
		s := &list[i]
		slices.SortStableFunc(s.points, func(a, b sli.Point) int { return cmp.Compare(a.Time, b.Time) })
		if at, ok := s.firstSince(since); ok {
			if first, known := sets[familyOf(s)]; !known || at < first {
				sets[familyOf(s)] = at
			}
		}
	}
	for i := range list {
		s := &list[i]
		first, ok := s.firstSince(began.UnixNano())
		if !ok {
			continue
		}
		known, watching := sets[familyOf(s)]
		born := s.points[0].Time == first && watching && first > known+int64(sameSet)
		s.points = slices.DeleteFunc(s.points, func(p sli.Point) bool { return born || p.Time > first })
	}
	return list
}

// firstSince is the time of the first point at or after a time.
func (s *stream) firstSince(t int64) (at int64, ok bool) {
	for i := range s.points {
		if s.points[i].Time >= t {
			return s.points[i].Time, true
		}
	}
	return 0, false
}

// rounds splits ordered moments where the time changes, so that what is known
// of a series when it comes again can be used.
func rounds(moments []moment) iter.Seq[[]moment] {
	return func(yield func([]moment) bool) {
		for len(moments) > 0 {
			n := 1
			for n < len(moments) && moments[n].point.Time == moments[0].point.Time {
				n++
			}
			if !yield(moments[:n]) {
				return
			}
			moments = moments[n:]
		}
	}
}
