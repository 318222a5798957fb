package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func (a *api) listGatePolicies(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	list := apitypes.GatePolicyList{Policies: []apitypes.GatePolicy{}, Default: gatePolicyOf(slo.DefaultGatePolicy())}
	inForce := slices.SortedFunc(slices.Values(a.Gates.Policies()), func(a, b *slo.GatePolicy) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range inForce {
		list.Policies = append(list.Policies, gatePolicyOf(p))
	}
	return list, nil
}

func gatePolicyOf(p *slo.GatePolicy) apitypes.GatePolicy {
	view := apitypes.GatePolicy{
		Name: p.Name, Select: []string{}, Environments: listed(p.Environments),
		ErrorBudgetRemaining:  apitypes.GateLevels{Hold: gateLevelOf(p.Budget.Hold), Deny: gateLevelOf(p.Budget.Deny)},
		ErrorBudgetConsumed1h: apitypes.GateShares{Hold: positive(p.ConsumedIn1h.Hold), Deny: positive(p.ConsumedIn1h.Deny)},
		BurnRates:             []apitypes.GateBurn{}, Alerts: map[string]string{},
		Dependencies: []apitypes.GateDependency{}, Passes: []string{}, IfUnknown: string(p.IfUnknown),
		MaxAge: p.MaxAge.Seconds(), ValidFor: p.ValidFor.Seconds(), Origin: apitypes.Origin(p.Origin),
	}
	for _, m := range p.Select {
		view.Select = append(view.Select, m.String())
	}
	for _, b := range p.Burn {
		view.BurnRates = append(view.BurnRates, apitypes.GateBurn{Window: slo.FormatDuration(b.Window), Above: b.Above, Decision: string(b.Then)})
	}
	for _, severity := range slices.Sorted(maps.Keys(p.Alerts)) {
		view.Alerts[severity] = string(p.Alerts[severity])
	}
	for _, d := range p.Dependencies {
		view.Dependencies = append(view.Dependencies, apitypes.GateDependency{Service: d.Service, As: string(d.As)})
	}
	for _, kind := range p.Passes {
		view.Passes = append(view.Passes, string(kind))
	}
	if c := p.Canary; c != nil {
		view.Canary = &apitypes.GateCanaryPolicy{
			By: c.By, MinEvents: c.MinEvents, FalseDenials: c.FalseDenials, Margin: c.Margin, Within: c.Within.Seconds(), AtEnd: string(c.AtEnd),
		}
	}
	if d := p.Deploy; d != nil {
		view.Deploy = &apitypes.GateDeployPolicy{Watch: d.Watch.Seconds(), MaxConsumed: d.MaxConsumed, MinEvents: d.MinEvents}
	}
	return view
}

func gateLevelOf(l *slo.GateLevel) *apitypes.GateLevel {
	if l == nil {
		return nil
	}
	return &apitypes.GateLevel{Below: l.Below, ResumeAbove: l.ResumeAbove}
}

// positive is v; nil of 0, which means none.
func positive(v float64) *float64 {
	if v == 0 {
		return nil
	}
	return &v
}
