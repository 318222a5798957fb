package sli

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
)

// errorRatio takes the ratio of two sums apart again.
func (c *compiler) errorRatio(text string) {
	const field = "spec.sli.ratio.errorRatio"
	if expr, ok := c.parse(field, text); ok {
		c.share(field, expr, false)
	}
}

// share reads the share of bad events, or of good ones.
func (c *compiler) share(field string, expr parser.Expr, good bool) {
	switch e := promql.Bare(expr).(type) {
	case *parser.BinaryExpr:
		c.binaryShare(field, e, good)
	case *parser.Call:
		c.callShare(field, e, good)
	case *parser.AggregateExpr:
		if mean := promql.CallOf(e.Expr, "avg_over_time"); mean != nil && e.Op == parser.AVG && c.agrees(field, e, groupingOf(e)) {
			c.mean(field, mean, good)
		} else if mean == nil || e.Op != parser.AVG {
			c.cannot(field, e, fmt.Sprintf("%s() of ratios is not the ratio of all events; divide sums", e.Op))
		}
	case *parser.VectorSelector:
		c.cannot(field, e, "a ready-made ratio does not say of how many events it is")
	default:
		c.cannot(field, e, "it is not a ratio of events")
	}
}

// binaryShare: A / B, 1 - share, and a default.
//
// A default speaks where there was no traffic, or no series of the part yet.
// There, 0 bad events or all of them good is what counting makes of it too:
// without events the ratio is not known and uses nothing up. The opposite
// default makes an idle service a failing one, which counts cannot say.
func (c *compiler) binaryShare(field string, e *parser.BinaryExpr, good bool) {
	healthy := 0.0
	if good {
		healthy = 1
	}
	switch one, fixed := promql.Constant(e.LHS); {
	case e.Op == parser.SUB && fixed && one == 1:
		c.share(field, e.RHS, !good)
	case e.Op == parser.LOR && promql.IsVector(e.RHS, healthy):
		c.share(field, e.LHS, good)
	case e.Op == parser.LOR && promql.IsVector(e.RHS, 1-healthy):
		c.cannot(field, e, fmt.Sprintf("its default makes a service without traffic a failing one; write vector(%v)", healthy))
	case e.Op == parser.DIV:
		c.quotient(field, e, good)
	default:
		c.cannot(field, e, "it is neither a ratio of two sums of events nor 1 minus one")
	}
}

func (c *compiler) quotient(field string, e *parser.BinaryExpr, good bool) {
	part := counted{field, e.LHS, c.sum(field, e.LHS)}
	whole := counted{field, e.RHS, c.sum(field, e.RHS)}
	if len(c.problems) == 0 && (part.hasSamples() || c.pairs(field, e)) {
		c.count(part, whole, good)
	}
}

func (c *compiler) callShare(field string, e *parser.Call, good bool) {
	switch e.Func.Name {
	case "avg_over_time":
		c.mean(field, e, good)
	case "histogram_fraction":
		c.fraction(field, e, good)
	default:
		c.cannot(field, e, "it is neither a ratio of two sums of events nor 1 minus one")
	}
}

// fraction is the share of a native histogram's events within a threshold.
func (c *compiler) fraction(field string, e *parser.Call, good bool) {
	if !c.agrees(field, e.Args[2], groupingOf(e.Args[2])) {
		return
	}
	part := counted{field, e, c.fast(field, e)}
	whole := counted{field, e, append([]addend(nil), part.addends...)}
	for i := range whole.addends {
		whole.addends[i].role = roleEvents
	}
	c.count(part, whole, good)
}
