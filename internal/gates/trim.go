package gates

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// A service may have thousands of SLOs, as one that is split by customer. Verdicts
// are kept by the thousand, and read by people: of each only so much is kept.
const (
	reasonsShown = 100
	// shown is how many budgets, and SLOs of a deploy, are kept beyond those that
	// the reasons name.
	shown = 50
)

// trim cuts a verdict that says too much. The gravest reasons stay, and what they are
// about. What it was decided on is not touched.
func trim(v *gate.Verdict) {
	if more := len(v.Reasons) - reasonsShown; more > 0 {
		v.Reasons = slices.Clone(v.Reasons[:reasonsShown])
		v.Reasons[reasonsShown-1].Text += fmt.Sprintf("; there are %d more reasons", more)
	}
	named := map[string]bool{v.Leading: true}
	for i := range v.Reasons {
		named[v.Reasons[i].SLO] = true
	}
	v.Evidence.Budgets = telling(v.Evidence.Budgets, named)
	if d := v.Evidence.Deploy; d != nil && len(d.SLOs) > shown {
		cut := *d
		cut.SLOs = worst(d.SLOs, named)
		v.Evidence.Deploy = &cut
	}
}

// telling are the budgets that are named, and some more, in their order.
func telling(list []gate.Budget, named map[string]bool) []gate.Budget {
	if len(list) <= shown {
		return list
	}
	var kept []gate.Budget
	more := shown
	for _, b := range list {
		if named[b.ID] {
			kept = append(kept, b)
		} else if more > 0 {
			kept, more = append(kept, b), more-1
		}
	}
	return kept
}

// worst are the SLOs that are named, and those of which a deploy spent most, by SLO.
func worst(list []gate.DeployBurn, named map[string]bool) []gate.DeployBurn {
	if len(list) <= shown {
		return list
	}
	spent := func(b gate.DeployBurn) float64 {
		if b.Consumed == nil {
			return -1
		}
		return *b.Consumed
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b gate.DeployBurn) int {
		return cmp.Or(cmp.Compare(spent(b), spent(a)), cmp.Compare(a.SLO, b.SLO))
	})
	kept := slices.Clone(list[:shown])
	for _, b := range list[shown:] {
		if named[b.SLO] {
			kept = append(kept, b)
		}
	}
	slices.SortFunc(kept, func(a, b gate.DeployBurn) int { return cmp.Compare(a.SLO, b.SLO) })
	return kept
}
