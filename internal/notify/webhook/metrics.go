package webhook

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// The results of an attempt.
const (
	resultDelivered = "delivered"
	resultAgain     = "again"
	resultDead      = "dead"
)

// Why a transition of an alert is not told when it happens.
const (
	queueFull = "queue_full" // the store takes them too slowly
	tooMany   = "too_many"   // more fire than are remembered
)

type metrics struct {
	deliveries    *prometheus.CounterVec
	pending, dead *prometheus.GaugeVec
	seconds       *prometheus.HistogramVec
	dropped       *prometheus.CounterVec
}

// laneMetrics are those of one receiver.
type laneMetrics struct {
	results map[remediation.Fate]prometheus.Counter
	seconds prometheus.Observer
}

func newMetrics() *metrics {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_webhook_deliveries_total",
			Help: "Attempts to deliver a message, by receiver and result: delivered, again (it is tried later), dead.",
		}, []string{"receiver", "result"}),
		pending: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "slo_engine_webhook_pending", Help: "Messages that wait in the outbox, by receiver.",
		}, []string{"receiver"}),
		dead: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "slo_engine_webhook_dead", Help: "Messages that were given up and are kept, by receiver.",
		}, []string{"receiver"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "slo_engine_webhook_delivery_seconds", Help: "Duration of one attempt, by receiver.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 60},
		}, []string{"receiver"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_webhook_alerts_dropped_total",
			Help: "Transitions of alerts that were not told when they happened, by reason; what still fires is told later.",
		}, []string{"reason"}),
	}
	for _, reason := range []string{queueFull, tooMany} {
		m.dropped.WithLabelValues(reason)
	}
	return m
}

func (m *metrics) register(registerer prometheus.Registerer) error {
	if registerer == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.deliveries, m.pending, m.dead, m.seconds, m.dropped} {
		if err := registerer.Register(c); err != nil {
			return fmt.Errorf("register webhook metrics: %w", err)
		}
	}
	return nil
}

// lane returns the metrics of a receiver, each present from the start.
func (m *metrics) lane(receiver string) laneMetrics {
	m.backlog(remediation.Backlog{To: receiver})
	return laneMetrics{
		results: map[remediation.Fate]prometheus.Counter{
			remediation.Delivered: m.deliveries.WithLabelValues(receiver, resultDelivered),
			remediation.DeadEnd:   m.deliveries.WithLabelValues(receiver, resultDead),
			"":                    m.deliveries.WithLabelValues(receiver, resultAgain),
		},
		seconds: m.seconds.WithLabelValues(receiver),
	}
}

func (l laneMetrics) count(fate remediation.Fate) { l.results[fate].Inc() }

func (m *metrics) backlog(b remediation.Backlog) {
	m.pending.WithLabelValues(b.To).Set(float64(b.Waiting))
	m.dead.WithLabelValues(b.To).Set(float64(b.Dead))
}
