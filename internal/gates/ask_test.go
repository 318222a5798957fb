package gates_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestAsk(t *testing.T) {
	w := newWorld(t)
	w.want(gate.Request{Service: "shop"}, slo.GateUnknown, gate.CodeNoEvidence)
	w.see(instance("shop:availability"), instance("shop:latency"), instance("shop-front:availability", pages), instance("sho:p", left(-1)))
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeGood)
	w.want(gate.Request{Service: "shop-front"}, slo.GateDeny, gate.CodeAlert)
	w.want(gate.Request{Service: "nobody"}, slo.GateUnknown, gate.CodeUnknownService)
	w.want(gate.Request{Service: ""}, slo.GateUnknown, gate.CodeUnknownService)
	w.want(gate.Request{Service: "shop", SLO: "nothing"}, slo.GateUnknown, gate.CodeUnknownService)
	w.want(gate.Request{Service: "shop-front", Kind: slo.ChangeRollback}, slo.GateAllow, gate.CodePasses, gate.CodeAlert)

	v := w.ask("shop")
	if v.Leading != "shop:availability" || *v.Remaining != 0.9 || !v.At.Equal(start) || v.Request.Kind != slo.ChangeDeploy {
		t.Errorf("the verdict is %+v", v)
	}
	want := []gate.Burn{{Window: 5 * time.Minute, Rate: number(0.5)}, {Window: time.Hour, Rate: number(0.4)}}
	if diff := cmp.Diff(want, v.Burns); diff != "" {
		t.Errorf("burn rates (-want +got):\n%s", diff)
	}
}

// What stands in a snapshot is what is decided on.
func TestEvidence(t *testing.T) {
	w := newWorld(t)
	in := instance("shop:availability:0123456789abcdef", pages, func(in *engine.Instance) {
		in.Spec = &slo.Spec{Service: "shop", Name: "availability", GroupBy: []string{"route"}}
		in.Group = map[string]string{"route": "/pay"}
		in.Alerts = append(in.Alerts, engine.AlertStatus{Name: alertNoData, Severity: "warning"})
		in.Windows = []engine.Reading{
			{Window: time.Minute, Coverage: 1},                                         // nothing happened
			{Window: time.Hour, Coverage: 0.5},                                         // perhaps nothing happened
			{Window: 6 * time.Hour, Burn: number(2), Counts: budget.Counts{Total: 10}}, // something did
		}
	})
	w.see(in)
	want := gate.Evidence{At: start, Budgets: []gate.Budget{{
		ID: in.ID, Service: "shop", SLO: "availability", Group: in.Group, State: "burning", Remaining: in.Remaining, ConsumedIn1h: in.Consumed1h,
		Burns:  []gate.Burn{{Window: time.Minute, Quiet: true}, {Window: time.Hour}, {Window: 6 * time.Hour, Rate: number(2)}},
		Window: 30 * 24 * time.Hour, Coverage: 1, LastSample: start,
		Alerts: []gate.Alert{{Severity: "critical", Tier: "page_fast", Since: start}},
	}}}
	if diff := cmp.Diff(want, w.ask("shop").Evidence); diff != "" {
		t.Errorf("the evidence (-want +got):\n%s", diff)
	}
}

const alertNoData = "SLINoData"

// One question about one snapshot has one answer; anything else is another one.
func TestOneAnswer(t *testing.T) {
	w := newWorld(t)
	w.see(instance("shop:availability"), instance("search:availability"))
	first := w.ask("shop")
	w.set(start.Add(500 * time.Millisecond))
	w.Step(t.Context())
	second := w.ask("shop")
	if diff := cmp.Diff(first, second); diff != "" || first.ID == "" {
		t.Errorf("the same question was answered differently (-first +second):\n%s", diff)
	}
	ids := map[string]string{"shop": first.ID}
	note := func(what, id string) {
		for other, had := range ids {
			if had == id {
				t.Errorf("%s has the id of %s", what, other)
			}
		}
		ids[what] = id
	}
	for _, r := range []gate.Request{
		{Service: "search"}, {Service: "shop", SLO: "availability"}, {Service: "shop", Kind: slo.ChangeRollback},
		{Service: "shop", Version: "v2"}, {Service: "shop", Baseline: "v2"}, {Service: "shop", Environment: "v2"},
	} {
		note(strings.Join([]string{r.Service, r.SLO, string(r.Kind), r.Version, r.Baseline, r.Environment}, ","), w.Ask(t.Context(), r).ID)
	}
	w.set(start.Add(time.Second))
	w.see(w.snapshot.Load().Instances...)
	note("the next snapshot", w.ask("shop").ID)
	if other := newWorld(t); true { // another engine that knows the same
		other.see(instance("shop:availability"), instance("search:availability"))
		if got := other.ask("shop"); got.ID != first.ID {
			t.Errorf("another engine calls it %s, not %s", got.ID, first.ID)
		}
	}
}

