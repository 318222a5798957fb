package remotewrite

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	requests     *prometheus.CounterVec
	seconds      prometheus.Histogram
	refused      *prometheus.CounterVec
	elections    prometheus.Counter
	deduplicated prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	with := promauto.With(reg)
	return &metrics{
		requests: with.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_remote_write_requests_total",
			Help: "Remote write requests, by protocol version and the HTTP code they were answered with.",
		}, []string{"version", "code"}),
		seconds: with.NewHistogram(prometheus.HistogramOpts{
			Name:    "slo_engine_remote_write_request_seconds",
			Help:    "Time from the start of a remote write request to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}),
		refused: with.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_remote_write_refused_points_total",
			Help: "Points refused by the remote write receiver before they reached the engine, by reason.",
		}, []string{"reason"}),
		elections: with.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_ha_elections_total",
			Help: "Times that a replica of a Prometheus cluster was elected as the one that is heard.",
		}),
		deduplicated: with.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_ha_deduplicated_points_total",
			Help: "Points dropped because another replica of their Prometheus cluster is the one that is heard.",
		}),
	}
}

func (m *metrics) answered(v version, code int, took time.Duration) {
	m.requests.WithLabelValues(string(v), strconv.Itoa(code)).Inc()
	m.seconds.Observe(took.Seconds())
}

// settled counts what was decided here, of a request that is settled.
func (m *metrics) settled(t *tally) {
	for _, r := range t.receipt.Rejections {
		m.refused.WithLabelValues(string(r.Reason)).Add(float64(r.Points))
	}
	m.deduplicated.Add(float64(t.unheard.total()))
}
