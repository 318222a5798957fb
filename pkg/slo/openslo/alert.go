package openslo

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// policies checks the alert policies of an SLO, inline or by their names, makes
// tiers of them, and says what the engine does not do about them.
func (c *checker) policies(field string, uses []policyUse, in *slo.Library) (all tiers) {
	for n, u := range uses {
		base := strictyaml.Index(field, n)
		switch inline := u.Spec != nil || u.given(); {
		case inline && u.AlertPolicyRef != nil:
			c.fail(base, "has both an alert policy and the name of one", "keep one of the two")
		case inline:
			if c.inlineKind(base, kindPolicy, u.inline); u.Spec == nil {
				c.odd(base+".spec", "is missing", "", "write the policy")
				continue
			}
			before := c.errors()
			if c.policy(base+".spec", u.Spec); c.errors() == before {
				c.followPolicy(base+".spec", u.Spec, in, &all)
			}
		case u.AlertPolicyRef == nil || *u.AlertPolicyRef == "":
			c.fail(base, "has no alert policy", "write alertPolicyRef: with the name of one, or remove it")
		default:
			at := base + ".alertPolicyRef"
			if u.bare {
				at = base
				c.odd(at, "is a bare name", "the alert policy of that name is taken", "write alertPolicyRef: "+shorten(*u.AlertPolicyRef))
			}
			c.dns(at, *u.AlertPolicyRef)
			if found, ok := refer[policySpec](c, at, kindPolicy, *u.AlertPolicyRef, in); ok {
				c.followPolicy(inside(at, *u.AlertPolicyRef, "spec"), found, in, &all)
			}
		}
	}
	return all
}

func (i inline) given() bool { return i.Kind != "" || i.Metadata != nil }

// inlineKind checks what an inline document says it is.
func (c *checker) inlineKind(base, kind string, i inline) {
	c.inlined(base+".metadata", i.Metadata)
	switch i.Kind {
	case kind:
	case "":
		c.odd(base+".kind", "is missing", "", "write kind: "+kind)
	default:
		c.fail(base+".kind", fmt.Sprintf("%q is not %s", shorten(i.Kind), kind), "write kind: "+kind)
	}
}

// refer finds a part by its name.
func refer[T any](c *checker, field, kind, name string, in *slo.Library) (*T, bool) {
	format := slo.Format{APIVersion: c.version, Kind: kind}
	found, ok := in.Find(format, name)
	if !ok {
		c.fail(field, fmt.Sprintf("no sound %s is called %q", kind, shorten(name)), known(kind, name, in.Names(format)))
		return nil, false
	}
	return found.(*T), true
}

// policy checks an alert policy by itself.
func (c *checker) policy(base string, p *policySpec) {
	c.description(base, p.Description)
	if len(p.Conditions) != 1 {
		c.odd(base+".conditions", fmt.Sprintf("has %d conditions, and must have one", len(p.Conditions)), "", "keep one")
	}
	for n, u := range p.Conditions {
		at := strictyaml.Index(base+".conditions", n)
		switch inline := u.Spec != nil || u.given(); {
		case inline && u.ConditionRef != nil:
			c.fail(at, "has both a condition and the name of one", "keep one of the two")
		case inline:
			if c.inlineKind(at, kindCondition, u.inline); u.Spec == nil {
				u.Spec = &conditionSpec{}
			}
			c.condition(at+".spec", u.Spec)
		case u.ConditionRef == nil || *u.ConditionRef == "":
			c.fail(at, "has no condition", "write conditionRef: with the name of one")
		default:
			c.dns(at+".conditionRef", *u.ConditionRef)
		}
	}
	c.targets(base+".notificationTargets", p.NotificationTargets)
}

func (c *checker) targets(field string, uses []targetUse) {
	if len(uses) == 0 {
		c.odd(field, "is missing", "", "write [{targetRef: …}]")
	}
	for n, u := range uses {
		at := strictyaml.Index(field, n)
		switch inline := u.Spec != nil || u.given(); {
		case inline && u.TargetRef != nil:
			c.fail(at, "has both a target and the name of one", "keep one of the two")
		case inline:
			if c.inlineKind(at, kindTarget, u.inline); u.Spec == nil {
				u.Spec = &targetSpec{}
			}
			c.target(at+".spec", u.Spec)
		case u.TargetRef == nil || *u.TargetRef == "":
			c.fail(at, "has no target", "write targetRef: with the name of one")
		default:
			c.dns(at+".targetRef", *u.TargetRef)
		}
	}
}

// target checks an alert notification target by itself.
func (c *checker) target(base string, t *targetSpec) {
	c.description(base, t.Description)
	if t.Target == "" {
		c.odd(base+".target", "is missing", "", "write what is notified, such as slack")
	}
}

