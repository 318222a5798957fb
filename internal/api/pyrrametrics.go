package api

import (
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// pyrraGatherer makes the series of Pyrra's generic rules, for the dashboards
// that read them: /metrics/pyrra. Those of grouped SLOs have the group's labels.
type pyrraGatherer struct {
	snapshot func() *engine.Snapshot
	max      int
}

// Gather implements prometheus.Gatherer.
func (g pyrraGatherer) Gather() ([]*dto.MetricFamily, error) {
	set := newFamilySet()
	instances := shown(g.snapshot(), g.max)
	shared := map[string]map[string]bool{} // services by the names of their SLOs
	for _, in := range instances {
		if shared[in.Spec.Name] == nil {
			shared[in.Spec.Name] = map[string]bool{}
		}
		shared[in.Spec.Name][in.Spec.Service] = true
	}
	for _, in := range instances {
		name := in.Spec.Name
		if len(shared[name]) > 1 { // Pyrra tells SLOs apart by their names alone
			name = in.Spec.Service + "-" + name
		}
		addPyrra(set, in, foreignLabels(in, pair("slo", name)))
	}
	return set.list(), nil
}

func addPyrra(set *familySet, in *engine.Instance, base labelPairs) {
	objective, seconds := in.Spec.Objective.Ratio(), in.Spec.Window.Nominal().Seconds()
	set.gauge("pyrra_objective", "Promised share of good events.", &objective, base)
	set.gauge("pyrra_window", "Length of the SLO window in seconds.", &seconds, base)
	if ratio, ok := in.Period.Counts.ErrorRatio(); ok {
		good := 1 - ratio
		set.gauge("pyrra_availability", "Share of good events in the SLO window.", &good, base)
	}
	for _, r := range in.Windows {
		if r.Window == 5*time.Minute && r.Coverage > 0 {
			requests, errors := r.Counts.Total/r.Window.Seconds(), r.Counts.Bad/r.Window.Seconds()
			set.gauge("pyrra_requests:rate5m", "Events a second in the last five minutes.", &requests, base)
			set.gauge("pyrra_errors:rate5m", "Bad events a second in the last five minutes.", &errors, base)
		}
	}
}
