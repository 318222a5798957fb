package otlp

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// maxBuckets bounds the buckets of one classic histogram: each becomes a
// series of its own.
const maxBuckets = 1000

// classic holds the names of the series that a histogram is split into.
type classic struct {
	bucket, count, sum name
}

func (n name) classic() classic {
	return classic{bucket: n.with("_bucket"), count: n.with("_count"), sum: n.with("_sum")}
}

// histogram translates explicit buckets into the classic series: _bucket
// counts up to and including each le, _count and _sum.
func (f *family) histogram(histogram pmetric.Histogram) {
	names := f.name.classic()
	each(f, histogram.DataPoints(), func(p pmetric.HistogramDataPoint) *refusal {
		id, point, r := open(f, p, 1)
		if r == nil {
			r = checkBuckets(p)
		}
		if r == nil {
			f.buckets(id, names.bucket, point, p)
			f.emit(id, names.count, sli.TypeCounter, integer(point, p.Count()), none, part(f.key, partCount))
			if p.HasSum() {
				f.emit(id, names.sum, sli.TypeCounter, double(point, p.Sum()), none, part(f.key, partSum))
			}
		}
		return r
	})
}

// buckets adds one series for each bound, and +Inf. A stale point marks all
// buckets that it names.
func (f *family) buckets(id identity, n name, point sli.Point, p pmetric.HistogramDataPoint) {
	bounds, counts := p.ExplicitBounds(), p.BucketCounts()
	var upTo uint64
	for i := range min(bounds.Len(), counts.Len()) {
		upTo += counts.At(i)
		f.emit(id, n, sli.TypeCounter, integer(point, upTo), le(bounds.At(i)), part(f.key, uint64(i)))
	}
	f.emit(id, n, sli.TypeCounter, integer(point, p.Count()), le(math.Inf(1)), part(f.key, partInf))
}

// le writes a bound as Prometheus does.
func le(bound float64) labels.Label {
	return labels.Label{Name: labels.BucketLabel, Value: strconv.FormatFloat(bound, 'f', -1, 64)}
}

// checkBuckets refuses a point from which le counts would come out wrong:
// more events below a threshold than events at all, or bounds without order.
func checkBuckets(p pmetric.HistogramDataPoint) *refusal {
	bounds, counts := p.ExplicitBounds(), p.BucketCounts()
	switch {
	case bounds.Len() > maxBuckets:
		return badValue("the histogram has %d bounds, at most %d are taken", bounds.Len(), maxBuckets)
	case p.Flags().NoRecordedValue():
		return nil
	case tooLarge(p.Count()):
		return badValue("the count %d is out of range", p.Count())
	case counts.Len() > 0 && counts.Len() != bounds.Len()+1:
		return badValue("%d bucket counts do not fit %d bounds: there must be one more", counts.Len(), bounds.Len())
	}
	if r := checkBounds(p); r != nil {
		return r
	}
	left := p.Count()
	for i := range counts.Len() {
		if counts.At(i) > left {
			return badValue("the buckets hold more than the count %d", p.Count())
		}
		left -= counts.At(i)
	}
	return nil
}

// checkBounds wants finite, strictly increasing bounds.
func checkBounds(p pmetric.HistogramDataPoint) *refusal {
	bounds := p.ExplicitBounds()
	last := math.Inf(-1)
	for i := range bounds.Len() {
		bound := bounds.At(i)
		if !(bound > last) || math.IsInf(bound, 1) {
			return badValue("the bounds are not finite and increasing at %v", bound)
		}
		last = bound
	}
	return nil
}
