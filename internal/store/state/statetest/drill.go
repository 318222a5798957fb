package statetest

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

func drills(t *testing.T, s remediation.Store) {
	drill := func(name string) remediation.Record {
		return with(record(name), func(r *remediation.Record) { r.Drill = true })
	}
	all := remediation.Limits{Now: start, Cooldown: time.Hour, MaxOpen: 3, MaxPerHour: 1, MaxPerServiceHour: 1}
	a := reserve(t, s, drill("a"), all)
	b := reserve(t, s, drill("b"), all) // no cooldown, and no hour
	wantHeld(t, s, with(record("c"), func(r *remediation.Record) { r.Target = "a" }), all,
		remediation.Held{Reason: remediation.HeldBusyTarget, By: "a"})
	reserve(t, s, record("d"), all)
	// What is no drill holds drills, too; and there are three now.
	wantHeld(t, s, drill("e"), all, remediation.Held{Reason: remediation.HeldCooldown, By: "d", Until: start.Add(time.Hour)})
	wantHeld(t, s, drill("e"), remediation.Limits{Now: start, MaxOpen: 3}, remediation.Held{Reason: remediation.HeldOpen})
	move(t, s, a, undone...)
	b.Drill = false
	b.State = remediation.Applying
	if _, err := s.Update(t.Context(), b); err == nil {
		t.Error("a drill became an action")
	}
}
