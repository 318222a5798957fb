package api

import (
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// slothGatherer makes the series that Sloth's rules would record, for the
// dashboards that read them: /metrics/sloth.
//
// The names are Sloth's, the numbers are ours. The ratio of the whole period is
// that of its events, not a mean of ratios, and the budget that remains counts
// with the traffic of the whole period, as everywhere here.
type slothGatherer struct {
	snapshot func() *engine.Snapshot
	version  string
	max      int
}

// Gather implements prometheus.Gatherer.
func (g slothGatherer) Gather() ([]*dto.MetricFamily, error) {
	set := newFamilySet()
	for _, in := range shown(g.snapshot(), g.max) {
		g.add(set, in)
	}
	return set.list(), nil
}

func (g slothGatherer) add(set *familySet, in *engine.Instance) {
	id := in.Spec.Service + "-" + in.Spec.Name
	base := foreignLabels(in, pair("sloth_id", id), pair("sloth_service", in.Spec.Service), pair("sloth_slo", in.Spec.Name))
	for _, r := range slices.Concat(in.Windows, []engine.Reading{in.Period}) {
		if ratio, ok := r.Counts.ErrorRatio(); ok {
			window := slothDuration(r.Window)
			set.gauge("slo:sli_error:ratio_rate"+window, "Error ratio of the window.", &ratio, base, "sloth_window", window)
		}
		if r.Window == 5*time.Minute {
			set.gauge("slo:current_burn_rate:ratio", "Burn rate of the last five minutes.", r.Burn, base)
		}
	}
	objective, budget, days := in.Spec.Objective.Ratio(), in.Spec.Objective.Budget(), in.Spec.Window.Nominal().Hours()/24
	set.gauge("slo:objective:ratio", "Promised share of good events.", &objective, base)
	set.gauge("slo:error_budget:ratio", "Share of events that may be bad.", &budget, base)
	set.gauge("slo:time_period:days", "Length of the SLO window in days.", &days, base)
	if in.Remaining != nil {
		burn := 1 - *in.Remaining
		set.gauge("slo:period_burn_rate:ratio", "Share of the error budget that is spent.", &burn, base)
		set.gauge("slo:period_error_budget_remaining:ratio", "Share of the error budget left; negative when overspent.", in.Remaining, base)
	}
	one := 1.0
	set.gauge("sloth_slo_info", "The SLO itself; always 1.", &one, base,
		"sloth_version", g.version, "sloth_mode", "slo-engine", "sloth_spec", in.Spec.Format.APIVersion,
		"sloth_objective", strings.TrimSuffix(in.Spec.Objective.String(), "%"))
}

// slothDuration is a window as Sloth writes it in names: 30d, but 4w of 28 days.
func slothDuration(d time.Duration) string { return model.Duration(d).String() }
