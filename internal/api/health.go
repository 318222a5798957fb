package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// health shows on /metrics how the SLOs fare as a whole.
type health struct {
	snapshot    func() *engine.Snapshot
	limit       int
	instances   *prometheus.Desc
	notices     *prometheus.Desc
	quarantined *prometheus.Desc
	notExported *prometheus.Desc
}

func registerHealth(reg prometheus.Registerer, snapshot func() *engine.Snapshot, limit int) {
	if reg == nil {
		return
	}
	reg.MustRegister(&health{
		snapshot: snapshot,
		limit:    limit,
		instances: prometheus.NewDesc("slo_engine_slo_instances",
			"SLO instances by state; error counts documents that are not used.", []string{"state"}, nil),
		notices: prometheus.NewDesc("slo_engine_slo_notices",
			"SLO instances with a condition that a person should know, by notice.", []string{"notice"}, nil),
		quarantined: prometheus.NewDesc("slo_engine_documents_quarantined",
			"Documents that are not used: faulty, or not measured here.", nil, nil),
		notExported: prometheus.NewDesc("slo_engine_instances_not_exported",
			"SLO instances beyond the limit of /metrics/slo.", nil, nil),
	})
}

// Describe implements prometheus.Collector.
func (h *health) Describe(ch chan<- *prometheus.Desc) {
	ch <- h.instances
	ch <- h.notices
	ch <- h.quarantined
	ch <- h.notExported
}

// Collect implements prometheus.Collector.
func (h *health) Collect(ch chan<- prometheus.Metric) {
	s := h.snapshot()
	if s == nil {
		return
	}
	counts := countStates(s)
	for _, state := range states {
		ch <- gaugeOf(h.instances, counts[state], string(state))
	}
	notices := map[string]int{}
	for _, in := range s.Instances {
		for _, notice := range in.Notices {
			notices[notice]++
		}
	}
	for notice, n := range notices {
		ch <- gaugeOf(h.notices, n, notice)
	}
	ch <- gaugeOf(h.quarantined, len(quarantined(s)))
	ch <- gaugeOf(h.notExported, max(len(s.Instances)-h.limit, 0))
}

func gaugeOf(desc *prometheus.Desc, n int, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), labels...)
}

// countStates counts what /api/v1/slos lists, by state.
func countStates(s *engine.Snapshot) map[engine.State]int {
	counts := map[engine.State]int{}
	for _, in := range s.Instances {
		counts[in.State]++
	}
	counts[engine.StateError] += len(orphans(s))
	return counts
}
