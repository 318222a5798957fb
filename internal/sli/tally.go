package sli

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// tally gathers what a request adds to an instance before the ledger takes it:
// of a scrape's thousand samples, all at one time, the ledger sees one sum.
type tally struct {
	open   bool  // there is something in it
	second int64 // the whole second, rounded up, in which all of it lies
	newest int64 // time of the newest event
	counts budget.Counts
	// known is the newest stretch of time that the ledger knows to be known.
	knownFrom, knownTo int64
}

// count adds weighted events of a series.
func (in *Instance) count(s *series, i increment, c budget.Counts) {
	for _, m := range in.members {
		m.count(s, i, c)
	}
	if in.slicer != nil {
		in.cut(i, events{Counts: c})
		if in.traffic != nil && !in.sealed() {
			post(in.traffic, i, c)
		}
		return
	}
	if i.spread {
		if !in.sealed() {
			post(in.Ledger, i, c)
		}
		return
	}
	// No slot of the ledger has an edge within a second, so events of one
	// second may be added together.
	t, second := &in.tally, ceilSecond(i.to)
	if t.open && t.second != second {
		in.settle()
	}
	if !t.open {
		in.tracker.unsettled = append(in.tracker.unsettled, in)
		t.open, t.second, t.newest, t.counts = true, second, i.to, budget.Counts{}
	}
	t.newest = max(t.newest, i.to)
	t.counts = t.counts.Add(c)
}

func ceilSecond(t int64) int64 {
	const second = int64(time.Second)
	if r := t % second; r > 0 {
		return t - r + second
	}
	return t - t%second
}

// settle hands the tally to the ledger. It is in the list of the unsettled
// until the end of the batch, also when it is settled before.
func (in *Instance) settle() {
	if t := &in.tally; t.open {
		t.open = false
		if in.sealed() {
			return
		}
		in.Ledger.Add(time.Unix(0, t.newest), t.counts)
	}
}

// settle hands over what the batch has added.
func (t *Tracker) settle() {
	for _, in := range t.unsettled {
		in.settle()
		in.settleSlices()
	}
	t.unsettled = t.unsettled[:0]
}

// sealed reports whether the ledgers hold what is counted now: they were saved
// after the record that is replayed.
func (in *Instance) sealed() bool { return in.tracker.sequence <= in.seal }

// countUncertain adds events that a bucket leaves undecided.
func (in *Instance) countUncertain(i increment, n float64) {
	switch {
	case n == 0:
	case in.slicer != nil:
		in.cut(i, events{unsure: n})
	case !in.sealed():
		post(in.uncertain(), i, budget.Counts{Bad: n})
	}
}

// uncertain finds or makes the ledger.
func (in *Instance) uncertain() *budget.Ledger {
	if in.Uncertain == nil {
		in.Uncertain = newLedger(in.Spec)
	}
	return in.Uncertain
}

func post(l *budget.Ledger, i increment, c budget.Counts) {
	if i.spread {
		l.Spread(time.Unix(0, i.from), time.Unix(0, i.to), c)
		return
	}
	l.Add(time.Unix(0, i.to), c)
}

// observe notes that (from, to] is known.
func (in *Instance) observe(from, to int64) {
	from = min(from, to)
	t := &in.tally
	if from >= t.knownFrom && to <= t.knownTo {
		return // the siblings' samples said so
	}
	in.newest = max(in.newest, to)
	if in.slicer != nil {
		in.list()
	}
	if !in.sealed() {
		in.Ledger.Observe(time.Unix(0, from), time.Unix(0, to))
	}
	if from > t.knownTo || to < t.knownFrom {
		t.knownFrom, t.knownTo = from, to
		return
	}
	t.knownFrom, t.knownTo = min(t.knownFrom, from), max(t.knownTo, to)
}

// NoticeLateForSlice says that events came so late that the slices of time in
// which they lie could not be judged anew. They are left out.
const NoticeLateForSlice Reason = "late_for_slice"

// cut adds events to the slices in which they lie.
func (in *Instance) cut(i increment, e events) {
	in.list()
	if !in.slicer.add(i, e) {
		in.notice(NoticeLateForSlice)
	}
}

// list puts the instance among the unsettled, for its slices.
func (in *Instance) list() {
	if !in.slicer.listed {
		in.slicer.listed = true
		in.tracker.unsettled = append(in.tracker.unsettled, in)
	}
}

// settleSlices hands what the batch has changed about slices that are over to
// the ledgers.
func (in *Instance) settleSlices() {
	if in.slicer == nil {
		return
	}
	in.slicer.listed = false
	in.slicer.settle(in.newest, func(end time.Time, e events) {
		if in.sealed() {
			return
		}
		in.Ledger.Add(end, e.Counts)
		if e.unsure != 0 {
			in.uncertain().Add(end, budget.Counts{Bad: e.unsure})
		}
	})
}
