package app

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

func specOf(service string) *slo.Spec {
	return &slo.Spec{
		Service: service, Name: "availability", Labels: map[string]string{"team": "shops"},
		Alerting: slo.Alerting{
			Labels:   map[string]string{"pager": "on"},
			Critical: slo.AlertingOf{Labels: map[string]string{"route": "phone"}},
		},
	}
}

func seenOf(spec *slo.Spec, state engine.State, tiers ...engine.AlertStatus) *engine.Instance {
	return &engine.Instance{ID: spec.ID(), Spec: spec, State: state, Tiers: tiers}
}

func tierOf(severity, tier string) engine.AlertStatus {
	return engine.AlertStatus{Name: "ErrorBudgetBurn", Severity: severity, Tier: tier, Since: dawn}
}

// Each tier that holds is an alert of its own, with all that Alertmanager would
// see of it.
func TestViewShowsTiers(t *testing.T) {
	spec := specOf("checkout")
	in := seenOf(spec, engine.StateBurning, tierOf("", "heal"), tierOf("critical", "page_fast"))
	in.ID, in.Group = spec.ID()+":0011223344556677", map[string]string{"region": "eu"}
	in.Tiers[1].Frozen = true
	var s sight
	s.elsewhere = func() []remediation.Alert { return []remediation.Alert{{Fingerprint: "theirs"}} }
	v := s.view(&engine.Snapshot{At: dawn.Add(time.Minute), Instances: []*engine.Instance{in}})
	labels := func(severity, tier string) map[string]string {
		return map[string]string{
			"alertname": "ErrorBudgetBurn", "service": "checkout", "slo": "availability", "slo_id": in.ID,
			"severity": severity, "tier": tier, "team": "shops", "region": "eu", "pager": "on",
		}
	}
	page := labels("critical", "page_fast")
	page["route"] = "phone"
	want := remediation.View{
		At: dawn.Add(time.Minute),
		Alerts: []remediation.Alert{
			{Fingerprint: in.ID + " heal", Labels: labels("", "heal"), Since: dawn, Ours: true},
			{Fingerprint: in.ID + " page_fast", Labels: page, Since: dawn, Ours: true, Frozen: true},
			{Fingerprint: "theirs"},
		},
		Instances: map[string]remediation.Instance{in.ID: {
			Labels: map[string]string{"service": "checkout", "slo": "availability", "team": "shops", "region": "eu"},
			Known:  true, Burning: true,
		}},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if before := (&sight{}).view(nil); before.Instances != nil || before.Alerts != nil {
		t.Errorf("before the first tick: %+v", before)
	}
}

// What is known of an instance, and whether traffic may go there.
func TestViewOfStates(t *testing.T) {
	budget := engine.AlertStatus{Name: "ErrorBudgetExhausted", Severity: "info", Tier: "budget", Since: dawn}
	for _, c := range []struct {
		state          engine.State
		tier           engine.AlertStatus
		known, burning bool
	}{
		{engine.StateOK, budget, true, false},
		{engine.StateOK, tierOf("", "heal"), true, true},
		{engine.StateBurning, tierOf("critical", "page_slow"), true, true},
		{engine.StateBurning, tierOf("sev1", "page"), true, true},
		{engine.StateBurning, tierOf("warning", "ticket_fast"), true, false},
		{engine.StateBurning, tierOf("info", "rate"), true, false},
		{engine.StateExhausted, budget, true, true},
		{engine.StateUnknown, budget, false, false},
		{engine.StateNoData, tierOf("critical", "page_fast"), false, true},
		{engine.StateIdle, budget, false, false},
		{engine.StateError, budget, false, false},
	} {
		var s sight
		in := seenOf(specOf("checkout"), c.state, c.tier)
		got := s.view(&engine.Snapshot{Instances: []*engine.Instance{in}}).Instances[in.ID]
		if got.Known != c.known || got.Burning != c.burning {
			t.Errorf("%s, %s %q: known %v, burning %v", c.state, c.tier.Tier, c.tier.Severity, got.Known, got.Burning)
		}
	}
}

// A view that was given away stays as it was, and what has not changed is not
// made again.
func TestViewsAreKept(t *testing.T) {
	specs := []*slo.Spec{specOf("a"), specOf("b")}
	a, b := seenOf(specs[0], engine.StateOK), seenOf(specs[1], engine.StateOK, tierOf("critical", "page_fast"))
	var s sight
	first := s.view(&engine.Snapshot{Instances: []*engine.Instance{a, b}})
	again := seenOf(specs[0], engine.StateOK)
	second := s.view(&engine.Snapshot{At: dawn, Instances: []*engine.Instance{again, b}})
	if fmt.Sprintf("%p", first.Instances) != fmt.Sprintf("%p", second.Instances) ||
		fmt.Sprintf("%p", first.Alerts[0].Labels) != fmt.Sprintf("%p", second.Alerts[0].Labels) || !second.At.Equal(dawn) {
		t.Error("nothing has changed, and it was made again")
	}
	third := s.view(&engine.Snapshot{Instances: []*engine.Instance{seenOf(specs[0], engine.StateExhausted), b}})
	if second.Instances["a:availability"].Burning || !third.Instances["a:availability"].Burning {
		t.Error("a change is not seen, or was seen before it came")
	}
	other := specOf("b")
	other.Labels = map[string]string{"team": "others"}
	fourth := s.view(&engine.Snapshot{Instances: []*engine.Instance{seenOf(other, engine.StateBurning, tierOf("critical", "page_fast"))}})
	if ids := slices.Collect(maps.Keys(fourth.Instances)); len(ids) != 1 || fourth.Instances["b:availability"].Labels["team"] != "others" ||
		fourth.Alerts[0].Labels["team"] != "others" || third.Instances["b:availability"].Labels["team"] != "shops" {
		t.Errorf("after a load: %+v, and before: %+v", fourth, third)
	}
}

// BenchmarkView10000 looks at snapshots in which the figures of all instances
// are new, as in an engine of which every SLO has samples every second; one in
// a hundred burns.
func BenchmarkView10000(b *testing.B) {
	var now [2]*engine.Snapshot
	for n := range now {
		now[n] = &engine.Snapshot{}
	}
	for i := range 10_000 {
		spec := specOf(fmt.Sprintf("service-%05d", i))
		for n := range now {
			in := seenOf(spec, engine.StateOK)
			if i%100 == 0 {
				in.Tiers = []engine.AlertStatus{tierOf("", "heal"), tierOf("critical", "page_fast")}
			}
			now[n].Instances = append(now[n].Instances, in)
		}
	}
	b.Run("nothing changes", func(b *testing.B) {
		var s sight
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.view(now[i%2])
		}
	})
	b.Run("the same snapshot", func(b *testing.B) {
		var s sight
		b.ReportAllocs()
		for b.Loop() {
			s.view(now[0])
		}
	})
	b.Run("one changes", func(b *testing.B) {
		var s sight
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			now[i%2].Instances[7].State = []engine.State{engine.StateOK, engine.StateUnknown}[i%2]
			s.view(now[i%2])
		}
	})
	b.Run("all is new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s sight
			s.view(now[0])
		}
	})
}
