package sli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// partOf is an SLO of the events of one part.
func partOf(name, objective string) *slo.Spec {
	s := spec(name, badOf(`events_total{part="`+name+`"}`, `events_total{part="`+name+`",code="500"}`))
	s.Objective = objectiveOf(objective)
	return s
}

func objectiveOf(text string) slo.Objective {
	o, err := slo.ParseObjective(text)
	if err != nil {
		panic(err)
	}
	return o
}

// made is an SLO of two parts that weigh 2 and 1.
func made(name string, method slo.CompositeMethod, late slo.LateAs, parts ...string) *slo.Spec {
	s := spec(name, slo.SLI{})
	s.Composite = &slo.Composite{Method: method, Slice: time.Minute, Late: slo.LatePolicy{As: late}}
	for i, part := range parts {
		s.Composite.Parts = append(s.Composite.Parts, slo.Part{SLO: "shop:" + part, Weight: float64(max(1, 2-i))})
	}
	return s
}

// journey feeds the parts of composites.
type journey struct {
	*bench
	counters map[string]*[2]float64 // good and bad, by part
	since    float64                // since when somebody listens
}

func newJourney(t *testing.T, specs ...*slo.Spec) *journey {
	t.Helper()
	return &journey{bench: newBench(t, specs...), counters: map[string]*[2]float64{}}
}

// count sends what a part has counted since its last sample, at a time.
func (j *journey) count(part string, seconds, good, bad float64) {
	j.Helper()
	c := j.counters[part]
	if c == nil {
		c = &[2]float64{}
		j.counters[part] = c
	}
	c[0], c[1] = c[0]+good, c[1]+bad
	at := target("target of " + part)
	j.send(`events_total{part="`+part+`",code="200"}`, seconds, c[0], at)
	j.send(`events_total{part="`+part+`",code="500"}`, seconds, c[1], at)
}

// compose goes through the ticks up to a time.
func (j *journey) compose(from, to float64) {
	for s := from; s < to; s += 10 {
		j.tracker.Compose(time.Unix(0, at(s)), time.Unix(0, at(j.since)))
	}
	j.tracker.Compose(time.Unix(0, at(to)), time.Unix(0, at(j.since)))
}

// minute is what the parts count in a minute: good and bad.
type minute map[string][2]float64

// live goes through minutes from the first on: each part has one sample in the
// middle of it.
func (j *journey) live(first int, minutes ...minute) {
	j.Helper()
	for i, m := range minutes {
		start := float64(60 * (first + i))
		for part, c := range m {
			j.count(part, start+30, c[0], c[1])
		}
		j.compose(start+31, start+60)
	}
}

// begin sends the first samples, which only say where the counters stand.
func (j *journey) begin(parts ...string) {
	for _, part := range parts {
		j.count(part, -30, 0, 0)
	}
}

// told is what a composite has counted in a minute.
func (j *journey) told(id string, n int) budget.Counts {
	j.Helper()
	return j.instance(id).between(at(float64(60*n)), at(float64(60*n+60)))
}

// says compares minutes; below 0: nothing was counted.
func (j *journey) says(id string, first int, bad ...float64) {
	j.Helper()
	for i, want := range bad {
		got, total := j.told(id, first+i), 1.0
		if want < 0 {
			want, total = 0, 0
		}
		if got.Total != total || math.Abs(got.Bad-want) > grain {
			j.Errorf("%s in minute %d: %v bad of %v, want %v of %v", id, first+i, got.Bad, got.Total, want, total)
		}
	}
}

