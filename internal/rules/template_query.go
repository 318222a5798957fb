package rules

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// query writes what the engine asks a server with PromQL.
func (w *writer) query(q *slo.Query) Template {
	if q.Language != slo.PromQL {
		w.notPromQL("spec.sli."+q.Language, "is asked of a server that keeps logs")
		return Template{}
	}
	const field = "spec.sli.promql"
	if q.Ratio.ErrorRatio != "" {
		return Template{ErrorRatio: w.share(field+".errorRatio", q.Ratio.ErrorRatio, q)}
	}
	t := Template{Total: w.number(field+".total", q.Ratio.Total, q)}
	if q.Ratio.Good == "" {
		t.Bad = w.number(field+".bad", q.Ratio.Bad, q)
		return t
	}
	good := w.number(field+".good", q.Ratio.Good, q)
	if !w.failed {
		t.Bad = operand(t.Total) + " - " + w.orNone(operand(good), operand(t.Total))
	}
	return t
}

// notPromQL is why there is no template: no metric holds the events.
func (w *writer) notPromQL(field, why string) {
	w.problem(slo.Error, field, why+", which no expression over metrics says", "keep this SLO in the engine")
}

// number writes an expression of a number of events.
func (w *writer) number(field, text string, q *slo.Query) string {
	expr := w.series(field, text)
	if expr == nil {
		return ""
	}
	written := strings.TrimSpace(text)
	if a, ok := promql.Bare(expr).(*parser.AggregateExpr); !ok || a.Without || !sameSet(a.Grouping, w.spec.GroupBy) {
		written = w.summed(promql.String(expr))
	}
	return w.overWindow("sum_over_time", written, q)
}

// share writes an error ratio. The engine takes the mean of those of the steps.
func (w *writer) share(field, text string, q *slo.Query) string {
	if w.series(field, text) == nil {
		return ""
	}
	if promql.HasWindow(text) {
		w.problem(slo.Warning, field, "the rules look at the events of a window together; the engine takes each step's ratio for one event", "write total and bad, which both count alike")
	}
	return w.overWindow("avg_over_time", strings.TrimSpace(text), q)
}

// series reads a field that is a set of series; nil after a problem.
func (w *writer) series(field, text string) parser.Expr {
	expr := w.parse(field, text)
	if expr != nil && expr.Type() != parser.ValueTypeVector {
		w.problem(slo.Error, field, fmt.Sprintf("`%s` is no set of series", promql.String(expr)), "write an expression such as sum(increase(http_requests_total[{{.window}}]))")
		return nil
	}
	return expr
}

// overWindow has an expression that does not look back over the window itself
// asked at every step of it, as the engine does.
func (w *writer) overWindow(function, text string, q *slo.Query) string {
	if promql.HasWindow(text) {
		return text
	}
	return fmt.Sprintf("%s((%s)[%s:%s])", function, text, promql.Window, slo.FormatDuration(q.Step))
}
