package history

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are our own; the library's stand beside them.
type metrics struct {
	samples, failures, setAside prometheus.Counter
	rejected                    *prometheus.CounterVec
	series, last                prometheus.Gauge
}

func newMetrics() *metrics {
	return &metrics{
		samples: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_history_samples_total",
			Help: "Samples appended to the history, stale markers included.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_history_append_failures_total",
			Help: "Appends to the history of which nothing was kept.",
		}),
		setAside: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_history_set_aside_total",
			Help: "Parts of the history that could not be read and were set aside.",
		}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_history_rejected_samples_total",
			Help: "Samples that the history did not take, by reason.",
		}, []string{"reason"}),
		series: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_history_series",
			Help: "Series that are being kept in the history.",
		}),
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_history_last_append_timestamp_seconds",
			Help: "Time of the last append to the history; 0 if there was none.",
		}),
	}
}

// export makes the metrics visible. Ours go into the library's registry, and
// that goes in as one collector, so that Close can take it out again.
func (s *Store) export() error {
	if s.options.Registerer == nil {
		return nil
	}
	m := s.metrics
	s.inner.MustRegister(m.samples, m.failures, m.setAside, m.rejected, m.series, m.last)
	if err := s.options.Registerer.Register(s.inner); err != nil {
		return fmt.Errorf("register metrics of history: %w", err)
	}
	return nil
}

func (s *Store) unexport() {
	if s.options.Registerer != nil {
		s.options.Registerer.Unregister(s.inner)
	}
}
