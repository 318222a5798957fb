package promapi

import (
	"errors"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
)

// rebuild makes a histogram of its buckets: an exponential one where the
// bounds are such, else one with custom bounds.
func rebuild(h *model.SampleHistogram) (*histogram.FloatHistogram, error) {
	for _, b := range h.Buckets {
		if n := float64(b.Count); !(n >= 0) || math.IsInf(n, 1) {
			return nil, errCount
		}
	}
	if !open(h.Buckets) {
		out, err := exponential(h)
		if !errors.Is(err, errBuckets) {
			return out, err
		}
	}
	return custom(h)
}

// open reports whether a bucket has no end on one side. Of exponential ones
// those that hold infinities have none, which no clock shows.
func open(buckets model.HistogramBuckets) bool {
	return slices.ContainsFunc(buckets, func(b *model.HistogramBucket) bool {
		return math.IsInf(float64(b.Lower), -1) || math.IsInf(float64(b.Upper), 1)
	})
}

// custom makes a histogram of buckets with any bounds. Those of the empty ones
// are not told, so that a gap between two buckets is one bucket.
func custom(h *model.SampleHistogram) (*histogram.FloatHistogram, error) {
	out := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, Count: float64(h.Count), Sum: float64(h.Sum)}
	for _, b := range h.Buckets {
		for _, bound := range []float64{float64(b.Lower), float64(b.Upper)} {
			if !math.IsInf(bound, 0) {
				out.CustomValues = append(out.CustomValues, bound)
			}
		}
	}
	slices.Sort(out.CustomValues)
	out.CustomValues = slices.Compact(out.CustomValues)
	out.PositiveBuckets = make([]float64, len(out.CustomValues)+1)
	out.PositiveSpans = []histogram.Span{{Length: uint32(len(out.PositiveBuckets))}}
	for _, b := range h.Buckets {
		i, _ := slices.BinarySearch(out.CustomValues, float64(b.Upper))
		if i > 0 && out.CustomValues[i-1] != float64(b.Lower) || !(b.Lower < b.Upper) {
			return nil, errOverlap
		}
		out.PositiveBuckets[i] += float64(b.Count)
	}
	return out, out.Validate()
}

// errCount says that no bucket holds so many.
var errCount = errors.New("a bucket's count is not a number of events")

// errOverlap says that buckets are not those of one histogram.
var errOverlap = errors.New("the histogram's buckets overlap")
