package gate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// gravity orders decisions: the gravest of several holds. What is none of them is
// as grave as unknown.
func gravity(d slo.GateDecision) int {
	switch d {
	case slo.GateAllow:
		return 0
	case slo.GateHold:
		return 1
	case slo.GateDeny:
		return 3
	}
	return 2
}

// gravest is the graver of two decisions.
func gravest(a, b slo.GateDecision) slo.GateDecision {
	if gravity(b) > gravity(a) {
		return b
	}
	return a
}

// decisionOf is the gravest decision that counts.
func decisionOf(reasons []Reason) slo.GateDecision {
	d := slo.GateAllow
	for i := range reasons {
		if !reasons[i].Overruled {
			d = gravest(d, reasons[i].Decision)
		}
	}
	return d
}

// ordered are the reasons as they are told: what decides, why the rest does not,
// and what there is besides. Among equals the service's own come first.
func ordered(reasons []Reason, service string) []Reason {
	type placed struct {
		weight int
		*Reason
	}
	list := make([]placed, len(reasons))
	for i := range reasons {
		list[i] = placed{weight(&reasons[i], service), &reasons[i]}
	}
	slices.SortFunc(list, func(a, b placed) int {
		if by := cmp.Or(cmp.Compare(a.weight, b.weight), strings.Compare(a.SLO, b.SLO)); by != 0 {
			return by
		}
		return cmp.Or(cmp.Compare(a.Window, b.Window), strings.Compare(a.Text, b.Text), strings.Compare(a.Service, b.Service))
	})
	out := make([]Reason, len(list))
	for i := range list {
		out[i] = *list[i].Reason
	}
	return out
}

// weight is where a reason stands, but for those of the same kind: by what comes of
// it, whose it is and what it is about.
func weight(r *Reason, service string) int {
	return (2*place(r)+elsewhere(r, service))*len(codes) + codes[r.Code]
}

// place is where a reason of its decision is told.
func place(r *Reason) int {
	grave := gravity(r.Decision)
	switch {
	case r.Code == CodePasses || r.Code == CodeBreakGlass:
		return 10
	case grave == 0:
		return 30
	case r.Overruled:
		return 20 - grave
	}
	return 5 - grave
}

// elsewhere is 1 of what another service is to blame for.
func elsewhere(r *Reason, service string) int {
	if r.Service == "" || r.Service == service {
		return 0
	}
	return 1
}

// codes are the places of kinds of reasons among those of equal weight.
var codes = map[Code]int{
	CodePasses: 0, CodeBreakGlass: 1, CodeNoEvidence: 2, CodeStale: 3, CodeUnknownService: 4,
	CodeBudget: 5, CodeConsumed: 6, CodeBurn: 7, CodeAlert: 8, CodeDeploy: 9, CodeCanary: 10,
	CodeFaulty: 11, CodeNoData: 12, CodeColdStart: 13, CodeNotKnown: 14, CodeGood: 15, CodeIdle: 16,
}
