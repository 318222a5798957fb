package sli

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Killed before the first snapshot was complete.
func TestReplayWithoutASnapshot(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	b.disk = &disk{}
	b.send(`requests_total{code="500"}`, 10, 1)
	b.send(`requests_total{code="500"}`, 20, 3)
	tracker := NewTracker(Options{})
	tracker.Replace(compileAll(t, spec("a", errorsOf)), began)
	for _, r := range b.disk.records {
		if err := tracker.Replay(r); err != nil {
			t.Fatal(err)
		}
	}
	tracker.Recovered(began)
}

// A point on its way while its series is forgotten and the symbols are made
// anew keeps its name.
func TestSweptAndRenumbered(t *testing.T) {
	b := newBench(t, spec("a", errorsOf))
	var receipt Receipt
	for i := range 1200 {
		s := Series{Labels: mustLabels(fmt.Sprintf(`requests_total{code="200",pod="%d"}`, i)), Target: "x", Points: []Point{{Time: at(10), Value: 1}}}
		b.tracker.Ingest(&Batch{Series: []Series{s}}, began.Add(10*time.Second), &receipt)
	}
	s := Series{Key: 5, Labels: mustLabels(`requests_total{code="500",pod="late"}`), Target: "x", Points: []Point{{Time: at(10), Value: 3}}}
	b.tracker.Ingest(&Batch{Series: []Series{s}}, began.Add(10*time.Second), &receipt)
	known := b.tracker.Book().Page().Find(5)
	later := began.Add(25 * time.Hour)
	// some other series lives on
	for i := range 5 {
		s := Series{Labels: mustLabels(fmt.Sprintf(`requests_total{code="200",route="%d"}`, i)), Target: "x", Points: []Point{{Time: later.UnixNano(), Value: 1}}}
		b.tracker.Ingest(&Batch{Series: []Series{s}}, later, &receipt)
	}
	b.tracker.Sweep(later)
	now := later.Add(time.Second)
	b.tracker.Ingest(&Batch{Samples: []Sample{{Known: known, Point: Point{Time: now.UnixNano(), Value: 10}}}}, now, &receipt)
	found := false
	for s := range b.tracker.series.all() {
		l := s.called().labels
		found = found || labels.Equal(l, mustLabels(`requests_total{code="500",pod="late"}`))
	}
	if !found {
		t.Error("the point of the forgotten series was not counted for it")
	}
}

// A series that was refused because its clock was ahead is not born later.
func TestRefusedAheadThenReplay(t *testing.T) {
	run := func(restart bool) (bad, total float64) {
		b := newBench(t, spec("a", errorsOf))
		b.disk = recorded(t, b.tracker)
		b.wall = 100
		b.send(`requests_total{code="200"}`, 100, 100)
		b.send(`requests_total{code="500"}`, 100+300, 1e6) // five minutes ahead: refused
		b.wall = 110
		b.send(`requests_total{code="200"}`, 110, 110)
		b.wall = 120
		b.send(`requests_total{code="200"}`, 120, 120)
		b.send(`requests_total{code="500"}`, 120, 1e6) // its clock is set right
		b.wall = 130
		b.send(`requests_total{code="200"}`, 130, 130)
		if restart {
			b.tracker = b.disk.reborn(t, began.Add(time.Hour), Options{}, compileAll(t, spec("a", errorsOf))...)
		}
		s := b.tracker.Instances()[0].Ledger.Since()
		return s.Bad, s.Total
	}
	b1, t1 := run(false)
	b2, t2 := run(true)
	if b1 != b2 || t1 != t2 {
		t.Errorf("live %v/%v, replayed %v/%v", b1, t1, b2, t2)
	}
}

// What is refused of one metric does not cost the births of another.
func TestRefusedCostsNoBirths(t *testing.T) {
	run := func(restart bool) (bad, total float64) {
		specs := compileAll(t, spec("a", errorsOf), spec("b", badOf(`other_total`, `other_total{code="500"}`)))
		b := &bench{T: t, tracker: NewTracker(Options{})}
		b.tracker.Replace(specs, began)
		b.disk = recorded(t, b.tracker)
		for i := range 10 {
			s := float64(10 + 10*i)
			b.send(`requests_total{code="200"}`, s, 100*s)
			b.send(`other_total{code="200"}`, s, -1) // some sender of something else is broken
			if i >= 5 {
				b.send(fmt.Sprintf(`requests_total{code="50%d"}`, i), s, 7)
				b.send(`requests_total{code="200"}`, s+0.1, 100*s+1)
			}
		}
		if restart {
			b.tracker = b.disk.reborn(t, began.Add(time.Hour), Options{}, compileAll(t, spec("a", errorsOf), spec("b", badOf(`other_total`, `other_total{code="500"}`)))...)
		}
		for _, in := range b.tracker.Instances() {
			if in.ID == "shop:a" {
				s := in.Ledger.Since()
				return s.Bad, s.Total
			}
		}
		return
	}
	b1, t1 := run(false)
	b2, t2 := run(true)
	if b1 != b2 || t1 != t2 {
		t.Errorf("live %v/%v, replayed %v/%v", b1, t1, b2, t2)
	}
}

