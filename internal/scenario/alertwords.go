package scenario

import (
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// The tiers and severities an expectation may name, beside those that the SLOs
// have of their own.
var (
	tierWords  = []string{alerts.Heal, alerts.PageFast, alerts.PageSlow, alerts.TicketFast, alerts.TicketSlow}
	otherWords = []string{alerts.TierBudget, alerts.TierNoData, string(alerts.Critical), string(alerts.Warning), string(alerts.Info)}
)

// alertWord is a word that names an alert.
type alertWord struct {
	word
	line int
	// tier: it names one that burns, not a severity.
	tier bool
}

// alert takes a tier or a severity. Whether there is one is seen when all SLOs
// are known.
func (r *reader) alert(tier bool) string {
	w := r.next("a tier or severity", "one of: "+strings.Join(slices.Concat(tierWords, otherWords), ", "))
	r.alerts = append(r.alerts, alertWord{word: w, tier: tier})
	return w.text
}

// alertsOf are the alerts that a line names.
func (r *reader) alertsOf(number int) []alertWord {
	for i := range r.alerts {
		r.alerts[i].line = number
	}
	return r.alerts
}

// knowsAlerts complains of alerts that no SLO has.
func (p *parse) knowsAlerts() {
	tiers := p.tiers()
	for _, w := range p.alerts {
		known := tiers
		if !w.tier {
			known = slices.Concat(tiers, otherWords)
		}
		if !slices.Contains(known, w.text) {
			p.problem(w.line, w.column, "write one of: "+strings.Join(known, ", "), "%q is not understood here", w.text)
		}
	}
}

// tiers are the usual ones and those of the scenario's SLOs.
func (p *parse) tiers() []string {
	names := slices.Clone(tierWords)
	for _, s := range p.sets {
		for _, spec := range s.specs {
			tiers, _ := engine.Tiers(spec)
			for _, t := range tiers {
				if !slices.Contains(names, t.Name) {
					names = append(names, t.Name)
				}
			}
		}
	}
	return names
}
