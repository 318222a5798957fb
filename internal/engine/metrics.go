package engine

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// metrics are the engine's own; they belong to one Engine.
type metrics struct {
	accepted    prometheus.Counter
	rejected    *prometheus.CounterVec
	series      prometheus.Gauge
	tick        prometheus.Histogram
	missedTicks prometheus.Counter
	events      *prometheus.CounterVec
	recovery    prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_ingested_points_total",
			Help: "Points taken: counted, kept as a baseline, or selected by no SLO.",
		}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_rejected_points_total",
			Help: "Points that were not counted, by reason.",
		}, []string{"reason"}),
		series: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_series",
			Help: "Known series of metrics that some SLO names.",
		}),
		tick: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "slo_engine_tick_seconds",
			Help:    "Time one evaluation of all instances took.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 1.6, 24),
		}),
		missedTicks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_missed_ticks_total",
			Help: "Ticks that passed while the evaluation before still ran.",
		}),
		recovery: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_recovery_seconds",
			Help: "Time it took at the start to read what was kept on disk.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_alert_events_total",
			Help: "Alert state changes, by alert, severity and kind.",
		}, []string{"alertname", "severity", "kind"}),
	}
	for _, reason := range sli.Reasons() { // a rate needs a zero to begin from
		m.rejected.WithLabelValues(string(reason))
	}
	if registerer != nil {
		registerer.MustRegister(m.accepted, m.rejected, m.series, m.tick, m.missedTicks, m.events, m.recovery)
	}
	return m
}
