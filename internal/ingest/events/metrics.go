package events

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics count events, and requests that came again.
type metrics struct {
	received, refused, incomplete, repeated *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer, remembered map[string]func() float64) *metrics {
	m := &metrics{
		received: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_events_received_total",
			Help: "Spans and log records that were taken, whether an SLO looks at them or not. Nothing is looked at, nor counted here, while no SLO asks for the signal.",
		}, []string{"signal"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_events_refused_total",
			Help: "Spans and log records that were refused, by reason.",
		}, []string{"signal", "reason"}),
		incomplete: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_events_incomplete_total",
			Help: "Spans and log records that were taken as they are, by what they lack.",
		}, []string{"signal", "missing"}),
		repeated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_events_repeated_requests_total",
			Help: "Requests of spans or log records that came again and were not counted again.",
		}, []string{"signal"}),
	}
	for _, signal := range []string{spansSignal, logsSignal} {
		m.received.WithLabelValues(signal)
		m.repeated.WithLabelValues(signal)
	}
	if registerer == nil {
		return m
	}
	registerer.MustRegister(m.received, m.refused, m.incomplete, m.repeated)
	for signal, n := range remembered {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "slo_engine_events_series",
			Help:        "Series of events with labels of their own that are told again while nothing happens.",
			ConstLabels: prometheus.Labels{"signal": signal},
		}, n))
	}
	return m
}

// observe counts what became of a request's events.
func (m *metrics) observe(signal string, r *reading) {
	m.received.WithLabelValues(signal).Add(float64(r.accepted))
	for why, n := range r.refusals.counts {
		m.refused.WithLabelValues(signal, string(why)).Add(float64(n))
	}
	for what, n := range r.missing {
		if n > 0 {
			m.incomplete.WithLabelValues(signal, missingNames[what]).Add(float64(n))
		}
	}
}
