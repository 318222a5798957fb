package remediation

import "github.com/prometheus/client_golang/prometheus"

type inboxMetrics struct {
	alerts  *prometheus.CounterVec
	trouble prometheus.Counter
}

func newInboxMetrics(reg prometheus.Registerer, b *Inbox) *inboxMetrics {
	m := &inboxMetrics{
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_inbound_alerts_total", Help: "Alerts that others told, by what became of them.",
		}, []string{"result"}),
		trouble: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_inbound_store_failures_total", Help: "Times that alerts from elsewhere could not be kept or read.",
		}),
	}
	for _, outcome := range []Outcome{OutcomeNew, OutcomeRepeated, OutcomeEnded, OutcomeLate, OutcomeRefused} {
		m.alerts.WithLabelValues(string(outcome)) // a rate needs a zero to begin from
	}
	if reg != nil {
		reg.MustRegister(m.alerts, m.trouble, keptAlerts{b})
	}
	return m
}

// keptAlerts shows what an Inbox holds.
type keptAlerts struct{ b *Inbox }

var (
	inboundKept = prometheus.NewDesc("slo_engine_inbound_alerts_kept", "Alerts from elsewhere that are known, by whether they fire.",
		[]string{"state"}, nil)
	inboundBytes = prometheus.NewDesc("slo_engine_inbound_bytes", "About the memory that alerts from elsewhere take.", nil, nil)
)

// Describe implements prometheus.Collector.
func (k keptAlerts) Describe(ch chan<- *prometheus.Desc) { ch <- inboundKept; ch <- inboundBytes }

// Collect implements prometheus.Collector.
func (k keptAlerts) Collect(ch chan<- prometheus.Metric) {
	firing, ended, bytes := k.b.counts()
	ch <- prometheus.MustNewConstMetric(inboundKept, prometheus.GaugeValue, float64(firing), "firing")
	ch <- prometheus.MustNewConstMetric(inboundKept, prometheus.GaugeValue, float64(ended), "ended")
	ch <- prometheus.MustNewConstMetric(inboundBytes, prometheus.GaugeValue, float64(bytes))
}
