package sloth

import (
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

// ownWindows takes the tiers that the SLO asks for itself: Sloth's page can be
// of up to two tiers, and so can its ticket. It reports whether it has.
func (r *ruleSet) ownWindows() (done bool, problems []slo.Problem) {
	asked := r.spec.Alerting.Terms.Tiers
	if len(asked) == 0 {
		return false, nil
	}
	if tiers, ok := r.windows.Tiers(); ok && slices.Equal(tiers, asked) {
		return true, nil // it was read from an AlertWindows, which says it to the last digit
	}
	fitted, _ := alerts.Fit(alerts.TiersOf(r.spec), r.spec.Window, r.spec.Objective.Budget(), 0)
	pages, tickets, left := sorted(fitted)
	if len(left) > 0 {
		problems = append(problems, r.spec.Problem(slo.Warning, "spec.alerting.tiers",
			fmt.Sprintf("Sloth has two tiers that page and two that are a ticket: not written are %v", left), "let the engine alert"))
	}
	if r.noPage, r.noTicket = len(pages) == 0, len(tickets) == 0; r.noPage && r.noTicket {
		return false, problems
	}
	w := &r.windows
	w.Period = r.period
	w.PageQuick, w.PageSlow = pair(pages, tickets)
	w.TicketQuick, w.TicketSlow = pair(tickets, pages)
	return true, problems
}

// sorted are tiers by what they do; left are the names of those that nobody
// could be told of. What wakes nobody is not missed.
func sorted(tiers []alerts.Tier) (pages, tickets []sloth.AlertWindow, left []string) {
	for _, t := range tiers {
		w := sloth.AlertWindow{BudgetPercent: t.Budget * 100, Short: t.Short, Long: t.Long}
		switch {
		case t.Severity == alerts.Critical && len(pages) < 2:
			pages = append(pages, w)
		case t.Severity == alerts.Warning && len(tickets) < 2:
			tickets = append(tickets, w)
		case t.Severity != alerts.None:
			left = append(left, t.Name)
		}
	}
	return pages, tickets, left
}

// pair is the quick and the slow one of up to two windows; where there are none,
// no alert is written, and any will do.
func pair(windows, others []sloth.AlertWindow) (quick, slow sloth.AlertWindow) {
	if len(windows) == 0 {
		windows = others
	}
	return windows[0], windows[len(windows)-1]
}
