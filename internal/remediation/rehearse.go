package remediation

import (
	"context"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Rehearsal is what one action of a playbook would do now.
type Rehearsal struct {
	Step   int             `json:"step"`
	Kind   string          `json:"kind"` // of gateway
	Name   string          `json:"gateway,omitempty"`
	Action actuator.Action `json:"action"`
	// Plan has the exact requests, and those that undo them; nil: there is none.
	Plan *actuator.Plan `json:"plan,omitempty"`
	// Guarantees are the gateway's.
	Guarantees actuator.Guarantees `json:"guarantees"`
	// Reason says why it would not be done; empty: it would.
	Reason Reason `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Rehearse asks the gateways what each action of a playbook would change for
// an alert with such labels. It writes nothing, neither there nor in the Store.
// Whether anything burns does not matter.
func (r *Runner) Rehearse(ctx context.Context, p *slo.Remediation, labels map[string]string) (list []Rehearsal) {
	a := Alert{Labels: labels, Ours: labels["slo_id"] != "", Since: r.now()}
	for step := range p.Remedies {
		list = append(list, r.rehearseStep(ctx, Decision{Alert: a, Playbook: p, Step: step}))
	}
	return list
}

func (r *Runner) rehearseStep(ctx context.Context, d Decision) Rehearsal {
	remedy := d.Remedy()
	out := Rehearsal{Step: d.Step, Kind: remedy.Gateway, Action: action(d)}
	if out.Reason = grade(d.Alert, remedy); out.Reason != "" {
		return out
	}
	settings, err := remedy.Settings.Text()
	var a actuator.Actuator
	if err == nil {
		out.Name, a, err = r.o.Gateways.Open(remedy.Gateway, settings)
	}
	if err != nil {
		out.Reason, out.Note = ReasonGateway, err.Error()
		return out
	}
	out.Guarantees = a.Guarantees()
	ctx, cancel := context.WithTimeout(ctx, r.o.CallTimeout)
	defer cancel()
	plan, err := a.Plan(ctx, out.Action)
	if err != nil {
		out.Reason, out.Note = reasonOf(err), err.Error()
		return out
	}
	out.Plan = &plan
	out.Reason, out.Note = guard(d.Playbook, out.Action, plan, r.o.View())
	return out
}
