package gates

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

type canaryMetrics struct {
	refused, anew prometheus.Counter
	ended         *prometheus.CounterVec
}

func newCanaryMetrics(reg prometheus.Registerer, held func() float64) *canaryMetrics {
	m := &canaryMetrics{
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_gate_canaries_refused_total", Help: "Questions about canaries that found no room for a comparison.",
		}),
		anew: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_gate_canaries_restarted_total", Help: "Comparisons that began anew, because some of what happened was not known.",
		}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_gate_canaries_ended_total", Help: "Comparisons that ended, by decision.",
		}, []string{"decision"}),
	}
	for _, d := range []slo.GateDecision{slo.GateAllow, slo.GateHold, slo.GateDeny} {
		m.ended.WithLabelValues(string(d))
	}
	if reg != nil {
		reg.MustRegister(m.refused, m.anew, m.ended, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "slo_engine_gate_canaries", Help: "Comparisons that are kept, with those that have ended.",
		}, held))
	}
	return m
}
