package sli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Program is a compiled SLO: the series it counts, and what each adds.
// It is immutable.
type Program struct {
	Spec  *slo.Spec
	terms []term
	// below is the latency threshold in the histogram's own unit.
	below float64
	// subtracts: some series take bad events away, so that events whose good
	// part is missing look bad.
	subtracts bool
}

// role says how the points of a selected series become events.
type role uint8

const (
	roleCounter role = iota // increments of a counter
	roleBucket              // increments of a classic histogram's bucket
	roleNative              // increments of a native histogram
	roleGauge               // samples of a gauge, compared
)

// roles are a set of them.
type roles uint8

func (r roles) has(one role) bool { return r&(1<<one) != 0 }

// counts reports whether increments are counted. A bucket is a counter.
func (r roles) counts() bool { return r.has(roleCounter) || r.has(roleBucket) }

// term is one selector of an SLI.
type term struct {
	// name is the metric name when the selector fixes it; empty otherwise.
	name     string
	matchers []*labels.Matcher
	role     role
	// weight is what one event of the series adds.
	weight budget.Counts
	// slow marks the part of a latency SLI whose events are bad however fast:
	// what its buckets hold is not good.
	slow bool
}

// String is the selector as PromQL writes it.
func (t term) String() string {
	return (&parser.VectorSelector{Name: plainName(t.name), LabelMatchers: t.matchers}).String()
}

// plainName is the name where PromQL can write it in front of the braces.
func plainName(name string) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return ""
}

