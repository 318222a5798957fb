package promapi

import (
	"errors"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/sli"
)

type metrics struct {
	queries *prometheus.CounterVec
	failed  *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	samples prometheus.Counter
	refused *prometheus.CounterVec
	clock   prometheus.Gauge
	lag     prometheus.Gauge
	missing prometheus.Gauge
	coarse  prometheus.Counter
}

// newMetrics registers the metrics of a backend, whose name they carry.
func newMetrics(reg prometheus.Registerer, backend string) *metrics {
	labels := prometheus.Labels{"backend": backend}
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "slo_engine_backend_" + name, Help: help, ConstLabels: labels}
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "slo_engine_backend_" + name, Help: help, ConstLabels: labels})
	}
	m := &metrics{
		queries: prometheus.NewCounterVec(counter("queries_total", "Queries sent to a backend, by what for: poll or past."), []string{"for"}),
		failed:  prometheus.NewCounterVec(counter("failed_queries_total", "Queries to a backend whose answer could not be used, by reason."), []string{"reason"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "slo_engine_backend_query_seconds", Help: "Time a backend took to answer, by what for.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9), ConstLabels: labels,
		}, []string{"for"}),
		samples: prometheus.NewCounter(counter("samples_total", "Samples read from a backend.")),
		refused: prometheus.NewCounterVec(counter("refused_points_total", "Points of a backend that could not be used, by reason."), []string{"reason"}),
		clock:   gauge("clock_ahead_seconds", "By how much a backend's clock is ahead of ours."),
		lag:     gauge("poll_lag_seconds", "How far the polls of a backend are behind their time: more than the interval means that the queries allowed do not suffice."),
		missing: gauge("past_pending_slos", "SLOs whose past is still to be read from a backend."),
		coarse:  prometheus.NewCounter(counter("coarse_intervals_total", "Steps of the past in which a counter was reset or a series ended, and which were not read more finely because there were too many.")),
	}
	if reg != nil {
		reg.MustRegister(m.queries, m.failed, m.seconds, m.samples, m.refused, m.clock, m.lag, m.missing, m.coarse)
	}
	return m
}

func (m *metrics) asked(l lane, took time.Duration, reason string) {
	m.queries.WithLabelValues(l.String()).Inc()
	m.seconds.WithLabelValues(l.String()).Observe(took.Seconds())
	if reason != "" {
		m.failed.WithLabelValues(reason).Inc()
	}
}

// reasonOf names why an answer could not be used; empty if it could.
func reasonOf(err error, warnings promv1.Warnings) string {
	said := (*promv1.Error)(nil)
	switch {
	case err == nil && len(warnings) > 0:
		return "partial"
	case err == nil:
		return ""
	case errors.Is(err, errTooLarge):
		return "too_large"
	case errors.As(err, &said):
		return string(said.Type)
	}
	return "unreachable"
}

// refuse counts the points that are lost. What was handed over twice is not:
// answers overlap.
func (m *metrics) refuse(receipt sli.Receipt) {
	for _, r := range receipt.Rejections {
		if r.Reason != sli.ReasonDuplicate && r.Reason != sli.ReasonOutOfOrder {
			m.refused.WithLabelValues(string(r.Reason)).Add(float64(r.Points))
		}
	}
}
