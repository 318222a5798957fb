package sli

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/test/oracle"
)

// actor is one series of a random world: its true life and its name.
type actor struct {
	*oracle.Process
	labels   labels.Labels
	integers bool
	samples  []oracle.Sample
	counted  []oracle.Increment
}

// world is a random cast of targets with counters and histograms, and the
// times at which all of it was scraped.
type world struct {
	*rand.Rand
	oracle.World
	cast []*actor
	// settled is when the last series of a target has appeared, pace its
	// interval.
	settled, pace map[string]int64
}

const worldSecond = int64(time.Second)

// newWorld makes up some targets. Watching begins at began.
func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 11)), settled: map[string]int64{}, pace: map[string]int64{}}
	w.World = oracle.World{Watched: began.UnixNano(), Gap: 2 * time.Minute, Remember: time.Hour}
	for i := range 2 + w.IntN(3) {
		w.target(fmt.Sprint("shop:", i))
	}
	for _, a := range w.cast {
		a.samples = a.Samples()
		a.counted = w.Increments(a.Process)
	}
	return w
}

// scraped is one process that is looked at: how, when, and what it restarts.
type scraped struct {
	name     string
	delta    bool
	tells    bool  // samples carry their start time
	interval int64 // between scrapes
	sets     []int64
	restarts []int64
	opened   int64
}

// The intervals are short enough that the gap which is spread is always two
// minutes; gaps are well below or well above that.
func (w *world) target(name string) {
	t := &scraped{name: name, delta: w.IntN(4) == 0, tells: w.IntN(2) == 0}
	t.interval = []int64{1, 2, 5, 10, 15}[w.IntN(5)] * worldSecond
	if t.delta {
		t.interval = min(t.interval, 5*worldSecond)
	}
	w.pace[name] = t.interval
	w.schedule(t)
	t.opened = began.UnixNano() - 1000*worldSecond // an old process: the first value is a baseline
	if t.delta || w.IntN(3) == 0 {                 // or one that starts under our eyes
		t.opened = t.sets[0] - 1 - w.Int64N(min(t.interval, t.sets[0]-began.UnixNano()-1))
	}
	w.counters(t)
	w.histograms(t)
}

// schedule decides when the target is scraped: jittered, with gaps, now and
// then by a second scraper.
func (w *world) schedule(t *scraped) {
	at := began.UnixNano() + 2*worldSecond + w.Int64N(600*worldSecond)
	calm := 4 // sets before the next gap may come
	twin := w.IntN(3) == 0 && t.interval >= 2*worldSecond
	for range 40 + w.IntN(60) {
		t.sets = append(t.sets, at)
		if twin {
			t.sets = append(t.sets, at+400_000_000+w.Int64N(t.interval-900_000_000))
		}
		at += t.interval + w.Int64N(30_000_000)
		if calm--; calm <= 0 && w.IntN(12) == 0 {
			at += w.gap(t.delta)
			calm = 3
		}
		if w.IntN(25) == 0 {
			t.restarts = append(t.restarts, at-1-w.Int64N(t.interval/2))
		}
	}
}

// gap is a length of silence. What a delta stream calls its interval depends
// on the order of arrival, so its gaps stay away from the limit.
func (w *world) gap(delta bool) int64 {
	switch {
	case w.IntN(3) == 0:
		return 900*worldSecond + w.Int64N(2*3600*worldSecond)
	case w.IntN(2) == 0 && !delta:
		return 90*worldSecond + w.Int64N(90*worldSecond)
	}
	return w.Int64N(80 * worldSecond)
}

// regular reports whether there is no gap before set i.
func (t *scraped) regular(i int) bool {
	return i > 0 && i < len(t.sets) && t.sets[i]-t.sets[i-1] <= t.interval+worldSecond/10
}

