package budget

import (
	"time"
)

// rung is one step of the ladder: how finely, and how far back.
type rung struct{ slot, span time.Duration }

// ladder is chosen so that a slot is at most 1/360 of the shortest window
// that reads it: 10 s for two hours, 1 min for a day, 1 h for 90 days.
// Windows start on slot edges, so the rounding is in the window's start, never
// in its counts.
var ladder = []rung{
	{time.Second, 10 * time.Minute},
	{10 * time.Second, 2 * time.Hour},
	{time.Minute, 24 * time.Hour},
	{5 * time.Minute, 72 * time.Hour},
	{time.Hour, 0}, // as far as the longest window
}

// slack is how much further than its span a ring reaches: events may be up to
// a minute ahead of the tick, and a tick may wait five for the rest of a sample
// set.
const slack = 6 * time.Minute

// Ledger counts the events of one SLO instance by the time they happened.
// It belongs to one goroutine. The zero value is not usable: call New.
type Ledger struct {
	rings    []ring
	pins     []knot // sorted
	total    Counts
	since    Counts // total without what was merged
	observed coverage
	longest  time.Duration
	newest   int64 // time of the newest event
	any      bool
	// changes counts the calls that changed something, late those of them that
	// changed counts further back than settled before the newest event: see
	// Panel.
	changes, late uint64
}

// New returns an empty ledger that can read windows up to longest.
func New(longest time.Duration) *Ledger {
	l := &Ledger{longest: longest}
	for i, r := range ladder {
		final := i == len(ladder)-1 || longest <= r.span
		span := r.span
		if final {
			span = longest
		}
		slots := int((span+slack+r.slot-1)/r.slot) + 2
		l.rings = append(l.rings, ring{slot: int64(r.slot), limit: slots, known: wholePast})
		if final {
			break
		}
	}
	return l
}

// Add counts events that happened at one instant.
func (l *Ledger) Add(at time.Time, c Counts) { l.apply(step(at.UnixNano(), c)) }

// Spread counts events of which only is known that they happened in
// (from, to]: evenly, whole counts as whole numbers. With from at or after to
// it is Add.
func (l *Ledger) Spread(from, to time.Time, c Counts) {
	if !from.Before(to) {
		l.Add(to, c)
		return
	}
	l.apply(ramp(from.UnixNano(), to.UnixNano(), c))
}

func (l *Ledger) apply(s share) {
	if s.counts == (Counts{}) {
		return
	}
	for i := range l.rings {
		l.rings[i].add(&s, l.total)
	}
	l.addToPins(&s)
	l.changes++
	if s.first <= l.newest-settled {
		l.late++
	}
	l.total, l.since = l.total.Add(s.counts), l.since.Add(s.counts)
	l.newest = max(l.newest, s.to)
	l.any = true
}

// Since is everything counted since New, whatever its time, without what was
// merged: it grows as events arrive, and never by a month of them at once.
func (l *Ledger) Since() Counts { return l.since }

// All is Since and what was merged.
func (l *Ledger) All() Counts { return l.total }

// Changes is a number that changes whenever what the ledger says may have.
func (l *Ledger) Changes() uint64 { return l.changes }

// Newest is the time of the newest event; zero if there was none.
func (l *Ledger) Newest() time.Time {
	if !l.any {
		return time.Time{}
	}
	return time.Unix(0, l.newest)
}

// Reading is what a window held.
type Reading struct {
	// Start and End bound it: events in (Start, End].
	Start, End time.Time
	Counts
}

// Window reads the events of the last w before at: At(at, false).Window(w).
func (l *Ledger) Window(at time.Time, w time.Duration) Reading { return l.At(at, false).Window(w) }

// Between reads the events in (start, end], both rounded down to slot edges:
// end to a second, start to the slots of the rung that reaches end-start, or to
// a pin that is nearer. A start further back than the ledger's longest window
// reads as if the ledger began there.
func (l *Ledger) Between(start, end time.Time) Reading {
	head, _ := l.around(l.rungFor(end.Sub(start)), start.UnixNano())
	tail, _ := l.around(0, end.UnixNano())
	return Reading{Start: time.Unix(0, head.at), End: time.Unix(0, tail.at), Counts: tail.counts.Sub(head.counts)}
}

// prefix reads the cumulative counts at the edge at or before t of rung i, or
// of the next coarser one where rung i has forgotten.
func (l *Ledger) prefix(i int, t int64) (edgeTime int64, c Counts) {
	r, edge := l.slotAt(i, t)
	return edge * r.slot, r.at(edge, l.total)
}

// slotAt finds the slot that t lies in: on rung i, or on the next coarser one
// where rung i has forgotten. The slot begins at the edge and ends before the
// next.
func (l *Ledger) slotAt(i int, t int64) (r *ring, edge int64) {
	for ; ; i++ {
		r = &l.rings[i]
		edge = floorDiv(t, r.slot)
		if i == len(l.rings)-1 || r.reaches(edge) {
			return r, edge
		}
	}
}

// rungFor is the finest rung that reaches back w at any time, so that a
// window of one length always starts on the same kind of edge.
func (l *Ledger) rungFor(w time.Duration) int {
	for i := range l.rings {
		if w <= ladder[i].span {
			return i
		}
	}
	return len(l.rings) - 1
}

// SlotFor is the width of the slots on whose edges a window of length w
// starts.
func (l *Ledger) SlotFor(w time.Duration) time.Duration {
	return time.Duration(l.rings[l.rungFor(w)].slot)
}

// Observe notes that the events of (from, to] are known.
func (l *Ledger) Observe(from, to time.Time) {
	l.changes++
	l.observed.add(from.UnixNano(), to.UnixNano())
	l.observed.forget(to.Add(-l.longest - forgetting).UnixNano())
}

// Coverage is the share of (start, end] whose events are known, 0 to 1. With
// live, what lies between the newest observation and end counts as known:
// the next sample is simply not due yet.
func (l *Ledger) Coverage(start, end time.Time, live bool) float64 {
	return l.observed.share(start.UnixNano(), end.UnixNano(), live)
}