// condition checks an alert condition by itself.
func (c *checker) condition(base string, s *conditionSpec) {
	c.description(base, s.Description)
	if s.Severity == "" {
		c.odd(base+".severity", "is missing", "", "write one, such as page")
	}
	if s.Condition == nil {
		c.odd(base+".condition", "is missing", "", "write kind, op, threshold and lookbackWindow in it")
		return
	}
	c.burnRate(base+".condition", s.Condition)
}

func (c *checker) burnRate(base string, r *conditionRule) {
	switch r.Kind {
	case "burnrate":
	case "":
		c.odd(base+".kind", "is missing", "burnrate is taken", "write kind: burnrate")
	default:
		c.odd(base+".kind", fmt.Sprintf("%q is not a kind of condition", shorten(r.Kind)), "", "write burnrate")
		return
	}
	switch r.Op {
	case "lt", "lte", "gt", "gte":
	case "":
		c.odd(base+".op", "is missing", "", "write gt or gte")
	default:
		c.odd(base+".op", fmt.Sprintf("%q is not an operator", shorten(r.Op)), "", "write lt, lte, gt or gte")
	}
	if r.Threshold == nil {
		c.odd(base+".threshold", "is missing", "", "write a burn rate, such as 14.4")
	}
	c.alertTime(base+".lookbackWindow", r.LookbackWindow, true)
	c.alertTime(base+".alertAfter", r.AlertAfter, c.kube())
}

// alertTime checks a duration on which no budget hangs.
func (c *checker) alertTime(field string, d duration, needed bool) {
	const fix = "write a number and one of m, h, d, w, such as 5m"
	_, known, ok := d.length()
	switch {
	case d.text == "" && needed:
		c.odd(field, "is missing", "", fix)
	case d.text == "":
	case !ok || !known:
		c.odd(field, fmt.Sprintf("%q is not a duration of OpenSLO", shorten(d.text)), "", fix)
	default:
		c.unit(field, d, "it is not used")
	}
}

// followPolicy makes tiers of a policy's conditions, and says what of it the
// engine does not do.
func (c *checker) followPolicy(base string, p *policySpec, in *slo.Library, all *tiers) {
	for n, u := range p.Conditions {
		at := strictyaml.Index(base+".conditions", n)
		if u.ConditionRef == nil {
			c.follow(at+".spec", u.name(), u.Spec, all)
			continue
		}
		at += ".conditionRef"
		if found, ok := refer[conditionSpec](c, at, kindCondition, *u.ConditionRef, in); ok {
			c.follow(inside(at, *u.ConditionRef, "spec"), *u.ConditionRef, found, all)
		}
	}
	if p.AlertWhenNoData {
		c.warn(base+".alertWhenNoData", "is not followed: the engine has an alert of its own for SLOs without samples", "")
	}
	if p.AlertWhenResolved {
		c.warn(base+".alertWhenResolved", "is not followed: Alertmanager tells of resolved alerts", "set send_resolved at its receiver")
	}
	if len(p.NotificationTargets) > 0 {
		c.warn(base+".notificationTargets", "are not followed: alerts go where the engine's configuration sends them", "route them by their labels")
	}
	c.missingTargets(base+".notificationTargets", p.NotificationTargets, in)
}

// missingTargets warns only: nothing is sent there.
func (c *checker) missingTargets(field string, uses []targetUse, in *slo.Library) {
	format := slo.Format{APIVersion: c.version, Kind: kindTarget}
	for n, u := range uses {
		if u.TargetRef == nil {
			continue
		}
		if _, ok := in.Find(format, *u.TargetRef); !ok {
			c.odd(strictyaml.Index(field, n)+".targetRef", fmt.Sprintf("no sound %s is called %q", kindTarget, shorten(*u.TargetRef)), "",
				known(kindTarget, *u.TargetRef, in.Names(format)))
		}
	}
}

// follow makes a tier of a condition, or says that it cannot.
func (c *checker) follow(base, name string, s *conditionSpec, all *tiers) {
	if t, ok := c.take(base, name, s); ok {
		all.add(t)
		return
	}
	c.instead(base, s)
}

func (i inline) name() string {
	if i.Metadata == nil {
		return ""
	}
	return i.Metadata.Name
}

// instead names a condition that is no tier.
func (c *checker) instead(base string, s *conditionSpec) {
	if s == nil || s.Condition == nil {
		return
	}
	r := s.Condition
	var words []string
	for _, w := range []struct{ name, text string }{{"op", r.Op}, {"lookbackWindow", r.LookbackWindow.text}, {"alertAfter", r.AlertAfter.text}, {"severity", s.Severity}} {
		if w.text != "" {
			words = append(words, w.name+" "+shorten(w.text))
		}
	}
	if r.Threshold != nil {
		words = append([]string{"threshold " + r.Threshold.text}, words...)
	}
	kind := r.Kind
	if kind == "" {
		kind = "burnrate"
	}
	c.warn(base+".condition", fmt.Sprintf("%s with %s is not followed: the engine's tiers are burn rates above a threshold, over 1m to 90d", shorten(kind), strings.Join(words, ", ")),
		"look at the tiers there are with slo-engine validate")
}
