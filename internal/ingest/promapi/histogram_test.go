package promapi

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
)

// told is a histogram as a server tells it: the buckets that are not empty.
func told(h *histogram.FloatHistogram) *model.SampleHistogram {
	out := &model.SampleHistogram{Count: model.FloatString(h.Count), Sum: model.FloatString(h.Sum)}
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		if b.Count == 0 {
			continue
		}
		boundaries := int32(0)
		switch {
		case b.LowerInclusive && b.UpperInclusive:
			boundaries = bothBounds
		case b.LowerInclusive:
			boundaries = 1
		}
		out.Buckets = append(out.Buckets, &model.HistogramBucket{
			Boundaries: boundaries, Lower: model.FloatString(b.Lower), Upper: model.FloatString(b.Upper), Count: model.FloatString(b.Count),
		})
	}
	return out
}

// TestRebuild: a histogram that was told is the one that it was.
func TestRebuild(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := &histogram.FloatHistogram{Schema: int32(coarsest + rng.IntN(finest-coarsest+1)), ZeroThreshold: 1e-40, ZeroCount: float64(rng.IntN(3)), Sum: rng.Float64()}
		var buckets []bucket
		for range 1 + rng.IntN(10) {
			index := rng.IntN(25) - 5
			buckets = append(buckets, bucket{index, float64(1 + rng.IntN(100))})
		}
		seen := map[int]bool{}
		var unique []bucket
		h.Count = h.ZeroCount
		for _, b := range buckets {
			if !seen[b.index] {
				seen[b.index] = true
				unique = append(unique, b)
				h.Count += b.count
			}
		}
		h.PositiveSpans, h.PositiveBuckets = spansOf(unique)
		got, err := rebuild(told(h))
		if err != nil {
			t.Fatalf("seed %d, %v: %v", seed, h, err)
		}
		if h.ZeroCount == 0 {
			got.ZeroThreshold = h.ZeroThreshold // which nobody tells
		}
		if !got.Equals(h) {
			t.Fatalf("seed %d: rebuilt %v (schema %d), it was %v (schema %d)", seed, got, got.Schema, h, h.Schema)
		}
	}
}

func TestRebuildRefuses(t *testing.T) {
	odd := func(bounds ...float64) *model.SampleHistogram {
		h := &model.SampleHistogram{}
		for i := 1; i < len(bounds); i++ {
			h.Count++
			h.Buckets = append(h.Buckets, &model.HistogramBucket{Lower: model.FloatString(bounds[i-1]), Upper: model.FloatString(bounds[i]), Count: 1})
		}
		return h
	}
	for name, h := range map[string]*model.SampleHistogram{
		"not a number": odd(math.NaN(), 2), "empty": odd(4, 4), "descending": odd(5, 4), "overlapping": odd(5, 7, 6, 8),
		"less than nothing": {Buckets: model.HistogramBuckets{{Lower: 1, Upper: 2, Count: -1}}},
		"no count":          {Buckets: model.HistogramBuckets{{Lower: 1, Upper: 2, Count: model.FloatString(math.NaN())}}},
	} {
		if got, err := rebuild(h); err == nil {
			t.Errorf("%s: rebuilt %v", name, got)
		}
	}
	if got, err := rebuild(&model.SampleHistogram{}); err != nil || got.Count != 0 {
		t.Errorf("an empty one: %v, %v", got, err)
	}
}

// TestRebuildCustom: custom bounds are those of the buckets that hold
// something; those of the empty ones nobody tells.
func TestRebuildCustom(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		h := &histogram.FloatHistogram{
			Schema: histogram.CustomBucketsSchema, CustomValues: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5}, Sum: rng.Float64(),
			PositiveSpans: []histogram.Span{{Length: 7}}, PositiveBuckets: make([]float64, 7),
		}
		for range rng.IntN(6) {
			h.PositiveBuckets[rng.IntN(7)]++
			h.Count++
		}
		got, err := rebuild(told(h))
		if err != nil {
			t.Fatalf("seed %d, %v: %v", seed, h, err)
		}
		if got.Count != h.Count {
			t.Fatalf("seed %d: %v events, there were %v", seed, got.Count, h.Count)
		}
		if want, is := told(h), told(got); !slices.EqualFunc(want.Buckets, is.Buckets, func(a, b *model.HistogramBucket) bool { return *a == *b }) {
			t.Fatalf("seed %d: rebuilt %v, it was %v", seed, is.Buckets, want.Buckets)
		}
	}
}
