package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
	"github.com/slo-engine/slo-engine/test/oracle/referee"
)

const second = int64(time.Second)

// began is when the engine of every world starts to watch.
var began = time.Date(2026, time.May, 4, 0, 0, 0, 0, time.UTC)

// world is one service on one or two targets, and everything that happens to
// it.
type world struct {
	*rand.Rand
	oracle.World
	seed     uint64
	delta    bool
	spec     *slo.Spec
	promise  referee.SLO
	interval time.Duration
	length   time.Duration
	tick     time.Duration
	shape    shape
	noise    float64 // share of errors when all is well
	mishaps  []mishap
	blind    []mishap // times in which nothing is sampled at all
	cast     []*actor
	paced    int64 // when some target was sampled twice
}

// actor is one series.
type actor struct {
	*oracle.Process
	name    labels.Labels
	failed  bool
	samples []oracle.Sample
	counted []oracle.Increment
}

// mishap is a time in which more fails than usual.
type mishap struct {
	from, to int64
	errors   float64
}

// newWorld makes up a world.
func newWorld(seed uint64) *world { return newWorldOf(seed, false) }

// newWorldOf makes up a world whose senders send deltas, or totals.
func newWorldOf(seed uint64, delta bool) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 17)), seed: seed, delta: delta}
	days := []time.Duration{1, 2, 3, 7, 14, 28, 30}[w.IntN(7)]
	percent := []string{"90%", "95%", "99%", "99.5%", "99.9%", "99.95%", "99.99%"}[w.IntN(7)]
	w.promise = referee.SLO{Budget: budgetOf(percent), Window: days * 24 * time.Hour}
	w.spec = specOf(percent, w.promise.Window)
	w.interval = []time.Duration{1, 5, 10, 15, 15, 30, 60}[w.IntN(7)] * time.Second
	w.length = w.long()
	w.tick = tickFor(w.length)
	gap := max(2*time.Minute, 4*w.interval)
	w.World = oracle.World{Watched: began.UnixNano(), Gap: gap, Remember: time.Hour, Forget: 24 * time.Hour}
	w.shape = newShape(w.Rand)
	w.noise = w.promise.Budget * []float64{0, 0, 0.1, 0.5, 1}[w.IntN(5)]
	w.incidents()
	for i := range 1 + w.IntN(2) {
		w.target(fmt.Sprint("shop", i))
	}
	for _, a := range w.cast {
		a.samples = a.Samples()
		a.counted = w.Increments(a.Process)
	}
	return w
}

// long is how much of its life is played: hours for a short window, days for
// a long one, and seldom long.
func (w *world) long() time.Duration {
	if w.interval < 10*time.Second {
		return time.Duration(1+w.IntN(6)) * time.Hour
	}
	return time.Duration(2+w.IntN(10)*(1+w.IntN(8))) * time.Hour
}

// tickFor keeps long lives affordable; what is shorter has the engine's own
// tick.
func tickFor(length time.Duration) time.Duration {
	switch {
	case length <= 8*time.Hour:
		return time.Second
	case length <= 24*time.Hour:
		return 5 * time.Second
	}
	return 15 * time.Second
}

func budgetOf(percent string) float64 {
	o, err := slo.ParseObjective(percent)
	if err != nil {
		panic(err)
	}
	return 1 - o.Ratio()
}

func specOf(percent string, window time.Duration) *slo.Spec {
	o, err := slo.ParseObjective(percent)
	if err != nil {
		panic(err)
	}
	return &slo.Spec{
		Service: "shop", Name: "availability", Objective: o, Window: slo.Window{Rolling: window},
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: `requests_total`, Bad: `requests_total{code=~"5.."}`}},
	}
}

// incidents are leaks, burns and outages of all sizes.
func (w *world) incidents() {
	for range w.IntN(5) {
		from := began.UnixNano() + w.Int64N(int64(w.length))
		lasts := int64(20*time.Second) * int64(math.Exp(w.Float64()*math.Log(3000))) // to 17 h, most of them short
		burn := 0.7 * math.Exp(w.Float64()*math.Log(200))
		if w.IntN(4) == 0 {
			burn = 1e9
		}
		w.mishaps = append(w.mishaps, mishap{from, from + lasts, min(1, burn*w.promise.Budget)})
		if w.IntN(4) == 0 { // what breaks the service breaks its monitoring
			from += w.Int64N(lasts)
			w.blind = append(w.blind, mishap{from: from, to: from + int64(time.Duration(math.Exp(w.Float64()*math.Log(40)))*15*time.Minute)})
		}
	}
}

