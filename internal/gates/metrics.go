package gates

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

type metrics struct {
	verdicts map[slo.GateDecision]prometheus.Counter
	took     prometheus.Histogram
	dropped  prometheus.Counter
	failures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, broken func() float64) *metrics {
	verdicts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "slo_engine_gate_verdicts_total", Help: "Answers of gates, by decision.",
	}, []string{"decision"})
	m := &metrics{
		verdicts: map[slo.GateDecision]prometheus.Counter{},
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "slo_engine_gate_ask_seconds", Help: "Time until a gate had its answer.",
			Buckets: []float64{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1},
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_gate_verdicts_dropped_total", Help: "Verdicts that found no room to wait until they are written.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_gate_store_failures_total", Help: "Times that the state of gates could not be read or written.",
		}),
	}
	for _, d := range []slo.GateDecision{slo.GateAllow, slo.GateHold, slo.GateDeny, slo.GateUnknown} {
		m.verdicts[d] = verdicts.WithLabelValues(string(d))
	}
	if reg != nil {
		reg.MustRegister(verdicts, m.took, m.dropped, m.failures, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "slo_engine_gate_glass_broken", Help: "Break-glasses that hold now.",
		}, broken))
	}
	return m
}

func (m *metrics) asked(d slo.GateDecision, took time.Duration) {
	m.verdicts[d].Inc()
	m.took.Observe(took.Seconds())
}
