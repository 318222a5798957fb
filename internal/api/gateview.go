package api

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// link is where people find a page of this engine: below external_url, or else a
// path of this server.
func (a *api) link(page string, segment string) string {
	return a.base + page + url.PathEscape(segment)
}

// baseOf is what stands before each path of a link.
func baseOf(o Options) string {
	if o.ExternalURL != "" {
		return strings.TrimSuffix(o.ExternalURL, "/")
	}
	return escapePattern(o.prefix())
}

// explanation is where a verdict is explained; empty where it has no id.
func (a *api) explanation(v *gate.Verdict) string {
	if v.ID == "" {
		return ""
	}
	return a.link("/api/v1/gate/verdicts/", v.ID)
}

// VerdictOf is a verdict as the API answers it, for who tells of it elsewhere, as a
// Stream does. base stands before the path of its explanation: the external URL, or
// the route prefix, or nothing.
func VerdictOf(v gate.Verdict, base string) apitypes.GateVerdict {
	return (&api{base: strings.TrimSuffix(base, "/")}).verdictOf(&v)
}

func (a *api) verdictOf(v *gate.Verdict) apitypes.GateVerdict {
	r := &v.Request
	view := apitypes.GateVerdict{
		ID: v.ID, Explanation: a.explanation(v),
		Service: r.Service, SLO: r.SLO, Kind: string(cmp.Or(r.Kind, slo.ChangeDeploy)),
		Version: r.Version, Baseline: r.Baseline, Environment: r.Environment,
		Policy: v.Policy, Decision: string(v.Decision), IfUnknown: string(v.IfUnknown),
		Reasons: make([]apitypes.GateReason, 0, len(v.Reasons)), LeadingSLO: v.Leading,
		ErrorBudgetRemaining: apitypes.Optional(v.Remaining), ErrorBudgetConsumed1h: apitypes.Optional(v.ConsumedIn1h),
		BurnRates: burnsOf(v.Burns), At: apitypes.Time{Time: v.At}, ValidUntil: apitypes.Time{Time: v.ValidUntil},
		Canaries: make([]apitypes.GateCanary, 0, len(v.Evidence.Canaries)),
	}
	for i := range v.Reasons {
		view.Reasons = append(view.Reasons, reasonOf(&v.Reasons[i]))
	}
	for i := range v.Evidence.Canaries {
		view.Canaries = append(view.Canaries, canaryOf(&v.Evidence.Canaries[i]))
	}
	if d := v.Evidence.Deploy; d != nil {
		deploy := deployOf(d)
		view.Deploy = &deploy
	}
	if g := v.Evidence.Glass; g != nil {
		glass := glassOf(g)
		view.BreakGlass = &glass
	}
	return view
}

func reasonOf(r *gate.Reason) apitypes.GateReason {
	view := apitypes.GateReason{
		Code: string(r.Code), Decision: string(r.Decision), SLO: r.SLO, Service: r.Service,
		Value: apitypes.Optional(r.Value), Threshold: apitypes.Optional(r.Threshold),
		Overruled: r.Overruled, Text: r.Text,
	}
	if r.Window > 0 {
		view.Window = slo.FormatDuration(r.Window)
	}
	return view
}

func burnsOf(burns []gate.Burn) map[string]*float64 {
	rates := make(map[string]*float64, len(burns))
	for _, b := range burns {
		rates[slo.FormatDuration(b.Window)] = apitypes.Optional(b.Rate)
	}
	return rates
}

func canaryOf(c *gate.Canary) apitypes.GateCanary {
	return apitypes.GateCanary{
		SLO: c.SLO, By: c.By, Candidate: sideOf(c.Candidate), Baseline: sideOf(c.Baseline), Decision: string(c.Decision),
		Evidence: apitypes.Number(c.Evidence), Limit: apitypes.Number(c.Limit),
		Since: apitypes.Time{Time: c.Since}, Until: apitypes.Time{Time: c.Until}, Note: c.Note,
	}
}

func sideOf(s gate.Side) apitypes.CanarySide {
	return apitypes.CanarySide{Version: s.Version, BadEvents: apitypes.Number(s.Bad), TotalEvents: apitypes.Number(s.Total)}
}

func deployOf(d *gate.Deploy) apitypes.Deploy {
	view := apitypes.Deploy{
		ID: d.ID, Service: d.Service, Environment: d.Environment, Version: d.Version,
		At: apitypes.Time{Time: d.At}, SLOs: make([]apitypes.DeployBurn, 0, len(d.SLOs)),
	}
	for _, b := range d.SLOs {
		view.SLOs = append(view.SLOs, apitypes.DeployBurn{
			SLO: b.SLO, BurnRateSince: apitypes.Optional(b.Since), BurnRateBefore: apitypes.Optional(b.Before),
			EventsSince: apitypes.Number(b.Events), ErrorBudgetConsumed: apitypes.Optional(b.Consumed),
		})
	}
	return view
}

func glassOf(g *gate.Glass) apitypes.Glass {
	return apitypes.Glass{
		ID: g.ID, Service: g.Service, Environment: g.Environment, Reason: g.Reason, By: g.By,
		At: apitypes.Time{Time: g.At}, Until: apitypes.Time{Time: g.Until},
	}
}
