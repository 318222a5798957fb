package sli

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Question is what a server is asked for an SLO whose events it works out: see
// slo.Query.
type Question struct {
	// Part are the bad events, or the good ones, or the share of bad ones.
	Part Expression
	// Whole are all events; nothing where Part is a share.
	Whole Expression
	// Good says that Part are the good ones.
	Good bool
	// Step is the time between two questions.
	Step time.Duration
	// Sums says that a longer step than Step is answered with the sum of what
	// its parts would be: the past may be asked more coarsely.
	Sums bool
}

// Expression is one thing that is asked for.
type Expression struct {
	// Text is what the user wrote, with {{.window}} where the step goes.
	Text string
	// PerSecond says that the answer is a rate. Otherwise it is the number of
	// events in a step.
	PerSecond bool
	// Guessed says that it cannot be told which.
	Guessed bool
}

// At is the expression for a step.
func (e Expression) At(step time.Duration) string {
	return windowText.ReplaceAllString(e.Text, model.Duration(step).String())
}

// Number is how many events an answer of a step says.
func (e Expression) Number(answer float64, step time.Duration) float64 {
	if e.PerSecond {
		return answer * step.Seconds()
	}
	return answer
}

var windowText = regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`)

// Share reports whether Part is a share of bad events: every step counts as
// one event then.
func (q *Question) Share() bool { return q.Whole.Text == "" }

// Question is what is asked for the program; nil for one that is not.
func (p *Program) Question() *Question {
	if p.Spec.SLI.Query == nil {
		return nil
	}
	return questionOf(p.Spec.SLI.Query)
}

func questionOf(asked *slo.Query) *Question {
	read := meaningOfPromQL
	if asked.Language == slo.LogQL {
		read = meaningOfLogQL
	}
	q := &Question{Step: asked.Step}
	if q.Step <= 0 {
		q.Step = slo.DefaultStep
	}
	if asked.Ratio.ErrorRatio != "" {
		q.Part.Text = asked.Ratio.ErrorRatio
		return q
	}
	q.Part.Text, q.Whole.Text = asked.Ratio.Bad, asked.Ratio.Total
	if asked.Ratio.Good != "" {
		q.Part.Text, q.Good = asked.Ratio.Good, true
	}
	part, whole := read(q.Part.Text), read(q.Whole.Text)
	q.Sums = part.sums && whole.sums
	q.Part.take(part, whole)
	q.Whole.take(whole, part)
	return q
}

// take says what an answer means: where that cannot be told, what the other
// one's does, for somebody compares the two.
func (e *Expression) take(own, other meaning) {
	e.Guessed = !own.told()
	if e.Guessed && other.told() {
		own = other
	}
	e.PerSecond = own.kind == rates
}

// served says in a line each what is asked.
func (q *Question) served(spec *slo.Spec) []string {
	who := map[string]string{slo.PromQL: "a PromQL backend", slo.LogQL: "Loki"}[spec.SLI.Query.Language]
	if spec.Source != "" {
		who = "the backend " + spec.Source
	}
	lines := []string{q.line(q.Part, who), q.line(q.Whole, who)}
	if q.Share() {
		lines = lines[:1]
	}
	for i := range lines {
		lines[i] += budgeted(spec.Budgeting)
	}
	return lines
}

// line says what is asked, and what the answer is taken for.
func (q *Question) line(e Expression, who string) string {
	means := "a number of events"
	switch {
	case q.Share():
		means = "each answer counts as one event: time is counted"
	case e.Guessed:
		means = "taken for events in that time, for nothing says whether it is a rate"
	case e.PerSecond:
		means = fmt.Sprintf("a rate, times %g s", q.Step.Seconds())
	}
	if e.Guessed && e.PerSecond {
		means = fmt.Sprintf("taken for a rate as the other is, times %g s", q.Step.Seconds())
	}
	return fmt.Sprintf("%s: asked of %s every %s, %s", e.Text, who, slo.FormatDuration(q.Step), means)
}

// Ask is Compile for a spec whose ratio cannot be counted as data arrives: a
// server with PromQL is asked for it, and the spec's SLI becomes a Query. nil,
// and the spec as it was, where the answer would not be a number of events.
func Ask(spec *slo.Spec) *Program {
	ratio := spec.SLI.Ratio
	if ratio == nil {
		return nil
	}
	query := &slo.Query{Language: slo.PromQL, Ratio: *ratio, Step: slo.DefaultStep}
	if slice := spec.Budgeting.Slice; slice > 0 {
		query.Step = min(query.Step, max(slice, slo.MinStep))
	}
	c := &compiler{program: &Program{Spec: spec}}
	c.budgeting()
	for _, text := range []string{ratio.Total, ratio.Good, ratio.Bad, ratio.ErrorRatio} {
		if text == "" {
			continue
		}
		expr := c.answer("spec.sli.ratio", text)
		if expr == nil || bareCounter(expr) != "" || text != ratio.ErrorRatio && !meaningOf(expr).told() {
			return nil
		}
	}
	if len(c.problems) > 0 {
		return nil
	}
	spec.SLI = slo.SLI{Query: query}
	c.classified()
	return c.program
}

// Remarks are what is wrong with what a query SLO asks, and what a person
// should know of it.
func Remarks(spec *slo.Spec) (problems []slo.Problem) {
	asked := spec.SLI.Query
	if asked == nil {
		return nil
	}
	field := "spec.sli." + asked.Language + "."
	r := asked.Ratio
	for _, one := range [][2]string{{"total", r.Total}, {"good", r.Good}, {"bad", r.Bad}, {"errorRatio", r.ErrorRatio}} {
		name, text := one[0], one[1]
		expr, err := promql.Parse(text)
		if asked.Language != slo.PromQL || text == "" || err != nil {
			continue // what is no PromQL, the compiler says
		}
		if counter := bareCounter(expr); counter != "" {
			problems = append(problems, spec.Problem(slo.Error, field+name,
				fmt.Sprintf("asks for the value of %s: a counter's value is all events since it began", counter),
				"write increase("+counter+"[{{.window}}]), or sli: {ratio: …} to have it counted as it arrives"))
		}
	}
	return problems
}

// stringText finds what is quoted in either language.
var stringText = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`")

func withoutStrings(text string) string { return stringText.ReplaceAllString(text, `""`) }

// counterName reports whether a metric is a counter by its name.
func counterName(name string) bool {
	for _, end := range []string{"_total", "_count", "_bucket", "_sum"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}
