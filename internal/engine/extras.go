package engine

import (
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// extras are what few instances have: time that does not count, objectives that
// held before, further windows. All others have none, and pay nothing for them.
type extras struct {
	also    []account
	earlier []slo.Earlier

	adjustments []*slo.Adjustment // that select the instance
	plans       [][]budget.Span   // when each of them excludes time
	spans       []budget.Span     // when any does: sorted, disjoint
}

// newExtras are those of an instance, nil if it has none.
func newExtras(in *sli.Instance) *extras {
	e := &extras{earlier: in.Spec.Earlier}
	for _, w := range in.Spec.Also {
		e.also = append(e.also, account{window: w})
	}
	for _, a := range in.Spec.Adjustments {
		if a.Selects(in.Spec, in.Group) {
			e.adjustments = append(e.adjustments, a)
		}
	}
	if len(e.also)+len(e.earlier)+len(e.adjustments) == 0 {
		return nil
	}
	return e
}

// ask asks the adjustments which times they exclude.
func (e *extras) ask(from, to time.Time) {
	e.plans, e.spans = make([][]budget.Span, len(e.adjustments)), nil
	for i, a := range e.adjustments {
		for _, s := range a.Spans(from, to) {
			e.plans[i] = append(e.plans[i], budget.Span(s))
		}
		e.spans = append(e.spans, e.plans[i]...)
	}
	e.spans = union(e.spans)
}

// union sorts spans and joins those that touch.
func union(spans []budget.Span) (out []budget.Span) {
	slices.SortFunc(spans, func(a, b budget.Span) int { return a.From.Compare(b.From) })
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && !s.From.After(out[last].To) {
			if s.To.After(out[last].To) {
				out[last].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// excludedIn is how much of a stretch of time the spans take.
func excludedIn(spans []budget.Span, from, to time.Time) (total time.Duration) {
	for _, s := range spans {
		begin, end := s.From, s.To
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		total += max(0, end.Sub(begin))
	}
	return total
}

// edgeIn reports whether a span begins, ends or goes on within a stretch of time.
func edgeIn(spans []budget.Span, from, to time.Time) bool {
	return slices.ContainsFunc(spans, func(s budget.Span) bool { return !s.To.Before(from) && !s.From.After(to) })
}

// names are those of the adjustments that reach into a stretch of time.
func (e *extras) names(from, to time.Time) (names []string) {
	for i, plan := range e.plans {
		if excludedIn(plan, from, to) > 0 {
			names = append(names, e.adjustments[i].Name)
		}
	}
	slices.Sort(names)
	return names
}

// excused is how much of the silence nobody need explain: a service that is
// down for maintenance sends nothing.
func (j *judged) excused(now time.Time) time.Duration {
	if j.extras == nil || j.last.IsZero() {
		return 0
	}
	return excludedIn(j.extras.spans, j.last, now)
}

// silentIn is how much of the silence lies in the last w, and counts: what is
// excluded is lost to nobody.
func (j *judged) silentIn(w time.Duration) time.Duration {
	within := j.silence.within(j.at, w)
	if j.extras == nil || within == 0 {
		return within
	}
	return within - excludedIn(j.extras.spans, j.at.Add(-within), j.at)
}
