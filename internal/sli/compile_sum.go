package sli

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
)

// addend is one selector of a sum: how what it selects is counted, and whether
// it is added or taken away.
type addend struct {
	selector *parser.VectorSelector
	role     role
	minus    bool
	unit     unit
	limits   limits // of roleFast
	samples  bool   // of roleGauge: the number of samples, not their sum
	expr     parser.Expr
}

// unit is what one event counts in a sum: factor, and that per length of time.
// A bare selector has no length: it fits any. rate() counts per second,
// increase() per range.
type unit struct {
	factor float64
	per    time.Duration
}

// fits reports whether two sums count events alike, so that their ratio is
// that of the events.
func (u unit) fits(v unit) bool {
	if u.per == 0 || v.per == 0 {
		return nearly(u.factor, v.factor)
	}
	return nearly(u.factor*u.per.Seconds(), v.factor*v.per.Seconds())
}

// sum walks the shapes that are sums of events and returns their selectors. By
// which labels they are summed does not change how many events there are.
func (c *compiler) sum(field string, expr parser.Expr) []addend {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return c.sum(field, e.Expr)
	case *parser.StepInvariantExpr:
		return c.sum(field, e.Expr)
	case *parser.UnaryExpr:
		return turned(c.sum(field, e.Expr), e.Op == parser.SUB)
	case *parser.AggregateExpr:
		if e.Op != parser.SUM {
			c.cannot(field, e, "only sum() adds events up")
			return nil
		}
		return c.sum(field, e.Expr)
	case *parser.Call:
		return c.call(field, e)
	case *parser.BinaryExpr:
		return c.binary(field, e)
	case *parser.VectorSelector:
		return c.selected(field, e, addend{role: roleCounter, unit: unit{factor: 1}, expr: e})
	case *parser.SubqueryExpr:
		c.cannot(field, e, "a subquery looks at the same events again and again")
	default:
		c.cannot(field, e, "it is not a sum of counters")
	}
	return nil
}

// turned takes away what was added, if it must.
func turned(list []addend, minus bool) []addend {
	for i := range list {
		list[i].minus = list[i].minus != minus
	}
	return list
}

// selected completes an addend with its selector.
func (c *compiler) selected(field string, v *parser.VectorSelector, a addend) []addend {
	if c.unfit(field, v) {
		return nil
	}
	a.selector = v
	return []addend{a}
}

// binary: sums, differences, factors, and what does not change a count.
func (c *compiler) binary(field string, e *parser.BinaryExpr) []addend {
	left, isLeft := promql.Constant(e.LHS)
	right, isRight := promql.Constant(e.RHS)
	switch {
	case e.Op == parser.MUL && isLeft:
		return c.times(field, e, e.RHS, left)
	case e.Op == parser.MUL && isRight:
		return c.times(field, e, e.LHS, right)
	case e.Op == parser.DIV && isRight:
		return c.times(field, e, e.LHS, 1/right)
	case e.Op == parser.MUL:
		return c.fastOf(field, e)
	case e.Op == parser.LOR && isNothing(e.RHS): // what is absent counts as nothing anyway
		return c.sum(field, e.LHS)
	case isRight && right == 0 && drops(e):
		return c.positive(field, e, e.LHS)
	case e.Op != parser.ADD && e.Op != parser.SUB:
		c.cannot(field, e, fmt.Sprintf("%q does not add events up", e.Op))
	case e.VectorMatching != nil && e.VectorMatching.Card != parser.CardOneToOne:
		c.cannot(field, e, "with group_left and group_right a series counts once for each that it is paired with")
	default:
		list := c.sum(field, e.LHS)
		return append(list, turned(c.sum(field, e.RHS), e.Op == parser.SUB)...)
	}
	return nil
}

// times counts each event factor times.
func (c *compiler) times(field string, whole, part parser.Expr, factor float64) []addend {
	if !(factor > 0) || math.IsInf(factor, 1) {
		c.cannot(field, whole, "a factor must be above 0")
		return nil
	}
	list := c.sum(field, part)
	for i := range list {
		list[i].unit.factor *= factor
		list[i].expr = whole
	}
	return list
}

// drops reports whether a comparison with zero keeps all that counts, when
// nothing is below zero.
func drops(e *parser.BinaryExpr) bool {
	return !e.ReturnBool && (e.Op == parser.GTR || e.Op == parser.GTE || e.Op == parser.NEQ)
}

// positive is a sum around which somebody put what has no effect on a sum that
// is never below zero: > 0, clamp_min(…, 0).
func (c *compiler) positive(field string, whole, part parser.Expr) []addend {
	list := c.sum(field, part)
	for _, a := range list {
		if a.minus {
			c.cannot(field, whole, "it changes a difference that is below 0 for a while, and so the count")
			return nil
		}
	}
	return list
}

// isNothing recognises what is zero wherever it is: vector(0), x * 0.
func isNothing(expr parser.Expr) bool {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return isNothing(e.Expr)
	case *parser.StepInvariantExpr:
		return isNothing(e.Expr)
	case *parser.Call:
		return promql.IsVector(e, 0)
	case *parser.BinaryExpr:
		left, isLeft := promql.Constant(e.LHS)
		right, isRight := promql.Constant(e.RHS)
		return e.Op == parser.MUL && (isLeft && left == 0 || isRight && right == 0)
	}
	return false
}
