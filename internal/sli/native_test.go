package sli

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// fixed makes a histogram with custom bounds; one count more than bounds.
func fixed(bounds []float64, counts ...float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: bounds,
		PositiveSpans: []histogram.Span{{Length: uint32(len(counts))}}, PositiveBuckets: counts,
	}
	for _, n := range counts {
		h.Count += n
	}
	return h
}

// told leaves the empty buckets of a histogram out, with their bounds, as the
// query API does.
func told(h *histogram.FloatHistogram) *histogram.FloatHistogram {
	bounds := edges(&histogram.FloatHistogram{Schema: h.Schema})
	for b := range filled(h) {
		for _, bound := range []float64{b.Lower, b.Upper} {
			if !math.IsInf(bound, 0) {
				bounds = append(bounds, bound)
			}
		}
	}
	slices.Sort(bounds)
	return onto(h, slices.Compact(bounds))
}

// TestCustomBucketsAsTold: what is counted does not depend on whether empty
// buckets are told.
func TestCustomBucketsAsTold(t *testing.T) {
	bounds := []float64{0.25, 0.5, 1, 2, 4}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 9))
		whole, sparse := newBench(t, spec("a", latency(time.Second))), newBench(t, spec("a", latency(time.Second)))
		counts := make([]float64, len(bounds)+1)
		for at := 10.0; at < 200; at += 10 {
			if rng.IntN(15) == 0 { // a reset
				clear(counts)
			}
			for range rng.IntN(3) {
				counts[rng.IntN(len(counts))]++
			}
			h := fixed(bounds, slices.Clone(counts)...)
			whole.send(`rt_seconds{job="x"}`, at, 0, nativeOf(h))
			sparse.send(`rt_seconds{job="x"}`, at, 0, nativeOf(told(h)))
		}
		want, got := whole.instance("shop:a"), sparse.instance("shop:a")
		if w, g := want.Ledger.Since(), got.Ledger.Since(); w != g || got.Uncertain != nil && got.Uncertain.Since() != (budget.Counts{}) {
			t.Fatalf("seed %d: counted %+v (%v uncertain) of what was told, %+v of all", seed, g, got.Uncertain, w)
		}
		if notices := got.Notices(); len(notices) > 0 {
			t.Fatalf("seed %d: %v", seed, notices)
		}
	}
}

// TestBucketsThatChange: a histogram that goes on with other bounds is not
// counted as a new one, and somebody is told.
func TestBucketsThatChange(t *testing.T) {
	for name, next := range map[string][2]*histogram.FloatHistogram{
		"other bounds": {fixed([]float64{0.3, 1, 4}, 700, 250, 55, 10), fixed([]float64{0.3, 1, 4}, 701, 251, 56, 10)},
		"exponential":  {exponential(-1, map[int]float64{0: 950, 1: 65}), exponential(-1, map[int]float64{0: 952, 1: 66})},
	} {
		b := newBench(t, spec("a", latency(time.Second)))
		b.send(`rt_seconds{job="x"}`, 10, 0, nativeOf(fixed([]float64{0.5, 2}, 800, 150, 40)))
		b.send(`rt_seconds{job="x"}`, 20, 0, nativeOf(fixed([]float64{0.5, 2}, 801, 150, 41)))
		b.want("shop:a", 1, 2)
		b.send(`rt_seconds{job="x"}`, 30, 0, nativeOf(next[0]))
		b.want("shop:a", 1, 2) // of the 23 in between nobody knows which they are
		if !slices.Contains(b.instance("shop:a").Notices(), NoticeBucketsChanged) {
			t.Errorf("%s: nobody is told: %v", name, b.instance("shop:a").Notices())
		}
		b.send(`rt_seconds{job="x"}`, 40, 0, nativeOf(next[1]))
		b.want("shop:a", 2, 5)
		// A process that begins anew counts from zero, whatever its bounds.
		b.send(`rt_seconds{job="x"}`, 50, 0, nativeOf(fixed([]float64{1, 8}, 3, 2, 0)))
		b.want("shop:a", 4, 10)
	}
}

