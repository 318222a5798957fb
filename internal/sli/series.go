package sli

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// series is one time series that some SLO's selectors name. It is bound when
// first seen; after that its labels are not looked at again. There may be a
// million, so it takes two cache lines and lies in a slab; what few of them
// need is kept apart.
type series struct {
	Known // what the Book holds of it; never written once it does
	life
}

// life is what becomes of a series.
type life struct {
	family *family
	// binding is the first of its bindings, which say what its points add to
	// which instance: hardly any has two. A series that shares a selected
	// metric's name but is not selected itself has none.
	binding binding
	counter counter
	first   int64 // event time of the first sample
	heat    heat
	number  uint32 // names the series in the journal
	touched uint32 // wall time of the newest request with it, in seconds
	names   uint32 // where in its slab they begin
	roles   roles  // those of its bindings
	swept   bool   // not among the known any more
	spelt   bool   // in this edition of the journal
	tagged  bool   // the Book has its Known
}

// bindings are a chain: each leads to the next.
func (s *series) bindings() *binding {
	if s.binding.cohort == nil {
		return nil
	}
	return &s.binding
}

// bound reports whether anything counts the series.
func (s *series) bound() bool { return s.binding.cohort != nil }

// ended reports whether the series had a stale marker and no sample since.
func (s *series) ended() bool { return s.counter.rare != nil && s.counter.rare.gone != 0 }

// sampled is the event time of the newest sample as a gauge; 0 if none.
func (s *series) sampled() int64 {
	if s.counter.rare == nil {
		return 0
	}
	return s.counter.rare.sampled
}

// newest is the event time of the newest sample that a binding has counted.
func (s *series) newest(b *binding) int64 {
	if b.role == roleGauge {
		return s.sampled()
	}
	return s.counter.time
}

// binding connects a series to an instance, as a member of its target's cohort.
type binding struct {
	cohort     *cohort
	sibling    *series // the cohort's next member
	also       *also   // nil: no more to say
	heard      uint32  // the cohort's activity, in milliseconds, at its newest sample
	bad, total int8    // its weight, if that fits
	role       role
	marks      marks
}

// also is what few bindings need.
type also struct {
	next   *binding
	hash   uint64  // of the histogram that the series is part of; 0: none
	bucket *bucket // for roleBucket
	heavy  *budget.Counts
}

// marks are what a binding is.
type marks uint8

const (
	slow   marks = 1 << iota // all its events are bad, however fast
	alive                    // it is expected in every sample set
	blind                    // its samples are refused: two writers
	asked                    // since the last sweep, somebody was asked for a sample
	pushed                   // since the last sweep, a sample came by itself
)

func (b *binding) is(m marks) bool { return b.marks&m != 0 }

func (b *binding) mark(m marks, on bool) {
	b.marks &^= m
	if on {
		b.marks |= m
	}
}

func (b *binding) instance() *Instance { return b.cohort.instance }

func (b *binding) next() *binding {
	if b.also == nil {
		return nil
	}
	return b.also.next
}

// weight is what one event of the series adds.
func (b *binding) weight() budget.Counts {
	if b.also != nil && b.also.heavy != nil {
		return *b.also.heavy
	}
	return budget.Counts{Bad: float64(b.bad), Total: float64(b.total)}
}

// weigh adds a selector.
func (b *binding) weigh(t *term) {
	w := b.weight().Add(t.weight)
	b.bad, b.total = int8(w.Bad), int8(w.Total)
	if b.weight() != w {
		b.more().heavy = &w
	}
}

// more is where the binding keeps what few need.
func (b *binding) more() *also {
	if b.also == nil {
		b.also = &also{}
	}
	return b.also
}

// bucket is the series as a part of its histogram; nil if it is none.
func (b *binding) bucket() *bucket {
	if b.also == nil {
		return nil
	}
	return b.also.bucket
}

// histogram names the histogram that the series is part of.
func (b *binding) histogram() histogramKey { return histogramKey{b.instance(), b.also.hash} }

