package remediation

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Evidence is what was known when an action was decided.
type Evidence struct {
	// Burn is the burn rate of the events counted then; 0: not known.
	Burn   float64 `json:"burn,omitempty"`
	Budget float64 `json:"budget,omitempty"`
	Count
	Members map[string]Count `json:"members,omitempty"`
	// Window is the time in which they were counted.
	Window time.Duration `json:"window,omitempty"`
	// Predicted is the burn rate that was predicted for after the action.
	Predicted float64 `json:"predicted,omitempty"`
	// Labels are the alert's.
	Labels map[string]string `json:"labels,omitempty"`
}

func evidence(r Reading, a Alert) Evidence {
	burn, _ := r.Burn()
	return Evidence{Burn: burn, Budget: r.Budget, Count: r.Count, Members: r.Members, Window: r.Until.Sub(r.From), Labels: a.Labels}
}

// known is what a record was decided on.
func (r Record) known() (e Evidence) {
	_ = json.Unmarshal(r.Evidence, &e) // what cannot be read is not known
	return e
}

// spared estimates the bad events that an action has spared: those that its
// traffic would have had at the error ratio of before, less those it had. It is
// the counterfactual of a fault that goes on; an untreated member, where there
// is one, is the better witness of what it still does.
func spared(e Evidence, r Reading, touched string) float64 {
	ratio := e.Bad / max(e.Total, 1)
	if still, counted := r.Members[touched]; counted && still.Total > 0 {
		treated, _ := e.Members[touched].Ratio()
		now, _ := still.Ratio()
		if treated > 0 {
			ratio *= min(1, now/treated)
		}
	}
	return max(0, ratio*r.Total-r.Bad)
}

// terms are what a playbook says about an action, kept with it.
func terms(p *slo.Remediation, step int, instance string) Terms {
	t := Terms{
		Approval: p.Approval, Lease: p.Lease, Native: p.UndoIfEngineDies,
		Proof: cmp.Or(p.Proof.SLO, instance), BurnBelow: p.Proof.BurnBelow, MinEvents: p.Proof.MinEvents,
		Window: p.Proof.Window, Within: p.Proof.Within, By: p.Remedies[step].By,
		AtLeaseEnd: p.Undo.AtLeaseEnd, After: p.Undo.After, Steps: p.Undo.Steps, Every: p.Undo.Every,
		Last: true,
	}
	if p.Remedies[step].Kind == slo.RemedySampling {
		t.Proof = p.Proof.SLO // more traces mend nothing, and are not held against that
	}
	for _, later := range p.Remedies[step+1:] {
		t.Last = t.Last && later.AfterSuccess
	}
	return t
}
