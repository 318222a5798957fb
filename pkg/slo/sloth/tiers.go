package sloth

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// pairs are the four windows, by the names of the engine's usual tiers.
func (w AlertWindows) pairs() []struct {
	name, severity string
	AlertWindow
} {
	return []struct {
		name, severity string
		AlertWindow
	}{
		{"page_fast", "critical", w.PageQuick}, {"page_slow", "critical", w.PageSlow},
		{"ticket_fast", "warning", w.TicketQuick}, {"ticket_slow", "warning", w.TicketSlow},
	}
}

// Tiers are the windows as the engine's tiers. They are not ok where one can be
// no tier: more than the whole budget, or a long window that is not longer.
func (w AlertWindows) Tiers() (tiers []slo.Tier, ok bool) {
	for _, p := range w.pairs() {
		whole := p.Short%time.Second == 0 && p.Long%time.Second == 0
		if !(p.BudgetPercent > 0 && p.BudgetPercent <= 100) || p.Short <= 0 || p.Short >= p.Long || p.Long > slo.MaxRolling || !whole {
			return nil, false
		}
		tiers = append(tiers, slo.Tier{
			Name: p.name, Severity: p.severity, Budget: p.BudgetPercent / 100, Long: p.Long, Short: p.Short, Fixed: true,
		})
	}
	return tiers, true
}

// tiers are those of the AlertWindows for the period of all SLOs; nil where
// there are none, and the usual ones hold.
func (r *reader) tiers(in *slo.Library) []slo.Tier {
	period := slo.FormatDuration(r.options.Period)
	found, there := in.Find(Windows, period)
	if !there {
		return nil
	}
	tiers, ok := found.(AlertWindows).Tiers()
	if !ok {
		r.problems = append(r.problems, slo.Problem{
			Severity: slo.Warning, Message: "the AlertWindows of " + period + " are none that the engine can follow: its usual tiers alert",
			Fix: "write at most 100 percent, and long windows that are longer than the short ones",
		})
	}
	return tiers
}