// By hand, with weights 2 and 1 and budgets of 0.1 % and 1 %.
func TestCompositeMethods(t *testing.T) {
	minutes := []minute{
		{"a": {90, 10}, "b": {49, 1}},  // 0.1 and 0.02
		{"a": {0, 0}, "b": {99, 1}},    // b uses exactly its budget
		{"a": {0, 0}, "b": {0, 0}},     // nobody does anything
		{"a": {0, 10}, "b": {0, 7}},    // an outage
		{"a": {1000, 0}, "b": {98, 2}}, // b misses
	}
	for method, want := range map[slo.CompositeMethod][]float64{
		slo.Weighted:     {0.22 / 3, 0.01, -1, 1, 0.02 / 3},
		slo.AnyBad:       {1, 0, -1, 1, 1},
		slo.SumOfMisses:  {0.22, 0.01, -1, 1, 0.02},
		slo.WeightedBurn: {0.001 * 202 / 3, 0.001, -1, 0.001 * 2100 / 3, 0.001 * 2 / 3},
	} {
		t.Run(method.String(), func(t *testing.T) {
			j := newJourney(t, made("whole", method, slo.LateLeftOut, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
			j.begin("a", "b")
			j.live(0, minutes...)
			j.says("shop:whole", 0, want...)
			if got := j.instance("shop:whole").Ledger.Coverage(began, began.Add(5*time.Minute), false); got != 1 {
				t.Errorf("coverage %v: an idle minute is known", got)
			}
		})
	}
}

// An objective that has changed: slices from before are held against the old one.
func TestCompositeKeepsEarlierObjectives(t *testing.T) {
	b := partOf("b", "99%")
	b.Earlier = []slo.Earlier{{Objective: objectiveOf("90%"), Until: began.Add(2 * time.Minute)}}
	j := newJourney(t, made("whole", slo.AnyBad, slo.LateLeftOut, "a", "b"), partOf("a", "99.9%"), b)
	j.begin("a", "b")
	j.live(0, minute{"b": {95, 5}}, minute{"b": {95, 5}}, minute{"b": {95, 5}})
	j.compose(180, 400)
	j.says("shop:whole", 0, 0, 0, 1)
}

// b falls silent; a goes on. Nobody waits for longer than two minutes, and what
// comes later is set right.
func TestLateParts(t *testing.T) {
	for as, late := range map[slo.LateAs]float64{slo.LateLeftOut: 0.1, slo.LateBad: (0.2 + 1) / 3, slo.LateGood: 0.2 / 3} {
		t.Run(as.String(), func(t *testing.T) {
			j := newJourney(t, made("whole", slo.Weighted, as, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
			j.begin("a", "b")
			j.live(0, minute{"a": {90, 10}, "b": {100, 0}})
			alone := minute{"a": {90, 10}}
			j.live(1, alone, alone)
			j.says("shop:whole", 0, 0.2/3, -1, -1) // it waits for b
			j.compose(180, 239)
			j.says("shop:whole", 1, -1)
			j.live(3, alone) // until two minutes after the end of minute 1
			j.says("shop:whole", 1, late, -1)
			j.live(4, alone)
			j.says("shop:whole", 2, late, late, late)
			j.live(5, alone)
			j.says("shop:whole", 5, late) // it has been silent for so long that nobody waits
			// Its samples come after all, five minutes late.
			j.wall = 6*60 + 10
			for n := 1; n <= 5; n++ {
				j.count("b", float64(60*n+30), 50, 50)
			}
			j.wall = 0
			j.compose(371, 400)
			j.says("shop:whole", 1, (0.2+0.5)/3, (0.2+0.5)/3, (0.2+0.5)/3, (0.2+0.5)/3, (0.2+0.5)/3)
		})
	}
}

// Samples without events are idleness, not lateness.
func TestIdleIsNotLate(t *testing.T) {
	for _, as := range []slo.LateAs{slo.LateLeftOut, slo.LateBad, slo.LateGood} {
		j := newJourney(t, made("whole", slo.Weighted, as, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
		j.begin("a", "b")
		one := minute{"a": {90, 10}, "b": {0, 0}}
		j.live(0, one, one, minute{"a": {0, 0}, "b": {0, 0}})
		j.says("shop:whole", 0, 0.1, 0.1, -1)
	}
}

// What nobody has ever heard of is left out, whatever the policy.
func TestNeverHeardIsNotLate(t *testing.T) {
	j := newJourney(t, made("whole", slo.Weighted, slo.LateBad, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
	j.begin("a")
	one := minute{"a": {90, 10}}
	j.live(0, one, one, one, one)
	j.says("shop:whole", 0, 0.1, 0.1, 0.1, 0.1)
	if j.instance("shop:whole").LastSample().IsZero() {
		t.Error("it has no data")
	}
}

// All parts are silent: one that leaves them out waits for whoever comes first,
// and loses nothing; others have an answer.
func TestAllPartsSilent(t *testing.T) {
	for as, late := range map[slo.LateAs]float64{slo.LateLeftOut: -1, slo.LateBad: 1, slo.LateGood: 0} {
		j := newJourney(t, made("whole", slo.Weighted, as, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
		j.begin("a", "b")
		j.live(0, minute{"a": {90, 10}, "b": {100, 0}})
		j.compose(60, 30*60)
		j.says("shop:whole", 1, late, late, late)
		last := j.instance("shop:whole").LastSample()
		if as == slo.LateLeftOut != last.Equal(time.Unix(0, at(30))) {
			t.Errorf("%s: newest sample %s", as, last)
		}
		// Counters that were away for half an hour count what they missed, evenly.
		j.count("a", 30*60+30, 0, 3000)
		j.compose(30*60+31, 31*60)
		if as == slo.LateLeftOut {
			j.says("shop:whole", 1, 1, 1, 1)
		} else {
			j.says("shop:whole", 1, late, late, late) // too late
		}
	}
}

// After a start, parts have time to come before anybody calls them late.
func TestNotLateBeforeAnybodyListened(t *testing.T) {
	j := newJourney(t, made("whole", slo.Weighted, slo.LateBad, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
	j.begin("a", "b")
	j.live(0, minute{"a": {90, 10}, "b": {100, 0}})
	j.since = 3600 // the engine was away for an hour
	j.compose(3600, 3710)
	j.says("shop:whole", 1, -1, -1)
	j.count("a", 3690, 5900, 0)
	j.count("b", 3690, 0, 5900)
	j.compose(3710, 3780)
	j.says("shop:whole", 1, 1.0/3, 1.0/3)
	j.says("shop:whole", 60, 1.0/3)
}

func TestCompositeOfGroups(t *testing.T) {
	a := partOf("a", "99.9%")
	a.GroupBy = []string{"route"}
	j := newJourney(t, made("whole", slo.Weighted, slo.LateBad, "a", "b"), a, partOf("b", "99%"))
	send := func(n int, route string, good, bad float64) {
		at := target("target of " + route)
		j.send(`events_total{part="a",route="`+route+`",code="200"}`, float64(60*n+30), good, at)
		j.send(`events_total{part="a",route="`+route+`",code="500"}`, float64(60*n+30), bad, at)
	}
	j.begin("b")
	send(-1, "x", 0, 0)
	send(-1, "y", 0, 0)
	send(0, "x", 20, 0)
	send(0, "y", 70, 10)
	j.live(0, minute{"b": {0, 0}})
	j.says("shop:whole", 0, 0.1)
	// A route that is gone holds nobody up for longer than two minutes.
	for n := 1; n < 8; n++ {
		send(n, "x", 20+float64(n), 0)
		j.live(n, minute{"b": {0, 0}})
	}
	j.says("shop:whole", 4, 0, 0, 0)
}

// A composite of composites, one of them with longer slices.
func TestCompositeOfComposites(t *testing.T) {
	slow := made("slow", slo.AnyBad, slo.LateLeftOut, "b")
	slow.Composite.Slice = 3 * time.Minute
	j := newJourney(t, made("all", slo.Weighted, slo.LateBad, "inner", "slow"), made("inner", slo.Weighted, slo.LateLeftOut, "a", "b"), slow,
		partOf("a", "99.9%"), partOf("b", "99%"))
	j.begin("a", "b")
	one := minute{"a": {90, 10}, "b": {50, 50}}
	j.live(0, one, one, one, one, one)
	j.count("a", 330, 90, 10)
	j.count("b", 330, 50, 50)
	j.compose(331, 340)
	j.says("shop:all", 3, 0.7/3, 0.7/3) // a slice that is not over is not late
	j.compose(340, 360)
	j.live(6, one)
	j.says("shop:inner", 0, 0.7/3, 0.7/3)
	if got := j.instance("shop:slow").between(at(0), at(360)); got != (budget.Counts{Bad: 2, Total: 2}) {
		t.Errorf("slow: %+v", got)
	}
	j.says("shop:all", 0, 0.7/3, 0.7/3, (2*0.7/3+1)/3, 0.7/3, 0.7/3, (2*0.7/3+1)/3, 0.7/3)
}

// One that is new begins with what its parts have counted.
func TestNewCompositeLooksBack(t *testing.T) {
	parts := []*slo.Spec{partOf("a", "99.9%"), partOf("b", "99%")}
	whole := made("whole", slo.Weighted, slo.LateBad, "a", "b")
	j := newJourney(t, parts...)
	j.begin("a")
	for n := range 30 {
		m := minute{"a": {90, float64(n)}}
		if n > 4 {
			m["b"] = [2]float64{100, 0}
		}
		j.live(n, m)
	}
	j.tracker.Replace(compileAll(t, append(parts, whole)...), began.Add(30*time.Minute))
	j.compose(1800, 1800)
	for n := range 30 {
		j.says("shop:whole", n, want2(n))
	}
	// With other weights it is another one.
	edited := made("whole", slo.Weighted, slo.LateBad, "b", "a")
	j.tracker.Replace(compileAll(t, append(parts, edited)...), began.Add(30*time.Minute))
	j.compose(1800, 1800)
	if got := j.told("shop:whole", 20).Bad; math.Abs(got-20.0/110/3) > grain {
		t.Errorf("edited: %v", got)
	}
	// With another description it is the same.
	again := *edited
	again.Description = "the way of a shopper"
	before := j.instance("shop:whole")
	j.tracker.Replace(compileAll(t, append(parts, &again)...), began.Add(30*time.Minute))
	j.compose(1800, 1810)
	if j.instance("shop:whole") != before {
		t.Error("an edit that changes no count lost them")
	}
}

// want2: b is first seen in minute 5, and counts from there.
func want2(n int) float64 {
	bad := float64(n) / float64(90+n)
	if n > 5 {
		return 2 * bad / 3
	}
	return bad
}

// The clock is set forward and back: what was counted ahead is taken back.
func TestCompositeUnderAClockThatJumps(t *testing.T) {
	j := newJourney(t, made("whole", slo.Weighted, slo.LateBad, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
	j.begin("a", "b")
	one := minute{"a": {90, 10}, "b": {100, 0}}
	j.live(0, one, one)
	j.compose(420, 420) // five minutes ahead: nobody was heard for so long
	if got := j.told("shop:whole", 3); got.Bad != 1 {
		t.Fatalf("the test is none: %+v", got)
	}
	j.compose(125, 125) // and is set right
	j.says("shop:whole", 0, 0.2/3, 0.2/3, -1, -1, -1, -1, -1)
	j.live(2, one, one, one, one, one, one)
	for n := range 8 {
		j.says("shop:whole", n, 0.2/3)
	}
}

// Restarted anywhere, with its ledger saved before or after the cut, a composite
// has counted what one has that was never stopped, to the last bit.
func TestCompositeRestart(t *testing.T) {
	specs := []*slo.Spec{
		made("all", slo.WeightedBurn, slo.LateBad, "whole", "b"), made("whole", slo.Weighted, slo.LateBad, "a", "b"),
		partOf("a", "99.9%"), partOf("b", "99%"),
	}
	const length = 14
	step := func(j *journey, n int) {
		m := minute{"a": {90, float64(n)}, "b": {float64(50 + n), 3}}
		if n > 3 && n < 8 {
			delete(m, "b") // it is late
		}
		j.live(n, m)
		if n == 8 {
			j.wall = 9 * 60
			for late := 4; late < 8; late++ {
				j.count("b", float64(60*late+30), 10, float64(late))
			}
			j.wall = 0
		}
	}
	twin := newJourney(t, specs...)
	twin.begin("a", "b")
	for n := range length {
		step(twin, n)
	}
	for cut := range length {
		for after := range 3 {
			j := newJourney(t, specs...)
			j.disk = recorded(t, j.tracker)
			j.begin("a", "b")
			for n := range cut {
				step(j, n)
			}
			j.disk.cut(j.tracker)
			for n := cut; n < min(length, cut+after); n++ { // ledgers are written while samples keep coming
				step(j, n)
			}
			j.disk.save(t, j.tracker, len(j.tracker.Instances()))
			if cut+after+2 < length {
				step(j, cut+after)
				step(j, cut+after+1)
			}
			resumed := min(length, cut+after)
			if cut+after+2 < length {
				resumed += 2
			}
			now := began.Add(time.Duration(resumed) * time.Minute)
			j.tracker, j.since = j.disk.reborn(t, now, Options{}, compileAll(t, specs...)...), now.Sub(began).Seconds()
			for n := resumed; n < length; n++ {
				step(j, n)
			}
			j.compose(length*60, length*60)
			for _, id := range []string{"shop:whole", "shop:all"} {
				for n := range length {
					if got, want := j.told(id, n), twin.told(id, n); got != want {
						t.Errorf("restarted after minute %d and %d: %s in minute %d: %+v, want %+v", cut, after, id, n, got, want)
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// Random worlds, whose samples arrive in any order of parts and up to eight
// minutes late, against a recount of the raw events.
func TestCompositesAgainstARecount(t *testing.T) {
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		names := []string{"a", "b", "c", "d"}[:2+r.IntN(3)]
		objectives := []string{"99.9%", "99%", "90%", "50%"}
		var specs []*slo.Spec
		for i, name := range names {
			specs = append(specs, partOf(name, objectives[i]))
		}
		length := 1 + r.IntN(3)
		for method := slo.Weighted; method <= slo.WeightedBurn; method++ {
			s := made(method.String(), method, slo.LateAs(r.IntN(3)), names...)
			s.Composite.Slice = time.Duration(length) * time.Minute
			specs = append(specs, s)
		}
		j := newJourney(t, specs...)
		j.begin(names...)
		raw := recount(j, r, names, float64(60*length))
		for method := slo.Weighted; method <= slo.WeightedBurn; method++ {
			raw.compare(j, "shop:"+method.String(), method, objectives)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// rawEvents are those of each part, by slice.
type rawEvents struct {
	names  []string
	slices []map[string][2]float64
	length float64
}

// recount lets parts live for two hours. Each has a delay, which changes.
func recount(j *journey, r *rand.Rand, names []string, length float64) *rawEvents {
	const end = 2 * 3600
	raw := &rawEvents{names: names, length: length, slices: make([]map[string][2]float64, int(end/length)+1)}
	for i := range raw.slices {
		raw.slices[i] = map[string][2]float64{}
	}
	type sample struct {
		part        string
		at, arrives float64
		good, bad   float64
	}
	var all []sample
	for _, name := range names {
		delay, last := 0.0, 0.0
		for s := 15 + 15*r.Float64(); s < end-600; s += 15 {
			if r.IntN(60) == 0 {
				delay = []float64{0, 0, 1, 30, 200, 480}[r.IntN(6)]
			}
			one := sample{part: name, at: s, good: float64(r.IntN(20)), bad: float64(max(0, r.IntN(8)-5))}
			if r.IntN(6) == 0 {
				one.good, one.bad = 0, 0
			}
			last = max(last+0.001, s+delay) // senders keep the order
			one.arrives = last
			all = append(all, one)
			slice := raw.slices[int(math.Ceil(s/length))-1]
			c := slice[name]
			slice[name] = [2]float64{c[0] + one.good, c[1] + one.bad}
		}
	}
	slices.SortFunc(all, func(a, b sample) int {
		if a.arrives < b.arrives {
			return -1
		}
		return 1
	})
	wall := 0.0
	for _, s := range all {
		for ; wall < s.arrives; wall++ {
			j.tracker.Compose(time.Unix(0, at(wall)), began)
		}
		j.wall = s.arrives + 0.0001
		j.count(s.part, s.at, s.good, s.bad)
	}
	j.compose(wall, end)
	return raw
}

func (raw *rawEvents) compare(j *journey, id string, method slo.CompositeMethod, objectives []string) {
	j.Helper()
	for n, slice := range raw.slices[:len(raw.slices)-int(900/raw.length)] {
		var weights, ratios, burns float64
		missed := false
		for i, name := range raw.names {
			good, bad := slice[name][0], slice[name][1]
			if good+bad == 0 {
				continue
			}
			w, e, b := float64(max(1, 2-i)), bad/(good+bad), objectiveOf(objectives[i]).Budget()
			weights, ratios, burns, missed = weights+w, ratios+w*e, burns+w*e/b, missed || e > b
		}
		var want budget.Counts
		if weights > 0 {
			want.Total = 1
			switch method {
			case slo.Weighted:
				want.Bad = ratios / weights
			case slo.AnyBad:
				want.Bad = map[bool]float64{true: 1}[missed]
			case slo.SumOfMisses:
				want.Bad = min(1, ratios)
			case slo.WeightedBurn:
				want.Bad = min(1, 0.001*burns/weights)
			}
		}
		got := j.instance(id).between(at(float64(n)*raw.length), at(float64(n+1)*raw.length))
		if got.Total != want.Total || math.Abs(got.Bad-want.Bad) > grain {
			j.Errorf("%s, slice %d of %s: %+v, want %+v of %v", id, n, fmt.Sprint(raw.length), got, want, slice)
		}
	}
}

// A million events of one part prove nothing about another.
func TestEvidence(t *testing.T) {
	j := newJourney(t, made("whole", slo.Weighted, slo.LateLeftOut, "a", "b"), partOf("a", "99.9%"), partOf("b", "99%"))
	j.begin("a", "b")
	j.live(0, minute{"a": {1e6, 0}, "b": {1, 1}})
	in := j.instance("shop:whole")
	want := 9 / (4/1e6 + 1/2.0)
	if got := in.Evidence(began, began.Add(time.Minute)); math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := in.Evidence(began.Add(time.Hour), began.Add(2*time.Hour)); got != 0 {
		t.Errorf("%v of an hour in which nothing happened", got)
	}
}
