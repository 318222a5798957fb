package sli

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
)

// languageJudges say by hand what expressions of every shape count.
func languageJudges() []judge {
	all := func(a *actor) int64 { return named(a, "requests_total") }
	errors := func(a *actor) oracle.Weight { return oracle.Weight{Bad: failed(a), Total: all(a)} }
	unserved := func(a *actor) oracle.Weight {
		return oracle.Weight{Bad: all(a) - named(a, "served_total"), Total: all(a)}
	}
	slow := func(a *actor) oracle.Weight {
		return oracle.Weight{Bad: named(a, "rt_seconds_count") - within(a, "1"), Total: named(a, "rt_seconds_count")}
	}
	var list []judge
	judged := func(weigh func(*actor) oracle.Weight, slis ...slo.SLI) {
		for _, sli := range slis {
			name := fmt.Sprint("language-", len(list))
			list = append(list, judge{slo: name, spec: spec(name, sli), weigh: weigh})
		}
	}
	judged(errors,
		ratioOf(`sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m]))`),
		ratioOf(`(sum(increase(requests_total{code=~"5.."}[{{.window}}])) or vector(0)) * 100 / (100 * sum(increase(requests_total[{{.window}}]))) or vector(0)`),
		ratioOf(`1 - (sum(rate(requests_total{code!~"5.."}[1m])) / (sum(rate(requests_total[5m])) > 0) or on() vector(1))`),
		badOf(`sum(rate(requests_total[1m])) * 60`, `sum(increase(requests_total[1m])) - sum by (route) (increase(requests_total{code!~"5.."}[1m]))`))
	judged(unserved,
		ratioOf(`(requests_total - served_total) / requests_total`),
		ratioOf(`1 - sum(served_total) / on() group_left sum(requests_total)`),
		goodOf(`+requests_total`, `clamp_min(served_total, 0) or vector(0)`))
	judged(slow, goodOf(`rt_seconds_count`, `rt_seconds_bucket{le="1.0"}`),
		goodOf(`rt_seconds_count`, `rt_seconds_bucket{le=~"1(\\.0)?"}`),
		ratioOf(`1 - sum(rate(rt_seconds_bucket{le="1.00"}[5m])) / sum(rate(rt_seconds_count[5m]))`))
	byRoute := spec("by-route", ratioOf(`sum by (route) (rate(requests_total{code=~"5.."}[5m])) / sum by (route) (rate(requests_total[5m]))`), "route")
	for _, route := range []string{"/a", "/b"} {
		list = append(list, judge{slo: "by-route", route: route, spec: byRoute, weigh: func(a *actor) oracle.Weight {
			if a.labels.Get("route") != route {
				return oracle.Weight{}
			}
			return errors(a)
		}})
	}
	return list
}

// TestLanguageEqualsOracle counts random stories under expressions of every
// shape: all are the oracle's to the last bit.
func TestLanguageEqualsOracle(t *testing.T) {
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		for _, m := range manners {
			t.Run(fmt.Sprintf("seed %d, %s", seed, m.name), func(t *testing.T) {
				tr := newTrial(t, seed)
				tr.judges = languageJudges()
				tr.tracker.Replace(compileAll(t, specsOf(tr.judges)...), began)
				tr.run(m, 3)
			})
		}
	}
}

// story is a trial whose truth is written down while it is told.
type story struct {
	*trial
	truth map[string][]oracle.Part // by SLO: one part for each kind of event
	last  time.Time
}

func newStory(t *testing.T, seed uint64, specs ...*slo.Spec) *story {
	rng := rand.New(rand.NewPCG(seed, 17))
	tr := &trial{T: t, world: &world{Rand: rng}, rng: rng, tracker: NewTracker(Options{}), arrived: map[*actor]map[int64]bool{}}
	for _, s := range specs {
		tr.judges = append(tr.judges, judge{slo: s.Name, spec: s})
	}
	tr.tracker.Replace(compileAll(t, specs...), began)
	tr.disk = recorded(t, tr.tracker)
	return &story{trial: tr, truth: map[string][]oracle.Part{}, last: began}
}

// happened notes events of an SLO at a time.
func (st *story) happened(name string, at, bad, total int64) {
	if st.truth[name] == nil {
		st.truth[name] = []oracle.Part{{Weight: oracle.Weight{Bad: 1}}, {Weight: oracle.Weight{Total: 1}}}
	}
	for i, n := range []int64{bad, total} {
		p := &st.truth[name][i]
		p.Increments = append(p.Increments, oracle.Increment{From: at, To: at, N: n, Whole: true})
	}
}

