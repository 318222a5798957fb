package sli

import (
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
)

// judge is one instance as the test knows it: what each series adds to it is
// written here by hand and not compiled.
type judge struct {
	slo, route string
	spec       *slo.Spec
	uncertain  bool     // reads the instance's uncertain events
	good       *big.Rat // the share of good events in a good slice, if its events are slices
	weigh      func(a *actor) oracle.Weight
}

// named weighs the series of one metric.
func named(a *actor, name string) int64 {
	if a.Family == name {
		return 1
	}
	return 0
}

func failed(a *actor) int64 {
	if strings.HasPrefix(a.labels.Get("code"), "5") {
		return named(a, "requests_total")
	}
	return 0
}

func within(a *actor, le string) int64 {
	if a.labels.Get("le") == le {
		return named(a, "rt_seconds_bucket")
	}
	return 0
}

func judges() []judge {
	histogram := func(below time.Duration) slo.SLI {
		return slo.SLI{Latency: &slo.Latency{Histogram: `rt_seconds`, Below: below, Unit: time.Second}}
	}
	byRoute := spec("routes", errorsOf, "route")
	list := []judge{
		{slo: "errors", spec: spec("errors", errorsOf), weigh: func(a *actor) oracle.Weight {
			return oracle.Weight{Bad: failed(a), Total: named(a, "requests_total")}
		}},
		{slo: "served", spec: spec("served", goodOf(`requests_total`, `served_total`)), weigh: func(a *actor) oracle.Weight {
			return oracle.Weight{Bad: named(a, "requests_total") - named(a, "served_total"), Total: named(a, "requests_total")}
		}},
		{slo: "sums", spec: spec("sums", badOf(`sum(rate(requests_total[5m])) + sum(served_total)`, `requests_total - (served_total) or vector(0)`)), weigh: func(a *actor) oracle.Weight {
			return oracle.Weight{
				Bad:   named(a, "requests_total") - named(a, "served_total"),
				Total: named(a, "requests_total") + named(a, "served_total"),
			}
		}},
	}
	for _, route := range []string{"/a", "/b"} {
		list = append(list, judge{slo: "routes", route: route, spec: byRoute, weigh: func(a *actor) oracle.Weight {
			if a.labels.Get("route") != route {
				return oracle.Weight{}
			}
			return oracle.Weight{Bad: failed(a), Total: named(a, "requests_total")}
		}})
	}
	fast := func(a *actor) oracle.Weight {
		return oracle.Weight{Bad: named(a, "rt_seconds_count") - within(a, "0.3"), Total: named(a, "rt_seconds_count")}
	}
	cut := spec("cut", histogram(500*time.Millisecond))
	minutes := sliced(spec("minutes", errorsOf, "route"), time.Minute, 0.8)
	for _, route := range []string{"/a", "/b"} {
		list = append(list, judge{slo: "minutes", route: route, spec: minutes, good: big.NewRat(4, 5), weigh: func(a *actor) oracle.Weight {
			if a.labels.Get("route") != route {
				return oracle.Weight{}
			}
			return oracle.Weight{Bad: failed(a), Total: named(a, "requests_total")}
		}})
	}
	return append(list,
		judge{slo: "exact", spec: spec("exact", histogram(300*time.Millisecond)), weigh: fast},
		judge{slo: "cut", spec: cut, weigh: fast},
		judge{slo: "fast seconds", spec: sliced(spec("fast seconds", histogram(300*time.Millisecond)), 7*time.Second, 0.5), good: big.NewRat(1, 2), weigh: fast},
		judge{slo: "cut", spec: cut, uncertain: true, weigh: func(a *actor) oracle.Weight {
			return oracle.Weight{Bad: within(a, "1") - within(a, "0.3")}
		}})
}

func specsOf(list []judge) []*slo.Spec {
	var specs []*slo.Spec
	for _, j := range list {
		if !slices.Contains(specs, j.spec) {
			specs = append(specs, j.spec)
		}
	}
	return specs
}

