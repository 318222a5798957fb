package embedded

import "github.com/prometheus/client_golang/prometheus"

// metrics are those that Alertmanager's packages leave to whoever wires them,
// under the names that its dashboards and rules know.
type metrics struct {
	requestDuration *prometheus.HistogramVec
	reloadOK        prometheus.Gauge
	reloadTime      prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requestDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "alertmanager_http_request_duration_seconds",
			Help:    "Duration of HTTP requests.",
			Buckets: prometheus.DefBuckets,
		}, []string{"handler", "method", "code"}),
		reloadOK: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "alertmanager_config_last_reload_successful",
			Help: "1 if the configuration file was accepted when it was last read, else 0.",
		}),
		reloadTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "alertmanager_config_last_reload_success_timestamp_seconds",
			Help: "Time at which the configuration file was last accepted.",
		}),
	}
	reg.MustRegister(m.requestDuration, m.reloadOK, m.reloadTime)
	return m
}

func (m *metrics) reloaded(ok bool) {
	if !ok {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloadTime.SetToCurrentTime()
}
