package alertmanager

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count alerts, not requests: a request carries up to maxBatch of them.
type metrics struct {
	sent, errors, dropped *prometheus.CounterVec
	queueLength           *prometheus.GaugeVec
	latency               *prometheus.HistogramVec
}

// laneMetrics are the metrics of one sender.
type laneMetrics struct {
	sent, errors, dropped prometheus.Counter
	queueLength           prometheus.Gauge
	latency               prometheus.Observer
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	labels := []string{"alertmanager"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "slo_engine_notifications_" + name, Help: help}, labels)
	}
	m := &metrics{
		sent:    counter("sent_total", "Alerts delivered, resends included."),
		errors:  counter("errors_total", "Alerts in requests that failed; most are tried again."),
		dropped: counter("dropped_total", "Alerts given up because the queue was full or the Alertmanager refused them."),
		queueLength: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "slo_engine_notifications_queue_length",
			Help: "Alerts waiting to be delivered.",
		}, labels),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slo_engine_notification_latency_seconds",
			Help:    "Duration of one request to an Alertmanager.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10},
		}, labels),
	}
	return m, m.register(reg)
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.sent, m.errors, m.dropped, m.queueLength, m.latency}
}

// register registers all of them or none.
func (m *metrics) register(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	for i, c := range m.collectors() {
		if err := reg.Register(c); err != nil {
			for _, done := range m.collectors()[:i] {
				reg.Unregister(done)
			}
			return fmt.Errorf("register notification metrics: %w", err)
		}
	}
	return nil
}

func (m *metrics) unregister(reg prometheus.Registerer) {
	if reg == nil {
		return
	}
	for _, c := range m.collectors() {
		reg.Unregister(c)
	}
}

// lane returns the metrics of the named sender, each present from the start.
func (m *metrics) lane(name string) laneMetrics {
	return laneMetrics{
		sent:        m.sent.WithLabelValues(name),
		errors:      m.errors.WithLabelValues(name),
		dropped:     m.dropped.WithLabelValues(name),
		queueLength: m.queueLength.WithLabelValues(name),
		latency:     m.latency.WithLabelValues(name),
	}
}
