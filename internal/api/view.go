package api

import (
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// sloOf is an instance as the list shows it.
func sloOf(in *engine.Instance, at time.Time) apitypes.SLO {
	view := apitypes.SLO{
		ID: in.ID, Service: in.Spec.Service, Name: in.Spec.Name,
		Group: copied(in.Group), Labels: copied(in.Spec.Labels),
		Objective: apitypes.Number(in.Spec.Objective.Ratio()), Window: in.Spec.Window.String(),
		State:                 string(in.State),
		SLI:                   compliance(in.Period.Counts, 0),
		Coverage:              apitypes.Number(in.Period.Coverage),
		WindowStart:           apitypes.Time{Time: in.Period.Start},
		ErrorBudgetRemaining:  apitypes.Optional(in.Remaining),
		ErrorBudgetConsumed1h: apitypes.Optional(in.Consumed1h),
		ErrorBudgetExhaustion: apitypes.Seconds(in.Exhaustion),
		Adjustments:           adjustmentsOf(in.Adjusted),
		Periods:               periodsOf(in),
		BurnRates:             burnRates(in.Windows),
		Alerts:                alertStatuses(in.Alerts),
		LastEvent:             apitypes.Time{Time: in.LastEvent},
		UpdatedAt:             apitypes.Time{Time: at},
	}
	if sampled(in) {
		counts := countsOf(in.Period.Counts)
		view.GoodEvents, view.TotalEvents = counts.GoodEvents, counts.TotalEvents
		if in.UncertainInPeriod != 0 {
			view.UncertainEvents = apitypes.Number(in.UncertainInPeriod)
		}
	}
	return view
}

// sampled reports whether the counts say anything: before the first sample,
// 0 events means that nobody looked.
func sampled(in *engine.Instance) bool {
	return !in.LastSample.IsZero() || in.Since.Total != 0 || in.Period.Counts.Total != 0
}

// compliance is the share of good events, with the pardoned ones among them,
// within 0 and 1; nil without events.
func compliance(c budget.Counts, pardoned float64) *float64 {
	if c.Total <= 0 {
		return nil
	}
	return apitypes.Number(min(max((c.Good()+pardoned)/c.Total, 0), 1))
}

func countsOf(c budget.Counts) apitypes.Counts {
	return apitypes.Counts{
		GoodEvents:  apitypes.Number(c.Good()),
		BadEvents:   apitypes.Number(c.Bad),
		TotalEvents: apitypes.Number(c.Total),
	}
}

func burnRates(readings []engine.Reading) map[string]*float64 {
	rates := make(map[string]*float64, len(readings))
	for _, r := range readings {
		rates[slo.FormatDuration(r.Window)] = apitypes.Optional(r.Burn)
	}
	return rates
}

// burnOver is the burn rate of one window, nil if it is not known or the
// instance does not keep it.
func burnOver(in *engine.Instance, window time.Duration) *float64 {
	for _, r := range append([]engine.Reading{in.Period}, in.Windows...) {
		if r.Window == window {
			return apitypes.Optional(r.Burn)
		}
	}
	return nil
}

func alertStatuses(firing []engine.AlertStatus) []apitypes.AlertStatus {
	views := make([]apitypes.AlertStatus, 0, len(firing))
	for _, f := range firing {
		views = append(views, apitypes.AlertStatus{
			Name: f.Name, Severity: f.Severity, Tier: f.Tier, State: "firing",
			Since: apitypes.Time{Time: f.Since}, Frozen: f.Frozen,
		})
	}
	return views
}

// copied is m, never nil.
func copied(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}

// listed is s, never nil.
func listed(s []string) []string {
	if s == nil {
		return []string{}
	}
	return slices.Clone(s)
}
