package sli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// latency: _count is every event; what the bucket at the threshold holds is
// good. A native histogram under the plain name says both. Spans that arrive are
// told one by one, see SpanLatency.
func (c *compiler) latency(l *slo.Latency) {
	name := c.histogram("spec.sli.latency.histogram", l.Histogram, false)
	unit := l.Unit
	if unit <= 0 {
		unit = 1e9 // seconds, as Prometheus's base unit
	}
	c.program.below = float64(l.Below) / float64(unit)
	if unitOf(name) != 0 && c.program.Spec.Source == "" {
		c.classified()
	}
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
	case c.unfit(field, v):
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