// unseen is how much longer than usual it takes to the next scrape, because
// everything is blind: whole intervals.
func (w *world) unseen(at int64) (longer int64) {
	for again := true; again; {
		again = false
		for _, b := range w.blind {
			for next := at + longer + int64(w.interval); next > b.from && next <= b.to; next += int64(w.interval) {
				longer += int64(w.interval)
				again = true
			}
		}
	}
	return longer
}

// errors is the share that fails at a moment.
func (w *world) errors(at int64) float64 {
	worst := w.noise
	for _, m := range w.mishaps {
		if at > m.from && at <= m.to {
			worst = max(worst, m.errors)
		}
	}
	return worst
}

// shape is how much traffic there is, in events per second.
type shape struct {
	base  float64
	daily float64 // how much of it comes and goes with the day
	spike float64 // how many times as much a spike brings
}

func newShape(rng *rand.Rand) shape {
	s := shape{base: []float64{0.002, 0.05, 2, 40, 800}[rng.IntN(5)]}
	switch rng.IntN(3) {
	case 1:
		s.daily = 0.9
	case 2:
		s.spike = 10
	}
	return s
}

func (s shape) rate(at int64) float64 {
	day := float64(at%int64(24*time.Hour)) / float64(24*time.Hour)
	rate := s.base * (1 - s.daily/2*(1+math.Cos(2*math.Pi*day)))
	if s.spike > 0 && at/int64(10*time.Minute)%7 == 3 {
		rate *= s.spike
	}
	return rate
}

// life is what one target goes through.
type life struct {
	name     string
	tells    bool
	delta    bool
	opened   int64
	sets     []int64 // when it is scraped
	restarts []int64
}

// target makes up one process: when it is scraped, when it restarts, and what
// its counters count.
func (w *world) target(name string) {
	l := &life{name: name, tells: w.IntN(2) == 0, delta: w.delta}
	w.schedule(l)
	good := &actor{Process: l.process(), name: nameOf(name, "200")}
	bads := []*actor{
		{Process: l.process(), name: nameOf(name, "500"), failed: true},
		{Process: l.process(), name: nameOf(name, "503"), failed: true},
	}
	if !w.delta { // from before the first scrape
		good.Events = []oracle.Event{{Time: l.opened + 1, N: 5000}}
	}
	w.happen(l, good, bads)
	w.show(l, good, true)
	for _, b := range bads {
		w.show(l, b, w.delta)
	}
}

func nameOf(target, code string) labels.Labels {
	return labels.FromStrings("__name__", "requests_total", "code", code, "instance", target)
}

func (l *life) process() *oracle.Process {
	return &oracle.Process{
		Target: l.name, Family: "requests_total", TellsStart: l.tells, Delta: l.delta,
		Starts: append([]int64{l.opened}, l.restarts...),
	}
}

// schedule decides when the target is scraped: steadily, but for scrapes that
// are lost and gaps that are clearly short or clearly long.
func (w *world) schedule(l *life) {
	at := began.UnixNano() + 3*second + w.Int64N(10)*second/5
	l.opened = at - 1000*second
	if w.delta {
		l.opened = at - int64(w.interval)
	}
	end := began.Add(w.length).UnixNano()
	calm, young := 5, 25
	for ; at < end; at += int64(w.interval) {
		l.sets = append(l.sets, at)
		if len(l.sets) == 2 && (w.paced == 0 || at < w.paced) {
			w.paced = at
		}
		before := at
		if calm--; calm <= 0 {
			jump := w.unseen(at)
			if jump == 0 {
				jump = w.jump()
			}
			if jump > 0 {
				at += jump
				calm = 5
			}
		}
		if young--; young <= 0 && w.Float64() < 2*w.interval.Hours() { // twice an hour, after a while
			l.restarts = append(l.restarts, before+1+w.Int64N(at+int64(w.interval)-before-1))
			young = 25
		}
	}
}

// jump is how much longer than usual it takes to the next scrape: whole
// intervals.
func (w *world) jump() int64 {
	step := int64(w.interval)
	chance := w.Float64()
	switch {
	case chance < 0.01: // lost
		return step
	case chance < 0.01+0.2*w.interval.Hours(): // a gap, every five hours
		long := max(7*step, 150*second) + int64(float64(50*60*second)*math.Pow(w.Float64(), 3))
		return long / step * step
	}
	return 0
}

