package openslo

import (
	"maps"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// composite reads objectives that have SLIs of their own, and reports whether
// they do.
func (c *checker) composite(s *sloSpec, p *promise, in *slo.Library) bool {
	for _, o := range s.Objectives {
		p.composite = p.composite || o.any()
	}
	if !p.composite {
		return false
	}
	if s.any() {
		c.fail("spec", "has an SLI, and so have its objectives", "keep it in one of the two places")
	}
	for n := range s.Objectives {
		o, base := &s.Objectives[n], strictyaml.Index("spec.objectives", n)
		i, ok := c.indicator(base, o.indicated, in)
		c.objective(base, o, p, i, ok)
	}
	return true
}

// weight reads that of an objective.
func (c *checker) weight(field string, o *objective, p *promise, one *promised) {
	switch w := o.CompositeWeight; {
	case w == nil:
	case !p.composite:
		c.warn(field, "is of use where each objective has an SLI of its own", "remove it")
	case w.value <= 0:
		c.fail(field, "must be above 0", "write 1, or remove it")
	case p.method == slo.Timeslices:
		c.warn(field, "is of no use with budgetingMethod: Timeslices: any bad objective makes the slice bad", "remove it")
	default:
		one.weight = w.value
	}
}

var compositeMethods = map[slo.Method]slo.CompositeMethod{
	slo.Occurrences: slo.WeightedBurn, slo.Timeslices: slo.AnyBad, slo.RatioTimeslices: slo.SumOfMisses,
}

// whole is the SLO that the objectives are together.
func (p *promise) whole(parts []*slo.Spec) *slo.Spec {
	made := &slo.Composite{Method: compositeMethods[p.method], Slice: time.Minute}
	fields := maps.Clone(p.fields)
	fields["spec.composite"], fields["spec.composite.of"] = "spec.objectives", "spec.objectives"
	var objective slo.Objective
	for n, o := range p.objectives {
		made.Parts = append(made.Parts, slo.Part{SLO: parts[n].ID(), Weight: o.weight})
		if o.objective.Ratio() > objective.Ratio() {
			objective, fields["spec.objective"] = o.objective, o.fields["spec.objective"]
		}
		if o.budgeting.Slice > made.Slice {
			made.Slice, fields["spec.composite.slice"] = o.budgeting.Slice, o.fields["spec.budgeting.slice"]
		}
	}
	return &slo.Spec{
		Service: p.service, Name: p.name, Description: p.description, Labels: p.labels,
		Objective: objective, Window: p.window, Composite: made,
		MaxGroups: slo.DefaultMaxGroups, Fields: fields, Alerting: slo.Alerting{Terms: slo.AlertTerms{Tiers: p.tiers}},
	}
}
