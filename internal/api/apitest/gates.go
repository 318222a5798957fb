package apitest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Services of Gates, by what is said about a deploy of them; of any other nothing is
// known.
const (
	SaysAllow   = "search"
	SaysHold    = "cart"
	SaysDeny    = "checkout"
	SaysUnknown = "recommendations"
)

// Gates are release gates that always say the same. Rollbacks pass, and so does
// everything of a service whose glass was broken.
type Gates struct {
	// Away is what everything fails with that needs the state; nil: it is there.
	Away error
	// Rules are the policies in force.
	Rules []*slo.GatePolicy

	mu      sync.Mutex
	asked   []gate.Request
	glasses []gate.Glass
	deploys []gate.Deploy
}

// NewGates are gates with one policy, and nothing broken or deployed.
func NewGates() *Gates { return &Gates{Rules: []*slo.GatePolicy{Policy()}} }

// Policy is the one that verdicts of Gates go by.
func Policy() *slo.GatePolicy {
	p := slo.DefaultGatePolicy()
	p.Name, p.Environments = "production", []string{"prod"}
	p.Select, _ = slo.ParseMatchers(`service=~"checkout|cart|search"`)
	p.Budget.Hold = &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
	p.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}, {Window: 3 * 24 * time.Hour, Above: 1, Then: slo.GateHold}}
	p.Dependencies = []slo.GateDependency{{Service: "payments", As: slo.GateHold}}
	p.Canary = &slo.GateCanary{By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: slo.GateHold}
	p.Deploy = &slo.GateDeploy{Watch: time.Hour, MaxConsumed: 0.05, MinEvents: 50}
	p.Origin = slo.Origin{File: "gates/production.yaml", Document: 1, Line: 3}
	return p
}

func share(v float64) *float64 { return &v }

// Ask implements api.Gates.
func (g *Gates) Ask(_ context.Context, r gate.Request) gate.Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, r)
	v := verdict(r)
	for i := range g.glasses {
		if g.glasses[i].Service == r.Service {
			v.pass(gate.CodeBreakGlass, g.glasses[i].By+" broke the glass: "+g.glasses[i].Reason)
			v.Evidence.Glass = &g.glasses[i]
		}
	}
	return v.Verdict
}

// Asked are the requests so far.
func (g *Gates) Asked() []gate.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.asked)
}

// built is a verdict while it is made.
type built struct{ gate.Verdict }

func verdict(r gate.Request) built {
	v := built{gate.Verdict{
		ID: r.Service + "-1", Request: r, Policy: "production", Decision: slo.GateAllow,
		At: Noon, ValidUntil: Noon.Add(30 * time.Second), IfUnknown: slo.GateAllow,
		Evidence: gate.Evidence{At: Noon},
	}}
	switch r.Service {
	case SaysAllow:
		v.budget(0.92, 0.001)
		v.because(gate.Reason{Code: gate.CodeGood, Decision: slo.GateAllow, Text: "the one SLO that was looked at is within its thresholds: 92 % of search:availability's error budget is left"})
	case SaysHold:
		v.budget(0.21, 0.004)
		v.because(v.reason(gate.CodeBudget, slo.GateHold, 0.21, 0.25, "21 % of cart:availability's error budget is left, less than 25 %"))
	case SaysDeny:
		v.budget(0.08, 0.071)
		v.because(v.reason(gate.CodeConsumed, slo.GateDeny, 0.071, 0.05, "7.1 % of checkout:availability's error budget was spent in the last hour, more than 5 %"))
		v.because(v.reason(gate.CodeBudget, slo.GateHold, 0.08, 0.25, "8 % of checkout:availability's error budget is left, less than 25 %"))
		v.compare()
	default:
		v.Decision, v.Policy = slo.GateUnknown, ""
		v.because(gate.Reason{Code: gate.CodeUnknownService, Decision: slo.GateUnknown, Service: r.Service, Text: fmt.Sprintf("no SLO speaks of service %q", r.Service)})
	}
	if r.Kind == slo.ChangeRollback {
		v.pass(gate.CodePasses, "a rollback passes whatever is left of the error budget")
	}
	return v
}

// budget is what is known of the one SLO of the service.
func (v *built) budget(remaining, consumed float64) {
	service := v.Request.Service
	v.Leading, v.Remaining, v.ConsumedIn1h = service+":availability", &remaining, &consumed
	v.Burns = []gate.Burn{{Window: 5 * time.Minute}, {Window: time.Hour, Rate: share(consumed * 720)}}
	b := gate.Budget{
		ID: v.Leading, Service: service, SLO: "availability", State: "ok", Remaining: &remaining, ConsumedIn1h: &consumed,
		Burns: v.Burns, Coverage: 1, LastSample: Noon.Add(-time.Second),
	}
	if consumed > 0.05 {
		b.State, b.Alerts = "burning", []gate.Alert{{Severity: "critical", Tier: "page_fast", Since: Noon.Add(-time.Minute)}}
	}
	v.Evidence.Budgets = append(v.Evidence.Budgets, b)
}

func (v *built) reason(c gate.Code, d slo.GateDecision, value, threshold float64, text string) gate.Reason {
	return gate.Reason{Code: c, Decision: d, SLO: v.Leading, Service: v.Request.Service, Value: &value, Threshold: &threshold, Text: text}
}

// because adds a reason; the first one decides.
func (v *built) because(r gate.Reason) {
	if len(v.Reasons) == 0 {
		v.Decision = r.Decision
	}
	v.Reasons = append(v.Reasons, r)
}

// pass overrules what was said so far.
func (v *built) pass(c gate.Code, text string) {
	for i := range v.Reasons {
		v.Reasons[i].Overruled = v.Reasons[i].Decision != slo.GateAllow
	}
	v.Decision, v.ID = slo.GateAllow, v.ID+"-"+string(c)
	v.Reasons = slices.Insert(v.Reasons, 0, gate.Reason{Code: c, Decision: slo.GateAllow, Service: v.Request.Service, Text: text})
}

// compare adds a canary that is worse, and a deploy that burns, where a version
// asks; and the SLO of a service that is depended upon.
func (v *built) compare() {
	v.Evidence.Budgets = append(v.Evidence.Budgets, gate.Budget{
		ID: "payments:availability", Service: "payments", SLO: "availability", State: "ok", Remaining: share(0.5), ConsumedIn1h: share(0), Coverage: 0.5,
	})
	if v.Request.Version == "" {
		return
	}
	v.Evidence.Canaries = []gate.Canary{{
		SLO: v.Leading, By: "version", Candidate: gate.Side{Version: v.Request.Version, Bad: 30, Total: 1500}, Baseline: gate.Side{Bad: 28, Total: 28000},
		Decision: slo.GateDeny, Evidence: 4200, Limit: 100, Since: Noon.Add(-time.Minute), Until: Noon.Add(9 * time.Minute),
		Note: "2 % of the events of " + v.Request.Version + " are bad, 0.1 % of all others",
	}}
	v.Evidence.Deploy = &gate.Deploy{
		ID: "deploy-1", Service: v.Request.Service, Environment: "prod", Version: v.Request.Version, At: Noon.Add(-10 * time.Minute),
		SLOs: []gate.DeployBurn{{SLO: v.Leading, Since: share(51), Events: 1500, Consumed: share(0.06)}},
	}
}
