package otlp

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// dataPoint is what the data points of all metric types have in common.
type dataPoint interface {
	Attributes() pcommon.Map
	Timestamp() pcommon.Timestamp
	StartTimestamp() pcommon.Timestamp
	Flags() pmetric.DataPointFlags
}

type dataPoints[P dataPoint] interface {
	Len() int
	At(i int) P
}

// each translates the points of a metric one by one, and notes those that
// were refused.
func each[P dataPoint](f *family, points dataPoints[P], take func(P) *refusal) {
	for i := range points.Len() {
		p := points.At(i)
		f.key = 0
		if i < len(f.keys) {
			f.key = f.keys[i]
		}
		if r := take(p); r != nil {
			f.receipt.Reject(r.reason, 1, func() string { return r.example(f.metric.Name(), p.Attributes()) })
		}
	}
}

// open reads what every data point has: its labels (extra more are still to
// come beside the name), its times, and whether it has a value at all.
func open[P dataPoint](f *family, p P, extra int) (identity, sli.Point, *refusal) {
	point, r := stamp(p.Timestamp(), p.StartTimestamp())
	if r != nil {
		return identity{}, point, r
	}
	point.Stale = p.Flags().NoRecordedValue()
	id, r := f.identify(f.resource, p.Attributes(), extra)
	return id, point, r
}

// stamp reads the times of a point. A start after the time itself cannot be
// true and is taken for not known: the count is still good.
func stamp(at, start pcommon.Timestamp) (sli.Point, *refusal) {
	switch {
	case at == 0:
		return sli.Point{}, badValue("the point has no time")
	case at > math.MaxInt64:
		return sli.Point{}, badValue("the point's time is out of range")
	case start > at:
		start = 0
	}
	return sli.Point{Time: int64(at), Start: int64(start)}, nil
}

// emit adds a point to the batch. The label set may have one more label than
// the data point, such as le. It is to be learnt under a key, unless that is 0.
func (f *family) emit(id identity, n name, typ sli.Type, p sli.Point, extra labels.Label, key sli.Key) {
	prom := f.series(id.prom, n.prom, extra)
	raw := f.series(id.raw, n.raw, extra)
	if labels.Equal(prom, raw) {
		raw = nil
	}
	f.batch.Series = append(f.batch.Series, sli.Series{
		Key:         key,
		Labels:      prom,
		Raw:         raw,
		Target:      f.resource.target,
		Type:        typ,
		Temporality: f.temporality,
		Points:      append(f.points.take(1), p),
	})
}

// none is the extra label of series that have none.
var none labels.Label

// integer sets an integer value. OTLP counts are unsigned; callers have
// checked them with tooLarge.
func integer(p sli.Point, n uint64) sli.Point {
	if !p.Stale {
		p.Int, p.IsInt = int64(n), true
	}
	return p
}

func double(p sli.Point, v float64) sli.Point {
	if !p.Stale {
		p.Value = v
	}
	return p
}

// tooLarge reports whether a count does not fit the ledger's integers.
func tooLarge(n uint64) bool { return n > math.MaxInt64 }