// family is all series of one metric name at one target: whether it was
// there before decides whether a new series of it was born.
type family struct {
	target string
	raw    string // the metric's name as its sender writes it; empty where that is the same
	// watched is since when the metric has been watched, wall time: a sample
	// set from before may have been seen in part.
	watched int64
	// first is the first whole sample set since the metric was watched, last
	// and previous are the newest two; event times, 0 if none.
	first, previous, last int64
	pace                  pace
	// sibling is the newest sample of any series, and siblingFirst the first
	// one of the oldest series that is in that set.
	sibling, siblingFirst int64
	waiting               *waiting // nil: nobody
}

// waiting are series whose birth waits for a sibling.
type waiting struct {
	unborn           []unborn
	earliest, latest int64 // of them
}

// unborn is a series that was not in the family's earlier sample sets. That is
// a birth if one that was is also in its first set; otherwise the whole
// family has got other labels.
type unborn struct {
	at      int64 // time of the set
	series  *series
	verdict verdict
	added   *histogram.FloatHistogram // of a native histogram
}

// count counts the series from zero.
func (u unborn) count() {
	s := u.series.current()
	s.add(u.verdict, u.added)
	s.observe(u.verdict, u.at)
}

// named reports whether some SLO names the family's metric.
func (f *family) named(x index, key familyKey) bool {
	return x.names(key.name) || f.raw != "" && x.names(f.raw)
}

// note records that the family has a sample at t.
func (f *family) note(t int64) {
	if t > f.last+int64(jitter) {
		if f.last != 0 {
			f.pace.learn(t - f.last)
		}
		f.previous, f.last = f.last, t
	}
	if t > f.watched && (f.first == 0 || t < f.first) {
		f.first = t
	}
}

// distrust notes that a series was refused at t: one that appears later may
// have been there up to then.
func (f *family) distrust(t int64) {
	f.watched = max(f.watched, t+int64(jitter))
	if f.first <= f.watched {
		f.first = 0
	}
}

// birth says whether a series first seen at t may count from zero: because it
// says that it started under our eyes, or because its family was in an
// earlier sample set and it was not. A start at the very time of the sample
// says only when somebody began to look.
func (f *family) birth(t, start int64) birth {
	before := f.last // the family's sample set before t
	if before+int64(jitter) >= t {
		before = f.previous
	}
	if start > f.watched && start < t {
		return birth{born: true, certain: true, from: max(start, min(before, t)), interval: f.pace.interval}
	}
	if f.first == 0 || f.first+int64(jitter) >= t {
		return birth{}
	}
	return birth{born: true, from: min(before, t), interval: f.pace.interval}
}

// maxUnborn bounds the births of a family that wait at a time; the rest are
// baselines. So many at once are a relabelling.
const maxUnborn = 2000

// wait keeps a birth until a sibling confirms it.
func (f *family) wait(u unborn) {
	w := f.waiting
	if w == nil {
		w = &waiting{earliest: u.at, latest: u.at}
		f.waiting = w
	}
	if len(w.unborn) >= maxUnborn {
		return
	}
	w.earliest, w.latest = min(w.earliest, u.at), max(w.latest, u.at)
	w.unborn = append(w.unborn, u)
}

// births are those that wait.
func (f *family) births() []unborn {
	if f.waiting == nil {
		return nil
	}
	return f.waiting.unborn
}

// confirm counts the births that a sample of a series, seen first at first,
// proves. Those that nobody confirms within lateness are baselines.
func (f *family) confirm(first, t, lateness int64) {
	switch {
	case t > f.sibling+int64(jitter):
		f.sibling, f.siblingFirst = t, first
	case t >= f.sibling-int64(jitter):
		f.siblingFirst = min(f.siblingFirst, first)
	}
	w := f.waiting
	if w == nil {
		return
	}
	proves := first+int64(jitter) < w.latest && t >= w.earliest-int64(jitter) && t <= w.latest+int64(jitter)
	if !proves && w.earliest >= f.last-lateness {
		return
	}
	f.waiting = nil
	for _, u := range w.unborn {
		switch {
		case first+int64(jitter) < u.at && t >= u.at-int64(jitter) && t <= u.at+int64(jitter):
			u.count()
		case u.at >= f.last-lateness:
			f.wait(u)
		}
	}
}
