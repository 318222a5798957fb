package api

import (
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
)

// periodsOf are the further windows of an instance; nil if it has none.
func periodsOf(in *engine.Instance) (views []apitypes.Period) {
	for _, p := range in.Also {
		view := apitypes.Period{
			Window: p.Window.String(), SLI: compliance(p.Counts, 0), Coverage: apitypes.Number(p.Coverage),
			WindowStart: apitypes.Time{Time: p.Start}, BurnRate: apitypes.Optional(p.Burn),
			ErrorBudgetRemaining:  apitypes.Optional(p.Remaining),
			ErrorBudgetExhaustion: apitypes.Seconds(p.Exhaustion),
			Adjustments:           adjustmentsOf(p.Adjusted),
		}
		if sampled(in) {
			counts := countsOf(p.Counts)
			view.GoodEvents, view.TotalEvents = counts.GoodEvents, counts.TotalEvents
		}
		views = append(views, view)
	}
	return views
}

// adjustmentsOf is nil where nothing is excluded.
func adjustmentsOf(a *engine.Adjusted) *apitypes.Adjustments {
	if a == nil {
		return nil
	}
	excluded := countsOf(a.Excluded)
	return &apitypes.Adjustments{
		Names:              listed(a.Names),
		ExcludedGoodEvents: excluded.GoodEvents, ExcludedTotalEvents: excluded.TotalEvents,
		ExcludedSeconds:             apitypes.Seconds(&a.ExcludedTime),
		SLIWithout:                  compliance(a.Without.Counts, 0),
		ErrorBudgetRemainingWithout: apitypes.Optional(a.Without.Remaining),
	}
}
