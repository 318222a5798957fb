package slo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyHere(t *testing.T) {
	s := &Spec{Service: "checkout", Name: "availability", Objective: mustObjective(t, "99.9%"), Window: Window{Rolling: 30 * day}}
	if found := s.OnlyHere("Sloth has"); len(found) > 0 {
		t.Errorf("of an SLO without any of it: %v", brief(found))
	}
	s.Also = []Window{{Rolling: 7 * day}, {Period: Month}}
	s.Earlier = []Earlier{{Objective: mustObjective(t, "99%"), Until: time.Unix(0, 0)}}
	s.Adjustments = []*Adjustment{{Name: "failover"}, {Name: "sundays"}}
	want := []string{
		"0 spec.windows: Sloth has one window; left out: 7d and month; let the engine keep the other budgets, or write an SLO for each",
		"0 spec.earlierObjectives: Sloth has one objective: 99.9% is that of all time; let the engine keep the budget until the window has passed the last change",
		"0 : Sloth has no time that does not count: the adjustments failover, sundays are left out; silence the alerts of that time; the budget there is without adjustments",
	}
	found := s.OnlyHere("Sloth has")
	if diff := cmp.Diff(want, brief(found)); diff != "" {
		t.Error(diff)
	}
	for _, p := range found {
		if p.Severity != Warning || p.SLO != "checkout:availability" {
			t.Errorf("%+v", p)
		}
	}
}
