package sli

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// counted is a sum of events and where it was written.
type counted struct {
	field   string
	expr    parser.Expr
	addends []addend
}

// ratio: what total counts is an event; bad ones are those that bad counts,
// or all but those that good counts.
func (c *compiler) ratio(r *slo.Ratio) {
	if r.ErrorRatio != "" {
		c.errorRatio(r.ErrorRatio)
		return
	}
	field, text, good := "spec.sli.ratio.bad", r.Bad, false
	if r.Good != "" {
		field, text, good = "spec.sli.ratio.good", r.Good, true
	}
	part := c.expression(field, text)
	whole := c.expression("spec.sli.ratio.total", r.Total)
	c.count(part, whole, good)
}

// expression reads a field that is a sum.
func (c *compiler) expression(field, text string) counted {
	expr, ok := c.parse(field, text)
	if !ok {
		return counted{}
	}
	return counted{field, expr, c.sum(field, expr)}
}

// count adds the terms of a part of the events, good or bad ones, and of the
// whole.
func (c *compiler) count(part, whole counted, good bool) {
	if len(c.problems) > 0 {
		return
	}
	if part.hasSamples() || whole.hasSamples() {
		c.samples(part, whole, good)
		return
	}
	if !c.adds(part) || !c.adds(whole) || !c.comparable(part, whole) {
		return
	}
	partWeight, wholeWeight := budget.Counts{Bad: 1}, budget.Counts{Total: 1}
	if good { // all are bad but those
		partWeight, wholeWeight = budget.Counts{Bad: -1}, budget.Counts{Bad: 1, Total: 1}
	}
	c.take(part, partWeight)
	c.take(whole, wholeWeight)
}

// take adds the terms of a sum with a weight.
func (c *compiler) take(sum counted, weight budget.Counts) {
	for _, a := range sum.addends {
		w := weight
		if a.minus {
			w = budget.Counts{}.Sub(weight)
		}
		if a.role == roleFast {
			c.program.limits = a.limits
		}
		c.add(term{name: metricName(a.selector.LabelMatchers), matchers: a.selector.LabelMatchers, role: a.role, weight: w})
	}
}

// adds reports whether a sum adds anything.
func (c *compiler) adds(sum counted) bool {
	for _, a := range sum.addends {
		if !a.minus {
			return true
		}
	}
	c.cannot(sum.field, sum.expr, "it only takes events away")
	return false
}

// comparable reports whether all of an SLI counts its events alike, so that
// factors cancel, and by one threshold.
func (c *compiler) comparable(part, whole counted) bool {
	usual, fast := whole.unit(), limits{}
	for _, sum := range []counted{part, whole} {
		for _, a := range sum.addends {
			switch {
			case !a.unit.fits(usual):
				if odd := whole.factored(); a.unit.factor == 1 && odd != nil { // the others are the odd ones
					sum, a = whole, *odd
				}
				c.cannot(sum.field, a.expr, "it does not count in the same unit as the other events: rate() or increase(), and factors, must be the same throughout")
				return false
			case a.role == roleFast && fast.below != 0 && a.limits != fast:
				c.cannot(sum.field, a.expr, "another threshold is used as well, and an SLO has one")
				return false
			case a.role == roleFast:
				fast = a.limits
			}
		}
	}
	return true
}

// unit is that of the first addend that tells; else that of the first.
func (s counted) unit() unit {
	for _, a := range s.addends {
		if a.unit.per != 0 {
			return a.unit
		}
	}
	return s.addends[0].unit
}

// factored is the first addend with a factor; nil if none has.
func (s counted) factored() *addend {
	for i := range s.addends {
		if s.addends[i].unit.factor != 1 {
			return &s.addends[i]
		}
	}
	return nil
}

// hasSamples reports whether samples of gauges are summed up.
func (s counted) hasSamples() bool {
	for _, a := range s.addends {
		if a.role == roleGauge {
			return true
		}
	}
	return false
}
