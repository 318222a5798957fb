package otlp

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

const (
	// minScale and maxScale are the resolutions of native histograms. A
	// finer one is merged down to maxScale, a coarser one does not exist.
	minScale, maxScale = -4, 8

	// defaultZeroThreshold is Prometheus's, where the sender names none.
	defaultZeroThreshold = 1e-128
)

// exponentialHistogram translates into native histograms. Counts are exact
// below 2^53.
func (f *family) exponentialHistogram(h pmetric.ExponentialHistogram) {
	each(f, h.DataPoints(), func(p pmetric.ExponentialHistogramDataPoint) *refusal {
		id, point, r := open(f, p, 0)
		if r == nil && !point.Stale {
			point.Histogram, r = native(p)
		}
		if r == nil {
			f.emit(id, f.name, sli.TypeHistogram, point, none, 0)
		}
		return r
	})
}

// native converts one histogram; what it returns is valid.
func native(p pmetric.ExponentialHistogramDataPoint) (*histogram.FloatHistogram, *refusal) {
	if r := checkExponential(p); r != nil {
		return nil, r
	}
	h := &histogram.FloatHistogram{
		Schema:        min(p.Scale(), maxScale),
		ZeroThreshold: zeroThreshold(p),
		ZeroCount:     float64(p.ZeroCount()),
		Count:         float64(p.Count()),
		Sum:           p.Sum(),
	}
	var positive, negative *refusal
	h.PositiveSpans, h.PositiveBuckets, positive = sparse(p.Positive(), p.Scale())
	h.NegativeSpans, h.NegativeBuckets, negative = sparse(p.Negative(), p.Scale())
	if positive != nil || negative != nil {
		return nil, badValue("a bucket's index is out of range")
	}
	if err := h.Validate(); err != nil {
		return nil, badValue("%v", err)
	}
	return h, nil
}

func zeroThreshold(p pmetric.ExponentialHistogramDataPoint) float64 {
	if p.ZeroThreshold() == 0 {
		return defaultZeroThreshold
	}
	return p.ZeroThreshold()
}

// checkExponential refuses what a native histogram cannot hold, and buckets
// that hold more events than there were.
func checkExponential(p pmetric.ExponentialHistogramDataPoint) *refusal {
	switch {
	case p.Scale() < minScale:
		return badValue("the scale is %d, coarser than %d", p.Scale(), minScale)
	case !(p.ZeroThreshold() >= 0) || math.IsInf(p.ZeroThreshold(), 1):
		return badValue("the zero threshold is %v", p.ZeroThreshold())
	case tooLarge(p.Count()):
		return badValue("the count %d is out of range", p.Count())
	case p.ZeroCount() > p.Count():
		return badValue("the zero bucket holds more than the count %d", p.Count())
	}
	left := p.Count() - p.ZeroCount()
	for _, buckets := range []pmetric.ExponentialHistogramDataPointBuckets{p.Positive(), p.Negative()} {
		for _, n := range buckets.BucketCounts().All() {
			if n > left {
				return badValue("the buckets hold more than the count %d", p.Count())
			}
			left -= n
		}
	}
	return nil
}
