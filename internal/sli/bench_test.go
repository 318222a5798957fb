package sli

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// BenchmarkTracker takes rounds of one sample for each of 10,000 known series
// at 100 targets, which two SLOs select. One operation is one sample.
func BenchmarkTracker(b *testing.B) {
	const targets, perTarget = 100, 100
	tracker := NewTracker(Options{})
	tracker.Replace(compileAll(b, spec("whole", errorsOf), spec("routes", errorsOf, "route")), began)
	var all []Series
	for i := range targets * perTarget {
		all = append(all, Series{
			Target: fmt.Sprintf("shop\xff10.0.0.%d:8080", i/perTarget),
			Labels: labels.FromStrings("__name__", "requests_total", "code", []string{"200", "201", "404", "500"}[i%4],
				"instance", fmt.Sprintf("10.0.0.%d:8080", i/perTarget), "job", "shop", "route", fmt.Sprintf("/r%d", i%perTarget/4)),
			Points: make([]Point, 1),
		})
	}
	now := began
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(all) == 0 {
			now = now.Add(10 * time.Second)
		}
		s := &all[i%len(all)]
		s.Points[0] = Point{Time: now.UnixNano(), Value: s.Points[0].Value + float64(i%7)}
		var receipt Receipt
		tracker.Ingest(s, false, now, &receipt)
	}
	if tracker.Known() != min(len(all), b.N) {
		b.Fatalf("%d series known", tracker.Known())
	}
}
