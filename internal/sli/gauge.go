package sli

import (
	"maps"
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// compare reads one sample of a gauge for the SLIs that select it.
func (t *Tracker) compare(s *series, a *arrival) Reason {
	v := value(a.point)
	switch {
	case a.kind == TypeCounter || a.point.Histogram != nil:
		return ReasonNotAGauge
	case math.IsNaN(v):
		return ReasonNotANumber
	}
	at, from := a.point.Time, a.point.Time
	last := s.sampled()
	if last != 0 && at > last && !gap(last, at, s.counter.usual()) {
		from = last
	}
	reason, accepted := Reason(""), false
	for b := s.bindings(); b != nil; b = b.next() {
		if b.role != roleGauge {
			continue
		}
		bad, refused := b.instance().judge(s, last, at, v, int64(t.options.Lateness))
		if refused != "" {
			reason = refused
			continue
		}
		accepted = true
		if bad {
			s.heat.add(1, at)
		}
		b.instance().observe(from, at)
		b.arrive(a, last)
	}
	if !accepted {
		return reason
	}
	if last != 0 && at > last {
		s.counter.learn(at - last)
	}
	rare := s.counter.rarely()
	rare.sampled = max(rare.sampled, at)
	if !s.roles.counts() {
		rare.gone = 0
	}
	return ""
}

// judge counts a sample of s as the SLI has its events. last is the newest sample
// of the series so far.
func (in *Instance) judge(s *series, last, at int64, v float64, lateness int64) (bad bool, refused Reason) {
	t := in.program.threshold
	switch {
	case !t.PerSample && at < last-sliceMemory*lateness:
		return false, ReasonOutOfOrder // its slice is forgotten: it would count again
	case !t.PerSample:
		return in.slice(s, t, at, v, lateness), ""
	case last != 0 && at < last: // as of a counter, whose newest value has it
		return false, ReasonOutOfOrder
	case last != 0 && at == last:
		return false, ReasonDuplicate
	}
	c := budget.Counts{Total: 1}
	if outside(t, v) {
		c.Bad = 1
	}
	in.count(s, increment{to: at}, c)
	return c.Bad > 0, ""
}

// outside reports whether a value is bad.
func outside(t *slo.Threshold, v float64) bool {
	if t.Exclusive {
		return t.Below != nil && v >= *t.Below || t.Above != nil && v <= *t.Above
	}
	return t.Below != nil && v > *t.Below || t.Above != nil && v < *t.Above
}

// sliceMemory is for how many times the lateness the slices are remembered.
const sliceMemory = 2

// slice judges a sample: the first one of a slice of time makes the slice an
// event, the first one out of bounds makes that event bad. It reports whether
// it did the latter.
func (in *Instance) slice(s *series, t *slo.Threshold, at int64, v float64, lateness int64) bool {
	length := int64(t.Slice)
	if length <= 0 {
		length = int64(time.Minute)
	}
	if in.slices == nil {
		in.slices = map[int64]bool{}
	}
	number := at / length
	wasBad, seen := in.slices[number]
	bad := outside(t, v)
	in.slices[number] = bad || wasBad
	var c budget.Counts
	if !seen {
		c.Total = 1
		oldest := (in.newest-(sliceMemory+1)*lateness)/length - 1
		maps.DeleteFunc(in.slices, func(n int64, _ bool) bool { return n < oldest })
	}
	if bad && !wasBad {
		c.Bad = 1
	}
	in.count(s, increment{to: at}, c)
	return c.Bad > 0
}
