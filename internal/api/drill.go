package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// drillTime bounds an answer about a drill: each action is done, seen and undone,
// one after the other.
const drillTime = 10 * time.Minute

// unhurried answers when it can: the server's deadline is for answers that are
// there already.
func unhurried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Where there is no deadline none can be moved.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(drillTime))
		next.ServeHTTP(w, r)
	})
}

// drill rehearses a playbook, or does and undoes it.
func (h *healing) drill(r *http.Request) (any, error) {
	var body apitypes.DrillRequest
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	p, err := h.playbook(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	labels := supposed(body.Labels)
	if !body.Real {
		return rehearsalOf(p, h.Rehearse(r.Context(), p, labels)), nil
	}
	// Who asked may go: what was begun is undone all the same.
	report, err := h.Drill(context.WithoutCancel(r.Context()), p, labels, auth.From(r.Context()).Name)
	if err != nil {
		return nil, notDrilled(err)
	}
	return drillOf(report), nil
}

// supposed are the labels of the alert of a drill: one that may act, unless they
// say otherwise.
func supposed(labels map[string]string) map[string]string {
	labels = copied(maps.Clone(labels))
	if _, said := labels["severity"]; !said && labels["slo_id"] == "" {
		labels["severity"] = "critical"
	}
	return labels
}

// notDrilled says why nothing may be written now.
func notDrilled(err error) error {
	var held *remediation.Held
	if !errors.As(err, &held) {
		return err
	}
	switch held.Reason {
	case remediation.ReasonOff, remediation.ReasonRehearsed:
		return fail(conflict, "nothing was done: a drill for real wants remediation: {mode: enforce}, and a playbook without dryRun")
	case remediation.ReasonPaused:
		return fail(conflict, "nothing was done: %s has paused everything; resume first", held.By)
	case remediation.HeldNotLeading:
		return fail(conflict, "nothing was done: another engine leads, and only that one can; ask it")
	}
	return fail(conflict, "nothing was done: %v", held)
}

func rehearsalOf(p *slo.Remediation, rehearsals []remediation.Rehearsal) apitypes.Drill {
	d := apitypes.Drill{Playbook: p.Name, Sound: true, Steps: []apitypes.DrillStep{}}
	for _, one := range rehearsals {
		step := drillStepOf(one)
		if remedy := p.Remedies[one.Step]; remedy.Kind == slo.RemedyShift && remedy.Share == 0 {
			step.What += ", at most: as much as is needed then"
		}
		d.Steps = append(d.Steps, step)
		d.Sound = d.Sound && one.Reason == ""
	}
	return d
}

func drillStepOf(one remediation.Rehearsal) apitypes.DrillStep {
	step := apitypes.DrillStep{
		Step: one.Step, GatewayKind: one.Kind, Gateway: one.Name, What: inWords(one.Action),
		Reason: string(one.Reason), Note: one.Note, Plan: planOf(one.Plan), Times: []apitypes.DrillTime{},
	}
	if one.Guarantees.Precondition != "" {
		step.Guarantees = guaranteesOf(one.Guarantees)
	}
	return step
}

func drillOf(report remediation.DrillReport) apitypes.Drill {
	d := apitypes.Drill{Playbook: report.Playbook, Real: true, Sound: report.Sound(), Steps: []apitypes.DrillStep{}}
	for _, one := range report.Actions {
		step := drillStepOf(one.Rehearsal)
		step.ActionID, step.State, step.Restored = one.ID, string(one.State), one.Restored
		for _, t := range one.Times {
			step.Times = append(step.Times, apitypes.DrillTime{What: t.What, After: t.After.Seconds()})
		}
		if one.TimeToHeal > 0 {
			step.TimeToHeal = apitypes.Seconds(&one.TimeToHeal)
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}
