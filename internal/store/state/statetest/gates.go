package statetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// RunGates checks that a gates.Store does what it must. open returns a new, empty
// one.
func RunGates(t *testing.T, open func(t *testing.T) gates.Store) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, gates.Store)
	}{
		{"KeepsLatches", keepsLatches},
		{"KeepsManyLatches", keepsManyLatches},
		{"KeepsVerdictsAsTheyAre", keepsVerdicts},
		{"CountsVerdicts", countsVerdicts},
		{"FindsVerdicts", findsVerdicts},
		{"KeepsGlasses", keepsGlasses},
		{"KeepsDeploys", keepsDeploys},
		{"SweepsGates", sweepsGates},
		{"TakesStrangeNames", takesStrangeNames},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

func keepsLatches(t *testing.T, s gates.Store) {
	a := gates.Latch{Policy: "production", SLO: "checkout:availability", Decision: slo.GateDeny, Since: start}
	b := gates.Latch{SLO: "checkout:availability", Decision: slo.GateHold, Since: start.Add(time.Second)}
	ok(t, s.SetLatches(t.Context(), []gates.Latch{a, b}, nil))
	wantLatches(t, s, b, a)
	a.Since = start.Add(time.Minute)
	ok(t, s.SetLatches(t.Context(), []gates.Latch{a}, []gates.Latch{b, {SLO: "nobody:knows", Decision: slo.GateDeny}}))
	wantLatches(t, s, a)
	ok(t, s.SetLatches(t.Context(), nil, []gates.Latch{a}))
	wantLatches(t, s)
}

func wantLatches(t *testing.T, s gates.Store, want ...gates.Latch) {
	t.Helper()
	got, err := s.Latches(t.Context())
	ok(t, err)
	same(t, "latches", got, want)
}

// An outage of everything latches everything.
func keepsManyLatches(t *testing.T, s gates.Store) {
	var all []gates.Latch
	for i := range 3000 {
		all = append(all, gates.Latch{Policy: "p", SLO: fmt.Sprintf("service-%04d:availability", i), Decision: slo.GateDeny, Since: start})
	}
	ok(t, s.SetLatches(t.Context(), append(all, all[0]), nil)) // one of them twice
	wantLatches(t, s, all...)
	ok(t, s.SetLatches(t.Context(), nil, all[1:]))
	wantLatches(t, s, all[0])
}

// told is a verdict that has everything.
func told(id string, at time.Time) gates.Told {
	number := func(f float64) *float64 { return &f }
	burns := []gate.Burn{{Window: 5 * time.Minute, Rate: number(14.4)}, {Window: time.Hour, Quiet: true}}
	budget := gate.Budget{
		ID: "checkout:availability:9f86d081884c7d65", Service: "checkout", SLO: "availability", Group: map[string]string{"route": "</pay>"},
		State: "burning", Remaining: number(-0.25), Burns: burns, Coverage: 0.5, Window: 30 * 24 * time.Hour,
		Alerts: []gate.Alert{{Severity: "critical", Tier: "page_fast", Since: start}}, LastSample: start,
	}
	deploy := gate.Deploy{ID: "d", Service: "checkout", Environment: "prod", Version: "v2", At: start, SLOs: []gate.DeployBurn{
		{SLO: budget.ID, Since: number(3), Events: 100, Consumed: number(0.01)},
	}}
	glass := gate.Glass{ID: "g", Service: "checkout", Reason: "the fix is in there", By: "alice", At: start, Until: start.Add(time.Hour)}
	canary := gate.Canary{
		SLO: "checkout:availability", By: "version", Candidate: gate.Side{Version: "v2", Bad: 1, Total: 100}, Baseline: gate.Side{Total: 900},
		Decision: slo.GateHold, Evidence: 2, Limit: 100, Since: start, Until: start.Add(time.Minute), Note: "it cannot be told yet",
	}
	return gates.Told{First: at, Last: at.Add(time.Second), Count: 3, Verdict: gate.Verdict{
		ID: id, Request: gate.Request{Service: "checkout", Kind: slo.ChangeDeploy, Version: "v2", Environment: "prod", Now: at},
		Policy: "production", Decision: slo.GateDeny, Leading: budget.ID, Remaining: budget.Remaining, Burns: burns,
		Reasons: []gate.Reason{{
			Code: gate.CodeBudget, Decision: slo.GateDeny, SLO: budget.ID, Service: "checkout", Window: time.Hour,
			Value: budget.Remaining, Threshold: number(0), Overruled: true, Text: "-25 % is left",
		}},
		At: at, ValidUntil: at.Add(30 * time.Second), IfUnknown: slo.GateAllow,
		Evidence: gate.Evidence{At: at, Budgets: []gate.Budget{budget}, Canaries: []gate.Canary{canary}, Deploy: &deploy, Glass: &glass},
	}}
}

func keepsVerdicts(t *testing.T, s gates.Store) {
	a := told("a", start)
	ok(t, s.TellVerdicts(t.Context(), nil))
	ok(t, s.TellVerdicts(t.Context(), []gates.Told{a}))
	got, err := s.Verdict(t.Context(), "a")
	ok(t, err)
	same(t, "verdict", got, a)
	_, err = s.Verdict(t.Context(), "b")
	want(t, err, gates.ErrUnknown)
}

// Engines tell the same verdict; one of them was late.
func countsVerdicts(t *testing.T, s gates.Store) {
	a, late, other := told("a", start), told("a", start.Add(-time.Minute)), told("a", start.Add(time.Minute))
	other.Policy = "what was written first stays"
	ok(t, s.TellVerdicts(t.Context(), []gates.Told{a}))
	ok(t, s.TellVerdicts(t.Context(), []gates.Told{late, other, told("b", start)}))
	got, err := s.Verdict(t.Context(), "a")
	ok(t, err)
	a.First, a.Last, a.Count = late.First, other.Last, 9
	same(t, "verdict", got, a)
}

func findsVerdicts(t *testing.T, s gates.Store) {
	var all []gates.Told
	for i := range 150 {
		one := told(fmt.Sprintf("%03d", i), start.Add(time.Duration(i)*time.Second))
		if i%2 == 1 {
			one.Request.Service, one.Decision = "search", slo.GateAllow
		}
		all = append(all, one)
	}
	ok(t, s.TellVerdicts(t.Context(), all))
	for _, c := range []struct {
		q    gates.VerdictQuery
		want string
	}{
		{gates.VerdictQuery{Limit: 3}, "[149 148 147]"},
		{gates.VerdictQuery{Limit: 3, Service: "checkout"}, "[148 146 144]"},
		{gates.VerdictQuery{Limit: 2, Decision: slo.GateAllow}, "[149 147]"},
		{gates.VerdictQuery{Service: "checkout", Decision: slo.GateAllow}, "[]"},
		{gates.VerdictQuery{Since: start.Add(148 * time.Second)}, "[149 148 147]"}, // Last is a second later
	} {
		got, err := s.FindVerdicts(t.Context(), c.q)
		ok(t, err)
		ids := []string{}
		for _, one := range got {
			ids = append(ids, one.ID)
		}
		same(t, fmt.Sprintf("%+v", c.q), fmt.Sprint(ids), c.want)
	}
	usual, err := s.FindVerdicts(t.Context(), gates.VerdictQuery{})
	ok(t, err)
	same(t, "usual limit", len(usual), 100)
}

func keepsGlasses(t *testing.T, s gates.Store) {
	a := gate.Glass{ID: "a", Service: "checkout", Environment: "prod", Reason: "the fix is in there", By: "alice", At: start, Until: start.Add(time.Hour)}
	b := gate.Glass{ID: "b", Service: "search", Reason: "<customers> wait", By: "bob", At: start.Add(time.Second), Until: start.Add(time.Minute)}
	ok(t, s.BreakGlass(t.Context(), a))
	ok(t, s.BreakGlass(t.Context(), b))
	again := a
	again.Reason = "said again, after an answer that did not come"
	ok(t, s.BreakGlass(t.Context(), again))
	wantGlasses(t, s, start, a, b)
	wantGlasses(t, s, b.Until, a)
	ok(t, s.MendGlass(t.Context(), "a", "carol", start.Add(time.Second)))
	ok(t, s.MendGlass(t.Context(), "a", "carol", start.Add(time.Minute)))
	wantGlasses(t, s, start, b)
	want(t, s.MendGlass(t.Context(), "c", "carol", start), gates.ErrUnknown)
}

func wantGlasses(t *testing.T, s gates.Store, at time.Time, want ...gate.Glass) {
	t.Helper()
	got, err := s.BrokenGlasses(t.Context(), at)
	ok(t, err)
	same(t, "glasses", got, want)
}

func keepsDeploys(t *testing.T, s gates.Store) {
	three := 3.0
	a := gate.Deploy{ID: "a", Service: "checkout", Environment: "prod", Version: "v2", At: start}
	b := gate.Deploy{ID: "b", Service: "search", Version: "v7", At: start.Add(time.Minute)}
	for _, d := range []gate.Deploy{a, b} {
		marked, err := s.MarkDeploy(t.Context(), d)
		ok(t, err)
		same(t, "marked", marked, d)
	}
	burned := []gate.DeployBurn{{SLO: "checkout:availability", Since: &three, Events: 50, Consumed: &three}}
	ok(t, s.BurnDeploys(t.Context(), map[string][]gate.DeployBurn{"a": burned, "nobody": burned}))
	a.SLOs = burned
	other := gate.Deploy{ID: "a", Service: "search", Version: "v9", At: start.Add(time.Hour)}
	marked, err := s.MarkDeploy(t.Context(), other)
	ok(t, err)
	same(t, "marked again", marked, a)
	wantDeploys(t, s, gates.DeployQuery{}, b, a)
	wantDeploys(t, s, gates.DeployQuery{Limit: 1}, b)
	wantDeploys(t, s, gates.DeployQuery{Service: "checkout"}, a)
	wantDeploys(t, s, gates.DeployQuery{Since: start.Add(time.Second)}, b)
}

func wantDeploys(t *testing.T, s gates.Store, q gates.DeployQuery, want ...gate.Deploy) {
	t.Helper()
	got, err := s.FindDeploys(t.Context(), q)
	ok(t, err)
	same(t, fmt.Sprintf("deploys %+v", q), got, want)
}

func sweepsGates(t *testing.T, s gates.Store) {
	var all []gates.Told
	for i, d := range []slo.GateDecision{slo.GateDeny, slo.GateDeny, slo.GateAllow, slo.GateUnknown, slo.GateHold, slo.GateAllow} {
		one := told(fmt.Sprint(i), start.Add(time.Duration(i)*time.Minute))
		one.Decision = d
		all = append(all, one)
	}
	ok(t, s.TellVerdicts(t.Context(), all))
	ok(t, s.BreakGlass(t.Context(), gate.Glass{ID: "old", At: start, Until: start}))
	ok(t, s.BreakGlass(t.Context(), gate.Glass{ID: "new", At: start, Until: start.Add(time.Minute)}))
	for _, d := range []gate.Deploy{{ID: "old", At: start}, {ID: "new", At: start.Add(time.Minute)}} {
		_, err := s.MarkDeploy(t.Context(), d)
		ok(t, err)
	}
	before := start.Add(30 * time.Second) // the first verdict was told last before that
	ok(t, s.SweepGates(t.Context(), before, 0))
	wantVerdicts(t, s, "5", "4", "3", "2", "1")
	ok(t, s.SweepGates(t.Context(), before, 3))
	wantVerdicts(t, s, "5", "4", "1")
	wantDeploys(t, s, gates.DeployQuery{}, gate.Deploy{ID: "new", At: start.Add(time.Minute)})
	want(t, s.MendGlass(t.Context(), "old", "alice", start), gates.ErrUnknown)
	ok(t, s.MendGlass(t.Context(), "new", "alice", start))
}

func wantVerdicts(t *testing.T, s gates.Store, ids ...string) {
	t.Helper()
	found, err := s.FindVerdicts(t.Context(), gates.VerdictQuery{})
	ok(t, err)
	got := []string{}
	for _, one := range found {
		got = append(got, one.ID)
	}
	same(t, "verdicts", got, ids)
}

// Names come from whoever asks: they are only strings.
func takesStrangeNames(t *testing.T, s gates.Store) {
	for i, name := range []string{"'; DROP TABLE slo_gate_verdicts; --", "\x00", "\xff\xfe", "?", "$1", "%s", "日本語", " "} {
		one := told(fmt.Sprint("v", i), start)
		one.Request.Service = name
		ok(t, s.TellVerdicts(t.Context(), []gates.Told{one}))
		found, err := s.FindVerdicts(t.Context(), gates.VerdictQuery{Service: name, Limit: 1})
		ok(t, err)
		if len(found) != 1 && name != "\x00" && name != "\xff\xfe" { // these are read as what they were written as
			t.Errorf("of the service %q there are %d verdicts", name, len(found))
		}
		_, err = s.Verdict(t.Context(), name)
		want(t, err, gates.ErrUnknown)
		ok(t, s.BreakGlass(t.Context(), gate.Glass{ID: name, Service: name, By: name, Reason: name, At: start, Until: start.Add(time.Hour)}))
		_, err = s.MarkDeploy(t.Context(), gate.Deploy{ID: name, Service: name, At: start})
		ok(t, err)
		ok(t, s.SetLatches(t.Context(), []gates.Latch{{Policy: name, SLO: name, Decision: slo.GateDeny}}, nil))
	}
	deploys, err := s.FindDeploys(t.Context(), gates.DeployQuery{Service: "日本語"})
	ok(t, err)
	same(t, "deploys", len(deploys), 1)
}
