package gate

import (
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// overrule lets changes pass that must not wait for a budget, and those for which
// somebody broke the glass. What spoke against them is still told.
func (j *judge) overrule() {
	before := len(j.reasons)
	if slices.Contains(j.policy.Passes, j.request.Kind) {
		j.reasons = append(j.reasons, reason(CodePasses, slo.GateAllow, "%s passes whatever is left of the error budget", article(j.request.Kind)))
	}
	if g := j.evidence.Glass; j.glassHolds() {
		j.reasons = append(j.reasons, reason(CodeBreakGlass, slo.GateAllow, "%s broke the glass at %s, until %s: %s", g.By, stamp(g.At), stamp(g.Until), g.Reason))
	}
	if len(j.reasons) == before {
		return
	}
	for i := range j.reasons[:before] {
		j.reasons[i].Overruled = j.reasons[i].Decision != slo.GateAllow
	}
}

// glassHolds reports whether a glass was broken for who asks, and it is not over.
func (j *judge) glassHolds() bool {
	g, r := j.evidence.Glass, &j.request
	return g != nil && g.Service == r.Service && (g.Environment == "" || g.Environment == r.Environment) && g.Until.After(r.Now)
}

// article is a kind of change in a sentence.
func article(k slo.ChangeKind) string {
	switch k {
	case slo.ChangeRollback:
		return "a rollback"
	case slo.ChangeScaleUp:
		return "a scale-up"
	case slo.ChangeFixForward:
		return "a fix-forward"
	case slo.ChangeDeploy:
		return "a deploy"
	}
	return "a change of kind " + string(k)
}
