package inbound

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests  *prometheus.CounterVec
	seconds   prometheus.Histogram
	malformed prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_inbound_requests_total", Help: "Messages with alerts from elsewhere, by the status of the answer.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "slo_engine_inbound_request_seconds", Help: "Time until a message with alerts was answered: until it was on disk.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 9),
		}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_inbound_malformed_alerts_total", Help: "Alerts in messages that could not be read as such.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.seconds, m.malformed)
	}
	return m
}

func (m *metrics) answered(status int, took time.Duration) {
	m.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	m.seconds.Observe(took.Seconds())
}
