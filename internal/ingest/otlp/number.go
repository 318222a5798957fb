package otlp

import (
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// sum translates a sum: a counter, unless it may also go down.
func (f *family) sum(sum pmetric.Sum) {
	typ := sli.TypeGauge
	if sum.IsMonotonic() {
		typ = sli.TypeCounter
	}
	f.numbers(sum.DataPoints(), typ)
}

func (f *family) gauge(gauge pmetric.Gauge) {
	f.numbers(gauge.DataPoints(), sli.TypeGauge)
}

func (f *family) numbers(points pmetric.NumberDataPointSlice, typ sli.Type) {
	each(f, points, func(p pmetric.NumberDataPoint) *refusal {
		id, point, r := open(f, p, 0)
		if r == nil {
			point, r = number(point, p)
		}
		if r == nil {
			f.emit(id, f.name, typ, point, none, f.key)
		}
		return r
	})
}

// number reads the value of a point as it was sent: integers stay exact.
func number(point sli.Point, p pmetric.NumberDataPoint) (sli.Point, *refusal) {
	if point.Stale {
		return point, nil
	}
	switch p.ValueType() {
	case pmetric.NumberDataPointValueTypeInt:
		point.Int, point.IsInt = p.IntValue(), true
	case pmetric.NumberDataPointValueTypeDouble:
		point.Value = p.DoubleValue()
	default:
		return point, badValue("the point has no value")
	}
	return point, nil
}
