package scaler

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics shows the numbers as they are when it is asked. What is not known is
// absent.
type metrics struct {
	of    *Scalers
	polls *prometheus.CounterVec
}

var (
	numberDesc = prometheus.NewDesc("slo_engine_scaler_replicas",
		"How many replicas are needed, as autoscalers are told. Absent while that is not known.", []string{"scaler"}, nil)
	inputDesc = prometheus.NewDesc("slo_engine_scaler_input",
		"What is known of the inputs of a scaler, in their own units. Absent while one is not known.", []string{"scaler", "input"}, nil)
	missingDesc = prometheus.NewDesc("slo_engine_scaler_missing_inputs",
		"Inputs for want of which a scaler has no number.", []string{"scaler"}, nil)
	leaksDesc = prometheus.NewDesc("slo_engine_scaler_leaking_pods",
		"Pods whose goroutines are suspected to leak.", []string{"scaler"}, nil)
)

func newMetrics(s *Scalers) *metrics {
	m := &metrics{of: s, polls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "slo_engine_scaler_polls_total",
		Help: "Polls of the inputs of scalers, by how they went: ok, unusable (the answer is no number) or failed.",
	}, []string{"scaler", "input", "outcome"})}
	if s.options.Registerer != nil {
		s.options.Registerer.MustRegister(m, m.polls)
	}
	return m
}

// polled counts a poll.
func (m *metrics) polled(scaler string, input Input, err error) {
	outcome := "ok"
	switch {
	case errors.Is(err, errUnusable):
		outcome = "unusable"
	case err != nil:
		outcome = "failed"
	}
	m.polls.WithLabelValues(scaler, string(input), outcome).Inc()
}

// Describe is prometheus.Collector's.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{numberDesc, inputDesc, missingDesc, leaksDesc} {
		ch <- d
	}
}

// Collect is prometheus.Collector's.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, s := range m.of.Status() {
		if s.Missing == nil {
			gauge(numberDesc, s.Number.Value, s.Spec.Name)
		}
		gauge(missingDesc, float64(len(s.lacks())), s.Spec.Name)
		gauge(leaksDesc, float64(len(s.Leaks)), s.Spec.Name)
		for input, r := range s.Readings {
			if r.problem() == "" {
				gauge(inputDesc, r.Value, s.Spec.Name, string(input))
			}
		}
	}
}
