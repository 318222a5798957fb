package sli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// oddSelectors are expressions in many shapes: every matcher and name inside
// every wrapping, and what makes parsers and regular expressions work hard.
func oddSelectors() []string {
	selectors := []string{
		`x_total`, `{__name__="x"}`, `{__name__=~"x.*"}`, `{__name__!="x",a="b"}`, `{"http.requests","a.b"!~"c|d"}`, `x{a=~"(a+)+$"}`, `x{a=~"a{1000}"}`,
		`x{a=~"("}`, `x{a=~".*"}`, `x{a=""}`, `x{a="\xff"}`, `x{__name__="y"}`, `x offset 1h`, `x @ 5`, `NaN`, `"a"`, `1`, `x{a=~"(?i)ABC"}`, `x{le="1"}`, `x_bucket`, `vector(0)`, ``, `{"A",""}`, `{A=~"."}*2`,
	}
	wrappings := []string{
		`%`, `sum(%)`, `sum by (a) (%)`, `avg(%)`, `rate(%[5m])`, `increase(%[{{.window}}])`, `rate(%[5m:])`, `% or vector(0)`, `% + %`, `% - (% - %)`, `-%`,
		`% / %`, `(((%)))`, `% unless %`, `topk(1, %)`, `%[5m]`, `label_replace(%,"a","b","c","d")`, `{{.window}}%`,
		`1 - % / %`, `(% - %) / %`, `1 - (sum(%) / sum(%) or vector(1))`, `% * 60 / (60 * %)`, `sum by (a) (%) / on(a) group_left sum by (a) (%)`, `irate(%[5m])`,
		`1 - histogram_fraction(0, 0.3, sum(rate(%[5m])))`, `histogram_fraction(0, 1, %) * histogram_count(%)`, `1 - avg_over_time(%[{{ .window }}])`,
		`sum_over_time(%[5m]) / count_over_time(%[5m])`, `1 - sum_over_time(%[5m]) / count_over_time(%[5m])`, `clamp_min(%, 0) > 0`, `+% or on() vector(0)`, `% or % * 0`,
	}
	var texts []string
	for _, wrapping := range wrappings {
		for _, selector := range selectors {
			texts = append(texts, strings.ReplaceAll(wrapping, "%", selector))
		}
	}
	return append(texts, strings.Repeat("(", 1000)+"x"+strings.Repeat(")", 1000), strings.Repeat("sum(", 300)+"x"+strings.Repeat(")", 300),
		"x"+strings.Repeat(" + x", 500), "x"+strings.Repeat(" - (x", 200)+strings.Repeat(")", 200), `x{a=~"`+strings.Repeat("(a|", 300)+strings.Repeat(")", 300)+`"}`,
		`x{`+strings.Repeat(`a="b",`, 500)+`}`, strings.Repeat("-", 1000)+"x")
}

// FuzzSelector gives any text to each field that takes PromQL: it compiles
// within bounded time to the same program each time, whose selectors, written
// down, mean themselves; or every problem names a field that was given.
func FuzzSelector(f *testing.F) {
	for _, text := range oddSelectors() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		given := map[string]slo.SLI{
			"spec.sli.ratio.total":       badOf(text, `z_total`),
			"spec.sli.ratio.bad":         badOf(`z_total`, text),
			"spec.sli.ratio.good":        goodOf(`z_total`, text),
			"spec.sli.ratio.errorRatio":  ratioOf(text),
			"spec.sli.latency.histogram": {Latency: &slo.Latency{Histogram: text, Below: time.Second}},
			"spec.sli.latency.errors":    {Latency: &slo.Latency{Histogram: "z", Errors: text, Below: time.Second}},
			"spec.sli.threshold.metric":  {Threshold: &slo.Threshold{Metric: text}},
		}
		if text == "" {
			delete(given, "spec.sli.ratio.errorRatio")
			delete(given, "spec.sli.ratio.good") // then it is bad that is not given
			delete(given, "spec.sli.latency.errors")
		}
		for field, sli := range given {
			begun := time.Now()
			p, problems := Compile(spec("a", sli))
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("%s: %d bytes took %v", field, len(text), took)
			}
			checkCompiled(t, field, text, p, problems)
			if p == nil {
				continue
			}
			again, _ := Compile(spec("a", sli))
			if diff := cmp.Diff(p.lines(), again.lines()); diff != "" {
				t.Errorf("%s: %q compiled again:\n%s", field, text, diff)
			}
		}
	})
}

func checkCompiled(t *testing.T, field, text string, p *Program, problems []slo.Problem) {
	if (p == nil) == (len(problems) == 0) {
		t.Fatalf("%s: %q: program %v and problems %v", field, text, p, problems)
	}
	for _, problem := range problems {
		if problem.Field != field || problem.Message == "" {
			t.Errorf("%s: %q: odd problem %+v", field, text, problem)
		}
	}
	if p == nil {
		return
	}
	for _, term := range p.terms {
		again, problems := Compile(spec("a", slo.SLI{Threshold: &slo.Threshold{Metric: term.String()}}))
		if len(problems) > 0 || !slices.Equal(again.lines(), []string{fmt.Sprint("gauge ", term)}) {
			t.Errorf("%s: %q: its selector %s, compiled: %v, %v", field, text, term, again, problems)
		}
	}
}
