package sli

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// slicer cuts what an instance counts into slices of time, for an SLO whose
// budget is made of them. Slice n holds the events of ((n-1)*length, n*length]
// since the epoch. When it is over it becomes an event of the ledger, at its
// end, and not before: of a slice that has only begun, the first bad event
// would be all. What is late for it changes that event.
type slicer struct {
	budgeting slo.Budgeting
	length    int64
	memory    int64   // for how long a slice that nothing is added to is kept
	step      int64   // the most that active advances at once
	kept      []slice // in order; those without events are left out
	over      int64   // the newest slice that is over
	forgotten int64   // the newest slice with events that is not kept any more
	newest    int64   // the instance's newest sample when it last settled
	// active is for how long the instance has had samples. What comes back after
	// a long silence comes in several requests, and its slices must not be
	// forgotten with the first of them.
	active int64
	listed bool  // it is among the unsettled
	first  int64 // the first slice that was added to since it settled
}

// slice is one slice of time.
type slice struct {
	number  int64
	events         // that lie in it
	told    events // what the ledgers have of it
	touched int64  // the instance's activity when it was added to
}

// events are counts, and how many of the bad ones may be good.
type events struct {
	budget.Counts
	unsure float64
}

func (e events) plus(f events) events {
	return events{e.Counts.Add(f.Counts), e.unsure + f.unsure}
}

func (e events) minus(f events) events {
	return events{e.Counts.Sub(f.Counts), e.unsure - f.unsure}
}

// until is how much of it had happened at a time.
func (e events) until(i increment, t int64) events {
	return events{budget.Shared(i.from, i.to, t, e.Counts), budget.Shared(i.from, i.to, t, budget.Counts{Bad: e.unsure}).Bad}
}

// keepSlices is for how long a slice is kept at least: a target that was out of
// reach for that long still has its say in all the slices since.
const keepSlices = 6 * time.Hour

// newSlicer is nil for an SLO that counts occurrences.
func newSlicer(b slo.Budgeting, o Options) *slicer {
	if b.Method == slo.Occurrences {
		return nil
	}
	return &slicer{
		budgeting: b, length: int64(b.Slice), step: int64(o.Lateness),
		memory: int64(max((sliceMemory+1)*o.Lateness, keepSlices)),
	}
}

// in is the slice in which a time lies.
func (s *slicer) in(t int64) int64 {
	n := t / s.length
	if t%s.length > 0 {
		n++
	}
	return n
}

// end is the time of a slice's event.
func (s *slicer) end(n int64) time.Time { return time.Unix(0, n*s.length) }

// mostSlices is how many slices are kept at most, and over how many a gap is
// spread: a week of minutes. What a sender says of times before that is left
// out.
const mostSlices = 7 * 24 * 60

// add counts events, and reports whether all of them: those of a slice that is
// forgotten would count again as a slice of their own.
func (s *slicer) add(i increment, e events) (all bool) {
	last := s.in(i.to)
	if !i.spread || i.from >= i.to {
		return s.put(last, e)
	}
	first := s.in(i.from + 1)
	from := max(first, s.forgotten+1, last-mostSlices+1)
	before := e.until(i, (from-1)*s.length)
	for n := from; n <= last; n++ {
		so := e.until(i, n*s.length)
		s.put(n, so.minus(before))
		before = so
	}
	return from == first
}

// put counts events of one slice.
func (s *slicer) put(n int64, e events) bool {
	switch {
	case e == events{}:
		return true
	case n <= s.forgotten:
		return false
	}
	at := s.find(n)
	if at == len(s.kept) || s.kept[at].number != n {
		s.kept = slices.Insert(s.kept, at, slice{number: n})
	}
	one := &s.kept[at]
	one.events, one.touched = one.events.plus(e), s.active
	s.first = min(s.first, n)
	return true
}

// find is where slice n is kept, or would be: nearly always at the end.
func (s *slicer) find(n int64) int {
	if last := len(s.kept) - 1; last >= 0 && s.kept[last].number <= n {
		if s.kept[last].number < n {
			last++
		}
		return last
	}
	at, _ := slices.BinarySearchFunc(s.kept, n, func(one slice, n int64) int { return cmp.Compare(one.number, n) })
	return at
}

// settle closes the slices that are over now that there is a sample after
// their end, and tells what the ledgers lack.
func (s *slicer) settle(newest int64, tell func(end time.Time, e events)) {
	s.first = min(s.first, s.over+1)
	s.active += min(max(0, newest-s.newest), s.step)
	s.turn(newest)
	for at := s.find(s.first); at < len(s.kept) && s.kept[at].number <= s.over; at++ {
		one := &s.kept[at]
		verdict := s.verdict(one.events)
		if news := verdict.minus(one.told); news != (events{}) {
			one.told = verdict
			tell(s.end(one.number), news)
		}
	}
	s.first = s.over + 1
	s.forget()
}

// turn notes the newest sample.
func (s *slicer) turn(newest int64) {
	s.newest = newest
	s.over = s.in(newest) - 1
}

// forget drops the oldest slices for as long as nothing was added to them
// lately, or they are too many.
func (s *slicer) forget() {
	old := 0
	for ; old < len(s.kept) && s.kept[old].number <= s.over; old++ {
		if s.active-s.kept[old].touched <= s.memory && len(s.kept)-old <= mostSlices {
			break
		}
		s.forgotten = s.kept[old].number
	}
	s.kept = slices.Delete(s.kept, 0, old)
}

// dust is by how much a share of good events may miss the target because
// neither can be written as a float: far less than one event of a slice.
const dust = 1e-12

// verdict is what a slice counts as. Of a slice that would count otherwise if
// what is unsure were good, the difference is unsure.
func (s *slicer) verdict(e events) events {
	bad, ok := s.bad(e.Counts)
	if !ok {
		return events{}
	}
	best, _ := s.bad(budget.Counts{Bad: e.Bad - e.unsure, Total: e.Total})
	return events{budget.Counts{Bad: bad, Total: 1}, bad - best}
}

// bad is how bad a slice is, 0 to 1; not ok for one without events.
func (s *slicer) bad(c budget.Counts) (bad float64, ok bool) {
	ratio, ok := c.ErrorRatio()
	if s.budgeting.Method == slo.RatioTimeslices {
		return ratio, ok
	}
	if 1-ratio < s.budgeting.Target-dust {
		return 1, ok
	}
	return 0, ok
}

// judged is the end of the newest slice that is over at a time. What follows
// it is not judged: a window that ends there holds whole slices.
func (s *slicer) judged(t int64) int64 {
	return min(s.in(t+1)-1, s.over) * s.length
}

// lose drops what is kept, because the ledgers are ahead of it: they may have
// slices that are not over here.
func (s *slicer) lose() {
	if s != nil {
		s.kept = nil
	}
}
