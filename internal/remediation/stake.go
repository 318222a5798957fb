package remediation

import (
	"cmp"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// atStake is how many events would be bad that are not now, if all traffic that
// an action touches failed until it is known whether the action has helped:
// rate · share · within · (1 - e), with e the error ratio of what it touches. An
// action of which it is not known what it touches touches everything.
//
// Worked: 100 events a second, a shift of half of the traffic of v2, which has
// 40 % of it and fails 1 in 4, to be verified within 2 minutes: 100 · 0.4 · 0.5 ·
// 120 · 0.75 = 1,800.
func atStake(a actuator.Action, within time.Duration, before []actuator.Member, r Reading) (events float64, known bool) {
	seconds := r.Until.Sub(r.From).Seconds()
	if seconds <= 0 || r.Total <= 0 {
		return 0, false
	}
	failing, _ := r.Ratio()
	if c, counted := r.Members[cmp.Or(a.Member, a.From)]; counted {
		failing, _ = c.Ratio()
	}
	return r.Total / seconds * portion(a, before, r) * within.Seconds() * (1 - failing), true
}

// portion is how much of all traffic an action touches.
func portion(a actuator.Action, before []actuator.Member, r Reading) float64 {
	switch {
	case a.Kind == actuator.Shift:
		return a.Share * shareOf(a.From, r, before)
	case a.Member != "":
		return shareOf(a.Member, r, before)
	}
	return 1
}

// affordable asks whether what is left of the budget can bear that an action
// fails. Where the guard is set and that is not known, it is held.
func affordable(p *slo.Remediation, a actuator.Action, before []actuator.Member, r Reading) (Reason, string) {
	most := p.Guards.MaxBudgetAtStake
	if most <= 0 {
		return "", ""
	}
	events, known := atStake(a, p.Proof.Within, before, r)
	switch {
	case !known || r.Left == nil:
		return ReasonAtStake, "what is left of the budget, or how much traffic there is, is not known"
	case events > max(0, *r.Left)*most+1e-9:
		return ReasonAtStake, fmt.Sprintf("%.0f events could fail within %s, and %.0f may", events, slo.FormatDuration(p.Proof.Within), max(0, *r.Left)*most)
	}
	return "", ""
}
