package scrape

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// counting is a tracker that counts one SLO, as a sink.
type counting struct {
	tracker         *sli.Tracker
	now             time.Time
	receipt         sli.Receipt
	series, samples int // of the newest batch
}

func newCounting(t testing.TB, began time.Time) *counting {
	t.Helper()
	objective, err := slo.ParseObjective("99%")
	if err != nil {
		t.Fatal(err)
	}
	program, problems := sli.Compile(&slo.Spec{
		Name: "availability", Service: "shop", Objective: objective, Window: slo.Window{Rolling: time.Hour},
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: "requests_total", Bad: `requests_total{code="500"}`}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := &counting{tracker: sli.NewTracker(sli.Options{}), now: began}
	c.tracker.Replace([]*sli.Program{program}, began)
	return c
}

func (c *counting) Ingest(_ context.Context, batch *sli.Batch) (sli.Receipt, error) {
	c.series, c.samples = len(batch.Series), len(batch.Samples)
	c.tracker.Ingest(batch, c.now, &c.receipt)
	return sli.Receipt{}, nil
}

// counts are all events of the SLO.
func (c *counting) counts(t testing.TB) (sum budget.Counts) {
	t.Helper()
	for _, in := range c.tracker.Instances() {
		sum = sum.Add(in.Ledger.All())
	}
	return sum
}

// loop is what the library keeps of a target: the numbers of its series.
type loop struct {
	to   *appendable
	refs map[string]storage.SeriesRef
}

// scrape appends a sample of each series, as the library does.
func (l *loop) scrape(t testing.TB, at time.Time, start int64, values map[string]float64) {
	t.Helper()
	s := l.to.Appender(t.Context())
	for code, v := range values {
		ls := labels.FromStrings("__name__", "requests_total", "code", code, "instance", "i", "job", "shop")
		ref := l.refs[code]
		if start != 0 {
			ref, _ = s.AppendCTZeroSample(ref, ls, at.UnixMilli(), start)
		}
		ref, err := s.Append(ref, ls, at.UnixMilli(), v)
		if err != nil {
			t.Fatal(err)
		}
		l.refs[code] = ref
	}
	if _, err := s.Append(0, labels.FromStrings("__name__", "other_total", "job", "shop"), at.UnixMilli(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
}

// What is counted does not depend on whether series are known, nor on whether
// the library has kept their numbers.
func TestKnownSeriesCountTheSame(t *testing.T) {
	want := budget.Counts{Bad: 5 + 4, Total: 100 + 5 + 4 + 10}
	for name, withBook := range map[string]bool{"known": true, "unknown": false} {
		t.Run(name, func(t *testing.T) {
			began := time.Now().Add(-time.Minute).Truncate(time.Second)
			sink := newCounting(t, began)
			o := Options{Sink: sink, Limits: ingest.DefaultLimits()}
			if withBook {
				o.Book = sink.tracker.Book()
			}
			l := &loop{newAppendable(o, newMetrics(prometheus.NewRegistry())), map[string]storage.SeriesRef{}}
			at := func(s int) time.Time {
				sink.now = began.Add(time.Duration(s) * time.Second)
				return sink.now
			}
			l.scrape(t, at(5), 0, map[string]float64{"200": 1000})
			l.scrape(t, at(10), 0, map[string]float64{"200": 1100, "500": 5}) // a birth
			clear(l.refs)                                                     // as when a job is reloaded
			l.scrape(t, at(15), 0, map[string]float64{"200": 1100, "500": 9})
			l.scrape(t, at(20), at(18).UnixMilli(), map[string]float64{"200": 10, "500": 0}) // a restart
			if got := sink.counts(t); got != want || len(sink.receipt.Rejections) > 0 {
				t.Errorf("counted %+v, want %+v; rejected %v", got, want, sink.receipt.Rejections)
			}
			if got, want := [2]int{sink.series, sink.samples}, map[bool][2]int{true: {0, 2}, false: {3, 0}}[withBook]; got != want {
				t.Errorf("the last scrape had %d series and %d samples, want %d and %d", got[0], got[1], want[0], want[1])
			}
		})
	}
}

// A stale marker comes without the number, and finds the series.
func TestStaleMarkersOfKnownSeries(t *testing.T) {
	now := time.Now()
	sink := newCounting(t, now)
	to := newAppendable(Options{Sink: sink, Book: sink.tracker.Book(), Limits: ingest.DefaultLimits()}, newMetrics(prometheus.NewRegistry()))
	l := &loop{to, map[string]storage.SeriesRef{}}
	l.scrape(t, now, 0, map[string]float64{"200": 1})
	s := to.Appender(t.Context())
	ref, err := s.Append(0, labels.FromStrings("__name__", "requests_total", "code", "200", "instance", "i", "job", "shop"), now.UnixMilli(), math.Float64frombits(value.StaleNaN))
	if err != nil || ref != l.refs["200"] {
		t.Errorf("number %d, want %d; %v", ref, l.refs["200"], err)
	}
	if err := s.Commit(); err != nil || sink.samples != 1 {
		t.Errorf("%d samples; %v", sink.samples, err)
	}
}

// BenchmarkAppender takes scrapes of 10,000 series, half of which an SLO looks
// at, as the library appends them, and counts them.
func BenchmarkAppender(b *testing.B) {
	const n = 10_000
	all := make([]labels.Labels, n)
	for i := range all {
		all[i] = labels.FromStrings("__name__", []string{"requests_total", "others_total"}[i%2], "cluster", "eu-1", "code", fmt.Sprint(200+i%5*100),
			"container", "server", "handler", fmt.Sprint("/api/v1/route/", i), "instance", "10.0.0.1:8080", "job", "checkout", "namespace", "shop", "pod", "checkout-7c9f-1")
	}
	for name, withBook := range map[string]bool{"book": true, "labels": false} {
		b.Run(name, func(b *testing.B) {
			began := time.Now()
			sink := newCounting(b, began)
			o := Options{Sink: sink, Limits: ingest.DefaultLimits()}
			if withBook {
				o.Book = sink.tracker.Book()
			}
			to, refs := newAppendable(o, newMetrics(prometheus.NewRegistry())), make([]storage.SeriesRef, n)
			b.ReportAllocs()
			for v := 0; b.Loop(); v++ {
				sink.now = sink.now.Add(time.Second)
				s := to.Appender(b.Context())
				for i, ls := range all {
					refs[i], _ = s.Append(refs[i], ls, sink.now.UnixMilli(), float64(v))
				}
				if err := s.Commit(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/sample")
		})
	}
}