// ledger is what the tracker counted for a judge's instance.
func (j judge) ledger(t *Tracker) *budget.Ledger {
	for _, in := range t.Instances() {
		if in.Spec.Name != j.slo || in.Group["route"] != j.route {
			continue
		}
		if !j.uncertain {
			return in.Ledger
		}
		if in.Uncertain != nil {
			return in.Uncertain
		}
	}
	return budget.New(time.Hour)
}

// manner is how a world's samples reach the tracker.
type manner struct {
	name string
	// lag delays series against each other, up to lateness.
	lag bool
	// chunk is the greatest number of samples in one request; 0: one request
	// for each sample.
	chunk int
	// repeat sends earlier requests again.
	repeat bool
	// reload loads the same specs again now and then, and sweeps.
	reload bool
	// restart goes on with a new tracker, from snapshot and journal.
	restart bool
}

var manners = []manner{
	{name: "plain"},
	{name: "merged", chunk: 200},
	{name: "repeated", chunk: 20, repeat: true},
	{name: "lagging", lag: true},
	{name: "reloaded", chunk: 20, reload: true},
	{name: "restarted", chunk: 20, repeat: true, restart: true},
	{name: "restarted and lagging", lag: true, chunk: 20, restart: true},
	{name: "all at once", lag: true, chunk: 40, repeat: true, reload: true},
}

// delivery is one sample on its way.
type delivery struct {
	arrival int64
	tie     int
	actor   *actor
	sample  oracle.Sample
	first   bool
}

// journey puts all samples in the order of their arrival. The first sample of
// each series is never late: what a series was born into must be known.
func (w *world) journey(rng *rand.Rand, m manner) []delivery {
	var list []delivery
	for _, a := range w.cast {
		newest := int64(0)
		for i, s := range a.samples {
			arrival := s.Time
			if m.lag && i > 1 {
				arrival += w.lag(rng, a, s.Time)
			}
			if !a.Delta { // one series stays in order
				arrival = max(arrival, newest+1)
			}
			newest = arrival
			list = append(list, delivery{arrival, rng.Int(), a, s, i == 0})
		}
	}
	slices.SortFunc(list, func(a, b delivery) int {
		return cmp.Or(cmp.Compare(a.arrival, b.arrival), cmp.Compare(a.tie, b.tie))
	})
	return list
}

// lag is how late a sample is. While series still appear at its target it is
// less than an interval: a birth reaches back to the newest sibling that is in.
func (w *world) lag(rng *rand.Rand, a *actor, at int64) int64 {
	switch {
	case a.Delta:
		return rng.Int64N(20 * worldSecond)
	case at <= w.settled[a.Target]:
		return rng.Int64N(w.pace[a.Target])
	case rng.IntN(20) > 0:
		return rng.Int64N(60 * worldSecond)
	}
	return rng.Int64N(480 * worldSecond)
}

// request is what one call of a sender carries.
type request struct {
	series []Series
	at     int64
}

// pack makes requests of deliveries. Where a series is new each sample stays
// a series of its own, else the samples of a series are joined.
func (m manner) pack(rng *rand.Rand, list []delivery) []request {
	var requests []request
	for len(list) > 0 {
		n := 1
		if m.chunk > 0 {
			n = min(len(list), 1+rng.IntN(m.chunk))
		}
		requests = append(requests, packed(rng, list[:n]))
		list = list[n:]
	}
	return requests
}

func packed(rng *rand.Rand, list []delivery) request {
	r := request{at: list[len(list)-1].arrival}
	join := !slices.ContainsFunc(list, func(d delivery) bool { return d.first })
	place := map[*actor]int{}
	for _, d := range list {
		i, known := place[d.actor]
		if !known || !join {
			i = len(r.series)
			place[d.actor] = i
			r.series = append(r.series, d.actor.series(rng))
		}
		r.series[i].Points = append(r.series[i].Points, d.actor.point(d.sample))
	}
	if join {
		rng.Shuffle(len(r.series), func(i, j int) { r.series[i], r.series[j] = r.series[j], r.series[i] })
	}
	return r
}

func (a *actor) series(rng *rand.Rand) Series {
	s := Series{Labels: a.labels, Target: a.Target, Type: []Type{TypeUnknown, TypeCounter}[rng.IntN(2)]}
	if a.Delta {
		s.Temporality = Delta
	}
	return s
}

