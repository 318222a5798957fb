package remediation

import (
	"math"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

const (
	// margin keeps a shift from ending right at the threshold.
	margin = 0.9
	// stride is what shifts are multiples of, so that noise in the counts makes
	// no odd weights.
	stride = 0.05
)

// Size is how much of from's traffic must go elsewhere so that the burn rate is
// predicted to fall below a threshold, rounded up, and what it is predicted to
// be then: e - x·s·(ef - et), for the error ratios of all, of from and of those
// that take it, and from's share s of the traffic.
//
// Worked: 1 % of all fail at a budget of 0.1 % (burn 10); from has half of the
// traffic and fails 2 %, to 0 %. Below 0.9 of burn 1 takes x = (0.01 - 0.0009) /
// (0.5 · 0.02) = 0.91, rounded up 0.95, which leaves 0.0005: burn 0.5.
//
// Where the threshold cannot be reached it is all of the traffic, if that helps
// at all; known is false where the counts do not tell.
func Size(r Reading, from, to string, below float64) (share, predicted float64, known bool) {
	source, takers := parts(r, from, to)
	ef, sourceKnown := source.Ratio()
	et, takersKnown := takers.Ratio()
	e, _ := r.Ratio()
	if r.Budget <= 0 || !sourceKnown || !takersKnown {
		return 0, 0, false
	}
	gain := source.Total / r.Total * (ef - et)
	if gain <= 0 {
		return 0, e / r.Budget, true
	}
	share = (e - margin*below*r.Budget) / gain
	share = min(1, max(stride, math.Ceil(share/stride-1e-9)*stride))
	return share, max(0, e-share*gain) / r.Budget, true
}

// parts are the counts of the member that gives and of those that take.
func parts(r Reading, from, to string) (source, takers Count) {
	for name, c := range r.Members {
		switch {
		case name == from:
			source = c
		case name == to || to == "":
			takers.Bad += c.Bad
			takers.Total += c.Total
		}
	}
	return source, takers
}

// shareOf is a member's share of the traffic: as it was counted, else as the
// gateway's weights say.
func shareOf(member string, r Reading, members []actuator.Member) float64 {
	if c, counted := r.Members[member]; counted && r.Total > 0 {
		return c.Total / r.Total
	}
	for _, m := range members {
		if m.Name == member {
			return m.Share
		}
	}
	return 1 // not known: as if all went there
}

// fit is how large an action is, within the guards.
func fit(remedy slo.Remedy, a actuator.Action, before []actuator.Member, r Reading, below, most float64) (share float64, reason Reason) {
	if remedy.Kind != slo.RemedyShift {
		moved := 0.0
		if a.Member != "" {
			moved = shareOf(a.Member, r, before)
		}
		switch share, _, known := Size(r, a.Member, "", below); {
		case a.Member == "":
		case known && share == 0:
			return 0, ReasonNoHelp
		case moved > most+1e-9:
			return 0, ReasonBlast
		}
		return 0, ""
	}
	of := shareOf(a.From, r, before)
	largest := 1.0
	if of > most {
		largest = most / of
	}
	share, _, known := Size(r, a.From, a.To, below)
	switch {
	case known && share == 0:
		return 0, ReasonNoHelp
	case remedy.Share > largest+1e-9:
		return 0, ReasonBlast
	case remedy.Share > 0:
		return remedy.Share, ""
	case !known:
		return largest, ""
	}
	return min(share, largest), ""
}
