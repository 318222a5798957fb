package differential

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// stream is what some targets sent, in the order of time.
type stream struct {
	samples []sample
	// gaps are the increments that the engine counts otherwise.
	gaps []gap
	// steps are all increments of each series.
	steps map[string][]step
}

// step is an increment that was seen at a time, in ms.
type step struct {
	at    int64
	value float64
}

// steepest is the largest increment of a series that was seen in (start, end].
func (s *stream) steepest(series string, start, end int64) (most float64) {
	for _, i := range s.steps[series] {
		if start < i.at && i.at <= end {
			most = max(most, i.value)
		}
	}
	return most
}

// gap is an increment of a series in (from, to], in ms, of which the engine
// only knows that it lies somewhere in that long time: it spreads it. One that
// is forgotten it does not count: the series had ended an hour before.
type gap struct {
	series    string
	from, to  int64
	value     float64
	forgotten bool
}

// Gaps longer than the greater of two minutes and four usual sample intervals
// are spread. What is usual grows by up to a half with each gap that follows
// directly on another. Shops leave no gap whose length is between surely short
// and surely long.
const surelyShort = 118 * time.Second

func (c *served) surelyLong() time.Duration {
	return time.Duration(float64(150*time.Second) * math.Pow(1.5, float64(c.gaps)))
}

// remembered is how long the engine knows the last value of an ended series.
const remembered = time.Hour

// shop is a target: counters that go up, and what happens to them.
type shop struct {
	every, jitter time.Duration // between its sample sets
	events        []event
	random        *rand.Rand

	now    time.Time
	served map[string]*served
	out    stream
}

// event is something that happens to a shop, so long after it opened.
type event struct {
	after time.Duration
	do    func(*shop)
}

// served is one counter.
type served struct {
	rate    int    // at most so many events between two sample sets
	of      string // if set: all events of that counter but so many
	value   float64
	visible bool
	ended   bool    // with a stale marker
	gaps    int     // that followed directly on each other, until now
	peak    float64 // the value before a restart, right after it
	last    sample  // as it was sent; at is 0 before
}

// serve runs the shop and returns what it sends in (from, to].
func (s *shop) serve(from, to time.Time) stream {
	s.out = stream{steps: map[string][]step{}}
	s.now = from
	for s.step(); !s.now.After(to); s.step() {
		for len(s.events) > 0 && s.now.Sub(from) >= s.events[0].after && !s.now.After(to) {
			s.events[0].do(s)
			s.events = s.events[1:]
		}
		if !s.now.After(to) {
			s.sampleAll()
		}
	}
	return s.out
}

func (s *shop) step() {
	s.now = s.now.Add(s.every + time.Duration((2*s.random.Float64()-1)*float64(s.jitter))).Truncate(time.Millisecond)
}

func (s *shop) sampleAll() {
	s.count(1)
	for _, name := range slices.Sorted(maps.Keys(s.served)) {
		if c := s.served[name]; c.visible {
			c.avoidSuspicion()
			s.emit(c, sample{name, s.now.UnixMilli(), c.value})
		}
	}
}

// avoidSuspicion has a counter that restarted a moment ago jump over its old
// value: to come back to it at once looks like two writers, and is rare.
func (c *served) avoidSuspicion() {
	if c.value >= c.peak && c.value <= 1.01*c.peak+1 {
		c.value = math.Ceil(1.01*c.peak) + 2
	}
}

// count moves all counters on, as so many sample intervals would. Of what
// another counter counts one may count a part only.
func (s *shop) count(intervals float64) {
	added := map[string]float64{}
	for _, name := range slices.Sorted(maps.Keys(s.served)) {
		c := s.served[name]
		added[name] = float64(s.random.IntN(c.rate+1)) * intervals
		if c.of != "" { // sorted after it
			added[name] = max(0, added[c.of]-float64(s.random.IntN(c.rate+1)))
		}
		c.value += added[name]
	}
}

// emit sends a sample and notes what it added. One that would make a gap
// neither short nor long is left out.
func (s *shop) emit(c *served, now sample) {
	if last := c.last; last.at != 0 {
		silent := time.Duration(now.at-last.at) * time.Millisecond
		if silent > surelyShort && silent <= c.surelyLong() {
			return
		}
		added := now.value - last.value
		if added < 0 {
			added = now.value
		}
		s.out.steps[now.series] = append(s.out.steps[now.series], step{now.at, added})
		if c.gaps++; silent <= surelyShort {
			c.gaps = 0
		} else {
			s.out.gaps = append(s.out.gaps, gap{now.series, last.at, now.at, added, c.ended && silent > remembered})
		}
	}
	s.out.samples = append(s.out.samples, now)
	if c.peak = 0; now.value < c.last.value {
		c.peak = c.last.value
	}
	c.last, c.ended = now, false
}

// restart begins all counters anew. Those of failures are not there until
// they are shown again.
func restart(s *shop) {
	for name, c := range s.served {
		c.value = 0
		c.visible = c.visible && !selects(failures, name)
	}
}

// failures are the counters of requests that failed.
const failures = `{__name__="requests_total", code=~"5.."}`

// show makes counters visible, hide the contrary without a word.
func show(selector string) func(*shop) { return visible(selector, true) }
func hide(selector string) func(*shop) { return visible(selector, false) }

func visible(selector string, is bool) func(*shop) {
	return func(s *shop) {
		for name, c := range s.served {
			if selects(selector, name) {
				c.visible = is
			}
		}
	}
}

// end hides counters as Prometheus does: with a stale marker.
func end(selector string) func(*shop) {
	return func(s *shop) {
		for _, name := range slices.Sorted(maps.Keys(s.served)) {
			if c := s.served[name]; c.visible && !c.ended && c.last.at != 0 && selects(selector, name) {
				s.out.samples = append(s.out.samples, sample{name, s.now.Add(-time.Second).UnixMilli(), stale})
				c.visible, c.ended = false, true
			}
		}
	}
}

// silence sends nothing for some time, in which the counters go on.
func silence(d time.Duration) func(*shop) {
	return func(s *shop) {
		s.now = s.now.Add(d)
		s.count(float64(d / s.every))
	}
}

// deploy replaces the counters of one version by those of another.
func deploy(from, to string) func(*shop) {
	return func(s *shop) {
		end(fmt.Sprintf(`{version=%q}`, from))(s)
		show(fmt.Sprintf(`{version=%q}`, to))(s)
	}
}

// merge joins what several targets sent.
func merge(all ...stream) stream {
	m := stream{steps: map[string][]step{}}
	for _, s := range all {
		m.samples = append(m.samples, s.samples...)
		m.gaps = append(m.gaps, s.gaps...)
		maps.Copy(m.steps, s.steps)
	}
	slices.SortStableFunc(m.samples, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	return m
}
