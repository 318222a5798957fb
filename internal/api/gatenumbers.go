package api

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// explainer holds numbers against the policies that a verdict went by.
type explainer struct {
	*api
	told     *gates.Told
	policies []*slo.GatePolicy
}

// What numbers are called.
const (
	numberRemaining = "error_budget_remaining"
	numberConsumed  = "error_budget_consumed_1h"
	numberBurn      = "burn_rate"
	numberDeploy    = "error_budget_consumed_since_deploy"
)

// numbersOf are those of one SLO, also those that a policy asks for and nobody
// knows.
func (e explainer) numbersOf(b *gate.Budget) []apitypes.GateNumber {
	list := []apitypes.GateNumber{
		e.number(b, numberRemaining, 0, b.Remaining), e.number(b, numberConsumed, 0, b.ConsumedIn1h),
	}
	known := map[time.Duration]*float64{}
	var windows []time.Duration
	for _, burn := range b.Burns {
		known[burn.Window] = burn.Rate
		windows = append(windows, burn.Window)
	}
	for _, p := range e.policies {
		for _, burn := range p.Burn {
			windows = append(windows, burn.Window)
		}
	}
	slices.Sort(windows)
	for _, w := range slices.Compact(windows) {
		list = append(list, e.number(b, numberBurn, w, known[w]))
	}
	return list
}

func (e explainer) number(b *gate.Budget, what string, window time.Duration, value *float64) apitypes.GateNumber {
	n := apitypes.GateNumber{
		SLO: b.ID, Href: e.link("/api/v1/slos/", b.ID), What: what, Value: apitypes.Optional(value),
		At: apitypes.Time{Time: e.told.Evidence.At}, Thresholds: []apitypes.GateThreshold{},
	}
	if window > 0 {
		n.Window = slo.FormatDuration(window)
	}
	for _, p := range e.policies {
		most, looksAt := e.gravest(p, b)
		if !looksAt {
			continue
		}
		for _, t := range thresholdsOf(p, what, window) {
			t.Policy, t.Origin = p.Name, apitypes.Origin(p.Origin)
			if most == slo.GateHold {
				t.Decision = string(most)
			}
			n.Thresholds = append(n.Thresholds, t)
		}
	}
	return n
}

// gravest is the gravest decision that a policy lets come of an SLO, if it looks at
// it. Of one that is gone nobody knows which of the policies did.
func (e explainer) gravest(p *slo.GatePolicy, b *gate.Budget) (slo.GateDecision, bool) {
	if b.Service == e.told.Request.Service {
		in := instanceOf(e.Snapshot(), b.ID)
		return slo.GateDeny, in == nil || p.Name == "" || p.Selects(in.Spec, in.Group)
	}
	for _, dependency := range p.Dependencies {
		if dependency.Service == b.Service {
			return dependency.As, true
		}
	}
	return "", false
}

// instanceOf is the instance with an id; nil: there is none.
func instanceOf(s *engine.Snapshot, id string) *engine.Instance {
	if s == nil {
		return nil
	}
	if i, ok := slices.BinarySearchFunc(s.Instances, id, byID); ok {
		return s.Instances[i]
	}
	return nil
}

// thresholdsOf are what a policy holds a number against, the gravest first.
func thresholdsOf(p *slo.GatePolicy, what string, window time.Duration) (list []apitypes.GateThreshold) {
	above := func(d slo.GateDecision, value float64) {
		if value > 0 {
			list = append(list, apitypes.GateThreshold{Decision: string(d), Is: "above", Value: &value})
		}
	}
	switch what {
	case numberRemaining:
		for _, d := range []slo.GateDecision{slo.GateDeny, slo.GateHold} {
			if l := levelOf(p, d); l != nil {
				below, resume := l.Below, l.ResumeAbove
				list = append(list, apitypes.GateThreshold{Decision: string(d), Is: "below", Value: &below, ResumeAbove: &resume})
			}
		}
	case numberConsumed:
		above(slo.GateDeny, p.ConsumedIn1h.Deny)
		above(slo.GateHold, p.ConsumedIn1h.Hold)
	case numberBurn:
		for _, b := range p.Burn {
			if b.Window == window {
				above(b.Then, b.Above)
			}
		}
	case numberDeploy:
		if p.Deploy != nil {
			above(slo.GateDeny, p.Deploy.MaxConsumed)
		}
	}
	return list
}

func levelOf(p *slo.GatePolicy, d slo.GateDecision) *slo.GateLevel {
	if d == slo.GateDeny {
		return p.Budget.Deny
	}
	return p.Budget.Hold
}

// numbersOfDeploy are what a watched deploy has spent.
func (e explainer) numbersOfDeploy() (list []apitypes.GateNumber) {
	d := e.told.Evidence.Deploy
	if d == nil {
		return nil
	}
	for _, burn := range d.SLOs {
		b := gate.Budget{ID: burn.SLO, Service: cmp.Or(d.Service, e.told.Request.Service)}
		list = append(list, e.number(&b, numberDeploy, 0, burn.Consumed))
	}
	return list
}