func (t term) matches(l labels.Labels) bool {
	for _, m := range t.matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// Compile turns a spec's SLI into a program. Every problem is returned, with
// its field path; the program is nil when there is one.
func Compile(spec *slo.Spec) (*Program, []slo.Problem) {
	c := &compiler{program: &Program{Spec: spec}}
	if m := spec.Budgeting.Method; m != slo.Occurrences {
		c.problem("spec.budgeting.method", "method "+m.String()+" "+strictyaml.NotSupported, "write occurrences, or remove budgeting")
	}
	switch {
	case spec.SLI.Ratio != nil:
		c.ratio(spec.SLI.Ratio)
	case spec.SLI.Latency != nil:
		c.latency(spec.SLI.Latency)
	case spec.SLI.Threshold != nil:
		c.threshold(spec.SLI.Threshold)
	default:
		c.problem("spec.sli", "no SLI is given", "write one of ratio, latency, threshold")
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.program, nil
}

// Names are the metric names that the program selects; all is true when some
// selector fixes none.
func (p *Program) Names() (names []string, all bool) {
	for _, t := range p.terms {
		if t.name == "" {
			all = true
			continue
		}
		names = append(names, t.name)
	}
	return names, all
}

// Served says in a line for each selector how it is served.
func (p *Program) Served() []string {
	kinds := map[role]string{
		roleCounter: "counted as it arrives", roleBucket: "classic histogram, counted as it arrives",
		roleNative: "native histogram, counted as it arrives", roleGauge: "gauge, compared as it arrives",
	}
	lines := make([]string, 0, len(p.terms))
	for _, t := range p.terms {
		lines = append(lines, fmt.Sprintf("%s: %s", t, kinds[t.role]))
	}
	return lines
}

type compiler struct {
	program  *Program
	problems []slo.Problem
}

func (c *compiler) problem(field, message, fix string) {
	spec := c.program.Spec
	c.problems = append(c.problems, slo.Problem{
		Origin: spec.Origin, SLO: spec.ID(), Field: field, Message: message, Fix: fix,
	})
}

// ratio: what total counts is an event; bad ones are those that bad counts,
// or all but those that good counts.
func (c *compiler) ratio(r *slo.Ratio) {
	total := budget.Counts{Total: 1}
	if r.Good != "" {
		total.Bad = 1
		c.expression("spec.sli.ratio.good", r.Good, budget.Counts{Bad: -1})
	} else {
		c.expression("spec.sli.ratio.bad", r.Bad, budget.Counts{Bad: 1})
	}
	c.expression("spec.sli.ratio.total", r.Total, total)
}

// expression adds the counters of a PromQL expression with a weight.
func (c *compiler) expression(field, text string, weight budget.Counts) {
	expr, ok := c.parse(field, text)
	if !ok {
		return
	}
	c.sum(field, expr, weight)
}

// window stands in for Sloth's template variable: counting needs no window.
var window = regexp.MustCompile(`\{\{\s*\.window\s*\}\}`)

func (c *compiler) parse(field, text string) (parser.Expr, bool) {
	expr, err := parser.ParseExpr(window.ReplaceAllString(text, "5m"))
	if err != nil {
		c.problem(field, fmt.Sprintf("is not PromQL: %v", err), "write a selector such as http_requests_total{job=\"shop\"}")
		return nil, false
	}
	return expr, true
}

// sum walks the shapes that are sums of counters and collects their selectors.
func (c *compiler) sum(field string, expr parser.Expr, weight budget.Counts) {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		c.sum(field, e.Expr, weight)
	case *parser.StepInvariantExpr:
		c.sum(field, e.Expr, weight)
	case *parser.AggregateExpr:
		if e.Op != parser.SUM {
			c.cannot(field, e, "only sum() adds events up")
			return
		}
		c.sum(field, e.Expr, weight)
	case *parser.Call:
		if e.Func.Name != "rate" && e.Func.Name != "increase" {
			c.cannot(field, e, "only rate() and increase() of a counter can be counted")
			return
		}
		c.sum(field, e.Args[0], weight)
	case *parser.MatrixSelector:
		c.sum(field, e.VectorSelector, weight)
	case *parser.BinaryExpr:
		c.binary(field, e, weight)
	case *parser.VectorSelector:
		c.selector(field, e, roleCounter, weight)
	default:
		c.cannot(field, e, "it is not a sum of counters")
	}
}

// binary: a sum, a difference, or a default of zero for absent series.
func (c *compiler) binary(field string, e *parser.BinaryExpr, weight budget.Counts) {
	switch {
	case e.Op == parser.ADD:
		c.sum(field, e.LHS, weight)
		c.sum(field, e.RHS, weight)
	case e.Op == parser.SUB:
		c.sum(field, e.LHS, weight)
		c.sum(field, e.RHS, budget.Counts{}.Sub(weight))
	case e.Op == parser.LOR && isVectorZero(e.RHS): // absent counts as nothing anyway
		c.sum(field, e.LHS, weight)
	default:
		c.cannot(field, e, fmt.Sprintf("%q does not add events up", e.Op))
	}
}

// isVectorZero recognises vector(0).
func isVectorZero(expr parser.Expr) bool {
	call, ok := expr.(*parser.Call)
	if !ok || call.Func.Name != "vector" {
		return false
	}
	number, ok := call.Args[0].(*parser.NumberLiteral)
	return ok && number.Val == 0
}

func (c *compiler) cannot(field string, expr parser.Expr, why string) {
	c.problem(field, fmt.Sprintf("cannot count `%s` as data arrives: %s", expr, why),
		"write selectors, with sum(), rate(), increase(), + and - around them")
}

// selector adds one vector selector as a term.
func (c *compiler) selector(field string, v *parser.VectorSelector, r role, weight budget.Counts) {
	if c.past(field, v) {
		return
	}
	c.add(term{name: metricName(v.LabelMatchers), matchers: v.LabelMatchers, role: r, weight: weight})
}

// past refuses selectors that look into the past.
func (c *compiler) past(field string, v *parser.VectorSelector) bool {
	if v.OriginalOffset == 0 && v.Timestamp == nil && v.StartOrEnd == 0 {
		return false
	}
	c.cannot(field, v, "offset and @ look into the past, events count when they happen")
	return true
}

func (c *compiler) add(t term) {
	c.program.terms = append(c.program.terms, t)
	if t.role == roleBucket || t.weight.Bad < 0 || t.weight.Total < 0 {
		c.program.subtracts = true
	}
}

func metricName(matchers []*labels.Matcher) string {
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// latency: _count is every event; what the bucket at the threshold holds is
// good. A native histogram under the plain name says both.
func (c *compiler) latency(l *slo.Latency) {
	unit := l.Unit
	if unit <= 0 {
		unit = 1e9 // seconds, as Prometheus's base unit
	}
	c.program.below = float64(l.Below) / float64(unit)
	name := c.histogram("spec.sli.latency.histogram", l.Histogram, false)
	if l.Errors == "" {
		return
	}
	const field = "spec.sli.latency.errors"
	if errors := c.histogram(field, l.Errors, true); errors != "" && name != "" && errors != name {
		c.problem(field, fmt.Sprintf("names %q, and the histogram is %q", errors, name), "select the failed part of the same histogram")
	}
}

// histogram adds the parts of a histogram and returns its name, empty when
// there was a problem.
func (c *compiler) histogram(field, text string, slow bool) (name string) {
	expr, ok := c.parse(field, text)
	if !ok {
		return ""
	}
	v, ok := expr.(*parser.VectorSelector)
	if !ok {
		c.problem(field, fmt.Sprintf("`%s` is not a plain selector", expr), "write the histogram's base name with label matchers")
		return ""
	}
	name = metricName(v.LabelMatchers)
	switch {
	case c.past(field, v):
		return ""
	case name == "":
		c.problem(field, fmt.Sprintf("`%s` does not name one histogram", v), "write its base name, as in http_request_duration_seconds{…}")
		return ""
	case slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == labels.BucketLabel }):
		c.problem(field, fmt.Sprintf("`%s` selects one bucket", v), "leave le out: below says which bucket counts")
		return ""
	case strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum"):
		c.problem(field, fmt.Sprintf("%q is a part of a histogram", name),
			fmt.Sprintf("write the base name %q", name[:strings.LastIndexByte(name, '_')]))
		return ""
	}
	part := func(suffix string, r role, weight budget.Counts) {
		c.add(term{name: name + suffix, matchers: renamed(v.LabelMatchers, name+suffix), role: r, weight: weight, slow: slow})
	}
	part("", roleNative, budget.Counts{})
	part("_bucket", roleBucket, budget.Counts{})
	if !slow { // _count of the whole counts those events already
		part("_count", roleCounter, budget.Counts{Bad: 1, Total: 1})
	}
	return name
}

// renamed copies matchers with another metric name.
func renamed(matchers []*labels.Matcher, name string) []*labels.Matcher {
	out := make([]*labels.Matcher, 0, len(matchers))
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			m = labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)
		}
		out = append(out, m)
	}
	return out
}

func (c *compiler) threshold(t *slo.Threshold) {
	const field = "spec.sli.threshold.metric"
	expr, ok := c.parse(field, t.Metric)
	if !ok {
		return
	}
	v, ok := expr.(*parser.VectorSelector)
	if !ok {
		c.problem(field, fmt.Sprintf("`%s` is not a plain selector", expr), "write the gauge's name with label matchers; each of its series is compared")
		return
	}
	c.selector(field, v, roleGauge, budget.Counts{})
}
