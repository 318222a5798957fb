package sli

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// watching tells shop:a apart by version, as of so many seconds.
func (b *bench) watching(seconds float64) *Members {
	b.tracker.Watch(map[string][]string{"shop:a": {"version"}}, time.Unix(0, at(seconds)))
	return b.instance("shop:a").Members("version")
}

func (b *bench) wantMembers(from, to float64, want map[string]budget.Counts) {
	b.Helper()
	got := b.instance("shop:a").Members("version").Between(time.Unix(0, at(from)), time.Unix(0, at(to)))
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("members of (%v, %v] (-want +got):\n%s", from, to, diff)
	}
}

// service is a version of a service behind a target, with all that it counts.
type service struct {
	target, version              string
	good, bad, fast, middle, all float64
	queue                        float64
	native                       *histogram.FloatHistogram
}

func (s *service) work(rng *rand.Rand) {
	if rng.IntN(200) == 0 { // a restart
		*s = service{target: s.target, version: s.version}
	}
	s.good += float64(rng.IntN(20))
	s.bad += float64(rng.IntN(3))
	fast, middle, slow := float64(rng.IntN(9)), float64(rng.IntN(4)), float64(rng.IntN(3))
	s.fast, s.middle, s.all = s.fast+fast, s.middle+fast+middle, s.all+fast+middle+slow
	s.queue = float64(rng.IntN(200))
	s.native = &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: []float64{0.1, 0.3}, Count: s.all,
		PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []float64{s.fast, s.middle - s.fast, s.all - s.middle},
	}
}

func (s *service) send(b *bench, now float64) {
	send := func(series string, v float64, options ...option) {
		b.send(fmt.Sprintf(series, s.version), now, v, append(options, target(s.target))...)
	}
	send(`requests_total{code="200",version=%q}`, s.good)
	send(`requests_total{code="500",version=%q}`, s.bad)
	for le, v := range map[string]float64{"0.1": s.fast, "0.3": s.middle, "+Inf": s.all} {
		send(`rt_seconds_bucket{job="x",le="`+le+`",version=%q}`, v, typed(TypeHistogram))
	}
	send(`rt_seconds_count{job="x",version=%q}`, s.all, typed(TypeHistogram))
	send(`native_seconds{job="x",version=%q}`, 0, nativeOf(s.native))
	send(`queue{version=%q}`, s.queue, typed(TypeGauge))
}

// Members count what the groups of the same SLO count that is split by that
// label: for each kind of SLI, over restarts, silences and versions that come.
func TestMembersAreWhatGroupsWouldBe(t *testing.T) {
	limit := 100.
	native := latency(200 * time.Millisecond)
	native.Latency.Histogram = `native_seconds{job="x"}`
	for name, sli := range map[string]slo.SLI{
		"bad":    errorsOf,
		"good":   goodOf(`requests_total`, `requests_total{code="200"}`),
		"exact":  latency(300 * time.Millisecond),
		"inside": latency(200 * time.Millisecond),
		"native": native,
		"gauge":  {Threshold: &slo.Threshold{Metric: "queue", Below: &limit, PerSample: true}},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 5))
			b := newBench(t, spec("a", sli), spec("b", sli, "version"))
			b.tracker.Watch(map[string][]string{"shop:a": {"version"}}, began)
			cast := []*service{{target: "1", version: "v1"}, {target: "2", version: "v1"}, {target: "2", version: "v2"}}
			silent, probes := 0, 0
			for second := 1.; second < 1200; second++ {
				if second == 300 {
					cast = append(cast, &service{target: "1", version: "v3"})
				}
				if silent--; silent < -100 && rng.IntN(100) == 0 {
					silent = 30 + rng.IntN(200)
				}
				for _, s := range cast {
					if s.work(rng); silent < 0 || s.target != "2" {
						s.send(b, second)
					}
				}
				if rng.IntN(10) == 0 && second > 20 {
					probes += b.sameAsGroups(second-min(second, float64(1+rng.IntN(600))), second)
				}
			}
			if probes < 200 {
				t.Errorf("only %d members were compared", probes)
			}
		})
	}
}

// sameAsGroups compares the members of shop:a with the groups of shop:b.
func (b *bench) sameAsGroups(from, to float64) (probes int) {
	b.Helper()
	want := map[string]budget.Counts{}
	for _, in := range b.tracker.Instances() {
		if in.Spec.Name != "b" {
			continue
		}
		c := in.Ledger.Between(time.Unix(0, at(from)), time.Unix(0, at(to))).Counts
		if c.Total > 0 {
			want[in.Group["version"]] = budget.Counts{Bad: min(max(0, c.Bad), c.Total), Total: c.Total}
		}
	}
	b.wantMembers(from, to, want)
	return len(want)
}