// Without a new snapshot time alone makes what is known too old. A clock that is set
// back shows that too.
func TestStale(t *testing.T) {
	w := newWorld(t)
	w.see(instance("shop:availability"))
	shop := gate.Request{Service: "shop"}
	w.want(shop, slo.GateAllow, gate.CodeGood)
	w.set(start.Add(time.Minute))
	w.want(shop, slo.GateAllow, gate.CodeGood)
	w.set(start.Add(61 * time.Second))
	w.want(shop, slo.GateUnknown, gate.CodeStale)
	w.set(start.Add(-2 * time.Minute))
	w.want(shop, slo.GateUnknown, gate.CodeStale)
	w.set(start.Add(-time.Second))
	w.want(shop, slo.GateAllow, gate.CodeGood)
}

func TestPolicies(t *testing.T) {
	w := newWorld(t)
	strict := func(p *slo.GatePolicy) { p.Budget.Hold = &slo.GateLevel{Below: 0.95, ResumeAbove: 0.95} }
	prod := func(p *slo.GatePolicy) { p.Environments = []string{"prod"} }
	group := instance("api:errors:1", func(in *engine.Instance) {
		in.Spec = &slo.Spec{Service: "api", Name: "errors", GroupBy: []string{"region"}, Labels: map[string]string{"team": "core"}}
		in.Group = map[string]string{"region": "eu"}
	})
	w.see(instance("shop:availability"), instance("shop:latency", pages), instance("search:availability"), group)
	list := []*slo.GatePolicy{
		policy(t, "availability", `service="shop", slo="availability"`),
		policy(t, "strict", `service=~"shop|search"`, strict, prod),
		policy(t, "latency", `slo="latency"`, prod),
		policy(t, "eu", `region="eu", team="core"`, strict),
		policy(t, "us", `region="us", team="core"`),
	}
	w.Load(list)
	for _, c := range []struct {
		r        gate.Request
		policy   string
		decision slo.GateDecision
	}{
		{gate.Request{Service: "shop"}, "availability", slo.GateAllow},
		{gate.Request{Service: "shop", Environment: "staging"}, "availability", slo.GateAllow},
		{gate.Request{Service: "shop", Environment: "prod"}, "availability, latency, strict", slo.GateDeny},
		{gate.Request{Service: "shop", Environment: "prod", SLO: "availability"}, "availability, strict", slo.GateHold},
		{gate.Request{Service: "shop", SLO: "latency"}, "", slo.GateDeny}, // none selects it there: the usual one
		{gate.Request{Service: "search"}, "", slo.GateAllow},
		{gate.Request{Service: "search", Environment: "prod"}, "strict", slo.GateHold},
		{gate.Request{Service: "api"}, "eu", slo.GateHold},
	} {
		if v := w.Ask(t.Context(), c.r); v.Policy != c.policy || v.Decision != c.decision {
			t.Errorf("%+v: %s by %q, want %s by %q: %+v", c.r, v.Decision, v.Policy, c.decision, c.policy, v.Reasons)
		}
	}
	if diff := cmp.Diff(len(list), len(w.Policies())); diff != "" {
		t.Error(diff)
	}
	w.Load(nil)
	if v := w.Ask(t.Context(), gate.Request{Service: "search", Environment: "prod"}); v.Policy != "" || v.Decision != slo.GateAllow {
		t.Errorf("after the load it is %s by %q", v.Decision, v.Policy)
	}
}

