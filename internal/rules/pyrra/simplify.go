package pyrra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Simplify returns an SLO that means the same and has bare selectors, and bad
// events where Pyrra has no good ones. What it cannot simplify stays as it is.
func Simplify(s *slo.Spec) *slo.Spec {
	r := s.SLI.Ratio
	if r == nil {
		return s
	}
	out, simple := *s, *r
	if quotient, ok := quotientOf(r.ErrorRatio); ok {
		simple = quotient
	}
	if good, ok := notBad(simple.Bad, simple.Total, s.GroupBy); ok {
		simple.Good, simple.Bad = good, ""
	}
	for _, text := range []*string{&simple.Bad, &simple.Good, &simple.Total} {
		if bare, err := bareOf(*text, s.GroupBy); err == nil {
			*text = bare.String()
		}
	}
	if good, total, err := pair(simple.Good, simple.Total, s.GroupBy); err == nil && !good.has(labels.BucketLabel) {
		if bad, ok := complement(good, total); ok {
			simple.Good, simple.Bad = "", bad.String()
		}
	}
	out.SLI.Ratio = &simple
	return &out
}

// quotientOf takes an error ratio apart that is bad / total or 1 - good / total.
func quotientOf(errorRatio string) (r slo.Ratio, ok bool) {
	expression, err := promql.Parse(errorRatio)
	if err != nil {
		return r, false
	}
	whole, ok := unwrapped(expression).(*parser.BinaryExpr)
	if !ok {
		return r, false
	}
	if whole.Op == parser.DIV {
		return slo.Ratio{Bad: promql.String(whole.LHS), Total: promql.String(whole.RHS)}, true
	}
	one, isNumber := unwrapped(whole.LHS).(*parser.NumberLiteral)
	share, ok := unwrapped(whole.RHS).(*parser.BinaryExpr)
	if !ok || !isNumber || one.Val != 1 || whole.Op != parser.SUB || share.Op != parser.DIV {
		return r, false
	}
	return slo.Ratio{Good: promql.String(share.LHS), Total: promql.String(share.RHS)}, true
}

// notBad takes the good events out of bad ones that are all but these.
func notBad(bad, total string, groupBy []string) (good string, ok bool) {
	expression, err := promql.Parse(bad)
	if err != nil {
		return "", false
	}
	rest, ok := unwrapped(expression).(*parser.BinaryExpr)
	if !ok || rest.Op != parser.SUB {
		return "", false
	}
	all, err := bareOf(promql.String(rest.LHS), groupBy)
	if err != nil {
		return "", false
	}
	x, err := bareOf(total, groupBy)
	return promql.String(rest.RHS), err == nil && x.String() == all.String()
}

// pair reads two selectors.
func pair(a, b string, groupBy []string) (x, y selector, err error) {
	if x, err = bareOf(a, groupBy); err == nil {
		y, err = bareOf(b, groupBy)
	}
	return x, y, err
}

// bareOf takes the selector out of an expression: a bare one, or the sum of
// its rate or increase over any range, by groupBy.
func bareOf(text string, groupBy []string) (selector, error) {
	expression, err := promql.Parse(text)
	if err != nil {
		return selector{}, fmt.Errorf("read %q: %w", text, err)
	}
	e := unwrapped(expression)
	if v, ok := e.(*parser.VectorSelector); ok {
		return plain(v)
	}
	sum, ok := e.(*parser.AggregateExpr)
	if !ok || sum.Op != parser.SUM || sum.Without || !sameSet(sum.Grouping, groupBy) {
		return selector{}, fmt.Errorf("%q is neither a selector nor the sum of one by the SLO's groups", text)
	}
	call, ok := unwrapped(sum.Expr).(*parser.Call)
	if !ok || (call.Func.Name != "rate" && call.Func.Name != "increase") {
		return selector{}, fmt.Errorf("%q is not the sum of a rate", text)
	}
	matrix, ok := unwrapped(call.Args[0]).(*parser.MatrixSelector)
	if !ok {
		return selector{}, fmt.Errorf("%q has more than a selector in it", text)
	}
	return plain(matrix.VectorSelector.(*parser.VectorSelector))
}

// unwrapped takes off parentheses, and the zero in place of no bad events.
func unwrapped(e parser.Expr) parser.Expr {
	for {
		switch n := e.(type) {
		case *parser.ParenExpr:
			e = n.Expr
		case *parser.BinaryExpr:
			if n.Op != parser.LOR || n.RHS.String() != "vector(0)" {
				return e
			}
			e = n.LHS
		default:
			return e
		}
	}
}

// plain refuses offsets and names that stand in the braces as a pattern.
func plain(v *parser.VectorSelector) (selector, error) {
	if v.OriginalOffset != 0 || v.OriginalOffsetExpr != nil || v.Timestamp != nil || v.StartOrEnd != 0 {
		return selector{}, fmt.Errorf("%s has an offset or a time", v)
	}
	s := selector{name: v.Name}
	for _, m := range v.LabelMatchers {
		switch {
		case m.Name != labels.MetricName:
			s.matchers = append(s.matchers, m)
		case m.Type == labels.MatchEqual:
			s.name = m.Value
		default:
			return selector{}, fmt.Errorf("%s selects several metrics", v)
		}
	}
	if s.name == "" {
		return selector{}, fmt.Errorf("%s names no metric", v)
	}
	return s, nil
}

// complement selects what total does and good does not, when they differ in
// one matcher.
func complement(good, total selector) (selector, bool) {
	rest := slices.Clone(good.matchers)
	for _, m := range total.matchers {
		i := slices.IndexFunc(rest, func(g *labels.Matcher) bool { return g.String() == m.String() })
		if i < 0 {
			return selector{}, false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	if len(rest) != 1 || good.name != total.name {
		return selector{}, false
	}
	not, err := rest[0].Inverse()
	return total.as(total.name, not), err == nil
}

func sameSet(a, b []string) bool {
	normal := func(names []string) string {
		names = slices.Clone(names)
		slices.Sort(names)
		return strings.Join(slices.Compact(names), "\x00")
	}
	return normal(a) == normal(b)
}
