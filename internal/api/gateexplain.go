package api

import (
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func quoted(name string) string { return strconv.Quote(name) }

// explanationOf is a verdict with all that was looked at. Thresholds are those in
// force now; what they were then stands in the reasons.
func (a *api) explanationOf(t *gates.Told) apitypes.GateExplanation {
	page := apitypes.GateExplanation{
		GateTold: a.toldOf(t), Policies: []apitypes.GateExplainedPolicy{},
		Numbers: []apitypes.GateNumber{}, Budgets: make([]apitypes.GateBudget, 0, len(t.Evidence.Budgets)),
	}
	var policies []*slo.GatePolicy
	for _, name := range strings.Split(t.Policy, ", ") {
		p := a.policy(name)
		view := apitypes.GateExplainedPolicy{Name: name, InForce: p != nil}
		if p != nil {
			view.Origin, policies = apitypes.Origin(p.Origin), append(policies, p)
		}
		page.Policies = append(page.Policies, view)
	}
	e := explainer{a, t, policies}
	for i := range t.Evidence.Budgets {
		b := &t.Evidence.Budgets[i]
		page.Budgets = append(page.Budgets, a.budgetOf(b))
		page.Numbers = append(page.Numbers, e.numbersOf(b)...)
	}
	page.Numbers = append(page.Numbers, e.numbersOfDeploy()...)
	return page
}

// policy is the one in force of a name, "" being the default; nil: there is none.
func (a *api) policy(name string) *slo.GatePolicy {
	if name == "" {
		return slo.DefaultGatePolicy()
	}
	for _, p := range a.Gates.Policies() {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (a *api) budgetOf(b *gate.Budget) apitypes.GateBudget {
	view := apitypes.GateBudget{
		ID: b.ID, Href: a.link("/api/v1/slos/", b.ID), Service: b.Service, SLO: b.SLO, Group: copied(b.Group), State: b.State,
		ErrorBudgetRemaining: apitypes.Optional(b.Remaining), ErrorBudgetConsumed1h: apitypes.Optional(b.ConsumedIn1h),
		BurnRates: burnsOf(b.Burns), Coverage: apitypes.Number(b.Coverage),
		Alerts: make([]apitypes.GateAlert, 0, len(b.Alerts)), LastSample: apitypes.Time{Time: b.LastSample},
	}
	for _, alert := range b.Alerts {
		view.Alerts = append(view.Alerts, apitypes.GateAlert{Severity: alert.Severity, Tier: alert.Tier, Since: apitypes.Time{Time: alert.Since}})
	}
	return view
}
