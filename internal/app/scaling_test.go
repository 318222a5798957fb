package app

import (
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/scaler"
)

// What an action takes out of rotation the others have to do, as long as it is live.
func TestMembersInRotation(t *testing.T) {
	plan := func(before, after string) *actuator.Plan {
		members := func(shares string) (list []actuator.Member) {
			for i, c := range shares {
				list = append(list, actuator.Member{Name: string(rune('a' + i)), Share: float64(c-'0') / 10})
			}
			return list
		}
		return &actuator.Plan{Before: actuator.Live{Members: members(before)}, Members: members(after)}
	}
	record := func(service string, state remediation.State, p *actuator.Plan) remediation.Record {
		return remediation.Record{Service: service, State: state, Plan: p}
	}
	drained := record("shop", remediation.Holding, plan("253", "055"))
	rehearsed := drained
	rehearsed.DryRun = true
	for name, c := range map[string]struct {
		open []remediation.Record
		want scaler.Members
	}{
		"nothing is live":       {nil, scaler.Members{}},
		"one of three":          {[]remediation.Record{drained}, scaler.Members{All: 3, Out: 1}},
		"one had none before":   {[]remediation.Record{record("shop", remediation.Verifying, plan("055", "0:0"))}, scaler.Members{All: 2, Out: 1}},
		"the worst gateway":     {[]remediation.Record{drained, record("shop", remediation.Holding, plan("55", "0:"))}, scaler.Members{All: 2, Out: 1}},
		"a shift takes nobody":  {[]remediation.Record{record("shop", remediation.Holding, plan("55", "19"))}, scaler.Members{}},
		"of another service":    {[]remediation.Record{record("cart", remediation.Holding, plan("55", "0:"))}, scaler.Members{}},
		"not done yet, or over": {[]remediation.Record{record("shop", remediation.Proposed, plan("55", "0:")), record("shop", remediation.Undone, plan("55", "0:"))}, scaler.Members{}},
		"rehearsed":             {[]remediation.Record{rehearsed}, scaler.Members{}},
		"not planned":           {[]remediation.Record{record("shop", remediation.Applying, nil)}, scaler.Members{}},
	} {
		if got := membersOf(c.open, "shop"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
