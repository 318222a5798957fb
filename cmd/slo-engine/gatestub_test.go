package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// gateStub is what an engine knows of a shop: its decisions are real, its evidence
// is made up. Of checkout a change may ship, of search it has to wait, of payments
// and of orders it must not ship; of stock nothing is known yet.
type gateStub struct {
	policy *slo.GatePolicy

	mu sync.Mutex
	// as makes one service stand like another.
	as      map[string]string
	asked   []gate.Request
	told    map[string]gate.Verdict
	glasses []gate.Glass
	deploys []gate.Deploy
}

func newGateStub() *gateStub {
	p := slo.DefaultGatePolicy()
	p.Name, p.Environments, p.Origin = "production", []string{"prod"}, slo.Origin{File: "slos/gate.yaml", Line: 1}
	p.Select, _ = slo.ParseMatchers(`service=~".+", slo!="loose"`)
	p.Budget.Hold = &slo.GateLevel{Below: 0.25, ResumeAbove: 0.3}
	p.Burn = []slo.GateBurn{{Window: time.Hour, Above: 14.4, Then: slo.GateDeny}}
	p.Dependencies = []slo.GateDependency{{Service: "ledger", As: slo.GateHold}}
	p.Canary = &slo.GateCanary{By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: slo.GateHold}
	p.Deploy = &slo.GateDeploy{Watch: time.Hour, MaxConsumed: 0.05, MinEvents: 50}
	return &gateStub{policy: p, as: map[string]string{}, told: map[string]gate.Verdict{}}
}

// serve is an engine with these gates.
func (g *gateStub) serve(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(g.handler())
	t.Cleanup(server.Close)
	return server.URL
}

func (g *gateStub) handler() http.Handler {
	return api.New(api.Options{Snapshot: func() *engine.Snapshot { return &engine.Snapshot{At: apitest.Noon} }, Gates: g})
}

// stand makes a service stand like another.
func (g *gateStub) stand(service, like string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.as[service] = like
}

func (g *gateStub) Ask(_ context.Context, r gate.Request) gate.Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, r)
	like := r.Service
	if other, ok := g.as[r.Service]; ok {
		like = other
	}
	r.Now = apitest.Noon
	v := gate.Decide(g.policy, r, evidenceLike(like, r, g.glasses), nil)
	v.ID = "v-" + r.Service + "-" + string(v.Decision)
	if r != (gate.Request{Service: r.Service, Kind: slo.ChangeDeploy, Now: r.Now}) {
		v.ID += fmt.Sprintf("-%x", xxhash.Sum64String(fmt.Sprint(r)))
	}
	g.told[v.ID] = v
	return v
}

// evidenceLike is what is known of a service of the shop.
func evidenceLike(like string, r gate.Request, glasses []gate.Glass) gate.Evidence {
	known := func(f float64) *float64 { return &f }
	b := gate.Budget{
		ID: r.Service + ":availability", Service: r.Service, SLO: "availability", State: "ok",
		Remaining: known(0.84), ConsumedIn1h: known(0.0005), Coverage: 1, LastSample: apitest.Noon,
		Burns: []gate.Burn{{Window: 3 * 24 * time.Hour, Rate: known(0.4)}, {Window: time.Hour, Rate: known(0.36)}, {Window: 5 * time.Minute}, {Window: time.Second, Rate: known(1)}},
	}
	ledger := b
	ledger.ID, ledger.Service, ledger.Burns = "ledger:settlement", "ledger", slices.Clone(b.Burns)
	e := gate.Evidence{At: apitest.Noon, Budgets: []gate.Budget{b, ledger}}
	if i := slices.IndexFunc(glasses, func(g gate.Glass) bool { return g.Service == r.Service }); i >= 0 {
		e.Glass = &glasses[i]
	}
	mine := &e.Budgets[0]
	compared := gate.Canary{
		SLO: mine.ID, By: "version", Decision: slo.GateAllow, Note: r.Version + " is no worse", Evidence: 0.01, Limit: 100,
		Candidate: gate.Side{Version: r.Version, Bad: 1, Total: 2000}, Baseline: gate.Side{Version: r.Baseline, Bad: 9, Total: 18000},
		Since: apitest.Noon.Add(-time.Minute), Until: apitest.Noon.Add(9 * time.Minute),
	}
	switch like {
	case "checkout":
		if r.Version != "" {
			e.Canaries = []gate.Canary{compared}
		}
	case "search":
		mine.ConsumedIn1h = known(0.031)
	case "payments", "orders":
		mine.State, mine.Remaining, mine.ConsumedIn1h = "burning", known(-0.2), known(0.071)
		mine.Burns[1].Rate = known(51)
		mine.Alerts = []gate.Alert{{Severity: "critical", Tier: "page_fast", Since: apitest.Noon.Add(-time.Minute)}}
		if like == "orders" {
			break
		}
		e.Deploy = &gate.Deploy{ID: "d-1", Service: r.Service, Version: "2.0", At: apitest.Noon.Add(-12 * time.Minute), SLOs: []gate.DeployBurn{
			{SLO: mine.ID, Since: known(51), Before: known(0.3), Events: 9000, Consumed: known(0.07)}}}
	case "stock":
		mine.State, mine.Remaining, mine.ConsumedIn1h, mine.Burns, mine.Coverage = "unknown", nil, nil, nil, 0
	default:
		e.Budgets = nil
	}
	return e
}

func (g *gateStub) Explain(_ context.Context, id string) (gates.Told, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.told[id]
	if !ok {
		return gates.Told{}, gates.ErrUnknown
	}
	return gates.Told{Verdict: v, First: apitest.Noon, Last: apitest.Noon.Add(time.Minute), Count: 7}, nil
}

func (g *gateStub) Verdicts(ctx context.Context, q gates.VerdictQuery) (list []gates.Told, err error) {
	for _, id := range []string{"v-payments-deny", "v-checkout-allow"} {
		if told, err := g.Explain(ctx, id); err == nil && (q.Service == "" || q.Service == told.Request.Service) {
			list = append(list, told)
		}
	}
	return list, nil
}

func (g *gateStub) Policies() []*slo.GatePolicy { return []*slo.GatePolicy{g.policy} }

func (g *gateStub) Glasses(context.Context) ([]gate.Glass, error) { return g.glasses, nil }

func (g *gateStub) BreakGlass(_ context.Context, glass gate.Glass) (gate.Glass, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(glass.Reason) < 10 {
		return glass, fmt.Errorf("reason %q is too short: %w", glass.Reason, gates.ErrInvalid)
	}
	glass.ID, glass.At = fmt.Sprintf("g-%d", len(g.glasses)+1), apitest.Noon
	g.glasses = append(g.glasses, glass)
	return glass, nil
}

func (g *gateStub) MendGlass(_ context.Context, id, _ string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.glasses)
	g.glasses = slices.DeleteFunc(g.glasses, func(glass gate.Glass) bool { return glass.ID == id })
	if len(g.glasses) == before {
		return gates.ErrUnknown
	}
	return nil
}

func (g *gateStub) MarkDeploy(_ context.Context, d gate.Deploy) (gate.Deploy, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.IndexFunc(g.deploys, func(other gate.Deploy) bool { return other.ID == d.ID }); i >= 0 {
		return g.deploys[i], nil
	}
	if d.ID == "" {
		d.ID = "d-made"
	}
	g.deploys = append(g.deploys, d)
	return d, nil
}

func (g *gateStub) Deploys(context.Context, string) ([]gate.Deploy, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.deploys), nil
}
