package slo

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Bounds of Query.Step.
const (
	// MinStep: a server is asked for each SLO, and samples are 15 seconds apart
	// at most servers.
	MinStep = 10 * time.Second
	// MaxStep: an alert can be no quicker.
	MaxStep = time.Hour
	// stepsInWindow is how often a server is asked in the shortest window, at
	// least: the longest window of alerts is a tenth of it.
	stepsInWindow = 10
)

var exampleQueries = map[string]string{
	PromQL: "sum(increase(http_requests_total[{{.window}}]))",
	LogQL:  `sum(count_over_time({app="checkout"}[{{.window}}]))`,
}

// query checks what a server is asked. Whether it is the server's language,
// only some know: see sli.Compile.
func (v *validator) query(q *Query) {
	if exampleQueries[q.Language] == "" {
		v.fail("spec.sli", fmt.Sprintf("%q is not a language of queries", shorten(q.Language)), "write promql or logql")
		return
	}
	field := "spec.sli." + q.Language
	v.ratio(field, "a query for the number", exampleQueries[q.Language], &q.Ratio)
	v.step(field+".step", q.Step)
	for _, one := range []struct{ name, text string }{{"total", q.Ratio.Total}, {"good", q.Ratio.Good}, {"bad", q.Ratio.Bad}} {
		v.ranges(field+"."+one.name, one.text, q.Step)
	}
}

func (v *validator) step(field string, step time.Duration) {
	shortest := v.shortest()
	switch longest := shortest / stepsInWindow; {
	case step < MinStep || step > MaxStep:
		v.fail(field, fmt.Sprintf("must be between %s and %s, not %s", FormatDuration(MinStep), FormatDuration(MaxStep), FormatDuration(step)),
			"remove it for the default of "+FormatDuration(DefaultStep))
	case step%time.Second != 0:
		v.fail(field, FormatDuration(step)+" is not a whole number of seconds", "write "+FormatDuration(step.Round(time.Second)))
	case longest > 0 && step > longest:
		v.fail(field, fmt.Sprintf("%s is longer than a tenth of the window of %s", FormatDuration(step), FormatDuration(shortest)),
			"write at most "+FormatDuration(max(MinStep, longest.Truncate(time.Second))))
	case v.spec.Budgeting.Slice > 0 && v.spec.Budgeting.Slice < step:
		v.fail("spec.budgeting.slice", fmt.Sprintf("%s is shorter than the step of %s: most slices would see no answer", FormatDuration(v.spec.Budgeting.Slice), FormatDuration(step)),
			"write at least "+FormatDuration(step)+", or a shorter step")
	}
}

// Both languages write a range of a fixed length alike, and name the functions
// alike of which the value does not grow with it.
var (
	rangeOf = regexp.MustCompile(`\[\s*([0-9][0-9a-zµ.]*)\s*[:\]]`)
	rated   = regexp.MustCompile(`rate\w*\s*\(`)
)

// ranges warns of one that is not as long as the step: events in it would be
// counted again at the next step, or never.
func (v *validator) ranges(field, text string, step time.Duration) {
	if rated.MatchString(text) {
		return
	}
	for _, found := range rangeOf.FindAllStringSubmatch(text, -1) {
		length, err := ParseDuration(found[1])
		if err != nil || length == step {
			continue
		}
		v.add(Warning, field, fmt.Sprintf("looks back over %s, and is asked every %s: events are counted more than once, or not at all", strings.TrimSpace(found[1]), FormatDuration(step)),
			"write [{{.window}}], which is the step")
		return
	}
}
