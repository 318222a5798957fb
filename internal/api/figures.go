package api

import (
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// exhaustionWindow is the window whose burn rate Instance.Exhaustion uses.
const exhaustionWindow = 6 * time.Hour

// sloMetric is one of the metrics of design §9, by its place in sloMetrics.
type sloMetric int

const (
	alertState sloMetric = iota
	burnRate
	coverage
	exhaustion
	remaining
	unadjusted
	events
	excluded
	excludedTime
	promised
)

// sloMetrics are what they are called, by name.
var sloMetrics = [...]struct {
	kind       dto.MetricType
	name, help string
}{
	alertState: {dto.MetricType_GAUGE, "slo_alert_state", "Whether an alert tier is in this state (1) or not (0)."},
	burnRate:   {dto.MetricType_GAUGE, "slo_burn_rate", "Error ratio of the window over the error budget; 1 spends exactly the budget in the SLO window."},
	coverage:   {dto.MetricType_GAUGE, "slo_coverage_ratio", "Share of the SLO window that has been observed."},
	exhaustion: {dto.MetricType_GAUGE, "slo_error_budget_exhaustion_seconds", "Time until the error budget runs out at the burn rate of the window; 0 when spent, absent when never."},
	remaining:  {dto.MetricType_GAUGE, "slo_error_budget_remaining_ratio", "Share of the error budget left in the SLO window; negative when overspent."},
	// Of SLOs with BudgetAdjustments in the window.
	unadjusted:   {dto.MetricType_GAUGE, "slo_error_budget_remaining_without_adjustments_ratio", "Share of the error budget that would be left if nothing was excluded."},
	events:       {dto.MetricType_COUNTER, "slo_events_total", "Events counted since the engine began to count, by result."},
	excluded:     {dto.MetricType_GAUGE, "slo_excluded_events", "Events of the SLO window that BudgetAdjustments exclude, by result."},
	excludedTime: {dto.MetricType_GAUGE, "slo_excluded_seconds", "Time of the SLO window, up to now, that BudgetAdjustments exclude."},
	promised:     {dto.MetricType_GAUGE, "slo_objective_ratio", "Promised share of good events."},
}

// figure is one series that an SLO instance may have.
type figure struct {
	metric sloMetric
	// value is of the instance and the window; NaN where it is not known.
	value func(*engine.Instance, *engine.Period) float64
	// extra are the labels that tell it from the others: names and values.
	extra []string
	// period is the window: 0 is the SLO's own, further ones are those of Also.
	period int
}

// ofPeriod are the figures that each window of an SLO has of its own.
var ofPeriod = []figure{
	{metric: promised, value: func(in *engine.Instance, _ *engine.Period) float64 { return in.Spec.Objective.Ratio() }},
	{metric: coverage, value: func(_ *engine.Instance, p *engine.Period) float64 { return p.Coverage }},
	{metric: remaining, value: func(_ *engine.Instance, p *engine.Period) float64 { return pointed(p.Remaining) }},
	{metric: exhaustion, value: func(_ *engine.Instance, p *engine.Period) float64 { return seconds(p.Exhaustion) },
		extra: []string{"window", slo.FormatDuration(exhaustionWindow)}},
	{metric: excluded, value: ifAdjusted(func(a *engine.Adjusted) float64 { return a.Excluded.Good() }), extra: []string{"result", "good"}},
	{metric: excluded, value: ifAdjusted(func(a *engine.Adjusted) float64 { return a.Excluded.Bad }), extra: []string{"result", "bad"}},
	{metric: excludedTime, value: ifAdjusted(func(a *engine.Adjusted) float64 { return a.ExcludedTime.Seconds() })},
	{metric: unadjusted, value: ifAdjusted(func(a *engine.Adjusted) float64 { return pointed(a.Without.Remaining) })},
}

// counted are the events of an instance.
var counted = []figure{
	{metric: events, value: count(func(in *engine.Instance) float64 { return in.Since.Good() }), extra: []string{"result", "good"}},
	{metric: events, value: count(func(in *engine.Instance) float64 { return in.Since.Bad }), extra: []string{"result", "bad"}},
}

// ifAdjusted is of what BudgetAdjustments exclude, where they do.
func ifAdjusted(value func(*engine.Adjusted) float64) func(*engine.Instance, *engine.Period) float64 {
	return func(_ *engine.Instance, p *engine.Period) float64 {
		if p.Adjusted == nil {
			return math.NaN()
		}
		return value(p.Adjusted)
	}
}

// count is of what a counter can say: sources that disagree may have counted
// fewer than no events.
func count(value func(*engine.Instance) float64) func(*engine.Instance, *engine.Period) float64 {
	return func(in *engine.Instance, _ *engine.Period) float64 {
		if !sampled(in) {
			return math.NaN()
		}
		return max(value(in), 0)
	}
}

// burnOf is of the i-th of an instance's windows.
func burnOf(i int, window time.Duration) figure {
	return figure{metric: burnRate, extra: []string{"window", slo.FormatDuration(window)},
		value: func(in *engine.Instance, _ *engine.Period) float64 { return pointed(in.Windows[i].Burn) }}
}

// stateOf is of an alert tier.
func stateOf(tier string) figure {
	return figure{metric: alertState, extra: []string{"tier", tier, "state", "firing"},
		value: func(in *engine.Instance, _ *engine.Period) float64 {
			if slices.ContainsFunc(in.Alerts, func(a engine.AlertStatus) bool { return a.Tier == tier }) {
				return 1
			}
			return 0
		}}
}

func pointed(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func seconds(d *time.Duration) float64 {
	if d == nil {
		return math.NaN()
	}
	return d.Seconds()
}