// deliver sends a request, now and then again, and now and then restarts or
// reloads.
func (st *story) deliver(list []request) {
	for i, r := range list {
		st.last = time.Unix(0, r.at)
		st.send(r, r.at)
		switch st.rng.IntN(12) {
		case 0:
			st.send(list[max(0, i-st.rng.IntN(20))], r.at)
		case 1:
			st.tracker.Replace(compileAll(st, specsOf(st.judges)...), st.last)
		case 2, 3:
			st.restart(st.last)
		}
		if i%40 == 39 || i == len(list)-1 {
			st.look(i)
		}
		if st.Failed() {
			return
		}
	}
}

// look compares each SLO with what happened so far.
func (st *story) look(i int) {
	for _, j := range st.judges {
		l := j.ledger(st.tracker)
		if got, want := l.Since(), oracle.Since(st.until(j.slo)); !same(got, want) {
			st.Errorf("request %d: %s: counted %+v, the truth is %v", i, j.slo, got, want)
		}
		for _, w := range []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour} {
			_, _, want := oracle.Window(st.until(j.slo), st.last, w)
			if got := l.Window(st.last, w); !same(got.Counts, want) {
				st.Errorf("request %d: %s over %v: %+v, the truth is %v", i, j.slo, w, got.Counts, want)
			}
		}
	}
}

// until is the truth up to the newest request: stories are told before they
// are delivered, each thing at the time it arrives.
func (st *story) until(name string) []oracle.Part {
	var parts []oracle.Part
	for _, p := range st.truth[name] {
		q := oracle.Part{Weight: p.Weight}
		for _, i := range p.Increments {
			if i.To <= st.last.UnixNano() {
				q.Increments = append(q.Increments, i)
			}
		}
		parts = append(parts, q)
	}
	return parts
}

// TestSamplesEqualOracle: each sample of a gauge is one event, once.
func TestSamplesEqualOracle(t *testing.T) {
	half, one := 0.5, 1.0
	specs := []*slo.Spec{
		spec("mean", ratioOf(`1 - avg_over_time(up[5m])`)),
		spec("samples", goodOf(`sum(count_over_time(up[5m]))`, `sum(sum_over_time(up[5m]))`)),
		spec("above", slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Above: &half, PerSample: true}}),
		spec("over", slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Above: &half, PerSample: true, Exclusive: true}}),
		spec("under", slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Above: &half, Below: &one, PerSample: true, Exclusive: true}}),
		spec("slices", slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Below: &half, Slice: 10 * time.Second}}),
		spec("sliced", slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Below: &half, Slice: 10 * time.Second, Exclusive: true}}),
	}
	bad := map[string]func(v float64) bool{
		"mean": func(v float64) bool { return v < 1 }, "samples": func(v float64) bool { return v < 1 },
		"above": func(v float64) bool { return v < half }, "over": func(v float64) bool { return v <= half },
		"under":  func(v float64) bool { return v <= half || v >= one },
		"slices": func(v float64) bool { return v > half }, "sliced": func(v float64) bool { return v >= half },
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			st := newStory(t, seed, specs...)
			st.deliver(st.gauges(bad))
		})
	}
}

// gauges are the samples of some gauges, one for each request and in order;
// among them are some that were overtaken, which count nothing.
func (st *story) gauges(bad map[string]func(v float64) bool) []request {
	var list []request
	at := began.UnixNano()
	newest := map[int]Point{}
	seen, wasBad := map[string]map[int64]bool{"slices": {}, "sliced": {}}, map[string]map[int64]bool{"slices": {}, "sliced": {}}
	for range 300 {
		at += 1 + st.rng.Int64N(8*worldSecond)
		i := st.rng.IntN(3)
		p := Point{Time: at - st.rng.Int64N(worldSecond/10), Value: []float64{0, 0.5, 1, 0.3, 1.5}[st.rng.IntN(5)]}
		series := Series{Labels: labels.FromStrings("__name__", "up", "instance", fmt.Sprint(i)), Target: fmt.Sprint("t", i), Type: TypeGauge}
		if last, ok := newest[i]; ok && st.rng.IntN(6) == 0 { // overtaken, or the same moment again
			p = last
			p.Time -= st.rng.Int64N(2) * (1 + st.rng.Int64N(3))
			list = append(list, request{[]Series{withPoint(series, p)}, at})
			continue
		}
		newest[i] = p
		list = append(list, request{[]Series{withPoint(series, p)}, at})
		for name, isBad := range bad {
			if seen[name] == nil {
				st.happened(name, p.Time, flag(isBad(p.Value)), 1)
				continue
			}
			slice := p.Time / (10 * worldSecond)
			st.happened(name, p.Time, flag(isBad(p.Value) && !wasBad[name][slice]), flag(!seen[name][slice]))
			seen[name][slice], wasBad[name][slice] = true, wasBad[name][slice] || isBad(p.Value)
		}
	}
	return list
}