var rawSLI = badOf(`{"http.requests"}`, `{"http.requests", code="500"}`)

func rawSend(b *bench, seconds, v float64, kv ...string) {
	kv = append(kv, "target", "x")
	prom := labels.FromStrings(append([]string{"__name__", "http_requests_total"}, kv...)...)
	raw := labels.FromStrings(append([]string{"__name__", "http.requests"}, kv...)...)
	now := time.Unix(0, at(seconds)).Add(time.Millisecond)
	batch := &Batch{Series: []Series{{Labels: prom, Raw: raw, Target: "x", Type: TypeCounter, Points: []Point{{Time: at(seconds), Value: v}}}}}
	var receipt Receipt
	if b.disk != nil {
		b.disk.ingest(b.tracker, batch, now, &receipt)
	} else {
		b.tracker.Ingest(batch, now, &receipt)
	}
	if len(receipt.Rejections) > 0 {
		b.T.Log(receipt)
	}
}

// Metrics that are selected by their senders' names have families too.
func TestRawFamilyAfterRestart(t *testing.T) {
	run := func(restart bool) (bad, total float64) {
		b := newBench(t, spec("a", rawSLI))
		b.disk = recorded(t, b.tracker)
		for i := range 5 {
			rawSend(b, float64(10+10*i), float64(100*i), "code", "200")
		}
		b.disk.cut(b.tracker)
		b.disk.save(t, b.tracker, len(b.tracker.Instances()))
		if restart {
			b.tracker = b.disk.reborn(t, began.Add(55*time.Second), Options{}, compileAll(t, spec("a", rawSLI))...)
		}
		b.disk = nil
		rawSend(b, 60, 600, "code", "200")
		rawSend(b, 60, 9, "code", "500") // born
		rawSend(b, 70, 700, "code", "200")
		rawSend(b, 70, 9, "code", "500")
		s := b.tracker.Instances()[0].Ledger.Since()
		return s.Bad, s.Total
	}
	b1, t1 := run(false)
	b2, t2 := run(true)
	if b1 != b2 || t1 != t2 {
		t.Errorf("live %v/%v, after a restart %v/%v", b1, t1, b2, t2)
	}
}

// A metric that is named only after a restart was seen in part before.
func TestUnnamedThenNamedOverRestart(t *testing.T) {
	unnamed := spec("u", badOf(`{__name__=~"requests_.*",code="200"}`, `{__name__=~"requests_.*",code="200",x="y"}`))
	run := func(restart bool) float64 {
		b := newBench(t, unnamed)
		b.disk = recorded(t, b.tracker)
		for i := range 5 {
			s := float64(10 + 10*i)
			b.send(`requests_total{code="200"}`, s, 100*s)
			b.send(`requests_total{code="500"}`, s, 1e6) // there all along, nobody looks
		}
		b.disk.cut(b.tracker)
		b.disk.save(t, b.tracker, len(b.tracker.Instances()))
		progs := compileAll(t, unnamed, spec("a", errorsOf))
		if restart {
			b.tracker = b.disk.reborn(t, began.Add(55*time.Second), Options{}, progs...)
		} else {
			b.tracker.Replace(progs, began.Add(55*time.Second))
		}
		b.disk = nil
		for i := 5; i < 8; i++ {
			s := float64(10 + 10*i)
			b.send(`requests_total{code="200"}`, s, 100*s)
			b.send(`requests_total{code="500"}`, s, 1e6)
		}
		for _, in := range b.tracker.Instances() {
			if in.ID == "shop:a" {
				return in.Ledger.Since().Bad
			}
		}
		return -1
	}
	if a, b := run(false), run(true); a != b {
		t.Errorf("bad after a reload %v, after a restart %v", a, b)
	}
}

