package sli

import (
	"maps"
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// compare reads one sample of a gauge for the threshold SLIs that select it.
func (t *Tracker) compare(s *series, a *arrival) Reason {
	v := value(a.point)
	switch {
	case a.kind == TypeCounter || a.point.Histogram != nil:
		return ReasonNotAGauge
	case math.IsNaN(v):
		return ReasonNotANumber
	}
	at, from := a.point.Time, a.point.Time
	if at < s.sampled()-sliceMemory*int64(t.options.Lateness) {
		return ReasonOutOfOrder // its slice is forgotten: it would count again
	}
	last := s.sampled()
	if last != 0 && at > last && !gap(last, at, s.counter.interval) {
		from = last
	}
	for i := range s.bindings {
		if b := &s.bindings[i]; b.role == roleGauge {
			if b.instance.slice(b.instance.Spec.SLI.Threshold, at, v, int64(t.options.Lateness)) {
				s.more().heat.add(1, at)
			}
			b.instance.observe(from, at)
			b.member.arrive(at, a.now, a.whole)
		}
	}
	if last != 0 && at > last {
		s.counter.learn(at - last)
	}
	more := s.more()
	more.sampled = max(more.sampled, at)
	if !s.roles.counts() {
		more.gone = 0
	}
	return ""
}

// sliceMemory is for how many times the lateness the slices are remembered.
const sliceMemory = 2

// slice judges a sample: the first one of a slice of time makes the slice an
// event, the first one out of bounds makes that event bad. It reports whether
// it did the latter.
func (in *Instance) slice(t *slo.Threshold, at int64, v float64, lateness int64) bool {
	length := int64(t.Slice)
	if length <= 0 {
		length = int64(time.Minute)
	}
	if in.slices == nil {
		in.slices = map[int64]bool{}
	}
	number := at / length
	wasBad, seen := in.slices[number]
	bad := t.Below != nil && v > *t.Below || t.Above != nil && v < *t.Above
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
	in.count(increment{to: at}, c)
	return c.Bad > 0
}
