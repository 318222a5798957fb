package slo

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Bounds of a GatePolicy.
const (
	// MaxGateItems bounds each list of a document.
	MaxGateItems = 64
	// MinGateAge is the least MaxAge: the engine looks every few seconds.
	MinGateAge = 5 * time.Second
	// MaxGateAge bounds MaxAge and ValidFor: what is older says nothing of now.
	MaxGateAge = time.Hour
	// MinCanary is the shortest comparison.
	MinCanary = 10 * time.Second
	// MaxMargin bounds a canary's margin, in error budgets.
	MaxMargin = 100
)

// minLevel is the least that is asked to be left: ten budgets overspent.
const minLevel = -10

// gateWindows are the windows that every SLO shows, if its own is longer.
var gateWindows = []time.Duration{
	30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, day, 3 * day,
}

// gatePolicy checks each field of a GatePolicy by itself.
func (v *validator) gatePolicy(p *GatePolicy) {
	v.name("metadata.name", p.Name)
	if len(p.Select) == 0 {
		v.fail("spec.select", "selects nothing", `write matchers such as ['service="checkout"']`)
	}
	v.environments(p.Environments)
	v.gateLevel("spec.budget.hold", p.Budget.Hold)
	v.gateLevel("spec.budget.deny", p.Budget.Deny)
	v.gateBurns(p.Burn)
	for severity := range p.Alerts {
		if !slices.Contains(severities[:3], severity) {
			v.fail(strictyaml.Key("spec.alerts", severity), fmt.Sprintf("%q is not the severity of an alert", shorten(severity)), strictyaml.Suggest(severity, severities[:3]))
		}
	}
	v.gateDependencies(p.Dependencies)
	v.passes(p.Passes)
	v.between("spec.maxAge", p.MaxAge, MinGateAge, MaxGateAge)
	v.between("spec.validFor", p.ValidFor, time.Second, MaxGateAge)
	if p.Canary != nil {
		v.canary(p.Canary)
	}
	if p.Deploy != nil {
		v.between("spec.deploy.watch", p.Deploy.Watch, time.Minute, maxTerm)
		v.events("spec.deploy.minEvents", p.Deploy.MinEvents, 0)
	}
}

// fits reports whether a list is short enough.
func (v *validator) fits(field string, n int) bool {
	if n > MaxGateItems {
		v.fail(field, fmt.Sprintf("has %d entries, more than the %d allowed", n, MaxGateItems), "keep those that matter, or write several documents")
	}
	return n <= MaxGateItems
}

func (v *validator) environments(list []string) {
	const field = "spec.environments"
	if list != nil && len(list) == 0 {
		v.fail(field, "is empty", "write an environment, or remove it for all")
	}
	if !v.fits(field, len(list)) {
		return
	}
	for i, name := range list {
		at := strictyaml.Index(field, i)
		v.name(at, name)
		if slices.Contains(list[:i], name) {
			v.fail(at, fmt.Sprintf("%q is there already", shorten(name)), "remove it")
		}
	}
}

func (v *validator) gateLevel(field string, l *GateLevel) {
	switch {
	case l == nil:
	case l.Below > 1:
		v.fail(field+".below", writePercent(l.Below)+" is more than there ever is: nothing could ever ship", "write less than 100%")
	case l.Below < minLevel:
		v.fail(field+".below", writePercent(l.Below)+" is less than "+writePercent(minLevel)+": nothing would ever be stopped", "write more")
	case l.ResumeAbove > 1:
		v.fail(field+".resumeAbove", writePercent(l.ResumeAbove)+" is more than there ever is: what was stopped once would never go on", "write at most 100%")
	case l.ResumeAbove < l.Below:
		v.fail(field+".resumeAbove", writePercent(l.ResumeAbove)+" is less than below, which is "+writePercent(l.Below), "write at least "+writePercent(l.Below)+", or remove it for just that")
	}
}

func (v *validator) gateBurns(list []GateBurn) {
	const field = "spec.burn"
	if !v.fits(field, len(list)) {
		return
	}
	for i, b := range list {
		at := strictyaml.Index(field, i)
		if !slices.Contains(gateWindows, b.Window) {
			v.fail(at+".window", FormatDuration(b.Window)+" is not a window that SLOs show", "write one of "+durations(gateWindows))
		}
		if !(b.Above > 0) || math.IsInf(b.Above, 0) {
			v.fail(at+".above", "must be above 0: whatever happens is more than that", factorFix)
		}
	}
}

// durations lists some as documents write them.
func durations(list []time.Duration) string {
	var texts []string
	for _, d := range list {
		texts = append(texts, FormatDuration(d))
	}
	return strings.Join(texts, ", ")
}

func (v *validator) gateDependencies(list []GateDependency) {
	const field = "spec.dependencies"
	if !v.fits(field, len(list)) {
		return
	}
	for i, d := range list {
		at := strictyaml.Index(field, i) + ".service"
		v.name(at, d.Service)
		if slices.ContainsFunc(list[:i], func(o GateDependency) bool { return o.Service == d.Service }) {
			v.fail(at, fmt.Sprintf("%q is there already", shorten(d.Service)), "keep one of them")
		}
	}
}