func TestDependencies(t *testing.T) {
	w := newWorld(t)
	w.see(instance("shop:availability"), instance("payments:availability", pages), instance("mail:availability", pages))
	w.Load([]*slo.GatePolicy{policy(t, "p", `service="shop"`, func(p *slo.GatePolicy) {
		p.Dependencies = []slo.GateDependency{{Service: "payments", As: slo.GateHold}}
	})})
	v := w.want(gate.Request{Service: "shop"}, slo.GateHold, gate.CodeAlert)
	if n := len(v.Evidence.Budgets); n != 2 || v.Evidence.Budgets[0].Service != "payments" {
		t.Errorf("the evidence is %+v", v.Evidence.Budgets)
	}
}

// A document that is quarantined is no good sign, whatever the others say.
func TestFaultyDocuments(t *testing.T) {
	w := newWorld(t)
	w.see(instance("shop:availability"), instance("search:availability"))
	problem := func(id string, s slo.Severity) slo.Problem {
		return slo.Problem{SLO: id, Severity: s, Message: "is wrong"}
	}
	w.snapshot.Load().Problems = []slo.Problem{
		problem("shop:latency", slo.Error), problem("shop:latency", slo.Error), problem("shop:availability", slo.Error),
		problem("search:latency", slo.Warning), problem("search:errors", slo.Unserved), problem("", slo.Error), problem("mail:all", slo.Error),
	}
	v := w.want(gate.Request{Service: "shop"}, slo.GateUnknown, gate.CodeFaulty)
	if len(v.Evidence.Budgets) != 2 || v.Evidence.Budgets[1].ID != "shop:latency" {
		t.Errorf("the evidence is %+v", v.Evidence.Budgets)
	}
	w.want(gate.Request{Service: "search"}, slo.GateAllow, gate.CodeGood)
	w.want(gate.Request{Service: "mail"}, slo.GateUnknown, gate.CodeFaulty)
	w.Load([]*slo.GatePolicy{policy(t, "p", `service="shop", slo="availability"`), policy(t, "q", `service="mail", team="core"`)})
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeGood)
	if v := w.want(gate.Request{Service: "mail"}, slo.GateUnknown, gate.CodeFaulty); v.Policy != "q" {
		t.Errorf("the policy is %q", v.Policy)
	}
}

// Words are only words, however long and strange they are.
func TestHostileWords(t *testing.T) {
	w := newWorld(t, limited(10, 10, 10))
	w.tick(instance("shop:availability"))
	for _, word := range []string{strings.Repeat("x", 1<<20), "\x00", "\xff", "shop:availability", "shop:", ":", "../..", strings.Repeat("ü", 300)} {
		for _, r := range []gate.Request{{Service: word}, {Service: "shop", SLO: word}} {
			v := w.Ask(t.Context(), r)
			if v.Decision != slo.GateUnknown || len(v.Request.Service) > 300 || len(v.Request.SLO) > 300 {
				t.Errorf("%.20q: %s", word, v.Decision)
			}
			if told, err := w.Explain(t.Context(), v.ID); err != nil || told.Count != 1 {
				t.Errorf("%.20q is explained as %+v, %v", word, told, err)
			}
		}
	}
	w.tick(instance("shop:availability"))
	if v := w.Ask(t.Context(), gate.Request{Service: "shop", Version: strings.Repeat("v", 1000)}); v.Decision != slo.GateAllow {
		t.Errorf("a long version: %+v", v.Reasons)
	}
}

// A service that is split by customer says what people can read.
func TestManyReasons(t *testing.T) {
	w := newWorld(t)
	var all []*engine.Instance
	for i := range 1000 {
		all = append(all, instance(fmt.Sprintf("shop:availability:%016x", i), left(float64(i%2)-0.5)))
	}
	w.tick(all...)
	v := w.ask("shop")
	last := v.Reasons[len(v.Reasons)-1].Text
	if v.Decision != slo.GateDeny || len(v.Reasons) != 100 || len(v.Evidence.Budgets) != 150 || !strings.HasSuffix(last, "; there are 400 more reasons") {
		t.Errorf("%s with %d reasons and %d budgets: %s", v.Decision, len(v.Reasons), len(v.Evidence.Budgets), last)
	}
	w.Sync(t.Context())
	explained(t, w.again().Keeper, gates.Told{Verdict: v, First: v.At, Last: v.At, Count: 1})
}