// TestFastEventsThatAreBad: the threshold's bucket counts as bad here too, and
// the interval never stands upside down.
func TestFastEventsThatAreBad(t *testing.T) {
	b := newBench(t, spec("slow", ratioOf(`1 - histogram_fraction(0, 3, sum(rate(rt_seconds[5m])))`)), spec("fast", ratioOf(`histogram_fraction(0, 3, sum(rate(rt_seconds[5m])))`)))
	b.send(`rt_seconds{job="x"}`, 10, 0, nativeOf(exponential(0, map[int]float64{0: 0, 1: 0, 2: 0, 3: 0})))
	b.send(`rt_seconds{job="x"}`, 20, 0, nativeOf(exponential(0, map[int]float64{0: 1, 1: 2, 2: 4, 3: 8})))
	b.want("shop:slow", 12, 15)
	b.want("shop:fast", 7, 15)
	for _, id := range []string{"shop:slow", "shop:fast"} {
		if got := b.instance(id).Uncertain.Since().Bad; got != 4 {
			t.Errorf("%s: %v uncertain, want the 4 between 2 and 4", id, got)
		}
	}
}

// TestNegativeObservations: histogram_fraction(0, L) leaves out what lies below
// zero; a latency does not.
func TestNegativeObservations(t *testing.T) {
	h := exponential(0, map[int]float64{1: 5})
	h.NegativeSpans, h.NegativeBuckets = []histogram.Span{{Offset: 1, Length: 1}}, []float64{3}
	h.ZeroThreshold, h.ZeroCount, h.Count = 0.001, 2, 10
	for name, want := range map[string]struct {
		l limits
		s split
	}{
		"from zero":  {limits{4, true}, split{total: 10, fast: 5, unsure: 2}},
		"from below": {limits{4, false}, split{total: 10, fast: 10}},
		"inside":     {limits{1.5, true}, split{total: 10, unsure: 7}},
		"zero":       {limits{0.0005, false}, split{total: 10, fast: 3, unsure: 2}},
	} {
		if got := splitAt(h, want.l); got != want.s {
			t.Errorf("%s: %+v, want %+v", name, got, want.s)
		}
	}
}

// TestFormSucceeds: who stops scraping the classic form is counted by the native
// one, in either order, and nothing twice.
func TestFormSucceeds(t *testing.T) {
	b := newBench(t, spec("a", latency(time.Second)))
	classic := func(at, fast, all float64) {
		b.send(`rt_seconds_bucket{job="x",le="1"}`, at, fast)
		b.send(`rt_seconds_bucket{job="x",le="+Inf"}`, at, all)
		b.send(`rt_seconds_count{job="x"}`, at, all)
	}
	native := func(at, fast, slow float64) {
		b.send(`rt_seconds{job="x"}`, at, 0, nativeOf(exponential(0, map[int]float64{0: fast, 1: slow})))
	}
	classic(10, 90, 100)
	native(10, 90, 10)
	classic(20, 91, 102)
	native(20, 91, 11)
	b.want("shop:a", 1, 2)
	b.tracker.Sweep(time.Unix(0, at(60)))
	native(80, 92, 11)
	b.want("shop:a", 1, 2) // a gap is no end
	native(400, 93, 11)
	b.tracker.Sweep(time.Unix(0, at(420)))
	native(440, 95, 12)
	b.want("shop:a", 2, 5)
	classic(450, 200, 300)
	b.want("shop:a", 2, 5)
	native(460, 96, 12)
	b.want("shop:a", 2, 6)
	for second := 500.0; second < 1000; second += 100 { // and back
		classic(second, 200+second, 300+second)
	}
	b.tracker.Sweep(time.Unix(0, at(960)))
	classic(1000, 200+1000, 300+1001)
	b.want("shop:a", 3, 107)
}
