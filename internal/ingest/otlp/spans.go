package otlp

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// sparse turns dense buckets into spans of those that are not empty, merged
// down to the finest scale that native histograms have.
//
// Indexes differ by one: OTLP's bucket i is (base^i, base^(i+1)], Prometheus's
// bucket i is (base^(i-1), base^i]. Merging halves the index for each step,
// rounding down: at scale 9, index 5 and 4 become index 2 of scale 8.
func sparse(b pmetric.ExponentialHistogramDataPointBuckets, scale int32) ([]histogram.Span, []float64, *refusal) {
	var s spans
	down := max(scale-maxScale, 0)
	for i, n := range b.BucketCounts().All() {
		if n == 0 {
			continue
		}
		index := (int64(b.Offset())+int64(i))>>down + 1
		if index > math.MaxInt32 {
			return nil, nil, badValue("the bucket index %d is out of range", index)
		}
		s.add(index, float64(n))
	}
	return s.spans, s.counts, nil
}

// spans grows by buckets in the order of their index.
type spans struct {
	spans  []histogram.Span
	counts []float64
	// next is the index after the last bucket.
	next int64
}

func (s *spans) add(index int64, n float64) {
	last := len(s.counts) - 1
	switch gap := index - s.next; {
	case last >= 0 && gap == -1:
		s.counts[last] += n
		return
	case last >= 0 && gap == 0:
		s.spans[len(s.spans)-1].Length++
	default:
		// The first span's offset is its index, the others' the gap.
		s.spans = append(s.spans, histogram.Span{Offset: int32(gap), Length: 1})
	}
	s.counts = append(s.counts, n)
	s.next = index + 1
}
