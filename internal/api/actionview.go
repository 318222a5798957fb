package api

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// actionOf is a record as lists show it. The settings of its gateway stay here:
// they may name secrets.
func actionOf(rec remediation.Record) apitypes.Action {
	view := apitypes.Action{
		ID: rec.ID, State: string(rec.State), Reason: string(rec.Reason), Note: rec.Note,
		Service: rec.Service, SLOID: rec.SLO, Playbook: rec.Playbook, Step: rec.Step,
		Tier: rec.Tier, Severity: rec.Severity, AlertSince: apitypes.Time{Time: rec.Since},
		Kind: string(rec.Action.Kind), What: inWords(rec.Action),
		GatewayKind: rec.Kind, Gateway: rec.Gateway, Target: rec.Target,
		DryRun: rec.DryRun, Drill: rec.Drill, Escalated: rec.Escalated, Effect: string(rec.Effect),
		AnsweredBy: rec.Answered, UndoAskedBy: rec.Asked, Tries: rec.Tries,
		CreatedAt: apitypes.Time{Time: rec.Created}, UpdatedAt: apitypes.Time{Time: rec.Updated},
		EnteredAt: apitypes.Time{Time: rec.Entered}, ActedAt: apitypes.Time{Time: rec.Acted},
	}
	if !rec.State.Over() {
		view.ExpiresAt = apitypes.Time{Time: rec.Expires}
	}
	if rec.Saved > 0 {
		view.SavedEvents = apitypes.Number(rec.Saved)
	}
	return view
}

func planOf(p *actuator.Plan) *apitypes.Plan {
	if p == nil {
		return nil
	}
	return &apitypes.Plan{
		Target: p.Target, Before: p.Before.Value, After: p.After, Members: membersOf(p),
		Requests: requestsOf(p.Requests), Undo: requestsOf(p.Undo),
	}
}

// membersOf are the members before and after, those of before first.
func membersOf(p *actuator.Plan) []apitypes.Member {
	list := make([]apitypes.Member, 0, len(p.Before.Members))
	for _, m := range p.Before.Members {
		list = append(list, apitypes.Member{Name: m.Name, ShareBefore: apitypes.Number(m.Share), Healthy: m.Healthy})
	}
	for _, m := range p.Members {
		i := slices.IndexFunc(list, func(known apitypes.Member) bool { return known.Name == m.Name })
		if i < 0 {
			i, list = len(list), append(list, apitypes.Member{Name: m.Name, Healthy: m.Healthy})
		}
		list[i].ShareAfter = apitypes.Number(m.Share)
	}
	return list
}

func requestsOf(requests []actuator.Request) []apitypes.Request {
	list := make([]apitypes.Request, 0, len(requests))
	for _, r := range requests {
		list = append(list, apitypes.Request{Line: r.Line, Headers: listed(r.Headers), Body: r.Body})
	}
	return list
}

// evidenceOf is what a record was decided on; nil where that cannot be read.
func evidenceOf(rec remediation.Record) *apitypes.Evidence {
	var e remediation.Evidence
	if len(rec.Evidence) == 0 || json.Unmarshal(rec.Evidence, &e) != nil {
		return nil
	}
	view := &apitypes.Evidence{Members: []apitypes.MemberCount{}, Labels: copied(e.Labels)}
	if e.Window > 0 {
		view.Window = apitypes.Seconds(&e.Window)
		view.BadEvents, view.TotalEvents = apitypes.Number(e.Bad), apitypes.Number(e.Total)
	}
	if e.Budget > 0 && e.Total > 0 {
		view.BurnRate = apitypes.Number(e.Burn)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		c := e.Members[name]
		view.Members = append(view.Members, apitypes.MemberCount{Name: name, BadEvents: apitypes.Number(c.Bad), TotalEvents: apitypes.Number(c.Total)})
	}
	if len(e.Members) > 0 && rec.Action.Kind == actuator.Shift {
		view.PredictedBurnRate = apitypes.Number(e.Predicted)
	}
	return view
}

func guaranteesOf(g actuator.Guarantees) *apitypes.Guarantees {
	return &apitypes.Guarantees{
		Precondition: string(g.Precondition), Window: g.Window, Expires: g.Expires, Survives: g.Survives, Fenced: g.Fenced,
	}
}

// timelineOf turns entries, the newest first, into the order they happened in.
func timelineOf(entries []remediation.Entry) []apitypes.Deed {
	list := make([]apitypes.Deed, 0, len(entries))
	for _, e := range slices.Backward(entries) {
		list = append(list, apitypes.Deed{
			At: apitypes.Time{Time: e.At}, Who: e.Who, What: e.What, Reason: string(e.Reason), Data: e.Data,
		})
	}
	return list
}
