package remediation

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	actions *prometheus.CounterVec
	held    *prometheus.CounterVec
	started prometheus.Histogram
	trouble prometheus.Counter
	open    *openActions
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_actions_total", Help: "Moves of actions at gateways, by what they do, the state they came into, and why.",
		}, []string{"kind", "state", "reason"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_actions_held_back_total", Help: "Alerts with a playbook about which nothing was done, by reason.",
		}, []string{"reason"}),
		started: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "slo_engine_action_start_seconds", Help: "Time from the begin of an alert until the gateway had the action.",
			Buckets: []float64{0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900},
		}),
		trouble: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_action_store_failures_total", Help: "What the store of actions could not do.",
		}),
		open: &openActions{},
	}
	if reg != nil {
		reg.MustRegister(m.actions, m.held, m.started, m.trouble, m.open)
	}
	return m
}

func (m *metrics) moved(rec Record) {
	m.actions.WithLabelValues(string(rec.Action.Kind), string(rec.State), string(rec.Reason)).Inc()
}

// acted notes how long it took until the gateway had an action.
func (m *metrics) acted(rec Record) {
	if !rec.Drill {
		m.started.Observe(max(0, rec.Acted.Sub(rec.Since).Seconds()))
	}
}

// openActions shows where the actions that have not ended stand.
type openActions struct {
	mu      sync.Mutex
	records []Record
}

// openStates are those that an open action may be in, each shown as 0 or 1.
var openStates = []State{Proposed, Awaiting, Applying, Verifying, Holding, Undoing}

var actionState = prometheus.NewDesc("slo_action_state", "Whether an action that has not ended is in a state.",
	[]string{"action", "service", "slo_id", "playbook", "state"}, nil)

func (o *openActions) set(records []Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records = records
}

// Describe implements prometheus.Collector.
func (o *openActions) Describe(ch chan<- *prometheus.Desc) { ch <- actionState }

// Collect implements prometheus.Collector.
func (o *openActions) Collect(ch chan<- prometheus.Metric) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, rec := range o.records {
		for _, s := range openStates {
			value := 0.0
			if s == rec.State {
				value = 1
			}
			ch <- prometheus.MustNewConstMetric(actionState, prometheus.GaugeValue, value, rec.ID, rec.Service, rec.SLO, rec.Playbook, string(s))
		}
	}
}
