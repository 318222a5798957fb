package apitest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Explain implements api.Gates: it knows the verdicts about a version v2 of each
// service, as "checkout-1".
func (g *Gates) Explain(_ context.Context, id string) (gates.Told, error) {
	service, found := strings.CutSuffix(id, "-1")
	switch {
	case g.Away != nil:
		return gates.Told{}, g.Away
	case !found:
		return gates.Told{}, fmt.Errorf("explain verdict: %w", gates.ErrUnknown)
	}
	v := verdict(gate.Request{Service: service, Kind: slo.ChangeDeploy, Version: "v2", Environment: "prod"})
	return gates.Told{Verdict: v.Verdict, First: Noon, Last: Noon.Add(time.Second), Count: 3}, nil
}

// Verdicts implements api.Gates.
func (g *Gates) Verdicts(ctx context.Context, q gates.VerdictQuery) (list []gates.Told, err error) {
	for _, service := range []string{SaysDeny, SaysHold, SaysAllow, SaysUnknown} {
		t, err := g.Explain(ctx, service+"-1")
		if err != nil {
			return nil, err
		}
		if (q.Service == "" || q.Service == service) && (q.Decision == "" || q.Decision == t.Decision) && !t.Last.Before(q.Since) && len(list) < q.Limit {
			list = append(list, t)
		}
	}
	return list, nil
}

// Policies implements api.Gates.
func (g *Gates) Policies() []*slo.GatePolicy { return g.Rules }

// Glasses implements api.Gates.
func (g *Gates) Glasses(context.Context) ([]gate.Glass, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.glasses), g.Away
}

// BreakGlass implements api.Gates.
func (g *Gates) BreakGlass(_ context.Context, one gate.Glass) (gate.Glass, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(one.Reason) < 10 {
		return gate.Glass{}, fmt.Errorf("break glass: %w: reason: say why, in at least 10 letters", gates.ErrInvalid)
	}
	if g.Away != nil {
		return gate.Glass{}, g.Away
	}
	one.ID, one.At = fmt.Sprintf("glass-%d", len(g.glasses)+1), Noon
	g.glasses = append(g.glasses, one)
	return one, nil
}

// MendGlass implements api.Gates.
func (g *Gates) MendGlass(_ context.Context, id, _ string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.glasses, func(one gate.Glass) bool { return one.ID == id })
	switch {
	case g.Away != nil:
		return g.Away
	case i < 0:
		return fmt.Errorf("mend glass: %w", gates.ErrUnknown)
	}
	g.glasses = slices.Delete(g.glasses, i, i+1)
	return nil
}

// MarkDeploy implements api.Gates.
func (g *Gates) MarkDeploy(_ context.Context, d gate.Deploy) (gate.Deploy, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Away != nil {
		return gate.Deploy{}, g.Away
	}
	if i := slices.IndexFunc(g.deploys, func(had gate.Deploy) bool { return d.ID != "" && had.ID == d.ID }); i >= 0 {
		return g.deploys[i], nil
	}
	if d.ID == "" {
		d.ID = fmt.Sprintf("deploy-%d", len(g.deploys)+1)
	}
	if d.At.IsZero() {
		d.At = Noon
	}
	g.deploys = slices.Insert(g.deploys, 0, d)
	return d, nil
}

// Deploys implements api.Gates.
func (g *Gates) Deploys(_ context.Context, service string) (list []gate.Deploy, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.deploys {
		if service == "" || d.Service == service {
			list = append(list, d)
		}
	}
	return list, g.Away
}

// Decisions are those of the services, as they are without an environment.
func (g *Gates) Decisions() map[string]slo.GateDecision {
	return map[string]slo.GateDecision{
		SaysAllow: slo.GateAllow, SaysHold: slo.GateHold, SaysDeny: slo.GateDeny, SaysUnknown: slo.GateUnknown,
	}
}
