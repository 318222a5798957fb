package sli

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// aligned are two histograms with the same kind of buckets, so that they can be
// compared and subtracted. Exponential ones are as they are. Of custom buckets
// those that are empty may be left out by who tells them, with their bounds: a
// bound that only one of the two knows is taken for one of both, unless it lies
// within a bucket of the other that holds something. Then the buckets are not
// the same, and what is returned is as coarse as it must be.
func aligned(a, b *histogram.FloatHistogram) (x, y *histogram.FloatHistogram, same bool) {
	if !a.UsesCustomBuckets() && !b.UsesCustomBuckets() || a.UsesCustomBuckets() && slices.Equal(a.CustomValues, b.CustomValues) {
		return a, b, true
	}
	bounds := append(edges(a), edges(b)...)
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	all := len(bounds)
	bounds = slices.DeleteFunc(bounds, func(bound float64) bool { return cuts(a, bound) || cuts(b, bound) })
	return onto(a, bounds), onto(b, bounds), len(bounds) == all
}

// edges are the bounds that a histogram is known to have.
func edges(h *histogram.FloatHistogram) []float64 {
	if h.UsesCustomBuckets() {
		return slices.Clone(h.CustomValues)
	}
	var list []float64
	for bucket := range filled(h) {
		for _, bound := range []float64{bucket.Lower, bucket.Upper} {
			if !math.IsInf(bound, 0) {
				list = append(list, bound)
			}
		}
	}
	return list
}

// cuts reports whether a bound lies within a bucket that holds something.
func cuts(h *histogram.FloatHistogram, bound float64) bool {
	for b := range filled(h) {
		if b.Lower < bound && bound < b.Upper {
			return true
		}
	}
	return false
}

// onto has the events of a histogram in buckets of these bounds, none of which
// cuts one that holds something.
func onto(h *histogram.FloatHistogram, bounds []float64) *histogram.FloatHistogram {
	counts := make([]float64, len(bounds)+1)
	for b := range filled(h) {
		i, _ := slices.BinarySearch(bounds, b.Upper)
		counts[i] += b.Count
	}
	return &histogram.FloatHistogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: bounds, Count: h.Count, Sum: h.Sum,
		PositiveSpans: []histogram.Span{{Length: uint32(len(counts))}}, PositiveBuckets: counts,
	}
}

// filled are the buckets that hold something.
func filled(h *histogram.FloatHistogram) func(yield func(histogram.Bucket[float64]) bool) {
	return func(yield func(histogram.Bucket[float64]) bool) {
		for buckets := h.AllBucketIterator(); buckets.Next(); {
			if b := buckets.At(); b.Count != 0 && !yield(b) {
				return
			}
		}
	}
}
