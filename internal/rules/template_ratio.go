package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// ratio writes counters. Good events become bad ones: those that are missing
// in the total, all of them where there are no good series at all.
func (w *writer) ratio(r *slo.Ratio) Template {
	w.over = overOf(r.Total + r.Good + r.Bad + r.ErrorRatio)
	if r.ErrorRatio != "" {
		return Template{ErrorRatio: w.expression("spec.sli.ratio.errorRatio", r.ErrorRatio)}
	}
	t := Template{Total: w.expression("spec.sli.ratio.total", r.Total)}
	if r.Good == "" {
		t.Bad = w.expression("spec.sli.ratio.bad", r.Bad)
		return t
	}
	good := w.expression("spec.sli.ratio.good", r.Good)
	if !w.failed {
		total := operand(t.Total)
		t.Bad = total + " - " + w.orNone(operand(good), total)
	}
	return t
}

// overOf picks the function for bare counters: increase() where the user
// counts so, else rate().
func overOf(texts string) string {
	if strings.Contains(texts, "increase(") && !strings.Contains(texts, "rate(") {
		return "increase"
	}
	return "rate"
}

// operand writes an expression so that it can stand beside an operator, in one
// line.
func operand(text string) string {
	expr, err := promql.Parse(text)
	if err != nil {
		return "(" + text + ")" // it was parsed before
	}
	switch expr.(type) {
	case *parser.BinaryExpr, *parser.UnaryExpr:
		return "(" + promql.String(expr) + ")"
	}
	return promql.String(expr)
}

// expression writes one field.
func (w *writer) expression(field, text string) string {
	expr := w.parse(field, text)
	switch {
	case expr == nil:
		return ""
	case expr.Type() != parser.ValueTypeVector:
		w.problem(slo.Error, field, fmt.Sprintf("`%s` is no set of series", promql.String(expr)), "write a selector such as http_requests_total{job=\"shop\"}")
		return ""
	case promql.HasWindow(text) && w.grouped(expr):
		return strings.TrimSpace(text)
	}
	return promql.String(w.sum(expr))
}

// grouped reports whether an expression has the groupBy labels already.
func (w *writer) grouped(expr parser.Expr) bool {
	if len(w.spec.GroupBy) == 0 {
		return true
	}
	found, agrees := false, true
	promql.Rewrite(expr, func(e parser.Expr) (parser.Expr, bool) {
		a, is := e.(*parser.AggregateExpr)
		if is {
			found = true
			agrees = agrees && !a.Without && sameSet(a.Grouping, w.spec.GroupBy)
		}
		return e, is
	})
	return found && agrees
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// sum puts the aggregation by the groupBy labels as far inside as it goes:
// sum(a) - sum(b) where a - b was written, which would pair single series.
func (w *writer) sum(expr parser.Expr) parser.Expr {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		e.Expr = w.sum(e.Expr)
	case *parser.UnaryExpr:
		e.Expr = w.sum(e.Expr)
	case *parser.AggregateExpr:
		e.Expr = w.keep(w.ranged(e.Expr))
		e.Grouping, e.Without = w.spec.GroupBy, false
	case *parser.BinaryExpr:
		e.LHS, e.RHS = w.side(e.LHS), w.side(e.RHS)
	case *parser.Call:
		return w.sumOfCall(e)
	case *parser.VectorSelector:
		return w.sumOf(parser.SUM, w.ranged(e))
	}
	return expr
}

// side is one side of an operator; numbers stay.
func (w *writer) side(expr parser.Expr) parser.Expr {
	if _, number := promql.Constant(expr); number || promql.CallOf(expr, "vector") != nil {
		return expr
	}
	return w.sum(expr)
}

// sumOfCall looks into functions of sums and aggregates those of series.
func (w *writer) sumOfCall(e *parser.Call) parser.Expr {
	switch e.Func.Name {
	case "histogram_count", "histogram_fraction", "clamp_min", "clamp_max":
		for i := range e.Args {
			if e.Args[i].Type() == parser.ValueTypeVector {
				e.Args[i] = w.sum(e.Args[i])
			}
		}
		return e
	case "vector", "scalar", "time":
		return e
	case "avg_over_time":
		return w.sumOf(parser.AVG, w.ranged(e))
	}
	return w.sumOf(parser.SUM, w.ranged(e))
}

func (w *writer) sumOf(op parser.ItemType, expr parser.Expr) parser.Expr {
	return &parser.AggregateExpr{Op: op, Expr: expr, Grouping: w.spec.GroupBy}
}

// keep makes inner aggregations keep the labels that the outer one needs.
func (w *writer) keep(expr parser.Expr) parser.Expr {
	return promql.Rewrite(expr, func(e parser.Expr) (parser.Expr, bool) {
		a, ok := e.(*parser.AggregateExpr)
		switch {
		case !ok:
		case a.Without:
			a.Grouping = slices.DeleteFunc(slices.Clone(a.Grouping), func(l string) bool { return slices.Contains(w.spec.GroupBy, l) })
		default:
			for _, label := range w.spec.GroupBy {
				if !slices.Contains(a.Grouping, label) {
					a.Grouping = append(slices.Clone(a.Grouping), label)
				}
			}
		}
		return e, false
	})
}

// ranged reads bare counters over the window, and gives fixed ranges its
// length.
func (w *writer) ranged(expr parser.Expr) parser.Expr {
	return promql.Rewrite(expr, func(e parser.Expr) (parser.Expr, bool) {
		switch e := e.(type) {
		case *parser.MatrixSelector:
			e.Range = promql.Range
			return e, true
		case *parser.SubqueryExpr:
			e.Range = promql.Range
			return e, true
		case *parser.VectorSelector:
			return promql.Call(w.over, promql.Over(e)), true
		}
		return e, false
	})
}

// quoted writes label names as PromQL has them between parentheses.
func quoted(names []string) []string {
	out := slices.Clone(names)
	for i, name := range out {
		if !model.LegacyValidation.IsValidLabelName(name) {
			out[i] = `"` + strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), `"`, `\"`) + `"`
		}
	}
	return out
}