// happen makes up the events of each interval between two scrapes.
func (w *world) happen(l *life, good *actor, bads []*actor) {
	for i := 1; i < len(l.sets); i++ {
		from, to := l.sets[i-1], l.sets[i]
		for from < to { // a gap in pieces, so that a restart in it divides its events
			until := min(to, from+int64(w.interval))
			middle := (from + until) / 2
			n := w.poisson(w.shape.rate(middle) * float64(until-from) / float64(second))
			failed := w.binomial(n, w.errors(middle))
			at := from + 1 + w.Int64N(until-from)
			good.happens(at, n-failed)
			split := w.binomial(failed, 0.8)
			bads[0].happens(at, split)
			bads[1].happens(at, failed-split)
			from = until
		}
	}
}

func (a *actor) happens(at, n int64) {
	if n > 0 {
		a.Events = append(a.Events, oracle.Event{Time: at, N: n})
	}
}

// show scrapes a series where it is: a counter of errors is there from its
// first event on, until a restart.
func (w *world) show(l *life, a *actor, always bool) {
	for _, at := range l.sets {
		started := l.opened
		for _, r := range l.restarts {
			if r <= at {
				started = r
			}
		}
		next := sort.Search(len(a.Events), func(i int) bool { return a.Events[i].Time > started })
		if always || next < len(a.Events) && a.Events[next].Time <= at {
			a.Scrapes = append(a.Scrapes, at)
		}
	}
	w.cast = append(w.cast, a)
	w.Processes = append(w.Processes, a.Process)
}

// poisson draws a number of events.
func (w *world) poisson(mean float64) int64 {
	if mean > 30 {
		return max(0, int64(math.Round(mean+w.NormFloat64()*math.Sqrt(mean))))
	}
	n, p := int64(-1), 1.0
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= w.Float64()
	}
	return max(n, 0)
}

// binomial draws how many of n events are of a kind.
func (w *world) binomial(n int64, p float64) int64 {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return n
	case float64(n)*min(p, 1-p) > 30:
		mean := float64(n) * p
		return min(n, max(0, int64(math.Round(mean+w.NormFloat64()*math.Sqrt(mean*(1-p))))))
	case n > 200: // rare: as good as Poisson
		if p > 0.5 {
			return n - min(n, w.poisson(float64(n)*(1-p)))
		}
		return min(n, w.poisson(float64(n)*p))
	}
	k := int64(0)
	for range n {
		if w.Float64() < p {
			k++
		}
	}
	return k
}

// parts are all increments as the SLO weighs them; of one target, or of all.
func (w *world) parts(target string) (parts []oracle.Part) {
	for _, a := range w.cast {
		if target != "" && a.Target != target {
			continue
		}
		weight := oracle.Weight{Total: 1}
		if a.failed {
			weight.Bad = 1
		}
		parts = append(parts, oracle.Part{Weight: weight, Increments: a.counted})
	}
	return parts
}

// tape is the world as the referee gets it, or one target of it.
func (w *world) tape(target string) *referee.Tape {
	var sets []int64
	for _, a := range w.cast {
		if target == "" || a.Target == target {
			sets = append(sets, a.Scrapes...)
		}
	}
	return referee.NewTape(w.parts(target), sets)
}

// series is the head of an actor's series in a request.
func (a *actor) series() sli.Series {
	s := sli.Series{Labels: a.name, Target: a.Target}
	if a.Delta {
		s.Temporality = sli.Delta
	}
	return s
}

func (a *actor) point(s oracle.Sample) sli.Point {
	return sli.Point{Time: s.Time, Start: s.Start, Value: float64(s.Value), Stale: s.Stale}
}

// looksShared reports whether a counter falls and is at once back where it
// was: a restart does that now and then, in a gap that is as long as its life
// before, but so do two senders that share a series, and the engine takes it
// for that. Who is right nobody can tell from the samples.
func (a *actor) looksShared() bool {
	for i := 2; i < len(a.samples); i++ {
		peak, low, next := a.samples[i-2], a.samples[i-1].Value, a.samples[i].Value
		limit := max(float64(peak.Value)*1.01, float64(peak.Value+1))
		if low < peak.Value && next >= peak.Value && float64(next) <= limit && a.samples[i-1].Start == peak.Start {
			return true
		}
	}
	return false
}

func (w *world) doubtful() bool { return slices.ContainsFunc(w.cast, (*actor).looksShared) }
