package budget

import (
	"slices"
	"time"
)

// Step is what happened between an edge of a ledger's slots and the one before.
type Step struct {
	// At is the later edge.
	At time.Time
	Counts
}

// Steps are all events of the ledger, the oldest first, as finely as it tells
// moments apart. What it has forgotten the time of comes as one step, at the
// oldest edge that it knows. Merged into an empty ledger they make one that
// reads the same.
func (l *Ledger) Steps() []Step {
	w := walk{ledger: l}
	for i := len(l.rings) - 1; i >= 0; i-- {
		w.ring(i)
	}
	return w.steps
}

// walk goes over the edges of the rings, from the coarsest to the finest.
type walk struct {
	ledger *Ledger
	counts Counts // at the edge that was read last
	steps  []Step
}

// ring reads the edges of ring i up to those that a finer ring knows.
func (w *walk) ring(i int) {
	l, r := w.ledger, &w.ledger.rings[i]
	last := r.last()
	if i > 0 {
		finer := &l.rings[i-1]
		if finer.known == wholePast {
			return // it knows all that this one does
		}
		last = min(last, finer.known*finer.slot/r.slot)
	}
	if r.known != wholePast && r.known < r.first { // between the two nothing happened
		w.read(r.known*r.slot, r.base)
	}
	for edge := max(r.first, r.known); r.n > 0 && edge <= last; edge++ {
		w.read(edge*r.slot, r.at(edge, l.total))
	}
}

func (w *walk) read(at int64, c Counts) {
	if c != w.counts {
		w.steps = append(w.steps, Step{time.Unix(0, at), c.Sub(w.counts)})
	}
	w.counts = c
}

// Merge counts what was counted elsewhere, as Add does for each step, but for
// Since, which leaves it out. Of many steps it costs about as much as of one.
func (l *Ledger) Merge(steps []Step) {
	if len(steps) == 0 {
		return
	}
	steps = slices.SortedStableFunc(slices.Values(steps), func(a, b Step) int { return a.At.Compare(b.At) })
	for i := range l.rings {
		l.rings[i].merge(steps, l.total)
	}
	for _, s := range steps {
		one := step(s.At.UnixNano(), s.Counts)
		l.addToPins(&one)
		l.total = l.total.Add(s.Counts)
	}
	l.changes++
	if steps[0].At.UnixNano() <= l.newest-settled {
		l.late++
	}
	l.newest = max(l.newest, steps[len(steps)-1].At.UnixNano())
	l.any = true
}

// merge adds sorted steps. total is the ledger's total before them.
func (r *ring) merge(steps []Step, total Counts) {
	edge := func(s Step) int64 { return ceilDiv(s.At.UnixNano(), r.slot) }
	r.cover(edge(steps[0]), edge(steps[len(steps)-1]), total)
	var sum Counts
	next := 0
	for ; next < len(steps) && edge(steps[next]) < r.first; next++ { // out of reach
		sum = sum.Add(steps[next].Counts)
		r.known = r.first
	}
	r.base = r.base.Add(sum)
	for e := r.first; e <= r.last(); e++ {
		for ; next < len(steps) && edge(steps[next]) <= e; next++ {
			sum = sum.Add(steps[next].Counts)
		}
		c := r.cell(e)
		*c = c.Add(sum)
	}
}

// Observed are the stretches of time whose events are known, the oldest first.
func (l *Ledger) Observed() []Span {
	spans := make([]Span, 0, len(l.observed.spans))
	for _, s := range l.observed.spans {
		spans = append(spans, Span{time.Unix(0, s.from), time.Unix(0, s.to)})
	}
	return spans
}

// Known is how much of (from, to] is known.
func (l *Ledger) Known(from, to time.Time) time.Duration {
	return time.Duration(l.observed.known(from.UnixNano(), to.UnixNano(), false))
}
