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
		d := Decision{Alert: a, Playbook: p, Step: step}
		list = append(list, r.rehearseStep(ctx, d, action(d)))
	}
	return list
}

func (r *Runner) rehearseStep(ctx context.Context, d Decision, of actuator.Action) Rehearsal {
	remedy := d.Remedy()
	out := Rehearsal{Step: d.Step, Kind: remedy.Gateway, Action: of}
	if out.Reason = grade(d.Alert, remedy); out.Reason != "" {
		return out
	}
	if label := remedy.MemberLabel; label != "" && d.Alert.Labels[label] == "" {
		out.Reason, out.Note = ReasonNoMember, label
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
	out.Reason, out.Note = r.guarded(d, out.Action, plan)
	return out
}

// guarded holds a plan against all guards but those that ask whether it helps.
func (r *Runner) guarded(d Decision, a actuator.Action, plan actuator.Plan) (Reason, string) {
	if reason, note := guard(d.Playbook, a, plan, r.o.View()); reason != "" {
		return reason, note
	}
	reading, before := r.reading(terms(d.Playbook, d.Step, d.Alert.SLO())), plan.Before.Members
	sized := d.Remedy().Kind == slo.RemedyShift && d.Remedy().Share == 0 // it is made as small as it must be
	if !sized && portion(a, before, reading) > d.Playbook.Guards.MaxShift+1e-9 {
		return ReasonBlast, ""
	}
	return affordable(d.Playbook, a, before, reading)
}
