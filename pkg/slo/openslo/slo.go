package openslo

import (
	"fmt"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// slos decodes a document of kind SLO.
func (r reader) slos(doc *strictyaml.Document, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var d sloDocument
	c := r.checker(doc.Decode(&d))
	c.metadata("metadata", d.Metadata)
	if d.Spec == nil {
		c.fail("spec", "is missing", "write spec: with service, indicator, timeWindow and objectives")
		return nil, c.problems
	}
	p := c.promise(d.Spec, in)
	if d.Metadata != nil {
		p.name, p.labels = d.Metadata.Name, texts(d.Metadata.Labels)
	}
	p.tiers, p.fields["spec.alerting.tiers"] = c.policies("spec.alertPolicies", d.Spec.AlertPolicies, in), "spec.alertPolicies"
	return p.specs(), c.problems
}

// promise reads what all objectives of a document share, and them.
func (c *checker) promise(s *sloSpec, in *slo.Library) *promise {
	p := &promise{fields: map[string]string{"spec.window": "spec.timeWindow[0].duration", "spec.budgeting": "spec.budgetingMethod", "spec.budgeting.method": "spec.budgetingMethod"}}
	c.description("spec", s.Description)
	p.description = s.Description
	p.service, p.fields["spec.service"] = c.serviceName(s, in)
	p.window = c.window("spec.timeWindow", s.TimeWindow)
	p.method = c.method("spec.budgetingMethod", s.BudgetingMethod)
	if c.composite(s, p, in) {
		return p
	}
	i, ok := c.indicator("spec", s.indicated, in)
	if len(s.Objectives) == 0 {
		c.fail("spec.objectives", "is missing", "write [{target: 0.999}]")
	}
	for n := range s.Objectives {
		c.objective(strictyaml.Index("spec.objectives", n), &s.Objectives[n], p, i, ok)
	}
	return p
}

// serviceName: openslo.com/v2alpha's text says service, its library serviceRef.
func (c *checker) serviceName(s *sloSpec, in *slo.Library) (name, field string) {
	own, other := c.own("service", "serviceRef")
	values := map[string]string{"service": s.Service, "serviceRef": s.ServiceRef}
	name, field = values[own], "spec."+own
	if values[other] != "" {
		c.foreign("spec", own, other)
	}
	if name == "" && values[other] != "" {
		name, field = values[other], "spec."+other
	}
	format := slo.Format{APIVersion: c.version, Kind: kindService}
	switch _, found := in.Find(format, name); {
	case name == "":
		c.fail("spec."+own, "is missing", "write the service's name, such as checkout")
	case c.Strict && !found:
		c.warn(field, fmt.Sprintf("no sound %s is called %q", kindService, shorten(name)), known(kindService, name, in.Names(format)))
	}
	return name, field
}

var methods = map[string]slo.Method{
	"Occurrences": slo.Occurrences, "Timeslices": slo.Timeslices, "RatioTimeslices": slo.RatioTimeslices,
}

func (c *checker) method(field, text string) slo.Method {
	const fix = "write Occurrences, Timeslices or RatioTimeslices"
	method, ok := methods[text]
	switch {
	case text == "":
		c.odd(field, "is missing", "Occurrences is taken", fix)
	case !ok:
		c.fail(field, fmt.Sprintf("%q is not a budgeting method", shorten(text)), fix)
	}
	return method
}

// indicator is the SLI at base, inline or by its name.
func (c *checker) indicator(base string, i indicated, in *slo.Library) (indicator, bool) {
	inline, ref, at := c.pick(base, i)
	switch {
	case inline != nil && ref != nil:
		c.fail(at, "stands beside an SLI", "keep one of the two")
	case inline != nil:
		return c.inlineSLI(at, inline, in)
	case ref != nil:
		return c.namedSLI(at, *ref, in)
	default:
		own, _ := c.own("indicator", "sli")
		c.fail(base+"."+own, "is missing", fmt.Sprintf("write one, or %sRef: with the name of an SLI", own))
	}
	return indicator{}, false
}

// pick takes the names of either version.
func (c *checker) pick(base string, i indicated) (inline *inlineSLI, ref *string, at string) {
	own, other := c.own("indicator", "sli")
	inlines := map[string]*inlineSLI{"indicator": i.Indicator, "sli": i.SLI}
	refs := map[string]*string{"indicator": i.IndicatorRef, "sli": i.SLIRef}
	if inlines[other] != nil {
		c.foreign(base, own, other)
	}
	if refs[other] != nil {
		c.foreign(base, own+"Ref", other+"Ref")
	}
	if inlines[own] == nil && refs[own] == nil {
		own = other
	}
	if inline, ref = inlines[own], refs[own]; ref != nil {
		return inline, ref, base + "." + own + "Ref"
	}
	return inline, ref, base + "." + own
}

func (c *checker) inlineSLI(base string, i *inlineSLI, in *slo.Library) (indicator, bool) {
	c.inlined(base+".metadata", i.Metadata)
	if i.Spec == nil {
		c.fail(base+".spec", "is missing", "write ratioMetric or thresholdMetric in it")
		return indicator{}, false
	}
	before := c.errors()
	c.sli(base+".spec", i.Spec)
	if c.errors() > before {
		return indicator{}, false
	}
	return c.use(base+".spec", i.Spec, in), true
}

func (c *checker) namedSLI(field, name string, in *slo.Library) (indicator, bool) {
	format := slo.Format{APIVersion: c.version, Kind: kindSLI}
	if name == "" {
		c.fail(field, "is empty", "write the name of an SLI")
		return indicator{}, false
	}
	c.dns(field, name)
	found, ok := in.Find(format, name)
	if !ok {
		c.fail(field, fmt.Sprintf("no sound %s is called %q", kindSLI, shorten(name)), known(kindSLI, name, in.Names(format)))
		return indicator{}, false
	}
	i := c.use(inside(field, name, "spec"), found.(*sliSpec), in)
	i.shared = true
	return i, true
}
