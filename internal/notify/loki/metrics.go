package loki

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Why lines do not get to Loki.
const (
	queueFull = "queue_full" // they were the oldest when more came
	refused   = "refused"    // Loki does not want them
	gaveUp    = "gave_up"    // it failed for too long
	stopped   = "stopped"    // the engine ended
)

// metrics count lines, but for failures, which are pushes.
type metrics struct {
	sent, failures prometheus.Counter
	dropped        *prometheus.CounterVec
	queueLength    prometheus.GaugeFunc
}

func newMetrics(registerer prometheus.Registerer, waiting func() int) (*metrics, error) {
	m := &metrics{
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_loki_sent_total", Help: "Lines that Loki took.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_loki_failures_total", Help: "Pushes that failed; most are tried again.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_loki_dropped_total", Help: "Lines that Loki does not get, by reason.",
		}, []string{"reason"}),
		queueLength: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "slo_engine_loki_queue_length", Help: "Lines that wait.",
		}, func() float64 { return float64(waiting()) }),
	}
	for _, reason := range []string{queueFull, refused, gaveUp, stopped} {
		m.dropped.WithLabelValues(reason)
	}
	return m, m.register(registerer)
}

func (m *metrics) register(registerer prometheus.Registerer) error {
	if registerer == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.sent, m.failures, m.dropped, m.queueLength} {
		if err := registerer.Register(c); err != nil {
			return fmt.Errorf("register Loki metrics: %w", err)
		}
	}
	return nil
}
