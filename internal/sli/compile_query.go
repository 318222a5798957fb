package sli

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// asked reads what a server is asked, as far as its language is known here. nil
// is no query.
func (c *compiler) asked(q *slo.Query) {
	for i, label := range c.program.Spec.GroupBy {
		if label == ClassifiedSLO || label == ClassifiedResult {
			c.problem(strictyaml.Index("spec.groupBy", i), fmt.Sprintf("label %q is reserved: the engine sets it itself", label), "rename it")
		}
	}
	if q == nil || q.Language != slo.PromQL {
		return
	}
	const field = "spec.sli.promql"
	if q.Ratio.ErrorRatio != "" {
		c.answer(field+".errorRatio", q.Ratio.ErrorRatio)
		return
	}
	c.answer(field+".total", q.Ratio.Total)
	if q.Ratio.Good != "" {
		c.answer(field+".good", q.Ratio.Good)
	} else {
		c.answer(field+".bad", q.Ratio.Bad)
	}
}

// answer reads an expression whose answer is a set of series with the labels
// of the groups; nil after a problem.
func (c *compiler) answer(field, text string) parser.Expr {
	const fix = "write an expression such as sum(increase(http_requests_total[{{.window}}]))"
	expr, err := promql.Parse(text)
	switch {
	case err != nil:
		c.problem(field, fmt.Sprintf("is not PromQL: %v", err), fix)
		return nil
	case expr.Type() != parser.ValueTypeVector:
		c.problem(field, fmt.Sprintf("`%s` is no set of series", promql.String(expr)), fix)
		return nil
	}
	e, ok := promql.Bare(expr).(*parser.AggregateExpr)
	if !ok {
		return expr // whether a label is there, only the server knows
	}
	for _, label := range c.program.Spec.GroupBy {
		if slices.Contains(e.Grouping, label) == e.Without {
			c.problem(field, fmt.Sprintf("`%s` has no label %s in its answer, by which the SLO is grouped", promql.String(expr), label),
				fmt.Sprintf("write %s by (%s) (…)", e.Op, label))
			return nil
		}
	}
	return expr
}

// served says how somebody else judges the program's events.
func (p *Program) served() string {
	if p.Spec.SLI.Logs != nil {
		return "log records, judged as they arrive"
	}
	return "spans, judged as they arrive"
}