// The same for a sender's name: what was there all along is not born.
func TestRawReload(t *testing.T) {
	a := spec("a", badOf(`{"http.requests",route="/a"}`, `{"http.requests",route="/a",code="500"}`))
	c := spec("c", badOf(`{"http.requests",route="/b"}`, `{"http.requests",route="/b",code="500"}`))
	b := newBench(t, a)
	for i := range 5 {
		rawSend(b, float64(10+10*i), float64(100*i), "code", "200", "route", "/a")
		rawSend(b, float64(10+10*i), 1e6, "code", "500", "route", "/b")
	}
	b.tracker.Replace(compileAll(t, a, c), began.Add(55*time.Second))
	for i := 5; i < 9; i++ {
		rawSend(b, float64(10+10*i), float64(100*i), "code", "200", "route", "/a")
		rawSend(b, float64(10+10*i), 1e6, "code", "500", "route", "/b")
	}
	for _, in := range b.tracker.Instances() {
		if in.ID == "shop:c" && in.Ledger.Since().Bad != 0 {
			t.Errorf("counted %v bad events that happened before", in.Ledger.Since().Bad)
		}
	}
}

// A bucket whose birth waits while a snapshot is written is the better one
// afterwards, too.
func TestUnbornBucketOverRestart(t *testing.T) {
	results := map[string]int{}
	for i := range 41 {
		restart := i > 0
		b := newBench(t, spec("slow", latency(time.Second)))
		b.disk = recorded(t, b.tracker)
		set := func(s, half, one, all float64) {
			b.send(`rt_seconds_bucket{job="x",le="1"}`, s, one)
			b.send(`rt_seconds_bucket{job="x",le="0.5"}`, s, half)
			b.send(`rt_seconds_bucket{job="x",le="+Inf"}`, s, all)
			b.send(`rt_seconds_count{job="x"}`, s, all)
		}
		for i := range 4 {
			s := float64(10 + 10*i)
			b.send(`rt_seconds_bucket{job="x",le="0.5"}`, s, 10*s)
			b.send(`rt_seconds_bucket{job="x",le="+Inf"}`, s, 20*s)
			b.send(`rt_seconds_count{job="x"}`, s, 20*s)
		}
		b.send(`rt_seconds_bucket{job="x",le="1"}`, 50, 0) // new, the first of its set to arrive
		if restart {
			b.disk.cut(b.tracker)
			b.disk.save(t, b.tracker, 1)
			b.tracker = b.disk.reborn(t, began.Add(51*time.Second), Options{}, compileAll(t, spec("slow", latency(time.Second)))...)
		}
		b.send(`rt_seconds_bucket{job="x",le="0.5"}`, 50, 500)
		b.send(`rt_seconds_bucket{job="x",le="+Inf"}`, 50, 1000)
		b.send(`rt_seconds_count{job="x"}`, 50, 1000)
		before := b.instance("shop:slow").Ledger.Since()
		for i := range 10 { // all events are below 1 s from here on
			s := float64(60 + 10*i)
			set(s, 500, float64(100*(i+1)), 1000+float64(100*(i+1)))
		}
		after := b.instance("shop:slow").Ledger.Since()
		results[fmt.Sprint(restart, " bad ", after.Bad-before.Bad)]++
	}
	if len(results) > 2 {
		t.Error("after a restart it depends on the order of a map")
	}
}

// What is on disk is known by it: it must not change with the code.
func TestFingerprint(t *testing.T) {
	zero := 0.0
	for _, c := range []struct {
		sli              slo.SLI
		withWindow, want uint64
	}{
		{errorsOf, 0x206c1e6ac4091415, 0x76b98d5f0723660f},
		{goodOf(`a`, `b`), 0x76fa4d351db19ecc, 0x580f50d751e6143c},
		{latency(time.Second), 0x816e750648315b7f, 0xc567bd2adf12c2c6},
		{slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Below: &zero}}, 0x25bc2c0417982276, 0x61d2c74dc8c6a020},
		{slo.SLI{Threshold: &slo.Threshold{Metric: "depth", Above: &zero}}, 0xfd3ec2ee0f69051c, 0x578383d72a4eaf23},
	} {
		if got := fingerprint(spec("a", c.sli, "route")); got != c.want {
			t.Errorf("%+v: fingerprint %#x", c.sli, got)
		}
		if got := printedWithWindow(spec("a", c.sli, "route")); got != c.withWindow {
			t.Errorf("%+v: older fingerprint %#x", c.sli, got)
		}
	}
}
