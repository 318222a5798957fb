package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// withDecisions adds what gates say about each service to the series of the SLOs;
// services beyond the limit are left out.
type withDecisions struct {
	prometheus.Gatherer
	decisions func() map[string]slo.GateDecision
	max       int
}

// Gather implements prometheus.Gatherer.
func (g withDecisions) Gather() ([]*dto.MetricFamily, error) {
	families, err := g.Gatherer.Gather()
	decisions := g.decisions()
	if len(decisions) == 0 {
		return families, err
	}
	of := family(dto.MetricType_GAUGE, "slo_gate_decision", "What the release gate says about a deploy of the service, where no environment is named: 1 for the decision that it is.")
	services := slices.Sorted(maps.Keys(decisions))
	for _, service := range services[:min(len(services), g.max)] {
		of.Metric = append(of.Metric, decisionSeries(service, decisions[service])...)
	}
	families = append(families, of)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, err
}

// decisionSeries are one series for each decision.
func decisionSeries(service string, is slo.GateDecision) (list []*dto.Metric) {
	for _, d := range gateDecisions {
		value := 0.0
		if d == is {
			value = 1
		}
		labels := labelPairs{pair("service", service), pair("state", string(d))}
		list = append(list, &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: &value}})
	}
	return list
}
