package otlp

import (
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// name is a metric's name as Prometheus writes it and as its sender does.
type name struct {
	prom, raw string
}

func (n name) with(suffix string) name {
	return name{prom: n.prom + suffix, raw: n.raw + suffix}
}

// nameCache remembers the names of a request: few names are used by many
// points, and translating one costs more than all the rest of a point.
type nameCache struct {
	metrics map[metricKey]string
	labels  map[string]string
}

// metricKey is all that a metric's translated name depends on.
type metricKey struct {
	name, unit string
	typ        pmetric.MetricType
	monotonic  bool
}

func newNameCache() nameCache {
	return nameCache{metrics: map[metricKey]string{}, labels: map[string]string{}}
}

// metric returns both names of a metric. One without any letter or digit that
// Prometheus can write keeps its own name in both.
func (c nameCache) metric(m pmetric.Metric) name {
	key := metricKey{name: m.Name(), unit: m.Unit(), typ: m.Type()}
	if key.typ == pmetric.MetricTypeSum {
		key.monotonic = m.Sum().IsMonotonic()
	}
	prom, ok := c.metrics[key]
	if !ok {
		prom = otlptranslator.BuildCompliantMetricName(m, "", true)
		if prom == "" {
			prom = key.name
		}
		c.metrics[key] = prom
	}
	return name{prom: prom, raw: key.name}
}

// label returns the name of an attribute as Prometheus writes it.
func (c nameCache) label(attribute string) string {
	prom, ok := c.labels[attribute]
	if !ok {
		prom = otlptranslator.NormalizeLabel(attribute)
		c.labels[attribute] = prom
	}
	return prom
}
