package sli

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
)

// grouping says by which labels the results of an expression differ.
type grouping struct {
	kind   groupingKind
	labels []string // of byLabels, sorted
}

type groupingKind int

const (
	asMeant  groupingKind = iota // bare selectors, meant to be summed as the SLO says
	byLabels                     // sum by (labels)
	bySeries                     // one result for each series
	byOther                      // by labels that the expression does not tell
)

// groupingOf finds it for the shapes that sum accepts.
func groupingOf(expr parser.Expr) grouping {
	switch e := promql.Bare(expr).(type) {
	case *parser.VectorSelector:
		return grouping{}
	case *parser.AggregateExpr:
		if e.Without {
			return grouping{kind: byOther}
		}
		names := slices.Clone(e.Grouping)
		slices.Sort(names)
		return grouping{byLabels, slices.Compact(names)}
	case *parser.UnaryExpr:
		return groupingOf(e.Expr)
	case *parser.Call:
		switch e.Func.Name {
		case "histogram_count", "clamp_min":
			return groupingOf(e.Args[0])
		case "histogram_fraction":
			return groupingOf(e.Args[2])
		}
		return grouping{kind: bySeries}
	case *parser.BinaryExpr:
		return groupingOfBoth(e)
	}
	return grouping{kind: byOther}
}

// groupingOfBoth is that of two sides that are the same, or of the one that is
// no number.
func groupingOfBoth(e *parser.BinaryExpr) grouping {
	left, right := groupingOf(e.LHS), groupingOf(e.RHS)
	_, isLeft := promql.Constant(e.LHS)
	_, isRight := promql.Constant(e.RHS)
	switch {
	case isLeft:
		return right
	case isRight, e.Op == parser.LOR, right.kind == asMeant, left.equal(right):
		return left
	case left.kind == asMeant:
		return right
	}
	return grouping{kind: byOther}
}

func (g grouping) equal(h grouping) bool { return g.kind == h.kind && slices.Equal(g.labels, h.labels) }

// pairs reports whether the sides of a ratio are paired group by group, as the
// SLO has its groups: then the ratio of each is that of its events.
func (c *compiler) pairs(field string, e *parser.BinaryExpr) bool {
	left, right := groupingOf(e.LHS), groupingOf(e.RHS)
	switch {
	case !c.agrees(field, e.LHS, left) || !c.agrees(field, e.RHS, right):
		return false
	case e.VectorMatching != nil && !harmless(e.VectorMatching, c.groups()):
		c.cannot(field, e, "it pairs its sides by fewer labels than they have")
		return false
	}
	return true
}

// harmless reports whether a matching clause pairs results that differ by
// labels as no clause would.
func harmless(m *parser.VectorMatching, labels []string) bool {
	for _, name := range labels {
		if slices.Contains(m.MatchingLabels, name) != m.On {
			return false
		}
	}
	return true
}

// groups are the SLO's groupBy labels, sorted.
func (c *compiler) groups() []string {
	names := slices.Clone(c.program.Spec.GroupBy)
	slices.Sort(names)
	return names
}

// agrees reports whether an expression has one result for each group of the
// SLO. Elsewhere the sums of both sides do not say which belong together.
func (c *compiler) agrees(field string, expr parser.Expr, g grouping) bool {
	groups := c.groups()
	switch {
	case g.kind == asMeant || g.kind == byLabels && slices.Equal(g.labels, groups):
		return true
	case g.kind == bySeries:
		c.cannot(field, expr, "it is a ratio for each series; write "+sumBy(groups)+" around both sides")
	case g.kind == byOther:
		c.cannot(field, expr, "it does not say by which labels it differs; write "+sumBy(groups))
	case len(groups) == 0:
		c.cannot(field, expr, "it is a ratio for each "+strings.Join(g.labels, ", ")+", and the SLO has no groupBy: ["+strings.Join(g.labels, ", ")+"]")
	default:
		c.cannot(field, expr, "groupBy asks for a ratio for each "+strings.Join(groups, ", ")+"; write "+sumBy(groups))
	}
	return false
}

func sumBy(labels []string) string {
	if len(labels) == 0 {
		return "sum()"
	}
	return "sum by (" + strings.Join(labels, ", ") + ") ()"
}
