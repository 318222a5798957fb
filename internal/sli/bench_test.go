package sli

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// crowd is many known series of ten labels, a hundred to a target, and a
// request of 2,000 samples after the other.
type crowd struct {
	tracker *Tracker
	series  []Series
	samples []Sample
	now     time.Time
	next    int
	value   float64
}

func newCrowd(tb testing.TB, n int, specs ...*slo.Spec) *crowd {
	c := &crowd{tracker: NewTracker(Options{MaxSeries: n}), now: began}
	c.tracker.Replace(compileAll(tb, specs...), began)
	for i := range n {
		address := fmt.Sprintf("10.0.%d.%d:8080", i/100/250, i/100%250)
		c.series = append(c.series, Series{
			Key:    KeyOf(fmt.Append(nil, i), 0),
			Target: "shop\xff" + address,
			Labels: labels.FromStrings("__name__", "requests_total", "cluster", "eu-1", "code", []string{"200", "201", "404", "500"}[i%4],
				"env", "prod", "instance", address, "job", "shop", "method", "GET", "namespace", "shops",
				"route", fmt.Sprintf("/r%d", i%100/4), "service", fmt.Sprintf("s%d", i/100%10)),
			Points: []Point{{Time: began.UnixNano()}},
		})
	}
	return c
}

// learn sends the first sample of each series.
func (c *crowd) learn(tb testing.TB) {
	var receipt Receipt
	c.tracker.Ingest(&Batch{Series: c.series}, c.now, &receipt)
	page := c.tracker.Book().Page()
	for i := range c.series {
		known := page.Find(c.series[i].Key)
		if known == nil || known.Ignored() {
			tb.Fatalf("series %d was not learnt", i)
		}
		c.samples = append(c.samples, Sample{Known: known})
	}
}

// request counts the next 2,000 samples.
func (c *crowd) request() {
	if c.next == 0 {
		c.now, c.value = c.now.Add(15*time.Second), c.value+7
	}
	end := min(c.next+2000, len(c.samples))
	part := c.samples[c.next:end]
	for i := range part {
		part[i].Point.Time, part[i].Point.Value = c.now.UnixNano(), c.value
	}
	var receipt Receipt
	c.tracker.Ingest(&Batch{Samples: part}, c.now, &receipt)
	c.next = end % len(c.samples)
}

func benchmarkKnown(b *testing.B, n int, specs ...*slo.Spec) {
	c := newCrowd(b, n, specs...)
	c.learn(b)
	c.series = nil
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c.request()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2000), "ns/sample")
}

// BenchmarkKnown counts requests of samples of known series, all of which
// one SLO by service selects.
func BenchmarkKnown10k(b *testing.B)  { benchmarkKnown(b, 10_000, spec("a", errorsOf, "service")) }
func BenchmarkKnown100k(b *testing.B) { benchmarkKnown(b, 100_000, spec("a", errorsOf, "service")) }

// BenchmarkKnownWatched is the same, with the events of each service told apart
// by a label that has four values.
func BenchmarkKnownWatched(b *testing.B) {
	c := newCrowd(b, 10_000, spec("a", errorsOf, "service"))
	c.learn(b)
	c.tracker.Watch(map[string][]string{"shop:a": {"code"}}, c.now)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c.request()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2000), "ns/sample")
}

// BenchmarkMemory says what a known series keeps.
func BenchmarkMemory(b *testing.B) {
	const n = 200_000
	for range b.N {
		b.StopTimer()
		c := newCrowd(b, n, spec("a", errorsOf, "service"))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		var receipt Receipt
		c.tracker.Ingest(&Batch{Series: c.series}, c.now, &receipt)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/series")
		runtime.KeepAlive(c)
	}
}

// BenchmarkWelcome reads series that were never seen: matching, binding,
// learning.
func BenchmarkWelcome(b *testing.B) {
	var specs []*slo.Spec
	for i := range 1000 {
		specs = append(specs, spec(fmt.Sprintf("a%d", i),
			badOf(fmt.Sprintf(`requests_total{service="s%d"}`, i), fmt.Sprintf(`requests_total{service="s%d",code=~"5.."}`, i))))
	}
	c := newCrowd(b, max(b.N, 1), specs...)
	var receipt Receipt
	b.ResetTimer()
	c.tracker.Ingest(&Batch{Series: c.series}, c.now, &receipt)
}

// BenchmarkCut says how long the owner is busy with the state of 100,000
// series.
func BenchmarkCut(b *testing.B) {
	c := newCrowd(b, 100_000, spec("a", errorsOf, "service"))
	c.learn(b)
	b.ResetTimer()
	for range b.N {
		b.ReportMetric(float64(len(c.tracker.Cut(nil)))/100_000, "B/series")
	}
}

// BenchmarkSweep says how long the owner is busy when one in ten of 100,000
// series has been silent for a day.
func BenchmarkSweep(b *testing.B) {
	for range b.N {
		b.StopTimer()
		c := newCrowd(b, 100_000, spec("a", errorsOf, "service"))
		c.learn(b)
		c.now = began.Add(25 * time.Hour)
		for i := range c.samples {
			c.samples[i].Point.Time = c.now.UnixNano()
		}
		var receipt Receipt
		c.tracker.Ingest(&Batch{Samples: c.samples[10_000:]}, c.now, &receipt)
		b.StartTimer()
		c.tracker.Sweep(c.now)
	}
}
