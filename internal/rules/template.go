package rules

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Template is an SLI as PromQL expressions with {{.window}} where the range
// goes: ErrorRatio alone, or Bad and Total.
type Template struct{ Bad, Total, ErrorRatio string }

// TemplateOptions say what a spec leaves open.
type TemplateOptions struct {
	// NativeHistograms asks latency SLOs of native histograms. Default:
	// classic ones, by their bucket at the threshold.
	NativeHistograms bool
}

// TemplateOf writes an SLI as a template. What the user wrote with
// {{.window}} stays as it is; a bare selector is summed over the window, by the
// groupBy labels. A problem says why there is none.
func TemplateOf(spec *slo.Spec) (Template, []slo.Problem) {
	return TemplateWith(spec, TemplateOptions{})
}

// TemplateWith is TemplateOf with options.
func TemplateWith(spec *slo.Spec, o TemplateOptions) (Template, []slo.Problem) {
	w := &writer{spec: spec}
	var t Template
	switch s := spec.SLI; {
	case s.Ratio != nil:
		t = w.ratio(s.Ratio)
	case s.Latency != nil && o.NativeHistograms:
		t = w.native(s.Latency)
	case s.Latency != nil:
		t = w.classic(s.Latency)
	case s.Threshold != nil:
		t = w.threshold(s.Threshold)
	case s.Query != nil:
		t = w.query(s.Query)
	case s.Spans != nil:
		w.notPromQL("spec.sli.spans", "is counted span by span")
	case s.Logs != nil:
		w.notPromQL("spec.sli.logs", "is counted record by record")
	case spec.Composite != nil:
		w.problem(slo.Error, "spec.composite", "is counted slice by slice from what other SLOs count, which no expression over metrics says", "keep this SLO in the engine; its parts can be written")
	default:
		w.problem(slo.Error, "spec.sli", "no SLI is given", "write one of ratio, latency, threshold, promql")
	}
	if w.failed {
		return Template{}, w.problems
	}
	return t, w.problems
}

// writer writes one SLI.
type writer struct {
	spec     *slo.Spec
	problems []slo.Problem
	failed   bool
	// over is the function by which a bare counter is read: that of its
	// siblings.
	over string
}

func (w *writer) problem(severity slo.Severity, field, message, fix string) {
	w.failed = w.failed || severity == slo.Error
	w.problems = append(w.problems, slo.Problem{
		Origin: w.spec.Origin, Severity: severity, SLO: w.spec.ID(), Field: field, Message: message, Fix: fix,
	})
}

// parse reads what a field says; nil after a problem.
func (w *writer) parse(field, text string) parser.Expr {
	expr, err := promql.Parse(text)
	if err != nil {
		w.problem(slo.Error, field, fmt.Sprintf("is not PromQL: %v", err), "write a selector such as http_requests_total{job=\"shop\"}")
		return nil
	}
	return expr
}

// selector reads a field that is a plain selector; nil after a problem.
func (w *writer) selector(field, text string) *parser.VectorSelector {
	expr := w.parse(field, text)
	if expr == nil {
		return nil
	}
	v, ok := promql.Bare(expr).(*parser.VectorSelector)
	if !ok {
		w.problem(slo.Error, field, fmt.Sprintf("`%s` is not a plain selector", promql.String(expr)), "write a name with label matchers")
		return nil
	}
	return v
}

// summed is PromQL for the sum of an expression by the groupBy labels.
func (w *writer) summed(inner string) string { return w.aggregated("sum", inner) }

func (w *writer) aggregated(op, inner string) string {
	if len(w.spec.GroupBy) == 0 {
		return op + "(" + inner + ")"
	}
	return op + " by (" + strings.Join(quoted(w.spec.GroupBy), ", ") + ") (" + inner + ")"
}

// orNone makes an expression that has no series yet zero. Of a group only
// another expression knows that it exists.
func (w *writer) orNone(expr, exists string) string {
	if len(w.spec.GroupBy) == 0 {
		return "(" + expr + " or vector(0))"
	}
	return "(" + expr + " or " + exists + " * 0)"
}
