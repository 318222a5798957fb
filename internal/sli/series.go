package sli

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// series is one time series that some SLO's selectors name. It is bound when
// first seen; after that its labels are not looked at again. There may be a
// million: what few of them need is kept apart.
type series struct {
	Known  // what the Book holds of it
	names  names
	family *family
	// bindings say what its points add to which instance; empty for a series
	// that shares a selected metric's name but is not selected itself.
	bindings []binding
	counter  counter
	// first is the event time of the first sample.
	first int64
	extra *extra
	// number names the series in the journal, written says in which edition of
	// it the series was last spelt out.
	number, written uint32
	// touched is the wall time of the newest request with it, in seconds.
	touched     uint32
	roles       roles // those of its bindings
	temporality Temporality
	// forgotten says that the last value was too old to subtract, or of
	// another kind: the next one is a baseline.
	forgotten bool
	// swept: not among the known any more.
	swept bool
}

// extra is what few series need.
type extra struct {
	native  *native // set once a native histogram came
	sampled int64   // event time of the newest sample as a gauge
	// gone is the event time at which the series ended, 0 while it lives.
	gone int64
	// heat is a decaying count of bad events, for naming top contributors.
	heat heat
	// symbols are those of the names of a series that was swept.
	symbols *symbols
}

// more is where the series keeps what few need.
func (s *series) more() *extra {
	if s.extra == nil {
		s.extra = &extra{}
	}
	return s.extra
}

// ended reports whether the series had a stale marker and no sample since.
func (s *series) ended() bool { return s.extra != nil && s.extra.gone != 0 }

// sampled is the event time of the newest sample as a gauge; 0 if none.
func (s *series) sampled() int64 {
	if s.extra == nil {
		return 0
	}
	return s.extra.sampled
}

// binding connects a series to an instance.
type binding struct {
	instance *Instance
	member   *member
	weight   budget.Counts
	latency  *part // for a latency SLI
	role     role
	slow     bool
}

// part is what a series is to a histogram.
type part struct {
	key    histogramKey
	bucket *bucket // for roleBucket
}

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
	// unborn are series whose birth waits for a sibling; sibling is the newest
	// sample of any series, and siblingFirst the first one of the oldest series
	// that is in that set.
	unborn                []unborn
	earliest, latest      int64 // of the unborn
	sibling, siblingFirst int64
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
	u.series.add(u.verdict, u.added)
	u.series.observe(u.verdict, u.at)
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
	if len(f.unborn) >= maxUnborn {
		return
	}
	if len(f.unborn) == 0 {
		f.earliest, f.latest = u.at, u.at
	}
	f.earliest, f.latest = min(f.earliest, u.at), max(f.latest, u.at)
	f.unborn = append(f.unborn, u)
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
	proves := first+int64(jitter) < f.latest && t >= f.earliest-int64(jitter) && t <= f.latest+int64(jitter)
	if len(f.unborn) == 0 || !proves && f.earliest >= f.last-lateness {
		return
	}
	waiting := f.unborn
	f.unborn = nil
	for _, u := range waiting {
		switch {
		case first+int64(jitter) < u.at && t >= u.at-int64(jitter) && t <= u.at+int64(jitter):
			u.count()
		case u.at >= f.last-lateness:
			f.wait(u)
		}
	}
}
