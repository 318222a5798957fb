package alerts

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestTiersOfAnSLO(t *testing.T) {
	own := []slo.Tier{
		{Name: "page", Severity: "critical", Budget: 0.02, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
		{Name: "rate", Factor: 6, Long: 6 * time.Hour, Short: 30 * time.Minute, Fixed: true},
		{Name: "shrinks", Severity: "warning", Factor: 6, Long: 6 * time.Hour, Short: 30 * time.Minute},
	}
	spec := &slo.Spec{Alerting: slo.Alerting{Severities: map[string]string{"page": "sev1", "rate": "info", "shrinks": "none"}}}
	spec.Alerting.Terms.Tiers = own
	const week = 7 * 24 * time.Hour
	got, misfits := Fit(TiersOf(spec), slo.Window{Rolling: week}, 0.001, 0)
	want := []Tier{
		// 2 % of 7 d in 1 h: 0.02*168.
		{Name: "page", Severity: "sev1", Budget: 0.02, Long: time.Hour, Short: 5 * time.Minute, Factor: 3.36, Fixed: true},
		// 6 for 6 h of 168 h.
		{Name: "rate", Severity: Info, Budget: 6 * 6.0 / 168, Long: 6 * time.Hour, Short: 30 * time.Minute, Factor: 6, Fixed: true},
		// 6 h of 30 d are 84 min of 7 d.
		{Name: "shrinks", Severity: None, Budget: 6 * 84.0 / 60 / 168, Long: 84 * time.Minute, Short: 7 * time.Minute, Factor: 6},
	}
	if diff := cmp.Diff(want, got, near); diff != "" || len(misfits) > 0 {
		t.Error(diff, misfits)
	}
	if len(TiersOf(&slo.Spec{})) != len(Defaults()) {
		t.Error("who says nothing has other tiers than the usual ones")
	}
}

var near = cmp.Comparer(func(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 })

func TestTiersThatDoNotFit(t *testing.T) {
	tiers := []Tier{
		{Name: "long", Severity: Warning, Factor: 2, Long: 8 * 24 * time.Hour, Short: time.Hour, Fixed: true},
		{Name: "never", Severity: Critical, Factor: 100, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
	}
	got, misfits := Fit(tiers, slo.Window{Rolling: 7 * 24 * time.Hour}, 0.05, 0)
	// A factor of 0.5/0.05 = 10 spends 100/168 of the budget in 1000/168 h.
	if len(got) != 1 || got[0].Name != "never" || got[0].Long != 10*time.Hour || got[0].Short != 50*time.Minute {
		t.Errorf("tiers %+v", got)
	}
	if len(misfits) != 2 || !misfits[0].Dropped || misfits[0].Field != "spec.alerting.tiers" || misfits[1].Dropped || misfits[1].Field != "spec.objective" {
		t.Errorf("misfits %+v", misfits)
	}
}

func TestShortTiersKeepTheirWindows(t *testing.T) {
	tier := Tier{Long: 10 * time.Minute, Short: 5 * time.Minute}
	if got := tier.ForInterval(2 * time.Minute); got != tier {
		t.Errorf("two samples are in %v, and it became %v", tier, got)
	}
	if got := tier.ForInterval(3 * time.Minute); got.Short != 6*time.Minute || got.Long != 18*time.Minute {
		t.Errorf("widened to %v", got)
	}
}

// burns are windows of an instance that burns, or not, at each tier's factor.
func burns(p *Policy, burning bool) (list []Windows) {
	for _, tier := range p.Tiers {
		b := Burn{Counts: budget.Counts{Total: 1e6}, Coverage: 1}
		if burning {
			b.Bad = 1e6 * min(1, 2*tier.Factor*p.Budget)
		}
		list = append(list, Windows{Long: b, Short: b})
	}
	return list
}

func words(events []Event) (list []string) {
	for _, e := range events {
		list = append(list, e.Name+" "+e.Kind.String()+" "+string(e.Severity)+" "+e.Tier+" "+e.Reason)
	}
	return list
}

// TestASilence: each policy has its own events, from a burn that is cut off by
// a silence to the time when samples come again.
func TestASilence(t *testing.T) {
	tiers, _ := Fit(Defaults()[1:2], slo.Window{Rolling: month}, 0.001, 0)
	tests := map[slo.NoDataPolicy][]string{
		slo.UsualNoData: {"ErrorBudgetBurn changed critical page_fast ", "SLINoData fired warning no_data ",
			"| ErrorBudgetBurn resolved critical page_fast no_data", "| SLINoData resolved warning no_data recovered"},
		slo.FreezeNoData: {"ErrorBudgetBurn changed critical page_fast ", "SLINoData fired warning no_data ",
			"| ErrorBudgetBurn resolved critical page_fast no_data", "| SLINoData resolved warning no_data recovered"},
		slo.BadNoData:    {"SLINoData fired warning no_data ", "|", "| ErrorBudgetBurn resolved critical page_fast recovered", "SLINoData resolved warning no_data recovered"},
		slo.GoodNoData:   {"ErrorBudgetBurn resolved critical page_fast no_data", "SLINoData fired warning no_data ", "|", "| SLINoData resolved warning no_data recovered"},
		slo.IgnoreNoData: {"ErrorBudgetBurn resolved critical page_fast no_data", "|", "|"},
	}
	for policy, want := range tests {
		p := &Policy{Tiers: tiers, Gate: DefaultGate(), Budget: 0.001, NoData: policy}
		var s State
		p.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: burns(p, true)}, epoch)
		var got []string
		for i, step := range []struct {
			data  Data
			burns bool
			after time.Duration
		}{
			{NoData, policy != slo.GoodNoData, 11 * time.Minute}, // what it counts as is the observation's
			{NoData, policy != slo.GoodNoData, 61 * time.Minute}, {Live, false, 62 * time.Minute},
		} {
			o := Observation{Data: step.data, LastSample: epoch, Burns: burns(p, step.burns)}
			events := words(p.Step(&s, o, epoch.Add(step.after)))
			if i > 0 {
				events = append([]string{"|"}, events...)
				if len(events) > 1 {
					events = append([]string{"| " + events[1]}, events[2:]...)
				}
			}
			got = append(got, events...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", policy, diff)
		}
		if len(s.Firing()) != 0 {
			t.Errorf("%v: %v fires at the end", policy, s.Firing())
		}
	}
}

func TestAnEditOfTiersEndsNoAlertThatBurns(t *testing.T) {
	tiers := func(names ...string) (list []Tier) {
		for _, name := range names {
			list = append(list, Tier{Name: name, Severity: Critical, Factor: 10, Long: time.Hour, Short: 5 * time.Minute})
		}
		return list
	}
	before := &Policy{Tiers: tiers("a", "b"), Gate: DefaultGate(), Budget: 0.001}
	// Too few bad events to begin with, and enough to go on.
	few := Burn{Counts: budget.Counts{Bad: 3, Total: 100}, Coverage: 1}
	for name, now := range map[string]*Policy{
		"renamed": {Tiers: tiers("c"), Gate: DefaultGate(), Budget: 0.001}, "reordered": {Tiers: tiers("b", "a"), Gate: DefaultGate(), Budget: 0.001},
		"more": {Tiers: tiers("x", "y", "a"), Gate: DefaultGate(), Budget: 0.001},
	} {
		var s State
		before.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: burns(before, true)}, epoch)
		s = reread(t, s)
		o := Observation{Data: Live, LastSample: epoch, Burns: slices.Repeat([]Windows{{Long: few, Short: few}}, len(now.Tiers))}
		for _, e := range now.Step(&s, o, epoch.Add(time.Second)) {
			if e.Kind == Resolved {
				t.Errorf("%s: %v", name, e)
			}
		}
		if len(s.Firing()) != 1 {
			t.Errorf("%s: %v fires", name, s.Firing())
		}
	}
	var s State
	none := burns(before, false)[1]
	before.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: []Windows{burns(before, true)[0], none}}, epoch)
	turned := &Policy{Tiers: tiers("b", "a"), Gate: DefaultGate(), Budget: 0.001}
	turned.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: []Windows{{Long: few, Short: few}, none}}, epoch.Add(time.Second))
	if len(s.Firing()) != 0 {
		t.Errorf("b never held, has little evidence, and fires: %v", s.Firing())
	}
	s = State{}
	before.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: burns(before, true)}, epoch)
	info := &Policy{Tiers: tiers("a"), Gate: DefaultGate(), Budget: 0.001}
	info.Tiers[0].Severity = Info
	got := words(info.Step(&s, Observation{Data: NoData, LastSample: epoch}, epoch.Add(11*time.Minute)))
	if diff := cmp.Diff([]string{"ErrorBudgetBurn resolved critical a policy_changed", "SLINoData fired warning no_data "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestASeverityOfItsOwn(t *testing.T) {
	p := &Policy{Tiers: []Tier{
		{Name: "a", Severity: "sev1", Factor: 10, Long: time.Hour}, {Name: "b", Severity: Info, Factor: 10, Long: time.Hour},
		{Name: "c", Severity: Critical, Factor: 10, Long: time.Hour},
	}, Budget: 0.001, Silent: "sev2"}
	var s State
	p.Step(&s, Observation{Data: Live, LastSample: epoch, Burns: burns(p, true)}, epoch)
	s = reread(t, s)
	p.Step(&s, Observation{Data: NoData, LastSample: epoch, Burns: burns(p, true)}, epoch.Add(time.Minute))
	s = reread(t, s)
	var got []Severity
	for _, status := range s.Firing() {
		got = append(got, status.Severity)
	}
	if diff := cmp.Diff([]Severity{Critical, "sev1", Info, "sev2"}, got); diff != "" {
		t.Error(diff)
	}
}
