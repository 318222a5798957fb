package sli

import (
	"fmt"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Program is a compiled SLO: the series it counts, and what each adds.
// It is immutable.
type Program struct {
	Spec  *slo.Spec
	terms []term
	// limits say which events of a histogram are fast.
	limits
	// threshold is what the samples of a gauge are compared with.
	threshold *slo.Threshold
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
	roleEvents              // increments of a native histogram's count
	roleFast                // increments of its events within the threshold
)

// weighed reports whether its increments count by a weight of the term.
func (r role) weighed() bool { return r == roleCounter || r == roleEvents || r == roleFast }

// roles are a set of them.
type roles uint8

func (r roles) has(one role) bool { return r&(1<<one) != 0 }

// counts reports whether increments are counted. A bucket is a counter.
func (r roles) counts() bool { return r.has(roleCounter) || r.has(roleBucket) }

// histograms reports whether native histograms are counted.
func (r roles) histograms() bool { return r.has(roleNative) || r.has(roleEvents) || r.has(roleFast) }

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
		if !matches(m, l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// matches compares bounds of buckets as numbers: Prometheus 3 writes le="1.0"
// where Prometheus 2 and others write le="1".
func matches(m *labels.Matcher, value string) bool {
	if m.Name == labels.BucketLabel {
		switch m.Type {
		case labels.MatchEqual:
			return canonical(m.Name, m.Value) == canonical(m.Name, value)
		case labels.MatchNotEqual:
			return canonical(m.Name, m.Value) != canonical(m.Name, value)
		}
	}
	return m.Matches(value)
}

// canonical is a label's value in the one spelling that values which mean the
// same share.
func canonical(name, value string) string {
	if name != labels.BucketLabel {
		return value
	}
	bound, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(bound, 'g', -1, 64)
}

// Compile turns a spec's SLI into a program. Every problem is returned, with
// its field path; the program is nil when there is one.
func Compile(spec *slo.Spec) (*Program, []slo.Problem) {
	c := &compiler{program: &Program{Spec: spec}}
	c.budgeting()
	switch {
	case spec.SLI.Ratio != nil:
		c.ratio(spec.SLI.Ratio)
	case spec.SLI.Latency != nil:
		c.latency(spec.SLI.Latency)
	case spec.SLI.Threshold != nil:
		c.threshold(spec.SLI.Threshold)
	case classified(spec.SLI):
		c.asked(spec.SLI.Query)
		c.classified()
	case spec.Composite != nil: // nothing that arrives is its own
	default:
		c.problem("spec.sli", "no SLI is given", "write one of ratio, latency, threshold, spans, logs, promql, logql")
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
	if made := p.Spec.Composite; made != nil {
		return constituents(made)
	}
	if asked := p.Question(); asked != nil {
		return asked.served(p.Spec)
	}
	if p.Classified() {
		return []string{p.served() + budgeted(p.Spec.Budgeting)}
	}
	kinds := map[role]string{
		roleCounter: "counted as it arrives", roleBucket: "classic histogram, counted as it arrives",
		roleNative: "native histogram, counted as it arrives", roleGauge: "gauge, compared as it arrives",
		roleEvents: "native histogram, counted as it arrives", roleFast: "native histogram, its fast events counted as they arrive",
	}
	if t := p.threshold; t != nil && t.PerSample {
		kinds[roleGauge] = "gauge, each sample an event"
	}
	lines := make([]string, 0, len(p.terms))
	for _, t := range p.terms {
		if t.name != ClassifiedMetric {
			lines = append(lines, fmt.Sprintf("%s: %s%s", t, kinds[t.role], budgeted(p.Spec.Budgeting)))
		}
	}
	if p.SpanLatency() != nil {
		lines = append(lines, "spans, judged as they arrive"+budgeted(p.Spec.Budgeting))
	}
	return lines
}

type compiler struct {
	program  *Program
	problems []slo.Problem
}

// problem adds an error.
func (c *compiler) problem(field, message, fix string) { c.report(slo.Error, field, message, fix) }

func (c *compiler) report(severity slo.Severity, field, message, fix string) {
	spec := c.program.Spec
	c.problems = append(c.problems, slo.Problem{
		Origin: spec.Origin, Severity: severity, SLO: spec.ID(), Field: field, Message: message, Fix: fix,
	})
}

// parse reads what a field says.
func (c *compiler) parse(field, text string) (parser.Expr, bool) {
	expr, err := promql.Parse(text)
	if err == nil {
		return expr, true
	}
	const fix = "write a selector such as http_requests_total{job=\"shop\"}"
	if dialect := c.program.Spec.Dialect; dialect != "" {
		c.report(c.program.Spec.Unserved(), field, fmt.Sprintf("is not PromQL but %s: %v", dialect, err), fix)
	} else {
		c.problem(field, fmt.Sprintf("is not PromQL: %v", err), fix)
	}
	return nil, false
}

// cannot names the part of an expression that prevents counting, and why.
func (c *compiler) cannot(field string, expr parser.Expr, why string) {
	c.report(c.program.Spec.Unserved(), field, fmt.Sprintf("cannot count `%s` as data arrives: %s", promql.String(expr), why),
		"write selectors, with sum(), rate(), increase(), + and - around them; what only a query can answer needs a PromQL backend")
}

// unfit names selectors that look elsewhere than at what arrives.
func (c *compiler) unfit(field string, v *parser.VectorSelector) bool {
	names := 0
	for _, m := range v.LabelMatchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			names++
		}
	}
	switch {
	case names > 1:
		c.cannot(field, v, "no metric has two names")
	case v.OriginalOffset != 0 || v.Timestamp != nil || v.StartOrEnd != 0:
		c.cannot(field, v, "offset and @ look into the past, events count when they happen")
	default:
		return false
	}
	return true
}

// add takes a term up.
func (c *compiler) add(t term) {
	c.program.terms = append(c.program.terms, t)
	if t.role == roleBucket || t.weight.Bad < 0 || t.weight.Total < 0 {
		c.program.subtracts = true
	}
}

// metricName is the name that matchers fix; empty if they do not.
func metricName(matchers []*labels.Matcher) string {
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}
