package demo

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/prompb"
)

// encode writes counters, gauges and classic histograms, all that the gateway
// has, as the series a scrape would make of them.
func encode(families []*dto.MetricFamily, at time.Time, job, instance string) *prompb.WriteRequest {
	e := encoder{millis: at.UnixMilli(), target: []prompb.Label{{Name: "job", Value: job}, {Name: "instance", Value: instance}}}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			e.metric(family.GetName(), m)
		}
	}
	return &prompb.WriteRequest{Timeseries: e.series}
}

// encoder collects the series of one request, all with one time.
type encoder struct {
	millis int64
	target []prompb.Label
	series []prompb.TimeSeries
}

func (e *encoder) metric(name string, m *dto.Metric) {
	switch {
	case m.GetCounter() != nil:
		e.sample(name, m, m.GetCounter().GetValue())
	case m.GetGauge() != nil:
		e.sample(name, m, m.GetGauge().GetValue())
	case m.GetHistogram() != nil:
		e.histogram(name, m, m.GetHistogram())
	}
}

// histogram writes the buckets with the +Inf one, which client_golang leaves
// out, and the sum and the count.
func (e *encoder) histogram(name string, m *dto.Metric, h *dto.Histogram) {
	count := float64(h.GetSampleCount())
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), +1) {
			e.sample(name+"_bucket", m, float64(b.GetCumulativeCount()), le(b.GetUpperBound()))
		}
	}
	e.sample(name+"_bucket", m, count, le(math.Inf(+1)))
	e.sample(name+"_sum", m, h.GetSampleSum())
	e.sample(name+"_count", m, count)
}

func le(bound float64) prompb.Label {
	return prompb.Label{Name: "le", Value: strconv.FormatFloat(bound, 'g', -1, 64)}
}

// sample adds one series; its labels are sorted, as the protocol wants them.
func (e *encoder) sample(name string, m *dto.Metric, value float64, more ...prompb.Label) {
	labels := []prompb.Label{{Name: "__name__", Value: name}}
	labels = append(labels, e.target...)
	labels = append(labels, more...)
	for _, pair := range m.GetLabel() {
		labels = append(labels, prompb.Label{Name: pair.GetName(), Value: pair.GetValue()})
	}
	slices.SortFunc(labels, func(a, b prompb.Label) int { return cmp.Compare(a.Name, b.Name) })
	e.series = append(e.series, prompb.TimeSeries{
		Labels:  labels,
		Samples: []prompb.Sample{{Value: value, Timestamp: e.millis}},
	})
}
