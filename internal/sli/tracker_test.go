package sli

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// began is when the tracker of a test begins to watch; times in the tests are
// seconds after it.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) int64 { return began.UnixNano() + int64(seconds*1e9) }

// bench is a tracker under test.
type bench struct {
	*testing.T
	tracker *Tracker
	wall    float64 // seconds; 0: just after the point
	receipt Receipt
	disk    *disk // nil: nothing is kept
}

func newBench(t *testing.T, specs ...*slo.Spec) *bench {
	t.Helper()
	b := &bench{T: t, tracker: NewTracker(Options{})}
	b.tracker.Replace(compileAll(t, specs...), began)
	return b
}

func compileAll(t testing.TB, specs ...*slo.Spec) []*Program {
	t.Helper()
	var programs []*Program
	for _, s := range specs {
		p, problems := Compile(s)
		if len(problems) > 0 {
			t.Fatalf("compile %s: %v", s.ID(), problems)
		}
		programs = append(programs, p)
	}
	return programs
}

func spec(name string, sli slo.SLI, groupBy ...string) *slo.Spec {
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		panic(err)
	}
	return &slo.Spec{Service: "shop", Name: name, Objective: objective, SLI: sli, GroupBy: groupBy,
		Window: slo.Window{Rolling: 30 * 24 * time.Hour}}
}

func badOf(total, bad string) slo.SLI   { return slo.SLI{Ratio: &slo.Ratio{Total: total, Bad: bad}} }
func goodOf(total, good string) slo.SLI { return slo.SLI{Ratio: &slo.Ratio{Total: total, Good: good}} }

// errorsOf is the usual SLO: 5xx of all requests.
var errorsOf = badOf(`requests_total`, `requests_total{code=~"5.."}`)

func mustLabels(text string) labels.Labels {
	l, err := parser.ParseMetric(text)
	if err != nil {
		panic(err)
	}
	return l
}

type option func(*Series, *Point)

func started(seconds float64) option { return func(_ *Series, p *Point) { p.Start = at(seconds) } }
func delta(s *Series, _ *Point)      { s.Temporality = Delta }
func typed(t Type) option            { return func(s *Series, _ *Point) { s.Type = t } }
func stale(_ *Series, p *Point)      { p.Stale = true }
func integer(v int64) option {
	return func(_ *Series, p *Point) { p.IsInt, p.Int = true, v }
}
func nativeOf(h *histogram.FloatHistogram) option {
	return func(s *Series, p *Point) { s.Type, p.Histogram = TypeHistogram, h }
}
func target(name string) option { return func(s *Series, _ *Point) { s.Target = name } }

// send ingests one sample; the wall clock stands half a second after it.
func (b *bench) send(series string, seconds, v float64, options ...option) {
	b.Helper()
	s := Series{Labels: mustLabels(series), Target: "shop:1"}
	p := Point{Time: at(seconds), Value: v}
	for _, o := range options {
		o(&s, &p)
	}
	s.Points = []Point{p}
	wall := b.wall
	if wall == 0 {
		wall = seconds + 0.5
	}
	batch, now := &Batch{Series: []Series{s}}, time.Unix(0, at(wall))
	if b.disk != nil {
		b.disk.ingest(b.tracker, batch, now, &b.receipt)
		return
	}
	b.tracker.Ingest(batch, now, &b.receipt)
}

// want checks an instance's counts since the start.
func (b *bench) want(id string, bad, total float64) {
	b.Helper()
	if got := b.instance(id).Ledger.Since(); got != (budget.Counts{Bad: bad, Total: total}) {
		b.Errorf("%s: bad %v of %v, want %v of %v", id, got.Bad, got.Total, bad, total)
	}
}

func (b *bench) instance(id string) *Instance {
	b.Helper()
	for _, in := range b.tracker.Instances() {
		if in.ID == id {
			return in
		}
	}
	b.Fatalf("no instance %s", id)
	return nil
}

// rejected checks how many points a reason has kept out so far.
func (b *bench) rejected(reason Reason, points int) {
	b.Helper()
	for _, r := range b.receipt.Rejections {
		if r.Reason == reason {
			if r.Points != points {
				b.Errorf("%d points rejected as %s, want %d", r.Points, reason, points)
			}
			return
		}
	}
	if points != 0 {
		b.Errorf("no point rejected as %s, want %d; receipt %+v", reason, points, b.receipt)
	}
}

func TestBaselineThenDifferences(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="200"}`, 10, 1000)
	b.send(`requests_total{code="500"}`, 10, 50)
	b.want("shop:a", 0, 0)
	b.send(`requests_total{code="200"}`, 20, 1100)
	b.send(`requests_total{code="500"}`, 20, 53)
	b.want("shop:a", 3, 103)
	b.send(`other_total`, 20, 5)
	b.want("shop:a", 3, 103)
}

func TestResetCountsWhole(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 1000)
	b.send(`requests_total{code="500"}`, 20, 1010)
	b.send(`requests_total{code="500"}`, 30, 4)
	b.send(`requests_total{code="500"}`, 40, 6)
	b.want("shop:a", 16, 16)
}

// A restart that overtakes the old value is seen by its start time.
func TestHiddenReset(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 5, started(-100))
	b.send(`requests_total{code="500"}`, 20, 9, started(12))
	b.want("shop:a", 9, 9)
}

// The first error of a service is a new series: it counts, because its family
// was in an earlier sample set and it was not.
func TestFirstErrorCounts(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="200"}`, 10, 1000)
	b.send(`requests_total{code="200"}`, 20, 1100)
	b.send(`requests_total{code="503"}`, 20, 2)
	b.want("shop:a", 2, 102)
	b.send(`requests_total{code="200"}`, 30, 1200)
	b.send(`requests_total{code="503"}`, 30, 3)
	b.want("shop:a", 3, 203)
}