func (v *validator) passes(list []ChangeKind) {
	for i, k := range list {
		at := strictyaml.Index("spec.passes", i)
		switch {
		case k == ChangeDeploy:
			v.fail(at, "lets every deploy pass: nothing would ever be held or denied", "remove it, or the document")
		case slices.Contains(list[:i], k):
			v.fail(at, fmt.Sprintf("%q is there already", string(k)), "remove it")
		}
	}
}

func (v *validator) canary(c *GateCanary) {
	const field = "spec.canary"
	if !model.LegacyValidation.IsValidLabelName(c.By) || slices.Contains(notOfMembers, c.By) {
		v.fail(field+".by", fmt.Sprintf("%q is not a label that tells versions apart", shorten(c.By)), "write a label of the SLO's series, such as version")
	}
	v.events(field+".minEvents", c.MinEvents, 1)
	if !(c.FalseDenials > 0 && c.FalseDenials < 1) {
		v.fail(field+".falseDenials", "must be above 0% and below 100%", "write 1%")
	}
	if !(c.Margin >= 0 && c.Margin <= MaxMargin) {
		v.fail(field+".margin", fmt.Sprintf("must be at least 0%% and at most %d%%", 100*MaxMargin), "write 0%, or how much of the error budget a candidate may take more")
	}
	v.between(field+".within", c.Within, MinCanary, maxTerm)
}

// notOfMembers are labels whose values are no versions.
var notOfMembers = []string{"le", "service", "slo", "slo_id", "__name__"}

// events checks a number of events.
func (v *validator) events(field string, n, least float64) {
	if !(n >= least) || math.IsInf(n, 0) {
		v.fail(field, fmt.Sprintf("must be a number of events, at least %g", least), "write 50")
	}
}

// gateSense refuses what is sound field by field, and makes no sense together.
func (v *validator) gateSense(p *GatePolicy) {
	v.gateLevels(p.Budget)
	if s := p.ConsumedIn1h; s.Hold > 0 && s.Deny > 0 && s.Hold >= s.Deny {
		v.fail("spec.consumedIn1h.hold", writePercent(s.Hold)+" is not less than deny, which is "+writePercent(s.Deny)+": nothing would ever be held", "write less, or remove it")
	}
	for i := range p.Burn {
		v.gateBurn(i, p.Burn)
	}
	v.gateAlerts(p.Alerts)
	if p.idle() {
		v.fail("spec", "can never hold or deny anything: it has no threshold", "write budget, consumedIn1h, burn, alerts, canary or deploy, or remove the document")
	}
}

func (v *validator) gateLevels(l GateLevels) {
	switch {
	case l.Hold == nil || l.Deny == nil:
	case l.Hold.Below <= l.Deny.Below:
		v.fail("spec.budget.hold.below", writePercent(l.Hold.Below)+" is not more than deny.below, which is "+writePercent(l.Deny.Below)+": nothing would ever be held", "write more, or remove hold")
	case l.Hold.ResumeAbove < l.Deny.ResumeAbove:
		v.fail("spec.budget.deny.resumeAbove", writePercent(l.Deny.ResumeAbove)+" is more than hold.resumeAbove, which is "+writePercent(l.Hold.ResumeAbove)+": denied where it would no longer be held", "write at most "+writePercent(l.Hold.ResumeAbove)+", or raise hold.resumeAbove")
	}
}

// gateBurn compares a threshold with the others over the same window.
func (v *validator) gateBurn(i int, all []GateBurn) {
	at, b := strictyaml.Index("spec.burn", i), all[i]
	for k, o := range all {
		switch {
		case k == i || o.Window != b.Window:
		case o.Then == b.Then && k < i:
			v.fail(at, fmt.Sprintf("says no more than %s, of the same window and decision", strictyaml.Index("spec.burn", k)), "keep the one with less")
		case b.Then == GateHold && o.Then == GateDeny && o.Above <= b.Above:
			v.fail(at+".above", fmt.Sprintf("%g is not less than where deny begins, %g: nothing would ever be held", b.Above, o.Above), "write less, or remove it")
		}
	}
}

// gateAlerts refuses that a graver alert means less.
func (v *validator) gateAlerts(alerts map[string]GateDecision) {
	for i, severity := range severities[1:3] {
		graver := severities[i]
		if weight(alerts[severity]) > weight(alerts[graver]) {
			v.fail(strictyaml.Key("spec.alerts", severity), string(alerts[severity])+" is more than what a graver alert means", "write "+graver+": "+string(alerts[severity])+" too")
		}
	}
}

// weight orders decisions.
func weight(d GateDecision) int { return slices.Index([]GateDecision{GateHold, GateDeny}, d) }

// idle reports whether there is nothing by which it could hold or deny.
func (p *GatePolicy) idle() bool {
	for _, d := range p.Alerts {
		if d != GateAllow {
			return false
		}
	}
	return p.Budget == GateLevels{} && p.ConsumedIn1h == GateSpending{} && len(p.Burn) == 0 && p.Canary == nil && p.Deploy == nil
}