func (a *actor) point(s oracle.Sample) Point {
	p := Point{Time: s.Time, Start: s.Start, Stale: s.Stale}
	if a.integers {
		p.IsInt, p.Int = true, s.Value
	} else {
		p.Value = float64(s.Value)
	}
	return p
}

// trial feeds a world to a tracker in one manner.
type trial struct {
	*testing.T
	*world
	rng     *rand.Rand
	tracker *Tracker
	judges  []judge
	arrived map[*actor]map[int64]bool
	disk    *disk // nil: nothing is kept
	unsaved []*Instance
}

func newTrial(t *testing.T, seed uint64) *trial {
	tr := &trial{
		T: t, world: newWorld(seed), rng: rand.New(rand.NewPCG(seed, 13)),
		tracker: NewTracker(Options{}), judges: judges(), arrived: map[*actor]map[int64]bool{},
	}
	tr.tracker.Replace(compileAll(t, specsOf(tr.judges)...), began)
	return tr
}

// run delivers everything, and looks at all instances now and then.
func (tr *trial) run(m manner, looks int) {
	tr.Helper()
	if m.restart {
		tr.disk = recorded(tr, tr.tracker)
	}
	list := tr.journey(tr.rng, m)
	requests := m.pack(tr.rng, list)
	look := max(1, len(requests)/looks)
	sent, due := 0, false
	for i, r := range requests {
		tr.send(r, r.at)
		for _, s := range r.series {
			for range s.Points {
				tr.arrive(list[sent])
				sent++
			}
		}
		if m.repeat && tr.rng.IntN(6) == 0 {
			tr.send(requests[max(0, i-tr.rng.IntN(30))], r.at)
		}
		if m.reload && tr.rng.IntN(20) == 0 {
			tr.tracker.Replace(compileAll(tr, specsOf(tr.judges)...), time.Unix(0, r.at))
			tr.tracker.Sweep(time.Unix(0, r.at))
		}
		if m.restart && tr.rng.IntN(8) == 0 {
			tr.restart(time.Unix(0, r.at))
		}
		due = due || i%look == look-1
		if i == len(requests)-1 || due && list[sent].arrival > r.at { // never amid series that appear together
			tr.look()
			due = false
		}
		if tr.Failed() {
			return
		}
	}
}

func (tr *trial) arrive(d delivery) {
	if tr.arrived[d.actor] == nil {
		tr.arrived[d.actor] = map[int64]bool{}
	}
	tr.arrived[d.actor][d.sample.Time] = true
}

func (tr *trial) send(r request, at int64) {
	tr.Helper()
	whole := tr.rng.IntN(2) == 0
	for _, s := range r.series {
		batch := tr.batch(s)
		batch.Whole = whole
		var receipt Receipt
		if n := tr.ingest(batch, time.Unix(0, at), &receipt); n != len(s.Points) {
			tr.Errorf("%d of %d points were seen", n, len(s.Points))
		}
		for _, rejection := range receipt.Rejections {
			switch rejection.Reason {
			case ReasonDuplicate, ReasonOutOfOrder, ReasonTooOld: // sent again
			default:
				tr.Errorf("%s: rejected as %s", rejection.Example, rejection.Reason)
			}
		}
	}
}

func (tr *trial) ingest(batch *Batch, now time.Time, receipt *Receipt) int {
	if tr.disk == nil {
		return tr.tracker.Ingest(batch, now, receipt)
	}
	return tr.disk.ingest(tr.tracker, batch, now, receipt)
}

// restart goes on with what is kept, or begins or continues a snapshot.
func (tr *trial) restart(now time.Time) {
	switch tr.rng.IntN(4) {
	case 0:
		tr.disk.cut(tr.tracker)
		tr.unsaved = tr.tracker.Instances()
	case 1, 2:
		for range min(len(tr.unsaved), 1+tr.rng.IntN(3)) {
			b, err := tr.unsaved[0].AppendLedgers(nil)
			if err != nil {
				tr.Fatal(err)
			}
			tr.disk.ledgers, tr.unsaved = append(tr.disk.ledgers, b), tr.unsaved[1:]
		}
	default:
		if len(tr.unsaved) > 0 {
			return // the snapshot is not whole
		}
		tr.tracker = tr.disk.reborn(tr, now, Options{}, compileAll(tr, specsOf(tr.judges)...)...)
		tr.disk.cut(tr.tracker)
		tr.unsaved = tr.tracker.Instances()
	}
}