// The same in the other order, and with the family's last set being the one
// that the new series arrives in.
func TestFirstErrorCountsBeforeItsSiblings(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="200"}`, 10, 1000)
	b.send(`requests_total{code="503"}`, 20, 2)
	b.want("shop:a", 0, 0) // perhaps the whole family got other labels
	b.send(`requests_total{code="200"}`, 20, 1000)
	b.want("shop:a", 2, 2)
}

// A scrape config that adds a label makes every series a new one.
func TestRelabellingIsNoBurst(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	for _, second := range []float64{10, 20} {
		b.send(`requests_total{code="200"}`, second, 1e6)
		b.send(`requests_total{code="500"}`, second, 5e4)
	}
	for _, second := range []float64{30, 40} {
		b.send(`requests_total{code="200",env="prod"}`, second, 1e6+second)
		b.send(`requests_total{code="500",env="prod"}`, second, 5e4)
	}
	b.want("shop:a", 0, 10)
}

// A family that is seen for the first time is a baseline, all of it, whatever
// order its series come in; so is a relabelling.
func TestNewFamilyIsBaseline(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	for _, code := range []string{"200", "404", "500"} {
		b.send(`requests_total{code="`+code+`"}`, 10, 1e6)
	}
	b.want("shop:a", 0, 0)
	b.send(`requests_total{code="500"}`, 10, 1e6, target("shop:2"))
	b.want("shop:a", 0, 0)
}

// Sample sets from before the SLO was watched may have been seen in part:
// what appears after them is no birth.
func TestSampleSetFromBeforeWatchingIsNoProof(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.wall = 1
	b.send(`requests_total{code="200"}`, -3, 1000)
	b.send(`requests_total{code="500"}`, 0.5, 900) // its part of the set at -3 came before we listened
	b.want("shop:a", 0, 0)
	b.wall = 0
	b.send(`requests_total{code="200"}`, 10, 1000)
	b.send(`requests_total{code="502"}`, 10, 4)
	b.want("shop:a", 4, 4)
}

// A process that started under our eyes counts from zero.
func TestStartTimeMakesABirth(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 12, 7, started(5))
	b.want("shop:a", 7, 7)
	b.send(`requests_total{code="500",pod="old"}`, 12, 7, started(-5), target("old"))
	b.want("shop:a", 7, 7)
}

func TestStaleThenReturn(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 100)
	b.send(`requests_total{code="500"}`, 20, 0, stale)
	b.send(`requests_total{code="500"}`, 600, 130)
	b.want("shop:a", 30, 30)
	b.send(`requests_total{code="500"}`, 610, 0, stale)
	b.send(`requests_total{code="500"}`, 610+3700, 500) // the last value was too old: a baseline
	b.want("shop:a", 30, 30)
	b.send(`requests_total{code="500"}`, 610+3710, 501)
	b.want("shop:a", 31, 31)
}

// A marker older than a gauge's newest sample ends nothing.
func TestLateStaleMarkerOfAGauge(t *testing.T) {
	half := 0.5
	b := newBench(t, spec("a", slo.SLI{Threshold: &slo.Threshold{Metric: "up", Above: &half, PerSample: true}}))
	b.send("up", 20, 1)
	b.send("up", 15, 0, stale)
	for s := range b.tracker.series.all() {
		if s.ended() {
			t.Error("the gauge has ended before its newest sample")
		}
	}
	b.send("up", 30, 0, stale)
	for s := range b.tracker.series.all() {
		if !s.ended() {
			t.Error("the gauge goes on after its end")
		}
	}
}

func TestRepeatedAndLateCumulative(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 100)
	b.send(`requests_total{code="500"}`, 20, 105)
	b.send(`requests_total{code="500"}`, 20, 105)
	b.send(`requests_total{code="500"}`, 15, 103)
	b.want("shop:a", 5, 5)
	b.rejected(ReasonDuplicate, 1)
	b.rejected(ReasonOutOfOrder, 1)
	b.send(`requests_total{code="500"}`, 20, 999)
	b.rejected(ReasonMultipleWriters, 1)
	b.want("shop:a", 5, 5)
	if notices := b.instance("shop:a").Notices(); !slices.Equal(notices, []Reason{ReasonMultipleWriters}) {
		t.Errorf("notices %v", notices)
	}
}

// Two processes under one name take turns: their starts tell.
func TestCollidingWritersAreQuarantined(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 1000, started(-1000))
	for i := range 10 {
		b.send(`requests_total{code="500"}`, 11+float64(2*i), 50, started(-500))
		b.send(`requests_total{code="500"}`, 12+float64(2*i), 1001+float64(i), started(-1000))
	}
	b.want("shop:a", 0, 0)
	b.rejected(ReasonMultipleWriters, 20)
	// One of them ends; after a while the other is counted again.
	for i := range 70 {
		b.send(`requests_total{code="500"}`, 40+float64(10*i), 2000+float64(i), started(-1000))
	}
	if got := b.instance("shop:a").Ledger.Since().Total; got != 10 {
		t.Errorf("after the collision ended %v events were counted, want 10", got)
	}
}

func TestLongGapIsSpread(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 0)
	b.send(`requests_total{code="500"}`, 20, 10)
	b.send(`requests_total{code="500"}`, 620, 610)
	l := b.instance("shop:a").Ledger
	if got := l.Between(time.Unix(0, at(20)), time.Unix(0, at(320))).Total; got != 300 {
		t.Errorf("half of the gap holds %v events, want 300", got)
	}
	b.want("shop:a", 610, 610)
	// A gap of less than two minutes lands at its end.
	b.send(`requests_total{code="500"}`, 700, 710)
	if got := l.Between(time.Unix(0, at(620)), time.Unix(0, at(699))).Total; got != 0 {
		t.Errorf("a short gap was spread: %v events before its end", got)
	}
}

func TestIntegersBeyondFloats(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	const huge = int64(1) << 60
	b.send(`requests_total{code="500"}`, 10, 0, integer(huge+1))
	b.send(`requests_total{code="500"}`, 20, 0, integer(huge+4))
	b.want("shop:a", 3, 3)
}

func TestFloatCounters(t *testing.T) {
	b := newBench(t, spec("a", badOf(`seconds_total`, `seconds_total{kind="down"}`)))
	b.send(`seconds_total{kind="down"}`, 10, 0.25)
	b.send(`seconds_total{kind="down"}`, 20, 1.75)
	b.want("shop:a", 1.5, 1.5)
}

func TestDelta(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 5, delta, started(0))
	b.send(`requests_total{code="500"}`, 20, 7, delta, started(10))
	b.want("shop:a", 12, 12)
	b.send(`requests_total{code="500"}`, 20, 7, delta, started(10)) // sent again
	b.rejected(ReasonDuplicate, 1)
	b.wall = 60
	b.send(`requests_total{code="500"}`, 50, 1, delta, started(40))
	b.send(`requests_total{code="500"}`, 30, 2, delta, started(20)) // late: where it happened
	b.send(`requests_total{code="500"}`, 30, 2, delta, started(20)) // and again
	b.want("shop:a", 15, 15)
	b.rejected(ReasonDuplicate, 2)
	if got := b.instance("shop:a").Ledger.Between(time.Unix(0, at(29)), time.Unix(0, at(31))).Total; got != 2 {
		t.Errorf("the late point is not at its time: %v", got)
	}
	b.rejected(ReasonMultipleWriters, 0)
	b.send(`requests_total{code="500"}`, 30, 3, delta, started(25)) // overlaps with another value
	b.want("shop:a", 18, 18)
	b.rejected(ReasonMultipleWriters, 1)
	b.wall = 1000
	b.send(`requests_total{code="500"}`, 990, 1, delta, started(980))
	b.send(`requests_total{code="500"}`, 60, 4, delta, started(50)) // too old to tell from a repetition
	b.rejected(ReasonTooOld, 1)
}

func TestBadValues(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 1)
	b.send(`requests_total{code="500"}`, 20, math.NaN())
	b.send(`requests_total{code="500"}`, 21, math.Inf(1))
	b.send(`requests_total{code="500"}`, 22, -4)
	b.send(`requests_total{code="500"}`, 23, 0, integer(-4))
	b.wall = 30
	b.send(`requests_total{code="500"}`, 100, 9)
	b.send(`requests_total{code="500"}`, -31*24*3600, 9)
	b.send(`requests_total{code="500"}`, 30, 2)
	b.want("shop:a", 1, 1)
	b.rejected(ReasonNotANumber, 2)
	b.rejected(ReasonNegative, 2)
	b.rejected(ReasonInFuture, 1)
	b.rejected(ReasonTooOld, 1)
	b.send(`requests_total{code="500"}`, 31, 3, typed(TypeGauge))
	b.rejected(ReasonNotACounter, 1)
}

func TestGoodOfTotal(t *testing.T) {
	b := newBench(t, spec("a", goodOf(`sum(rate(requests_total[5m]))`, `served_total`)))
	b.send(`requests_total`, 10, 0)
	b.send(`served_total`, 10, 0)
	b.send(`requests_total`, 20, 100)
	b.send(`served_total`, 20, 97)
	b.want("shop:a", 3, 100)
}

func TestSumsAndDifferences(t *testing.T) {
	b := newBench(t, spec("a", badOf(`sum(increase(hits_total[5m])) + sum(misses_total)`, `all_total - (ok_total) or vector(0)`)))
	for _, name := range []string{"hits_total", "misses_total", "all_total", "ok_total"} {
		b.send(name, 10, 0)
	}
	for i, name := range []string{"hits_total", "misses_total", "all_total", "ok_total"} {
		b.send(name, 20, float64(10*(i+1)))
	}
	b.want("shop:a", -10, 30)
}

func TestGroupsAndOverflow(t *testing.T) {
	s := spec("a", errorsOf, "route")
	s.MaxGroups = 2
	b := newBench(t, s)
	for second := range 2 {
		for _, route := range []string{"/a", "/b", "/c", "/d"} {
			b.send(`requests_total{code="500",route="`+route+`"}`, 10+float64(10*second), float64(100*second))
		}
	}
	if n := len(b.tracker.Instances()); n != 3 {
		t.Fatalf("%d instances, want two groups and the overflow", n)
	}
	for _, in := range b.tracker.Instances() {
		want := 100.0
		if in.Group["route"] == slo.OverflowValue {
			want = 200
			if !slices.Contains(in.Notices(), NoticeOverflow) {
				t.Error("the overflow instance does not say so")
			}
		}
		if got := in.Ledger.Since().Total; got != want {
			t.Errorf("%v: %v events, want %v", in.Group, got, want)
		}
	}
}

func TestInstanceID(t *testing.T) {
	got := instanceID(spec("a", errorsOf), map[string]string{"route": "/pay", "method": "GET"})
	if len(got) != len("shop:a:")+16 || got != instanceID(spec("a", errorsOf), map[string]string{"method": "GET", "route": "/pay"}) {
		t.Errorf("id %q", got)
	}
}

func latency(below time.Duration) slo.SLI {
	return slo.SLI{Latency: &slo.Latency{Histogram: `rt_seconds{job="x"}`, Below: below, Unit: time.Second}}
}

// buckets sends a classic histogram, its parts in the given order.
func (b *bench) buckets(order []string, seconds float64, values map[string]float64) {
	for _, part := range order {
		name := `rt_seconds_bucket{job="x",le="` + part + `"}`
		if part == "count" {
			name = `rt_seconds_count{job="x"}`
		}
		b.send(name, seconds, values[part])
	}
}

func TestClassicHistogram(t *testing.T) {
	first := map[string]float64{"0.1": 10, "0.3": 20, "1": 30, "+Inf": 40, "count": 40}
	second := map[string]float64{"0.1": 50, "0.3": 100, "1": 130, "+Inf": 140, "count": 140}
	orders := [][]string{
		{"0.1", "0.3", "1", "+Inf", "count"}, {"count", "+Inf", "1", "0.3", "0.1"}, {"0.3", "count", "0.1", "+Inf", "1"},
	}
	for i, order := range orders {
		t.Run(fmt.Sprint("order ", i), func(t *testing.T) {
			b := newBench(t, spec("exact", latency(300*time.Millisecond)), spec("between", latency(500*time.Millisecond)))
			b.buckets(order, 10, first)
			b.buckets(order, 20, second)
			b.want("shop:exact", 20, 100)
			b.want("shop:between", 20, 100)
			if in := b.instance("shop:exact"); in.Uncertain != nil && in.Uncertain.Since().Bad != 0 {
				t.Errorf("a threshold on a bound is uncertain by %v", in.Uncertain.Since().Bad)
			}
			in := b.instance("shop:between")
			if got := in.Uncertain.Since().Bad; got != 20 {
				t.Errorf("uncertain %v, want the 20 events between 0.3 and 1", got)
			}
			if !slices.Contains(in.Notices(), NoticeThresholdInsideBucket) {
				t.Error("nobody is told that the threshold lies inside a bucket")
			}
		})
		// A histogram that is born counts whole, whatever order its buckets
		// come in: the better bucket takes the place of the one before.
		t.Run(fmt.Sprint("born, order ", i), func(t *testing.T) {
			b := newBench(t, spec("exact", latency(300*time.Millisecond)), spec("between", latency(500*time.Millisecond)))
			for _, part := range order {
				name := `rt_seconds_bucket{job="x",le="` + part + `"}`
				if part == "count" {
					name = `rt_seconds_count{job="x"}`
				}
				b.send(name, 10, first[part], started(5))
			}
			b.want("shop:exact", 20, 40)
			b.want("shop:between", 20, 40)
			if got := b.instance("shop:between").Uncertain.Since().Bad; got != 10 {
				t.Errorf("uncertain %v, want 10", got)
			}
		})
	}
}

func TestSlowByErrors(t *testing.T) {
	sli := latency(300 * time.Millisecond)
	sli.Latency.Histogram, sli.Latency.Errors = `rt_seconds`, `rt_seconds{code="500"}`
	b := newBench(t, spec("a", sli))
	for second := range 2 {
		for _, code := range []string{"200", "500"} {
			b.send(`rt_seconds_bucket{code="`+code+`",le="0.3"}`, 10+float64(second), float64(second*90))
			b.send(`rt_seconds_count{code="`+code+`"}`, 10+float64(second), float64(second*100))
		}
	}
	b.want("shop:a", 110, 200)
}

// exponential makes a histogram of schema 0: bucket i holds (2^(i-1), 2^i].
func exponential(schema int32, buckets map[int]float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{Schema: schema}
	first, last := math.MaxInt, math.MinInt
	for i := range buckets {
		first, last = min(first, i), max(last, i)
	}
	h.PositiveSpans = []histogram.Span{{Offset: int32(first), Length: uint32(last - first + 1)}}
	for i := first; i <= last; i++ {
		h.PositiveBuckets = append(h.PositiveBuckets, buckets[i])
		h.Count += buckets[i]
	}
	return h
}

func TestNativeHistogram(t *testing.T) {
	b := newBench(t, spec("exact", latency(2*time.Second)), spec("inside", latency(3*time.Second)))
	b.send(`rt_seconds{job="x"}`, 10, 0, nativeOf(exponential(0, map[int]float64{0: 5, 1: 5, 2: 5, 3: 5})))
	b.send(`rt_seconds{job="x"}`, 20, 0, nativeOf(exponential(0, map[int]float64{0: 15, 1: 25, 2: 35, 3: 6})))
	b.want("shop:exact", 31, 61)
	b.want("shop:inside", 31, 61)
	if got := b.instance("shop:inside").Uncertain.Since().Bad; got != 30 {
		t.Errorf("uncertain %v, want the 30 between 2 and 4", got)
	}
	// Coarser from now on: bucket i of schema -1 holds (4^(i-1), 4^i].
	b.send(`rt_seconds{job="x"}`, 30, 0, nativeOf(exponential(-1, map[int]float64{0: 15, 1: 70, 2: 6})))
	b.want("shop:exact", 41, 71)
	// A restart counts whole.
	b.send(`rt_seconds{job="x"}`, 40, 0, nativeOf(exponential(0, map[int]float64{1: 3, 4: 2})))
	b.want("shop:exact", 43, 76)
	// Its classic twin is not counted a second time.
	b.send(`rt_seconds_count{job="x"}`, 40, 1000)
	b.send(`rt_seconds_count{job="x"}`, 50, 2000)
	b.want("shop:exact", 43, 76)
	if !slices.Contains(b.instance("shop:exact").Notices(), NoticeBothForms) {
		t.Error("nobody is told that both forms arrive")
	}
	b.send(`rt_seconds{job="x"}`, 60, 7)
	b.rejected(ReasonNotAHistogram, 1)
}

func TestThresholdSlices(t *testing.T) {
	limit := 100.0
	b := newBench(t, spec("queue", slo.SLI{Threshold: &slo.Threshold{Metric: `depth`, Below: &limit, Slice: time.Minute}}))
	b.send(`depth`, 10, 50)
	b.send(`depth`, 40, 100) // at the bound: good
	b.send(`depth`, 70, 101)
	b.send(`depth`, 80, 500) // the slice is bad already
	b.send(`depth`, 130, math.NaN())
	b.send(`depth`, 190, 1)
	b.send(`depth`, 135, 900) // late, in a slice of its own
	b.want("shop:queue", 2, 4)
	b.rejected(ReasonNotANumber, 1)
	b.send(`depth`, 200, 1, typed(TypeCounter))
	b.rejected(ReasonNotAGauge, 1)
}

func TestSeriesLimit(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.tracker.options.MaxSeries = 2
	for i := range 5 {
		b.send(fmt.Sprintf(`requests_total{code="500",i="%d"}`, i), 10, 1)
	}
	b.send(`requests_total{code="500",i="0"}`, 20, 4)
	b.rejected(ReasonSeriesLimit, 3)
	b.want("shop:a", 3, 3)
}

// A reload keeps what was counted where the events are defined as before,
// and a series that comes under an SLO's eyes does not burst into it.
func TestReload(t *testing.T) {
	narrow := badOf(`requests_total{job="a"}`, `requests_total{job="a",code="500"}`)
	b := newBench(t, spec("kept", errorsOf), spec("widened", narrow))
	for second := range 2 {
		b.send(`requests_total{job="a",code="500"}`, 10+float64(second), float64(1000+second))
		b.send(`requests_total{job="b",code="500"}`, 10+float64(second), float64(5000+second))
	}
	b.want("shop:kept", 2, 2)
	b.want("shop:widened", 1, 1)
	relabelled := spec("kept", errorsOf)
	relabelled.Labels = map[string]string{"team": "new"}
	b.tracker.Replace(compileAll(t, relabelled, spec("widened", errorsOf), spec("new", errorsOf)), time.Unix(0, at(15)))
	if b.instance("shop:kept").Spec != relabelled {
		t.Error("the instance keeps the old spec")
	}
	for second := range 2 {
		b.send(`requests_total{job="a",code="500"}`, 20+float64(second), float64(1010+second))
		b.send(`requests_total{job="b",code="500"}`, 20+float64(second), float64(5010+second))
	}
	b.want("shop:kept", 22, 22)
	b.want("shop:widened", 20, 20)
	b.want("shop:new", 20, 20)
}

// A sample set that is still arriving is not judged.
func TestHorizonWaitsForTheWholeSet(t *testing.T) {
	b := newBench(t, spec("a", goodOf(`requests_total`, `served_total`)))
	horizon := func(wall float64) float64 {
		return float64(b.instance("shop:a").Horizon(time.Unix(0, at(wall))).UnixNano()-began.UnixNano()) / 1e9
	}
	for _, second := range []float64{10, 20, 30} {
		b.send(`requests_total`, second, second)
		b.send(`served_total`, second, second)
	}
	if got := horizon(35); got != 35 {
		t.Errorf("all is in: horizon %v, want 35", got)
	}
	b.send(`requests_total`, 40, 1000)
	if got := horizon(42); got >= 40 {
		t.Errorf("the good events of 40 are on their way: horizon %v", got)
	}
	b.send(`served_total`, 40, 1000)
	if got := horizon(42); got != 42 {
		t.Errorf("now all is in: horizon %v", got)
	}
	b.send(`requests_total`, 50, 1000)
	if got := horizon(50.6 + 3*settle.Seconds()); got >= 50 {
		t.Errorf("good events that are missing would be bad: horizon %v", got)
	}
	if got := horizon(70 + longSettle.Seconds()); got < 50 {
		t.Errorf("nobody waits for ever: horizon %v", got)
	}
	// Nothing comes any more: what nobody has seen is not judged.
	if got := horizon(500); got != 61 {
		t.Errorf("silence: horizon %v, want one interval after the last set", got)
	}
	if got := horizon(400); got != 61 {
		t.Errorf("the horizon went back to %v", got)
	}
}

func TestUTF8Names(t *testing.T) {
	b := newBench(t,
		spec("raw", badOf(`{"http.requests"}`, `{"http.requests", "http.code"="500"}`)),
		spec("translated", badOf(`http_requests_total`, `http_requests_total{http_code="500"}`)))
	for second := range 2 {
		s := Series{
			Labels: mustLabels(`http_requests_total{http_code="500"}`),
			Raw:    labels.FromStrings("__name__", "http.requests", "http.code", "500"),
			Points: []Point{{Time: at(10 + float64(second)), Value: float64(5 * second)}},
		}
		b.tracker.Ingest(&Batch{Series: []Series{s}, Whole: true}, time.Unix(0, at(20)), &b.receipt)
	}
	b.want("shop:raw", 5, 5)
	b.want("shop:translated", 5, 5)
}

func TestTop(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	for second := range 2 {
		for i := range 5 {
			b.send(fmt.Sprintf(`requests_total{code="500",i="%d"}`, i), 10+float64(second), float64(second*10*i))
		}
	}
	got := b.instance("shop:a").Top(2, time.Unix(0, at(12)))
	want := []string{`{__name__="requests_total", code="500", i="4"}`, `{__name__="requests_total", code="500", i="3"}`}
	if !slices.Equal(got, want) {
		t.Errorf("top contributors %q, want %q", got, want)
	}
}

func TestSweep(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.send(`requests_total{code="500"}`, 10, 1)
	b.tracker.Sweep(time.Unix(0, at(3600)))
	if b.tracker.Known() != 1 {
		t.Error("a living series was forgotten")
	}
	b.tracker.Sweep(time.Unix(0, at(25*3600)))
	if b.tracker.Known() != 0 || len(b.tracker.families) != 0 || len(b.instance("shop:a").lineUp) != 0 {
		t.Error("a series that was silent for a day is still known")
	}
}

func TestTheFirstGapIsSpreadToo(t *testing.T) {
	b := newBench(t, spec("errors", errorsOf))
	b.send(`requests_total{code="500"}`, 0, 0)
	b.send(`requests_total{code="500"}`, 1800, 1800) // half an hour of silence, interval not known
	l := b.instance("shop:errors").Ledger
	if got := l.Window(time.Unix(0, at(1800)), 5*time.Minute).Total; got > 301 {
		t.Errorf("the last five of thirty minutes hold %v of 1800 events", got)
	}
}

// What review found, each with the input that showed it.
func TestFoundInReview(t *testing.T) {
	t.Run("a latency SLO that comes by reload knows its buckets", func(t *testing.T) {
		values := func(n float64) map[string]float64 {
			return map[string]float64{"0.1": 50 * n, "0.3": 100 * n, "1": 100 * n, "+Inf": 100 * n, "count": 100 * n}
		}
		order := []string{"0.1", "0.3", "1", "+Inf", "count"}
		b := newBench(t, spec("a", latency(300*time.Millisecond)))
		b.buckets(order, 10, values(1))
		b.buckets(order, 20, values(2))
		b.tracker.Replace(compileAll(t, spec("a", latency(time.Second))), time.Unix(0, at(21)))
		b.buckets(order, 30, values(3))
		b.want("shop:a", 0, 100)
	})
	t.Run("a start that is the time of the first look is none", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.send(`requests_total{code="500"}`, 10, 1e6, started(10))
		b.send(`requests_total{code="500"}`, 20, 1e6+1, started(10))
		b.send(`requests_total{code="500"}`, 40, 1e6+3, started(40))
		b.send(`requests_total{code="500"}`, 50, 1e6+4, started(40))
		b.want("shop:a", 4, 4)
	})
	t.Run("a shard that lags for several sets is waited for", func(t *testing.T) {
		b := newBench(t, spec("a", latency(300*time.Millisecond)))
		both := func(second float64) {
			b.send(`rt_seconds_count{job="x"}`, second, 100*second)
			b.send(`rt_seconds_bucket{job="x",le="0.3"}`, second, 100*second)
		}
		for second := 5.0; second <= 600; second += 5 {
			both(second)
		}
		for second := 605.0; second <= 700; second += 5 {
			b.send(`rt_seconds_count{job="x"}`, second, 100*second)
			horizon := b.instance("shop:a").Horizon(time.Unix(0, at(second+0.9)))
			if bad := b.instance("shop:a").Ledger.Window(horizon, 30*time.Second).Bad; bad != 0 {
				t.Fatalf("at %v, judged up to %v: %v bad", second, horizon, bad)
			}
		}
	})
	t.Run("what the quota refused is not born later", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.tracker.options.MaxSeries = 2
		for _, second := range []float64{10, 20} {
			b.send(`requests_total{code="200"}`, second, 1e6)
			b.send(`requests_total{code="201"}`, second, 1e6)
			b.send(`requests_total{code="500"}`, second, 5e5)
			b.tracker.options.MaxSeries++
		}
		b.want("shop:a", 0, 0)
	})
	t.Run("a bad value does not make a forgotten series new", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.send(`requests_total{code="200"}`, 10, 100)
		b.send(`requests_total{code="500"}`, 10, 100)
		b.send(`requests_total{code="500"}`, 20, 0, stale)
		b.send(`requests_total{code="200"}`, 3790, 100)
		b.send(`requests_total{code="500"}`, 3800, math.NaN())
		b.send(`requests_total{code="200"}`, 3810, 100)
		b.send(`requests_total{code="500"}`, 3810, 5000)
		b.want("shop:a", 0, 0)
	})
	t.Run("a late child of an old process counts since its siblings were seen", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		for second := 15.0; second <= 3605; second += 10 {
			b.send(`requests_total{code="200"}`, second, second, started(10))
		}
		b.send(`requests_total{code="500"}`, 3605, 1000, started(10))
		if bad := b.instance("shop:a").Ledger.Window(time.Unix(0, at(3606)), time.Minute).Bad; bad != 1000 {
			t.Errorf("%v bad events in the last minute, want 1000", bad)
		}
	})
	t.Run("two writers without start times", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		for i := range 10 {
			b.send(`requests_total{code="500"}`, float64(10+2*i), 1e6+float64(i))
			b.send(`requests_total{code="500"}`, float64(11+2*i), 50+float64(i))
		}
		b.want("shop:a", 50, 50) // the first drop looked like a reset
		if !slices.Contains(b.instance("shop:a").Notices(), ReasonMultipleWriters) {
			t.Error("nobody is told")
		}
	})
	t.Run("another temporality begins anew", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.send(`requests_total{code="500"}`, 10, 5, delta, started(5))
		b.send(`requests_total{code="500"}`, 20, 1e6)
		b.want("shop:a", 5, 5)
	})
	t.Run("a counter that wrapped does not blind the SLO", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		for i, v := range []float64{5, 18446744073709551615, 6, 106, 206, math.MaxFloat64, 1} {
			b.send(`requests_total{code="500"}`, float64(10*(i+1)), v)
		}
		b.want("shop:a", 207, 207)
		b.rejected(ReasonBadValue, 2)
	})
	t.Run("a delta that ends before it starts", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.send(`requests_total{code="500"}`, 10, 5, delta, started(20))
		b.rejected(ReasonBadValue, 1)
	})
	t.Run("refused points make no groups", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf, "route"))
		for i := range 5 {
			b.send(fmt.Sprintf(`requests_total{code="500",route="/%d"}`, i), 10, math.NaN())
		}
		if n := len(b.tracker.Instances()); n != 0 || b.tracker.Known() != 0 {
			t.Errorf("%d groups, %d series of points that were refused", n, b.tracker.Known())
		}
		b.rejected(ReasonNotANumber, 5)
	})
	t.Run("what left is forgotten", func(t *testing.T) {
		b := newBench(t, spec("a", latency(300*time.Millisecond)))
		for pod := range 50 {
			day := float64(pod) * 2 * 86400
			name := fmt.Sprint("pod", pod)
			b.send(`rt_seconds_count{job="x"}`, day, 1, target(name))
			b.send(`rt_seconds_bucket{job="x",le="0.3"}`, day, 1, target(name))
			b.tracker.Sweep(time.Unix(0, at(day)))
		}
		p := b.tracker.programs[0]
		if n := len(b.instance("shop:a").cohorts) + len(p.classics) + len(p.forms); n > 6 {
			t.Errorf("%d cohorts, histograms and forms of pods that left", n)
		}
	})
	t.Run("gauge slices that come again after long", func(t *testing.T) {
		limit := 100.0
		b := newBench(t, spec("queue", slo.SLI{Threshold: &slo.Threshold{Metric: `depth`, Below: &limit, Slice: time.Minute}}))
		b.wall = 7200
		for range 2 {
			for i := range 60 {
				b.send(`depth`, float64(60*i), 900)
			}
			b.send(`depth`, 7199, 900)
		}
		b.want("shop:queue", 61, 61)
	})
	t.Run("a selector without a name takes in only what it selects", func(t *testing.T) {
		b := newBench(t, spec("a", badOf(`{job="x"}`, `{job="x",code="500"}`)))
		for i := range 100 {
			b.send(fmt.Sprintf(`unrelated_total{i="%d"}`, i), 10, 1)
		}
		b.send(`other_total{job="x"}`, 10, 1)
		if n := b.tracker.Known(); n != 1 {
			t.Errorf("%d series known", n)
		}
	})
}

// What a second review found. pair sends the total and the good events of a
// set, the good ones delay seconds of wall time later.
func TestFoundInSecondReview(t *testing.T) {
	ratio := goodOf(`requests_total`, `served_total`)
	judge := func(b *bench, wall float64) float64 {
		in := b.instance("shop:a")
		return in.Ledger.Window(in.Horizon(time.Unix(0, at(wall))), 30*time.Second).Bad
	}
	t.Run("a sender that is steadily late", func(t *testing.T) {
		for _, late := range []float64{12, 20, 40, 120} {
			b := newBench(t, spec("a", ratio))
			for second := 10.0; second <= 600; second += 15 {
				for wall := second + late - 14; wall < second+late; wall++ {
					if second > 40 {
						if bad := judge(b, wall); bad != 0 {
							t.Fatalf("%v s late, at %v: %v bad", late, wall, bad)
						}
					}
				}
				b.wall = second + late
				b.send(`requests_total`, second, 100*second)
				if second > 40 {
					if bad := judge(b, b.wall+1); bad != 0 {
						t.Fatalf("%v s late, between the halves of %v: %v bad", late, second, bad)
					}
				}
				b.wall = second + late + 3
				b.send(`served_total`, second, 100*second)
			}
		}
	})
	t.Run("a replay after an outage, one half first", func(t *testing.T) {
		for _, outage := range []float64{60, 240, 600} {
			b := newBench(t, spec("a", ratio))
			for second := 10.0; second <= 300; second += 10 {
				b.send(`requests_total`, second, 100*second)
				b.send(`served_total`, second, 100*second)
			}
			for wall := 301.0; wall < 300+outage; wall++ {
				judge(b, wall)
			}
			b.wall = 300 + outage
			for second := 310.0; second <= 300+outage; second += 10 {
				b.send(`requests_total`, second, 100*second)
			}
			if bad := judge(b, b.wall+1); bad != 0 {
				t.Errorf("after %v s: %v bad, the good events are on their way", outage, bad)
			}
			for second := 310.0; second <= 300+outage; second += 10 {
				b.send(`served_total`, second, 100*second)
			}
			if bad := judge(b, b.wall+2); bad != 0 {
				t.Errorf("after %v s, all is in: %v bad", outage, bad)
			}
		}
	})
	t.Run("good events in quarantine are no outage", func(t *testing.T) {
		b := newBench(t, spec("a", ratio))
		for second := 10.0; second <= 900; second += 10 {
			b.send(`requests_total`, second, 100*second, started(5))
			b.send(`served_total`, second, 100*second, started(5))
			if second > 300 && second < 400 {
				b.send(`served_total`, second+1, 7, started(200))
			}
			if bad := judge(b, second+2); bad != 0 {
				t.Fatalf("at %v: %v bad", second, bad)
			}
		}
	})
	t.Run("two writers of small counters", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		for i := range 100 {
			second := float64(10 + 10*i)
			b.send(`requests_total{code="200"}`, second, []float64{1e6, 5e5}[i%2])
			b.send(`requests_total{code="500"}`, second, []float64{50, 20}[i%2])
		}
		if got := b.instance("shop:a").Ledger.Since().Bad; got > 150 { // until it is sure
			t.Errorf("%v bad events of none", got)
		}
	})
	t.Run("a worker that does the same work each time", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		for run := range 20 {
			from := float64(10 + 100*run)
			b.send(`requests_total{code="500"}`, from+10, 0, started(from))
			b.send(`requests_total{code="500"}`, from+50, 500, started(from))
		}
		b.want("shop:a", 10000, 10000)
	})
	t.Run("a family that was watched in part", func(t *testing.T) {
		b := newBench(t, spec("a", badOf(`{code="200"}`, `{code="200",x="y"}`)))
		old := func(second float64) {
			b.send(`requests_total{code="200"}`, second, 1e6)
			b.send(`requests_total{code="500"}`, second, 1e6)
		}
		old(10)
		old(20)
		b.tracker.Replace(compileAll(t, spec("b", errorsOf)), time.Unix(0, at(25)))
		old(30)
		old(40)
		b.want("shop:b", 0, 0)
	})
	t.Run("a series that was refused at first", func(t *testing.T) {
		b := newBench(t, spec("a", errorsOf))
		b.wall = 10
		b.send(`requests_total{code="500"}`, 75, 1e6) // in the future
		b.wall = 20
		b.send(`requests_total{code="200"}`, 75, 1e6)
		b.wall = 30
		b.send(`requests_total{code="200"}`, 85, 1e6)
		b.send(`requests_total{code="500"}`, 85, 1e6)
		b.want("shop:a", 0, 0)
	})
	t.Run("a new target whose good half is on its way", func(t *testing.T) {
		b := newBench(t, spec("a", ratio))
		for second := 10.0; second <= 300; second += 10 {
			b.send(`requests_total`, second, 100*second)
			b.send(`served_total`, second, 100*second)
		}
		b.send(`requests_total`, 305, 4000, target("pod2"), started(265))
		if bad := judge(b, 306); bad != 0 {
			t.Errorf("%v bad", bad)
		}
	})
	t.Run("two points of one series are not two series", func(t *testing.T) {
		b := newBench(t, spec("a", ratio))
		for second := 10.0; second <= 100; second += 10 {
			b.send(`requests_total`, second, 100*second)
			b.send(`served_total`, second, 100*second)
		}
		b.send(`requests_total`, 110, 11000)
		b.send(`requests_total`, 110.2, 11002)
		if bad := judge(b, 111); bad != 0 {
			t.Errorf("%v bad", bad)
		}
	})
	t.Run("a float series that turns native", func(t *testing.T) {
		b := newBench(t, spec("other", badOf(`rt_seconds`, `rt_seconds{x="y"}`)))
		b.send(`rt_seconds{job="x"}`, 10, 1000)
		b.tracker.Replace(compileAll(t, spec("a", latency(time.Second))), time.Unix(0, at(15)))
		b.send(`rt_seconds{job="x"}`, 20, 0, nativeOf(exponential(0, map[int]float64{0: 10, 3: 1000})))
		b.want("shop:a", 0, 0)
	})
}

// After a gap a counter that restarted has had the time to come back to where
// it was; at once only a second writer is there.
func TestARestartAfterAGapIsNoSecondWriter(t *testing.T) {
	for _, later := range []float64{0, 20 * 60} {
		b := newBench(t, spec("a", errorsOf))
		for i, v := range []float64{453, 473, 456, 476, 496} {
			at := 10 * float64(i+1)
			if i > 1 {
				at += later
			}
			b.send(`requests_total{code="500"}`, at, v)
		}
		if later > 0 {
			b.want("shop:a", 20+456+20+20, 20+456+20+20)
		} else {
			b.rejected(ReasonMultipleWriters, 2)
		}
	}
}
