package promapi

import (
	"errors"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
)

// A native histogram comes as a list of its buckets that are not empty, each
// with its bounds. Of exponential buckets the bounds tell schema and index, so
// that they can be subtracted from those of another time.

// errBuckets says that bounds are those of no exponential histogram.
var errBuckets = errors.New("the bounds of the histogram's buckets are not exponential")

// bothBounds marks the zero bucket, which holds both of its bounds.
const bothBounds = 3

// exponential makes a histogram of exponential buckets, and of the zero bucket.
func exponential(h *model.SampleHistogram) (*histogram.FloatHistogram, error) {
	out := &histogram.FloatHistogram{Count: float64(h.Count), Sum: float64(h.Sum), Schema: finest}
	for i, b := range h.Buckets {
		if isZero(b) {
			out.ZeroThreshold, out.ZeroCount = max(-float64(b.Lower), float64(b.Upper)), float64(b.Count)
		} else if i == 0 || i == len(h.Buckets)-1 { // the outermost, which no zero bucket cuts
			schema, ok := schemaOf(boundsOf(b))
			if !ok {
				return nil, errBuckets
			}
			out.Schema = schema
		}
	}
	var positive, negative []bucket
	for _, b := range h.Buckets {
		if isZero(b) {
			continue
		}
		inner, outer := boundsOf(b)
		one := bucket{indexOf(outer, out.Schema), float64(b.Count)}
		if !near(outer, boundOf(one.index, out.Schema)) || inner != out.ZeroThreshold && !near(inner, boundOf(one.index-1, out.Schema)) {
			return nil, errBuckets
		}
		if b.Lower < 0 {
			negative = append(negative, one)
		} else {
			positive = append(positive, one)
		}
	}
	out.PositiveSpans, out.PositiveBuckets = spansOf(positive)
	out.NegativeSpans, out.NegativeBuckets = spansOf(negative)
	return out, out.Validate()
}

func isZero(b *model.HistogramBucket) bool {
	return b.Boundaries == bothBounds || b.Lower < 0 && b.Upper > 0
}

// boundsOf are a bucket's bounds by their distance from zero.
func boundsOf(b *model.HistogramBucket) (inner, outer float64) {
	inner, outer = math.Abs(float64(b.Lower)), math.Abs(float64(b.Upper))
	return min(inner, outer), max(inner, outer)
}

// bucket is one that is not empty.
type bucket struct {
	index int
	count float64
}

// The schemas that there are. Of a histogram without buckets any will do: it is
// merged into the coarser.
const (
	coarsest = -4
	finest   = 8
)

// schemaOf is the schema whose buckets grow by outer/inner, which is
// 2^(2^-schema).
func schemaOf(inner, outer float64) (int32, bool) {
	if !(inner > 0) || !(outer > inner) || math.IsInf(outer, 1) {
		return 0, false
	}
	schema := math.Round(-math.Log2(math.Log2(outer / inner)))
	return int32(schema), schema >= coarsest && schema <= finest
}

// indexOf is the index of the bucket with that upper bound.
func indexOf(upper float64, schema int32) int {
	return int(math.Round(math.Ldexp(math.Log2(upper), int(schema))))
}

// boundOf is the upper bound of a bucket.
func boundOf(index int, schema int32) float64 {
	return math.Exp2(math.Ldexp(float64(index), int(-schema)))
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// spansOf packs buckets as histograms keep them.
func spansOf(list []bucket) (spans []histogram.Span, counts []float64) {
	slices.SortFunc(list, func(a, b bucket) int { return a.index - b.index })
	for i, b := range list {
		if i > 0 && b.index == list[i-1].index+1 {
			spans[len(spans)-1].Length++
		} else {
			offset := b.index
			if i > 0 {
				offset -= list[i-1].index + 1
			}
			spans = append(spans, histogram.Span{Offset: int32(offset), Length: 1})
		}
		counts = append(counts, b.count)
	}
	return spans, counts
}
