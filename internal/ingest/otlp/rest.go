package otlp

import (
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// library decodes a message that stands at some place of a request.
func (d *decoder) library(message []byte, path ...protowire.Number) (pmetric.Metrics, error) {
	d.message = nested(d.message[:0], message, path...)
	if err := metricsSignal.check(d.message); err != nil {
		return pmetric.Metrics{}, err
	}
	request := pmetricotlp.NewExportRequest()
	err := request.UnmarshalProto(d.message)
	return request.Metrics(), err
}

// translateResource translates all metrics of a resource.
func (d *decoder) translateResource(b []byte) error {
	md, err := d.library(b, 1)
	if err == nil {
		d.translate().resourceMetrics(md.ResourceMetrics().At(0))
	}
	return err
}

// translateRest translates the points of a metric that were not known: a
// metric that has only these.
func (d *decoder) translateRest(m *metricBytes) error {
	if m.form != fieldGauge {
		d.rest = protowire.AppendVarint(append(d.rest, byte(fieldTemporality)), m.relative)
	}
	if m.form == fieldSum {
		d.rest = append(d.rest, byte(fieldMonotonic), byte(protowire.EncodeBool(m.monotonic)))
	}
	b := protowire.AppendBytes(protowire.AppendVarint(nil, uint64(fieldName)), m.name)
	b = protowire.AppendBytes(protowire.AppendVarint(b, uint64(fieldUnit)), m.unit)
	b = protowire.AppendBytes(protowire.AppendVarint(b, uint64(m.form)), d.rest)
	err := d.translateMetric(b, d.keys)
	d.rest, d.keys = d.rest[:0], d.keys[:0]
	return err
}

// translateMetric translates a metric of the resource at hand. Its points are
// to be learnt under keys; nil under none.
func (d *decoder) translateMetric(b []byte, keys []sli.Key) error {
	res, err := d.translatedResource()
	if err != nil {
		return err
	}
	md, err := d.library(b, 1, 2, 2)
	if err != nil {
		return err
	}
	t := d.translate()
	t.keys = keys
	t.metric(res, md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0))
	t.keys = nil
	return nil
}

// translatedResource is the resource at hand as the translator reads it.
func (d *decoder) translatedResource() (*resource, error) {
	if d.resource.translated == nil {
		md, err := d.library(d.resource.bytes, 1, 1)
		if err != nil {
			return nil, err
		}
		d.resource.translated = d.translate().resource(md.ResourceMetrics().At(0).Resource().Attributes())
	}
	return d.resource.translated, nil
}

func (d *decoder) translate() *translator {
	if d.translator == nil {
		d.translator = newTranslator(d.rules)
	}
	return d.translator
}
