package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// load is an engine with so many SLOs of so many series each, and a batch of
// all their next samples.
type load struct {
	*Engine
	batch  *sli.Batch
	at     time.Time
	values float64
}

// newLoad gives every SLO a history of samples 15 s apart, so that its windows
// have something to read.
func newLoad(b *testing.B, slos, series, rounds int, reread time.Duration, more ...edit) *load {
	b.Helper()
	l := &load{batch: &sli.Batch{}, at: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	l.Engine = New(Options{Tick: 24 * time.Hour, Reread: reread, Now: func() time.Time { return l.at }})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended })
	var specs []*slo.Spec
	for i := range slos {
		service := fmt.Sprintf("service-%d", i)
		specs = append(specs, newSpec(service, append(more, own, func(s *slo.Spec) { s.SLI.Ratio = ratioOf(i) })...))
		for n := range series {
			l.batch.Series = append(l.batch.Series, sli.Series{
				Labels: labels.FromStrings(labels.MetricName, ratioOf(i).Total, "code", []string{"200", "500"}[n%2],
					"instance", fmt.Sprint(n/8), "job", service, "route", fmt.Sprintf("/route/%d", n)),
				Target: service + "\xff" + fmt.Sprint(n/8),
				Points: make([]sli.Point, 1),
			})
		}
	}
	if err := l.Load(ctx, compile(b, specs...), nil); err != nil {
		b.Fatal(err)
	}
	for range rounds {
		l.next(b)
	}
	l.evaluate(ctx, l.at)
	return l
}

func ratioOf(i int) *slo.Ratio {
	metric := fmt.Sprintf("service_%d_requests_total", i)
	return &slo.Ratio{Total: metric, Bad: metric + `{code="500"}`}
}

// next sends the samples of the next 15 s: good ones grow, bad ones do not.
func (l *load) next(b *testing.B) {
	l.at = l.at.Add(15 * time.Second)
	l.values += 1000
	for i := range l.batch.Series {
		p := &l.batch.Series[i].Points[0]
		p.Time = l.at.UnixNano()
		if i%2 == 0 {
			p.Value = l.values
		}
	}
	if _, err := l.Ingest(context.Background(), l.batch); err != nil {
		b.Fatal(err)
	}
}

// benchmarkTick measures evaluations, one for each second of event time. The
// samples that come every 15 s are not measured.
func benchmarkTick(b *testing.B, slos, series, rounds int, reread time.Duration, more ...edit) {
	l := newLoad(b, slos, series, rounds, reread, more...)
	b.ReportAllocs()
	var spent time.Duration
	var ticks []time.Duration
	for i := 0; b.Loop(); {
		if i++; i%15 == 0 {
			b.StopTimer()
			l.next(b)
			b.StartTimer()
		}
		before, begun := cpuTime(b), time.Now()
		l.evaluate(b.Context(), l.at.Add(time.Duration(i%15)*time.Second))
		spent += cpuTime(b) - before
		ticks = append(ticks, time.Since(begun))
	}
	perTick := spent.Seconds() / float64(b.N)
	slices.Sort(ticks)
	b.ReportMetric(perTick*100, "%core") // at a tick a second
	b.ReportMetric(perTick*1e9/float64(slos), "cpu-ns/slo")
	b.ReportMetric(float64(ticks[len(ticks)*99/100].Milliseconds()), "ms-p99")
}

func BenchmarkTick100SLOs(b *testing.B)         { benchmarkTick(b, 100, 100, 240, 0) }
func BenchmarkTick10000SLOs(b *testing.B)       { benchmarkTick(b, 10_000, 2, 240, 0) }
func BenchmarkTickReread10000SLOs(b *testing.B) { benchmarkTick(b, 10_000, 2, 240, 5*time.Second) }
func BenchmarkTick100000SLOs(b *testing.B)      { benchmarkTick(b, 100_000, 2, 40, 5*time.Second) }

// BenchmarkTickAdjusted10000SLOs has an hour of maintenance in the window of each.
func BenchmarkTickAdjusted10000SLOs(b *testing.B) {
	planned := budget.Span{From: sunday.Add(-10 * time.Hour), To: sunday.Add(-9 * time.Hour)}
	benchmarkTick(b, 10_000, 2, 240, 5*time.Second, excluding("m", planned))
}

// BenchmarkIngest2000Series sends one sample of each of 2,000 known series of
// 20 services in one request.
func BenchmarkIngest2000Series(b *testing.B) {
	l := newLoad(b, 20, 100, 240, 0)
	b.ReportAllocs()
	for b.Loop() {
		l.next(b)
	}
	b.ReportMetric(float64(b.N*len(l.batch.Series))/b.Elapsed().Seconds(), "points/s")
}
