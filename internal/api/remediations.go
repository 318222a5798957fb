package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// listRemediations answers an engine without remediation, too: no playbook is
// in force there.
func (a *api) listRemediations(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	list := apitypes.RemediationList{Remediations: []apitypes.Remediation{}}
	if a.Actions == nil {
		return list, nil
	}
	h, err := a.healing()
	if err != nil {
		return nil, err
	}
	held, err := h.heldBack(r.Context())
	if err != nil {
		return nil, a.named(r, err)
	}
	for _, p := range h.sorted() {
		list.Remediations = append(list.Remediations, remediationOf(p, held[p.Name]))
	}
	return list, nil
}

// sorted are the playbooks by name.
func (h *healing) sorted() []*slo.Remediation {
	return slices.SortedFunc(slices.Values(h.Playbooks()), func(a, b *slo.Remediation) int { return strings.Compare(a.Name, b.Name) })
}

func (h *healing) playbook(name string) (*slo.Remediation, error) {
	for _, p := range h.Playbooks() {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, fail(missing, "there is no playbook %q in force; /api/v1/remediations lists those there are", name)
}

// What is looked through for why nothing was done: so far back, and so many
// entries of the audit.
const (
	heldBackFor     = 24 * time.Hour
	heldBackEntries = 1000
)

// heldBack says, by playbook, why nothing was done about alerts, for each alert
// the last time, the newest first.
func (h *healing) heldBack(ctx context.Context) (map[string][]apitypes.HeldBack, error) {
	entries, err := h.Entries(ctx, remediation.EntryQuery{Since: h.now().Add(-heldBackFor), Limit: heldBackEntries})
	if err != nil {
		return nil, err
	}
	byPlaybook, seen := map[string][]apitypes.HeldBack{}, map[[2]string]bool{}
	for _, e := range entries {
		playbook, held, ok := heldBackOf(e)
		if key := [2]string{playbook, held.Alert}; ok && !seen[key] {
			seen[key] = true
			byPlaybook[playbook] = append(byPlaybook[playbook], held)
		}
	}
	return byPlaybook, nil
}

func heldBackOf(e remediation.Entry) (playbook string, held apitypes.HeldBack, ok bool) {
	if e.What != "held_back" {
		return "", held, false
	}
	var data struct {
		Playbook, Alert, Note string
		Step                  int
		Labels                map[string]string
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return "", held, false
	}
	return data.Playbook, apitypes.HeldBack{
		At: apitypes.Time{Time: e.At}, Alert: data.Alert, Labels: copied(data.Labels), Service: e.Service, SLOID: e.SLO,
		Step: data.Step, Reason: string(e.Reason), Note: data.Note,
	}, true
}

func remediationOf(p *slo.Remediation, held []apitypes.HeldBack) apitypes.Remediation {
	view := apitypes.Remediation{
		Name: p.Name, On: matchersOf(p.On), Actions: []apitypes.Remedy{}, Approval: p.Approval, DryRun: p.DryRun,
		Guards: apitypes.RemedyGuards{
			Cooldown: p.Guards.Cooldown.Seconds(), MaxPerHour: p.Guards.MaxPerHour, MaxShift: p.Guards.MaxShift,
			MinHealthy: p.Guards.MinHealthy, MaxBudgetAtStake: p.Guards.MaxBudgetAtStake, RequireHealthy: matchersOf(p.Guards.RequireHealthy),
		},
		Verify: apitypes.RemedyVerify{
			SLOID: p.Proof.SLO, BurnBelow: p.Proof.BurnBelow, Window: p.Proof.Window.Seconds(),
			Within: p.Proof.Within.Seconds(), MinEvents: p.Proof.MinEvents,
		},
		Lease: p.Lease.Seconds(),
		Undo: apitypes.RemedyUndo{
			When: "resolved", After: p.Undo.After.Seconds(), Steps: append([]float64{}, p.Undo.Steps...), Every: p.Undo.Every.Seconds(),
		},
		UndoIfEngineDies: p.UndoIfEngineDies,
		Origin:           apitypes.Origin{File: p.Origin.File, Document: p.Origin.Document, Line: p.Origin.Line},
		HeldBack:         append([]apitypes.HeldBack{}, held...),
	}
	if p.Undo.AtLeaseEnd {
		view.Undo.When = "lease_ends"
	}
	for _, m := range p.Remedies {
		view.Actions = append(view.Actions, apitypes.Remedy{GatewayKind: m.Gateway, What: remedyInWords(m), AfterSuccess: m.AfterSuccess})
	}
	return view
}

func matchersOf(m slo.Matchers) []string {
	texts := make([]string, 0, len(m))
	for _, one := range m {
		texts = append(texts, one.String())
	}
	return texts
}
