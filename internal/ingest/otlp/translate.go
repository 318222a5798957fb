package otlp

import (
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// maxExpansion bounds the memory that the labels of a request may take, as a
// multiple of the largest request. Resource attributes are written once in a
// request and repeated in every series, so a small request can ask for a lot.
const maxExpansion = 8

// rules say how requests are translated; they are the same for all of them.
type rules struct {
	limits  ingest.Limits
	promote func(attribute string) bool
	// salt is part of the keys under which series are learnt: under other
	// rules the same bytes may be another series.
	salt uint64
}

// translator turns one request into one batch. It lives as long as that.
type translator struct {
	rules
	names nameCache

	batch   sli.Batch
	receipt sli.Receipt

	labels slab[labels.Label]
	points slab[sli.Point]

	// keys are those under which the series of the metric's data points are
	// to be learnt; a point beyond the last has none.
	keys []sli.Key

	// scratch of the data point at hand, overwritten by the next one.
	attributes []labels.Label
	renamed    []labels.Label
	prom, raw  []labels.Label
}

// translate returns the series of a request, and a receipt that names the
// data points which could not be translated. Refusals count OTLP data points:
// a histogram is one, however many series it would have made.
func translate(md pmetric.Metrics, r rules) (*sli.Batch, sli.Receipt) {
	t := newTranslator(r)
	t.batch.Series = make([]sli.Series, 0, md.DataPointCount())
	resources := md.ResourceMetrics()
	for i := range resources.Len() {
		t.resourceMetrics(resources.At(i))
	}
	return &t.batch, t.receipt
}

func newTranslator(r rules) *translator {
	return &translator{rules: r, names: newNameCache()}
}

func (t *translator) resourceMetrics(rm pmetric.ResourceMetrics) {
	res := t.resource(rm.Resource().Attributes())
	scopes := rm.ScopeMetrics()
	for i := range scopes.Len() {
		metrics := scopes.At(i).Metrics()
		for j := range metrics.Len() {
			t.metric(res, metrics.At(j))
		}
	}
}

// metric translates all points of a metric. One without points has nothing
// to lose and is passed over; one whose type this version of the protocol
// does not know has lost its points already and counts as one.
func (t *translator) metric(res *resource, m pmetric.Metric) {
	f := &family{translator: t, resource: res, metric: m}
	if r := f.describe(); r != nil {
		t.receipt.Reject(r.reason, max(pointCount(m), 1), func() string { return shorten(m.Name()) + ": " + r.why })
		return
	}
	switch m.Type() {
	case pmetric.MetricTypeSum:
		f.sum(m.Sum())
	case pmetric.MetricTypeGauge:
		f.gauge(m.Gauge())
	case pmetric.MetricTypeHistogram:
		f.histogram(m.Histogram())
	case pmetric.MetricTypeExponentialHistogram:
		f.exponentialHistogram(m.ExponentialHistogram())
	case pmetric.MetricTypeSummary:
		f.summary(m.Summary())
	}
}

// family is a metric of a resource on its way through the translator.
type family struct {
	*translator
	resource    *resource
	metric      pmetric.Metric
	name        name
	temporality sli.Temporality
	// key is that of the data point at hand; 0 for none.
	key sli.Key
}

// describe fills in what all points of the metric share, or says why none of
// them can be taken.
func (f *family) describe() *refusal {
	raw := f.metric.Name()
	size := len(raw) + len(f.metric.Unit())
	switch {
	case f.metric.Type() == pmetric.MetricTypeEmpty:
		return badValue("the metric's type is missing or not known")
	case raw == "":
		return badValue("the metric has no name")
	case !utf8.ValidString(raw):
		return &refusal{sli.ReasonBadLabels, "the metric's name is not UTF-8"}
	case size > f.limits.MaxLabelValueBytes:
		return labelLimit("the metric's name and unit have %d bytes, at most %d are taken", size, f.limits.MaxLabelValueBytes)
	}
	f.name = f.names.metric(f.metric)
	temporality, ok := temporalityOf(f.metric)
	f.temporality = temporality
	if !ok {
		return badValue("the aggregation temporality is neither cumulative nor delta")
	}
	return nil
}

// temporalityOf reports false where a metric needs a temporality and has none.
func temporalityOf(m pmetric.Metric) (sli.Temporality, bool) {
	var told pmetric.AggregationTemporality
	switch m.Type() {
	case pmetric.MetricTypeSum:
		told = m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		told = m.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		told = m.ExponentialHistogram().AggregationTemporality()
	default:
		return sli.Cumulative, true
	}
	switch told {
	case pmetric.AggregationTemporalityCumulative:
		return sli.Cumulative, true
	case pmetric.AggregationTemporalityDelta:
		return sli.Delta, true
	}
	return sli.Cumulative, false
}

func pointCount(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	}
	return 0
}
