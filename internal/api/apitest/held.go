package apitest

import (
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// HeldID is the id of Held.
const HeldID = "20260301t115930-000000-00003"

// Held is an action that helps: 60 % of v2's traffic goes to v1.
func Held() remediation.Record {
	began := Noon.Add(-30 * time.Second)
	before, after := map[string]int{"v1": 50, "v2": 50}, map[string]int{"v1": 80, "v2": 20}
	return remediation.Record{
		ID: HeldID, Playbook: "back-to-v1", Service: "checkout", SLO: "checkout:availability", Tier: "heal",
		Alert: "checkout:availability/heal", Since: began.Add(-3 * time.Second),
		Gateway: "edge", Kind: "haproxy", Settings: raw(map[string]string{"backend": "checkout", "password": "hidden"}), Target: "checkout",
		Action: actuator.Action{ID: HeldID, Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.6},
		State:  remediation.Holding, Reason: remediation.ReasonHelped, Effect: remediation.ReasonHelped, Saved: 612,
		Plan: &actuator.Plan{
			Target: "checkout", Before: actuator.Live{Value: value(before), Members: members(before)}, After: value(after), Members: members(after),
			Requests: requests(value(after)), Undo: requests(value(before)),
		},
		Evidence: raw(remediation.Evidence{
			Burn: 500, Budget: 0.001, Count: remediation.Count{Bad: 250, Total: 500}, Window: 5 * time.Second, Predicted: 200,
			Members: map[string]remediation.Count{"v1": {Total: 250}, "v2": {Bad: 250, Total: 250}},
			Labels:  map[string]string{"service": "checkout", "tier": "heal"},
		}),
		Created: began, Updated: Noon, Entered: began.Add(8 * time.Second), Acted: began.Add(120 * time.Millisecond), Expires: Noon.Add(29 * time.Minute),
	}
}

// heldEntries are what is in the audit of Held, in order.
func heldEntries() []remediation.Entry {
	rec := Held()
	entry := func(after time.Duration, who, what string, reason remediation.Reason, data any) remediation.Entry {
		e := remediation.Entry{At: rec.Created.Add(after), Who: who, What: what, Action: rec.ID, Service: rec.Service, SLO: rec.SLO, Reason: reason}
		if data != nil {
			e.Data = raw(data)
		}
		return e
	}
	return []remediation.Entry{
		entry(0, "slo-engine", "reserved", remediation.ReasonReserved, rec.Plan),
		entry(40*time.Millisecond, "slo-engine", "applying", remediation.ReasonPlanned, map[string]any{"note": "", "escalated": false}),
		entry(120*time.Millisecond, "slo-engine", "wrote", remediation.ReasonPlanned, map[string]any{
			"before": rec.Plan.Before.Value, "after": rec.Plan.After, "requests": rec.Plan.Requests, "answer": "200 OK",
		}),
		entry(130*time.Millisecond, "slo-engine", "verifying", remediation.ReasonLive, nil),
		entry(8*time.Second, "slo-engine", "held", remediation.ReasonHelped, map[string]any{"note": "", "escalated": false}),
		entry(20*time.Second, "alice", "asked_undo", remediation.ReasonHelped, map[string]any{"note": "not yet, see" + Evil}),
	}
}
