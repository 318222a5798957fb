package syncwindow

import "github.com/prometheus/client_golang/prometheus"

// metrics are those of one project.
type metrics struct {
	present, contested prometheus.Gauge
	up                 prometheus.Gauge
	writes, races      prometheus.Counter

	registerer prometheus.Registerer // nil: nowhere
}

func newMetrics(c Config, registerer prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		present:   gauge("slo_engine_sync_windows", "Sync windows that stand in an Argo CD project."),
		contested: gauge("slo_engine_sync_windows_contested", "Sync windows that somebody else has changed, and that are let be."),
		up:        gauge("slo_engine_sync_windows_up", "0 where the last look at the project failed, or its change."),
		writes:    counter("slo_engine_sync_window_writes_total", "Sync windows written or taken away."),
		races:     counter("slo_engine_sync_window_races_total", "Changes that were not made because somebody else was faster."),
	}
	if registerer != nil {
		labels := prometheus.Labels{"kubeconfig": c.Kubeconfig, "namespace": c.Namespace, "project": c.Project}
		m.registerer = prometheus.WrapRegistererWith(labels, registerer)
		m.registerer.MustRegister(m.all()...)
	}
	return m
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.present, m.contested, m.up, m.writes, m.races}
}

// unregister makes room for who keeps the project's windows next.
func (m *metrics) unregister() {
	if m.registerer == nil {
		return
	}
	for _, c := range m.all() {
		m.registerer.Unregister(c)
	}
}

func (m *metrics) show(states []State) {
	present, contested, up := 0.0, 0.0, 1.0
	for _, s := range states {
		if s.Present {
			present++
		}
		if s.Contested != "" {
			contested++
		}
		if s.Trouble != "" {
			up = 0
		}
	}
	m.present.Set(present)
	m.contested.Set(contested)
	m.up.Set(up)
}
