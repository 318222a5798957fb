package otlp

import (
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// maxQuantiles bounds the quantiles of one summary: each becomes a series of
// its own.
const maxQuantiles = 1000

// summary translates into _count and _sum, which count events, and quantiles,
// which do not.
func (f *family) summary(summary pmetric.Summary) {
	names := f.name.classic()
	each(f, summary.DataPoints(), func(p pmetric.SummaryDataPoint) *refusal {
		id, point, r := open(f, p, 1)
		if r == nil {
			r = checkSummary(p)
		}
		if r == nil {
			f.emit(id, names.count, sli.TypeCounter, integer(point, p.Count()), none, 0)
			f.emit(id, names.sum, sli.TypeCounter, double(point, p.Sum()), none, 0)
			f.quantiles(id, point, p.QuantileValues())
		}
		return r
	})
}

func (f *family) quantiles(id identity, point sli.Point, quantiles pmetric.SummaryDataPointValueAtQuantileSlice) {
	for _, q := range quantiles.All() {
		label := labels.Label{Name: "quantile", Value: strconv.FormatFloat(q.Quantile(), 'f', -1, 64)}
		f.emit(id, f.name, sli.TypeGauge, double(point, q.Value()), label, 0)
	}
}

func checkSummary(p pmetric.SummaryDataPoint) *refusal {
	switch {
	case p.QuantileValues().Len() > maxQuantiles:
		return badValue("the summary has %d quantiles, at most %d are taken", p.QuantileValues().Len(), maxQuantiles)
	case p.Flags().NoRecordedValue():
		return nil
	case tooLarge(p.Count()):
		return badValue("the count %d is out of range", p.Count())
	}
	return nil
}