func withPoint(s Series, p Point) Series {
	s.Points = []Point{p}
	return s
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// TestNativesEqualOracle counts random native histograms by expressions.
func TestNativesEqualOracle(t *testing.T) {
	specs := []*slo.Spec{
		spec("half", ratioOf(`1 - histogram_fraction(0, 0.5, sum(rate(rt[5m])))`)),
		spec("inside", goodOf(`histogram_count(sum(rate(rt[5m])))`, `histogram_fraction(0, 0.8, sum(rate(rt[5m]))) * histogram_count(sum(rate(rt[5m])))`)),
		spec("latency", slo.SLI{Latency: &slo.Latency{Histogram: `rt`, Below: 500 * time.Millisecond, Unit: time.Second}}),
		spec("failed", badOf(`sum(histogram_count(rate(rt[5m])))`, `sum(histogram_count(rate(rt{code="500"}[5m]))) or vector(0)`)),
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			st := newStory(t, seed, specs...)
			st.deliver(st.natives())
			for _, in := range st.tracker.Instances() {
				if in.Spec.Name == "inside" && !t.Failed() { // 0.8 cuts the bucket (0.5, 1]
					_, _, want := oracle.Window(st.until("uncertain"), st.last, time.Hour)
					if got := in.Uncertain.Window(st.last, time.Hour).Counts; got.Bad == 0 || !same(got, want) {
						t.Errorf("uncertain %+v, the truth is %v", got, want)
					}
				}
			}
		})
	}
}

// natives are histograms whose processes restart now and then. Buckets are
// (¼, ½], (½, 1] and (1, 2].
func (st *story) natives() []request {
	var list []request
	codes := []string{"200", "500"}
	state := make([]map[int]float64, len(codes))
	start := began.UnixNano() - 1000*worldSecond
	for set := range 150 {
		at := began.UnixNano() + int64(set+1)*10*worldSecond
		if set > 1 && st.rng.IntN(20) == 0 {
			start, state = at-5*worldSecond, make([]map[int]float64, len(codes))
		}
		for i, code := range codes {
			if state[i] == nil {
				state[i] = map[int]float64{-1: 0, 0: 0, 1: 0}
			}
			var added [3]int64
			for bucket := range added {
				added[bucket] = st.rng.Int64N(20)
				state[i][bucket-1] += float64(added[bucket])
			}
			series := Series{Labels: labels.FromStrings("__name__", "rt", "code", code), Target: "shop", Type: TypeHistogram}
			moment := at + int64(i) // a request for each, in order
			list = append(list, request{[]Series{withPoint(series, Point{Time: moment, Start: start, Histogram: exponential(0, state[i])})}, moment})
			if set == 0 {
				continue // a baseline
			}
			total := added[0] + added[1] + added[2]
			st.happened("half", moment, added[1]+added[2], total)
			st.happened("latency", moment, added[1]+added[2], total)
			st.happened("inside", moment, added[1]+added[2], total)
			st.happened("uncertain", moment, added[1], 0)
			st.happened("failed", moment, int64(i)*total, total)
		}
	}
	return list
}

// Roles of one series add up: what counts it as an event and what takes it
// away again leave nothing.
func TestNothingCountsNothing(t *testing.T) {
	b := newBench(t, spec("a", badOf(`x_total`, `x_total - x_total{code="200"}`)))
	for i, v := range []float64{10, 30, 60} {
		b.send(`x_total{code="200"}`, float64(10*i), v)
	}
	if got := b.instance("shop:a").Ledger.Since(); got != (budget.Counts{Total: 50}) {
		t.Errorf("counted %+v, want 50 good ones", got)
	}
}
