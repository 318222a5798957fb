package otlp

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// metrics count the requests that could be read; what is not OTLP, or too
// large, never gets here.
type metrics struct {
	requests *prometheus.CounterVec
	events   *prometheus.CounterVec
	refused  *prometheus.CounterVec
	seconds  prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_otlp_requests_total",
			Help: "OTLP metric requests by the gRPC status they were answered with.",
		}, []string{"code"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_otlp_event_requests_total",
			Help: "OTLP requests of traces and logs by the gRPC status they were answered with.",
		}, []string{"signal", "code"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_otlp_refused_points_total",
			Help: "Points of OTLP requests that were refused, by reason.",
		}, []string{"reason"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "slo_engine_otlp_request_seconds",
			Help:    "Time to translate and take an OTLP metric request.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
	}
	for _, code := range []codes.Code{codes.OK, codes.InvalidArgument, codes.Unavailable} {
		m.requests.WithLabelValues(code.String())
	}
	if registerer != nil {
		registerer.MustRegister(m.requests, m.events, m.refused, m.seconds)
	}
	return m
}

func (m *metrics) observe(receipt sli.Receipt, code codes.Code, took time.Duration) {
	m.requests.WithLabelValues(code.String()).Inc()
	m.seconds.Observe(took.Seconds())
	for _, r := range receipt.Rejections {
		if r.Reason.Refused() {
			m.refused.WithLabelValues(string(r.Reason)).Add(float64(r.Points))
		}
	}
}
