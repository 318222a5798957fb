package sli

import (
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// arrival is one point on its way in.
type arrival struct {
	point       *Point
	kind        Type
	temporality Temporality
	whole       bool  // its sample set is in one batch
	asked       bool  // somebody was asked for it
	now         int64 // wall time
	newest      int64 // event time of the series' sample before
}

// point reads one sample of a series and counts what it adds.
func (t *Tracker) point(s *series, a *arrival) Reason {
	if reason := s.timely(a); reason != "" {
		return reason
	}
	a.newest = s.counter.time
	if a.point.Stale {
		s.end(a.point.Time)
		return ""
	}
	if s.roles.has(roleGauge) {
		if reason := t.compare(s, a); reason != "" || !s.roles.counts() {
			return reason
		}
	}
	switch {
	case a.kind == TypeGauge:
		return ReasonNotACounter
	case a.point.Histogram != nil:
		return t.histogram(s, a)
	case !s.roles.counts() && s.roles.histograms():
		return ReasonNotAHistogram
	}
	return t.count(s, a)
}

// timely refuses what lies outside the time that anyone reads.
func (s *series) timely(a *arrival) Reason {
	switch {
	case a.point.Time > a.now+int64(ahead):
		return ReasonInFuture
	case s.bound() && a.point.Time < a.now-int64(s.reach()):
		return ReasonTooOld
	}
	return ""
}

// reach is how far back the series' SLOs look.
func (s *series) reach() time.Duration {
	var reach time.Duration
	for b := s.bindings(); b != nil; b = b.next() {
		reach = max(reach, b.instance().reach)
	}
	return reach
}

// end notes a stale marker: liveness ends, the last value stays.
func (s *series) end(at int64) {
	if s.ended() || at < max(s.counter.time, s.sampled()) {
		return
	}
	s.counter.rarely().gone = at
	s.depart()
}

// depart says to the series' cohorts that it is not to be waited for.
func (s *series) depart() {
	for b := s.bindings(); b != nil; b = b.next() {
		b.blinds(false, s.newest(b))
		b.leave(s.newest(b))
	}
}

// blinds tells the series' cohorts whether it is in quarantine.
func (s *series) blinds(on bool) {
	for b := s.bindings(); b != nil; b = b.next() {
		b.blinds(on, s.newest(b))
	}
}

// count reads a point of a counter. The values of a series that no SLO
// selects are read too: one may, after a reload, and must not take the whole
// counter for news.
func (t *Tracker) count(s *series, a *arrival) Reason {
	if reason := check(a.point); reason != "" {
		return reason
	}
	s.prepare(a, t.options.Remember)
	v := s.counter.read(a, s.birth(a.point), int64(t.options.Lateness))
	s.blinds(s.counter.quarantined())
	if v.reason != "" && !v.counted {
		return v.reason
	}
	t.accept(s, a, v, nil)
	return v.reason
}

// prepare notes the family's sample set, and that a series which had ended, or
// changed its temporality, begins anew.
func (s *series) prepare(a *arrival, remember time.Duration) {
	p := a.point
	s.family.note(p.Time)
	if s.ended() && p.Time > s.counter.rare.gone {
		s.counter.rare.gone = 0
		s.counter.forgotten = p.Time-s.counter.time > int64(remember)
	}
	if s.counter.seen && s.counter.temporality != a.temporality {
		s.counter.forgotten = true
	}
	s.counter.temporality = a.temporality
	if s.counter.forgotten {
		s.counter.begin()
	}
}

// birth says whether the series may count from zero. One that was known and
// forgotten may not: its value is old.
func (s *series) birth(p *Point) birth {
	if s.counter.seen || s.counter.forgotten {
		return birth{}
	}
	return s.family.birth(p.Time, p.Start)
}

// accept counts a verdict for every binding, or keeps it until a sibling
// confirms the birth. added are the events of a native histogram, nil for a
// counter.
func (t *Tracker) accept(s *series, a *arrival, v verdict, added *histogram.FloatHistogram) {
	at := a.point.Time
	s.counter.forgotten = false
	if s.first == 0 {
		s.first = at
	}
	s.family.confirm(s.first, at, int64(t.options.Lateness))
	if !v.doubtful {
		s.add(v, added)
		s.arrive(v, a)
		return
	}
	s.arrive(verdict{}, a) // a baseline, until it is confirmed
	v.doubtful = false
	s.family.wait(unborn{at, s, v, added})
	if s.family.sibling >= at-int64(jitter) { // one is in already
		s.family.confirm(s.family.siblingFirst, s.family.sibling, int64(t.options.Lateness))
	}
}

// read takes the point as the stream's temporality says.
func (c *counter) read(a *arrival, b birth, remember int64) verdict {
	switch a.temporality {
	case Delta:
		return c.delta(a.point, remember)
	case Events:
		return c.events(a.point)
	}
	return c.cumulative(a.point, b)
}

// add counts a verdict for every binding.
func (s *series) add(v verdict, added *histogram.FloatHistogram) {
	for b := s.bindings(); b != nil; b = b.next() {
		switch {
		case b.blinded():
		case b.role == roleNative && v.counted && added != nil:
			s.addSplit(b, v.increment, splitAt(added, b.instance().program.limits))
		case (b.role == roleEvents || b.role == roleFast) && v.counted && added != nil:
			b.addWeighted(s, v.increment, splitAt(added, b.instance().program.limits))
		case b.role == roleCounter, b.role == roleBucket:
			s.addTo(b, v)
		}
	}
}

// blinded reports whether what the series counts means nothing now, because a
// sibling that the SLI subtracts is in quarantine: totals without their good
// events.
func (b *binding) blinded() bool { return b.instance().program.subtracts && b.cohort.blind > 0 }

// addTo counts a verdict for one binding of a counter.
func (s *series) addTo(b *binding, v verdict) {
	if b.role == roleBucket {
		if !b.bucket().offered {
			b.offer(s, v)
		}
		if v.counted {
			b.bucket().count(s, b.instance(), v.increment)
		}
		return
	}
	if !v.counted || v.value == 0 {
		return
	}
	weight := b.weight()
	c := budget.Counts{Bad: weight.Bad * v.value, Total: weight.Total * v.value}
	b.instance().count(s, v.increment, c)
	if c.Bad > 0 {
		s.heat.add(c.Bad, v.to)
	}
}

// offer hands a bucket, with what its first point counted, to its histogram. s
// is its series.
func (b *binding) offer(s *series, v verdict) {
	var born *increment
	if v.counted {
		born = &v.increment
	}
	bucket := b.bucket()
	bucket.offered = true
	bucket.histogram.offer(s, bucket, b.instance().program.below, b.instance(), born)
}

// arrive notes the sample with the instances: what is known now, and which
// part of its sample set is in.
func (s *series) arrive(v verdict, a *arrival) {
	s.observe(v, a.point.Time)
	if a.temporality == Events {
		return // no sample set: what happens to one request says nothing of another
	}
	for b := s.bindings(); b != nil; b = b.next() {
		if b.role != roleGauge {
			b.origin(a.asked)
			b.arrive(a, a.newest)
		}
	}
}

// observe notes the time that a verdict makes known.
func (s *series) observe(v verdict, at int64) {
	from := at
	if v.counted {
		from = v.from
	}
	for b := s.bindings(); b != nil; b = b.next() {
		if b.role != roleGauge && !b.blinded() {
			b.instance().observe(from, at)
		}
	}
}

// histogram reads a point of a native histogram.
func (t *Tracker) histogram(s *series, a *arrival) Reason {
	if s.bound() && !s.roles.histograms() {
		return ReasonNotACounter
	}
	a.point.Value, a.point.IsInt = a.point.Histogram.Count, false
	if reason := check(a.point); reason != "" {
		return reason
	}
	s.prepare(a, t.options.Remember)
	if s.counter.rarely().native == nil {
		if s.counter.seen { // it was a float until now
			s.counter.begin()
			s.counter.forgotten = true
		}
		s.counter.rarely().native = &native{}
	}
	v, added, changed := s.counter.rare.native.read(&s.counter, a, s.birth(a.point), int64(t.options.Lateness))
	if v.reason != "" && !v.counted {
		return v.reason
	}
	if changed {
		s.notice(NoticeBucketsChanged)
	}
	t.accept(s, a, v, added)
	return v.reason
}

// addSplit counts the events of a native histogram for one binding.
func (s *series) addSplit(b *binding, i increment, sp split) {
	bad := sp.total - sp.fast
	if b.is(slow) {
		bad = sp.total
	} else {
		b.instance().countUncertain(i, sp.unsure)
	}
	b.instance().count(s, i, budget.Counts{Bad: bad, Total: sp.total})
	if bad > 0 {
		s.heat.add(bad, i.to)
	}
}

// notice records with the series' instances what a person should know.
func (s *series) notice(r Reason) {
	if r == ReasonOutOfOrder || r == ReasonDuplicate {
		return // everyday
	}
	for b := s.bindings(); b != nil; b = b.next() {
		b.instance().notice(r)
	}
}