// batch spells a series out, or says it in short where it is known: by a
// receiver that looks it up, or by one that does not.
func (tr *trial) batch(s Series) *Batch {
	s.Points = slices.Clone(s.Points)
	if tr.rng.IntN(4) > 0 {
		s.Key = KeyOf([]byte(s.Labels.String()+s.Target), 0)
	}
	known := tr.tracker.Book().Page().Find(s.Key)
	if s.Key == 0 || known == nil {
		return &Batch{Series: []Series{s}}
	}
	batch := &Batch{}
	for _, p := range s.Points {
		batch.Samples = append(batch.Samples, Sample{Known: known, Point: p, Type: s.Type, Temporality: s.Temporality})
	}
	return batch
}

var propertyWindows = []time.Duration{
	time.Second, 30 * time.Second, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
	2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour,
}

// look compares every instance with the oracle, in all windows.
func (tr *trial) look() {
	tr.Helper()
	for _, j := range tr.judges {
		parts, newest := tr.parts(j)
		if j.good != nil {
			parts, newest = j.slices(tr.tracker, parts)
		}
		l := j.ledger(tr.tracker)
		if got, want := l.Since(), oracle.Since(parts); !same(got, want) {
			tr.Errorf("%s%s: counted %+v since the start, the oracle %v", j.slo, j.route, got, want)
		}
		if newest == 0 {
			continue
		}
		for _, w := range propertyWindows {
			at := time.Unix(0, newest-tr.rng.Int64N(60*worldSecond)+tr.rng.Int64N(30*worldSecond))
			start, end, want := oracle.Window(parts, at, w)
			got := l.Window(at, w)
			if !same(got.Counts, want) || !got.Start.Equal(start) || !got.End.Equal(end) {
				tr.Errorf("%s%s: %v before %v: %+v, the oracle %v from %v to %v", j.slo, j.route, w, at, got, want, start, end)
			}
		}
	}
}

// slices are the events of a judge whose events are slices of time, and the
// newest of them.
func (j judge) slices(t *Tracker, parts []oracle.Part) (events []oracle.Part, newest int64) {
	var last time.Time
	for _, in := range t.Instances() {
		if in.Spec.Name == j.slo && in.Group["route"] == j.route {
			last = in.LastSample()
		}
	}
	events = oracle.Judged(oracle.Slices(parts, j.spec.Budgeting.Slice), j.good, last.UnixNano())
	if all := events[0].Increments; len(all) > 0 && !last.IsZero() {
		newest = all[len(all)-1].To
	}
	return events, newest
}

// parts are the increments that have arrived, as a judge weighs them.
func (tr *trial) parts(j judge) (parts []oracle.Part, newest int64) {
	for _, a := range tr.cast {
		weight := j.weigh(a)
		if weight == (oracle.Weight{}) {
			continue
		}
		p := oracle.Part{Weight: weight}
		for _, i := range a.counted {
			if tr.arrived[a][i.To] {
				p.Increments = append(p.Increments, i)
				if i.N != 0 {
					newest = max(newest, i.To)
				}
			}
		}
		parts = append(parts, p)
	}
	return parts, newest
}

func same(got budget.Counts, want oracle.Counts) bool {
	equal := func(f float64, n *big.Int) bool { return new(big.Float).SetInt(n).Cmp(big.NewFloat(f)) == 0 }
	return equal(got.Bad, want.Bad) && equal(got.Total, want.Total)
}

// TestTrackerEqualsOracle tells random stories, each in every manner in which
// a sender may tell it. Whatever the manner, each count and each window is the
// oracle's to the last bit; so all manners leave the same ledgers.
func TestTrackerEqualsOracle(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		for _, m := range manners {
			t.Run(fmt.Sprintf("seed %d, %s", seed, m.name), func(t *testing.T) {
				newTrial(t, seed).run(m, 4)
			})
		}
	}
}
