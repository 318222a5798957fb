package sli

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// happened are points of a stream of events.
func happened(series Series, values map[float64]float64) Series {
	series.Temporality = Events
	for second, value := range values {
		series.Points = append(series.Points, Point{Time: at(second), Value: value})
	}
	return series
}

// ingest hands over series and keeps the record where there is a disk.
func (b *bench) ingest(seconds float64, series ...Series) {
	b.Helper()
	_, kept := b.tracker.IngestRecorded(nil, &Batch{Series: series, Whole: true}, time.Unix(0, at(seconds)), &b.receipt)
	if b.disk != nil {
		b.disk.keep(kept)
	}
}

// All events count, in whatever order they come, however often at one time, and
// from the first: a stream of events has no baseline and no single writer.
func TestEventsCountWhole(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	good := Series{Labels: mustLabels(`requests_total{code="200"}`), Target: "x", Type: TypeCounter}
	bad := Series{Labels: mustLabels(`requests_total{code="500"}`), Target: "y", Type: TypeCounter}
	b.ingest(10, happened(good, map[float64]float64{10: 90}), happened(bad, map[float64]float64{10: 3}))
	b.ingest(11, happened(bad, map[float64]float64{10: 3, 4: 2}), happened(good, map[float64]float64{11: 0}))
	b.want("shop:a", 8, 98)
	if len(b.receipt.Rejections) > 0 {
		t.Errorf("rejected %+v", b.receipt.Rejections)
	}
}

// A point without events says that somebody looked: the time is known, and so is
// a silence of minutes when nobody did.
func TestEventsMakeTimeKnown(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	series := Series{Labels: mustLabels(`requests_total{code="200"}`), Target: "x", Type: TypeCounter}
	for _, second := range []float64{0, 60, 120, 500} {
		b.ingest(second, happened(series, map[float64]float64{second: 0}))
	}
	l := b.instance("shop:a").Ledger
	if got := l.Known(time.Unix(0, at(0)), time.Unix(0, at(500))); got != 2*time.Minute {
		t.Errorf("known are %v, want the two minutes in which points came", got)
	}
	b.want("shop:a", 0, 0)
}

// What a classifier tells counts for its SLO and group, and over a restart.
func TestClassifiedEventsSurviveARestart(t *testing.T) {
	s := spec("a", slo.SLI{Spans: &slo.Spans{Service: "shop"}}, "route")
	b := newBench(t, s)
	b.disk = recorded(t, b.tracker)
	route := labels.FromStrings("route", "/pay")
	tell := func(seconds float64) {
		b.ingest(seconds, happened(ClassifiedSeries(s, route, false), map[float64]float64{seconds: 97}),
			happened(ClassifiedSeries(s, route, true), map[float64]float64{seconds: 3}))
	}
	tell(10)
	tell(10)
	id := instanceID(s, map[string]string{"route": "/pay"})
	b.want(id, 6, 200)
	b.tracker = b.disk.reborn(t, time.Unix(0, at(20)), Options{}, compileAll(t, s)...)
	b.want(id, 6, 200)
	tell(30)
	b.want(id, 9, 300)
}

// Traces are kept of events that are bad to the SLO, the newest ones.
func TestTracesOfBadEvents(t *testing.T) {
	s := spec("a", slo.SLI{Spans: &slo.Spans{Service: "shop"}})
	subtracting := spec("b", goodOf("requests_total", `requests_total{code="200"}`))
	b := newBench(t, s, subtracting)
	for i := range 2 * mostTraces {
		trace := Trace{ID: [16]byte{byte(i)}, Time: at(float64(i))}
		good, bad := ClassifiedSeries(s, nil, false), ClassifiedSeries(s, nil, true)
		good.Traces, bad.Traces, bad.Sampled = []Trace{{ID: [16]byte{99}}}, []Trace{trace, trace}, true
		other := Series{Labels: mustLabels(`requests_total{code="500"}`), Target: "x", Traces: []Trace{trace}}
		b.ingest(float64(i), happened(good, map[float64]float64{0: 1}), happened(bad, map[float64]float64{0: 1}), happened(other, map[float64]float64{0: 1}))
	}
	var got []byte
	for _, trace := range b.instance("shop:a").Traces() {
		got = append(got, trace.ID[0])
	}
	if want := []byte{19, 18, 17, 16, 15, 14, 13, 12, 11, 10}; !slices.Equal(got, want) {
		t.Errorf("traces %v, want %v", got, want)
	}
	if got := b.instance("shop:a").Notices(); !slices.Contains(got, NoticeSampled) {
		t.Errorf("notices %v, want %s among them", got, NoticeSampled)
	}
	if got := b.instance("shop:b").Traces(); len(got) > 0 {
		t.Errorf("an SLO whose bad events are found by subtraction has traces %v", got)
	}
}
