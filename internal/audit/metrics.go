package audit

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	records  *prometheus.CounterVec
	failures prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_audit_records_total", Help: "Changes that were written to the audit file, by kind.",
		}, []string{"kind"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_audit_failures_total", Help: "Times that the audit file could not be read or written; what cannot be audited does not apply.",
		}),
	}
	if registerer != nil {
		registerer.MustRegister(m.records, m.failures)
	}
	return m
}