// appears picks the set in which a new series is first seen, 0 if none fits.
func (w *world) appears(t *scraped) int {
	for range 20 {
		i := 4 + w.IntN(len(t.sets)/2)
		if t.regular(i-1) && t.regular(i) && t.regular(i+1) {
			w.settled[t.name] = max(w.settled[t.name], t.sets[i])
			return i
		}
	}
	return 0
}

// counters are the requests by code and route, and what was served.
func (w *world) counters(t *scraped) {
	for _, route := range []string{"/a", "/b"} {
		for _, code := range []string{"200", "404", "500", "503"} {
			first := 0
			if code != "200" || route != "/a" { // errors come later, as they do
				first = w.appears(t)
			}
			w.actor(t, first, 0, w.happenings(t, first),
				"__name__", "requests_total", "code", code, "route", route, "target", t.name)
		}
	}
	w.actor(t, 0, w.absence(t, 0), w.happenings(t, 0), "__name__", "served_total", "target", t.name)
}

// histograms are whole classic ones; that of the second route comes later.
func (w *world) histograms(t *scraped) {
	for i, route := range []string{"/a", "/b"} {
		first := i * w.appears(t)
		events := w.happenings(t, first)
		for bucket, le := range []string{"0.1", "0.3", "1", "+Inf"} {
			var within []oracle.Event
			for _, e := range events {
				if e.Time/worldSecond%4 <= int64(bucket) { // its second decides how long it took
					within = append(within, e)
				}
			}
			w.actor(t, first, 0, within, "__name__", "rt_seconds_bucket", "le", le, "route", route, "target", t.name)
		}
		w.actor(t, first, 0, events, "__name__", "rt_seconds_count", "route", route, "target", t.name)
	}
}

// happenings are random events from a series' beginning to the last set.
func (w *world) happenings(t *scraped, first int) []oracle.Event {
	var events []oracle.Event
	from := w.beginning(t, first)
	if from < began.UnixNano() {
		events = append(events, oracle.Event{Time: from + worldSecond, N: 1000})
	}
	for _, at := range t.sets {
		if at > from && w.IntN(3) > 0 {
			events = append(events, oracle.Event{Time: from + 1 + w.Int64N(at-from), N: 1 + w.Int64N(50)})
		}
		from = max(from, at)
	}
	slices.SortFunc(events, func(a, b oracle.Event) int { return cmp.Compare(a.Time, b.Time) })
	return events
}

// beginning is when the series that is first seen in a set began to count.
func (w *world) beginning(t *scraped, first int) int64 {
	if first == 0 {
		return t.opened
	}
	return t.sets[first-1] + 1
}

// absence is a stretch of sets in which a series is not there: from (0 if
// none) to the set before it returns.
func (w *world) absence(t *scraped, first int) int {
	from := first + 4 + w.IntN(len(t.sets)/2)
	if t.regular(from) && t.regular(from-1) {
		return from
	}
	return 0
}

// actor adds a series that is seen from a set on, and not during its absence.
func (w *world) actor(t *scraped, first, gone int, events []oracle.Event, name ...string) {
	a := &actor{labels: labels.FromStrings(name...), integers: w.IntN(2) == 0}
	a.Process = &oracle.Process{
		Target: t.name, Family: a.labels.Get("__name__"), Delta: t.delta, TellsStart: t.tells,
		Events: events, Starts: []int64{w.beginning(t, first)}, Stale: map[int64]bool{},
	}
	for _, r := range t.restarts {
		if r > t.sets[first] {
			a.Starts = append(a.Starts, r)
		}
	}
	for i, at := range t.sets[first:] {
		switch {
		case gone == 0 || first+i < gone:
			a.Scrapes = append(a.Scrapes, at)
		case first+i == gone && !t.delta && w.IntN(2) == 0:
			a.Scrapes = append(a.Scrapes, at)
			a.Stale[at] = true
		case first+i > gone+2 && t.regular(first+i+1) && w.IntN(4) == 0:
			a.Scrapes = append(a.Scrapes, at)
			gone = 0
		}
	}
	w.cast = append(w.cast, a)
	w.Processes = append(w.Processes, a.Process)
}