// What was counted before somebody watched is not told apart; what is watched
// goes on over a reload, and ends when nobody asks for it any more.
func TestMembersWhileTheyAreWatched(t *testing.T) {
	b := newBench(t, spec("a", errorsOf), spec("other", errorsOf))
	send := func(second, v float64) { b.send(`requests_total{code="500",version="v1"}`, second, v) }
	send(1, 10)
	send(2, 20)
	if b.instance("shop:a").Members("version") != nil {
		t.Error("members before anybody watches")
	}
	if m := b.watching(2.5); !m.Begun().Equal(time.Unix(0, at(2.5))) {
		t.Errorf("begun at %s", m.Begun())
	}
	send(3, 25)
	v1 := map[string]budget.Counts{"v1": {Bad: 5, Total: 5}}
	b.wantMembers(0, 10, v1)
	b.tracker.Replace(compileAll(t, spec("a", errorsOf), spec("new", errorsOf)), time.Unix(0, at(3.5)))
	b.wantMembers(0, 10, v1)
	send(4, 26)
	b.wantMembers(3, 10, map[string]budget.Counts{"v1": {Bad: 1, Total: 1}})
	if b.instance("shop:new").Members("version") != nil {
		t.Error("nobody watches shop:new")
	}
	b.tracker.Watch(map[string][]string{"shop:a": {"version", "code"}, "shop:later": {"code"}}, time.Unix(0, at(4.5)))
	send(5, 28)
	b.wantMembers(2, 10, map[string]budget.Counts{"v1": {Bad: 8, Total: 8}})
	code := b.instance("shop:a").Members("code").Between(time.Unix(0, at(0)), time.Unix(0, at(10)))
	if diff := cmp.Diff(map[string]budget.Counts{"500": {Bad: 2, Total: 2}}, code); diff != "" {
		t.Error(diff)
	}
	b.tracker.Replace(compileAll(t, spec("a", errorsOf), spec("later", errorsOf)), time.Unix(0, at(5.5)))
	send(6, 29)
	send(7, 30)
	if m := b.instance("shop:later").Members("code"); m == nil || !m.Begun().IsZero() {
		t.Errorf("what comes later is watched from its first event on: %+v", m)
	}
	b.tracker.Watch(nil, time.Unix(0, at(7.5)))
	if len(b.instance("shop:a").members) > 0 || b.tracker.census.members != 0 {
		t.Error("somebody watches yet")
	}
}

// A sample that was ahead of our clock when it came was not told apart.
func TestMembersBeginAfterTheNewestSample(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.wall = 1
	b.send(`requests_total{code="500",version="v1"}`, 20, 1)
	if m := b.watching(2); !m.Begun().Equal(time.Unix(0, at(20))) {
		t.Errorf("begun at %s", m.Begun())
	}
}

// Where not all series of an SLI have the label, nobody knows whose events are
// bad; where none has it, whose any are. Where some have it on all that they
// count, the others are one more member.
func TestMembersOfSeriesWithoutTheLabel(t *testing.T) {
	b := newBench(t, spec("a", goodOf(`all_total`, `good_total`)))
	b.send(`all_total`, 1, 0)
	b.watching(1)
	b.send(`good_total{version="v1"}`, 1, 0)
	b.send(`all_total`, 2, 10)
	b.send(`good_total{version="v1"}`, 2, 9)
	b.want("shop:a", 1, 10)
	b.wantMembers(0, 10, nil)

	b = newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 1, 0)
	b.watching(1)
	b.send(`requests_total{code="500"}`, 2, 3)
	b.wantMembers(0, 10, nil)
	b.send(`requests_total{code="500",version="v1"}`, 3, 2)
	b.send(`requests_total{code="500"}`, 3, 4)
	b.wantMembers(0, 10, map[string]budget.Counts{"": {Bad: 4, Total: 4}, "v1": {Bad: 2, Total: 2}})
}

// Members are bounded; the rest is counted together, and those that have been
// quiet for long give way.
func TestTooManyMembers(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="200",version="v0"}`, 1, 0)
	m := b.watching(1)
	send := func(second float64, first, last int) {
		for i := first; i < last; i++ {
			b.send(fmt.Sprintf(`requests_total{code="200",version="v%d"}`, i), second, second*10)
		}
	}
	for second := 1.; second < 4; second++ {
		send(second, 0, mostMembers+50)
	}
	got := m.Between(time.Unix(0, at(2)), time.Unix(0, at(3)))
	if len(got) != mostMembers+1 || got[OverflowMember] != (budget.Counts{Total: 500}) {
		t.Errorf("%d members, the rest %+v", len(got), got[OverflowMember])
	}
	if b.tracker.census.members != mostMembers+1 {
		t.Errorf("counted %d of them", b.tracker.census.members)
	}
	for second := 4.; second < 800; second += 4 { // all but ten go
		send(second, 0, 10)
	}
	for second := 800.; second < 803; second++ {
		send(second, 0, 10)
		send(second, 1000, 1050)
	}
	got = m.Between(time.Unix(0, at(801)), time.Unix(0, at(802)))
	if _, over := got[OverflowMember]; len(got) != 60 || over {
		t.Errorf("%d members, the rest %+v", len(got), got[OverflowMember])
	}
}

func TestWhatHasNoMembers(t *testing.T) {
	limit := 100.
	minutes := slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.9}
	sliced := spec("a", errorsOf)
	sliced.Budgeting = minutes
	for name, s := range map[string]*slo.Spec{
		"slices": sliced,
		"gauge":  spec("a", slo.SLI{Threshold: &slo.Threshold{Metric: "requests_total", Below: &limit}}),
	} {
		b := newBench(t, s)
		b.send(`requests_total{code="500",version="v1"}`, 1, 10, typed(map[bool]Type{true: TypeGauge}[name == "gauge"]))
		if b.watching(1) != nil {
			t.Errorf("%s have members", name)
		}
		if blur := b.instance("shop:a").Blur(time.Unix(0, at(1))); blur != time.Minute {
			t.Errorf("%s: the blur is %s", name, blur)
		}
	}
}
