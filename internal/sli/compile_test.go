package sli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// lines writes a program as a reader would check it: one line for each
// selector, with what an event of it adds as bad/total.
func (p *Program) lines() []string {
	roles := map[role]string{roleCounter: "counter", roleBucket: "bucket", roleNative: "native", roleGauge: "gauge", roleEvents: "events", roleFast: "fast"}
	var lines []string
	for _, t := range p.terms {
		line := fmt.Sprintf("%s %s", roles[t.role], t)
		if t.weight != (budget.Counts{}) {
			line += fmt.Sprintf(" %+g/%+g", t.weight.Bad, t.weight.Total)
		}
		if t.slow {
			line += " slow"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestCompileExpressions(t *testing.T) {
	tests := []struct {
		expr  string
		terms []string
		names string // fixed metric names; * where a selector fixes none
	}{
		{`x_total`, []string{`x_total +0/+1`}, "x_total"},
		{`x_total{job="a",code!~"5..",env!=""}`, []string{`x_total{code!~"5..",env!="",job="a"} +0/+1`}, "x_total"},
		{`sum(x_total)`, []string{`x_total +0/+1`}, "x_total"},
		{`sum by (job, route) (x_total)`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(sum(x_total) by (job)) without (pod)`, []string{`x_total +0/+1`}, "x_total"},
		{`rate(x_total[5m])`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(increase(x_total{a="b"}[1h]))`, []string{`x_total{a="b"} +0/+1`}, "x_total"},
		{`sum(rate(x_total[{{.window}}]))`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(rate(x_total[{{ .window }}]))`, []string{`x_total +0/+1`}, "x_total"},
		{`((x_total))`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(rate(x_total[5m])) or vector(0)`, []string{`x_total +0/+1`}, "x_total"},
		{`(x_total or vector(0)) + (y_total or vector(0))`, []string{`x_total +0/+1`, `y_total +0/+1`}, "x_total y_total"},
		{`x_total + y_total`, []string{`x_total +0/+1`, `y_total +0/+1`}, "x_total y_total"},
		{`x_total - ignoring(code) y_total`, []string{`x_total +0/+1`, `y_total +0/-1`}, "x_total y_total"},
		{`a - (b - (c + d))`, []string{`a +0/+1`, `b +0/-1`, `c +0/+1`, `d +0/+1`}, "a b c d"},
		{`x_total - x_total{code="404"}`, []string{`x_total +0/+1`, `x_total{code="404"} +0/-1`}, "x_total x_total"},
		{`sum(increase(x_total[5m])) or on() vector(0)`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(x_total) or sum(y_total) * 0`, []string{`x_total +0/+1`}, "x_total"},
		{`x_total - -(+y_total)`, []string{`x_total +0/+1`, `y_total +0/+1`}, "x_total y_total"},
		{`sum(rate(x_total[5m])) > 0`, []string{`x_total +0/+1`}, "x_total"},
		{`clamp_min(sum(x_total >= 0) != 0, 0)`, []string{`x_total +0/+1`}, "x_total"},
		{`60 * rate(x_total[5m]) * (2 / 4) / 60 * 2`, []string{`x_total +0/+1`}, "x_total"},
		{`sum(rate(x_bucket{le="0.3"}[5m]))`, []string{`x_bucket{le="0.3"} +0/+1`}, "x_bucket"},
		{`{"http.requests", "http.code"=~"5.."}`, []string{`{"http.code"=~"5..",__name__="http.requests"} +0/+1`}, "http.requests"},
		{`{__name__="x_total"}`, []string{`x_total +0/+1`}, "x_total"},
		{`{__name__=~"http_.+_total", job="a"}`, []string{`{__name__=~"http_.+_total",job="a"} +0/+1`}, "*"},
		{`{job="a"}`, []string{`{job="a"} +0/+1`}, "*"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			p, problems := Compile(spec("a", badOf(tt.expr, `z_total`)))
			if len(problems) > 0 {
				t.Fatalf("refused: %v", problems)
			}
			want := []string{`counter z_total +1/+0`}
			for _, line := range tt.terms {
				want = append(want, "counter "+line)
			}
			if diff := cmp.Diff(want, p.lines()); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			names, all := p.Names()
			if all {
				names = append(names, "*")
			}
			if got := strings.Join(names, " "); got != "z_total "+tt.names {
				t.Errorf("names %q, want %q", got, "z_total "+tt.names)
			}
		})
	}
}

func TestCompileSLIs(t *testing.T) {
	at := func(l slo.Latency) slo.SLI { return slo.SLI{Latency: &l} }
	below := 5.0
	tests := []struct {
		name  string
		sli   slo.SLI
		below float64
		terms []string
	}{
		{"bad of total", badOf(`x`, `y`), 0, []string{`counter y +1/+0`, `counter x +0/+1`}},
		{"good of total: what is not good is bad", goodOf(`x`, `y - z`), 0, []string{
			`counter y -1/+0`, `counter z +1/+0`, `counter x +1/+1`}},
		{"latency, in seconds unless told", at(slo.Latency{Histogram: `rt{job="x"}`, Below: 300 * time.Millisecond}), 0.3, []string{
			`native rt{job="x"}`, `bucket rt_bucket{job="x"}`, `counter rt_count{job="x"} +1/+1`}},
		{"latency in milliseconds", at(slo.Latency{Histogram: `rt`, Below: 300 * time.Millisecond, Unit: time.Millisecond}), 300, []string{
			`native rt`, `bucket rt_bucket`, `counter rt_count +1/+1`}},
		{"latency with errors", at(slo.Latency{Histogram: `rt`, Errors: `rt{code="500"}`, Below: time.Second}), 1, []string{
			`native rt`, `bucket rt_bucket`, `counter rt_count +1/+1`,
			`native rt{code="500"} slow`, `bucket rt_bucket{code="500"} slow`}},
		{"latency under an OTLP name", at(slo.Latency{Histogram: `{"http.server.request.duration"}`, Below: time.Second}), 1, []string{
			`native {__name__="http.server.request.duration"}`, `bucket {__name__="http.server.request.duration_bucket"}`,
			`counter {__name__="http.server.request.duration_count"} +1/+1`}},
		{"threshold", slo.SLI{Threshold: &slo.Threshold{Metric: `depth{queue="mail"}`, Below: &below}}, 0, []string{
			`gauge depth{queue="mail"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, problems := Compile(spec("a", tt.sli))
			if len(problems) > 0 {
				t.Fatalf("refused: %v", problems)
			}
			if diff := cmp.Diff(tt.terms, p.lines()); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
			if p.below != tt.below {
				t.Errorf("below %v of the histogram's unit, want %v", p.below, tt.below)
			}
			if got := len(p.Served()); got != len(tt.terms) {
				t.Errorf("%d lines say how it is served, want one for each of %d selectors", got, len(tt.terms))
			}
		})
	}
}

// cannotFix is what to do about all that cannot be counted.
const cannotFix = "write selectors, with sum(), rate(), increase(), + and - around them; " +
	"what only a query can answer needs a PromQL backend"

// What does not add events up is refused, with the part that is meant and why.
func TestCompileRefuses(t *testing.T) {
	const fix = cannotFix
	const (
		sum  = "only sum() adds events up"
		call = "only rate() and increase() of a counter can be counted"
		past = "offset and @ look into the past, events count when they happen"
		not  = "it is not a sum of counters"

		again   = "a subquery looks at the same events again and again"
		product = "only numbers, and histogram_count() of a histogram_fraction(), can be multiplied with"
		factor  = "a factor must be above 0"
		clips   = "it changes a difference that is below 0 for a while, and so the count"
		units   = "it does not count in the same unit as the other events: rate() or increase(), and factors, must be the same throughout"
	)
	tests := []struct{ expr, part, why string }{
		{`avg(x)`, `avg(x)`, sum},
		{`max(x)`, `max(x)`, sum},
		{`count(x)`, `count(x)`, sum},
		{`topk(3, x)`, `topk(3, x)`, sum},
		{`quantile(0.5, x)`, `quantile(0.5, x)`, sum},
		{`sum(avg(x) + y)`, `avg(x)`, sum},
		{`x offset 5m`, `x offset 5m`, past},
		{`sum(rate(x[5m] offset 1h))`, `x offset 1h`, past},
		{`x @ 10`, `x @ 10.000`, past},
		{`rate(x[5m] @ end())`, `x @ end()`, past},
		{`rate(x[5m:1m])`, `x[5m:1m]`, again},
		{`max_over_time(x[5m:1m])`, `max_over_time(x[5m:1m])`, call},
		{`x * y`, `x * y`, product},
		{`x * 0`, `x * 0`, factor},
		{`x * -1`, `x * -1`, factor},
		{`x / 0`, `x / 0`, factor},
		{`x + y * 2`, `y * 2`, units},
		{`x * 2`, `x * 2`, units},
		{`rate(x[5m]) + increase(x[5m])`, `increase(x[5m])`, units},
		{`increase(x[5m]) + increase(x[{{.window}}])`, `increase(x[{{.window}}])`, units},
		{`x / y`, `x / y`, `"/" does not add events up`},
		{`x % 2`, `x % 2`, `"%" does not add events up`},
		{`(x - y) > 0`, `(x - y) > 0`, clips},
		{`clamp_min(x - y, 0)`, `clamp_min(x - y, 0)`, clips},
		{`clamp_min(x, 1)`, `clamp_min(x, 1)`, call},
		{`x < 0`, `x < 0`, `"<" does not add events up`},
		{`x > bool 0`, `x > bool 0`, `">" does not add events up`},
		{`x - on (a) group_left () y`, `x - on (a) group_left () y`, "with group_left and group_right a series counts once for each that it is paired with"},
		{`x > 5`, `x > 5`, `">" does not add events up`},
		{`x == bool 1`, `x == bool 1`, `"==" does not add events up`},
		{`x and y`, `x and y`, `"and" does not add events up`},
		{`x unless y`, `x unless y`, `"unless" does not add events up`},
		{`x or y`, `x or y`, `"or" does not add events up`},
		{`x or vector(1)`, `x or vector(1)`, `"or" does not add events up`},
		{`vector(0) or x`, `vector(0) or x`, `"or" does not add events up`},
		{`x + 1`, `1`, not},
		{`-x`, `-x`, "it only takes events away"},
		{`0 - x`, `0`, not},
		{`1`, `1`, not},
		{`"x"`, `"x"`, not},
		{`scalar(x)`, `scalar(x)`, call},
		{`vector(0)`, `vector(0)`, call},
		{`time()`, `time()`, call},
		{`histogram_quantile(0.9, x_bucket)`, `histogram_quantile(0.9, x_bucket)`, uncountable["histogram_quantile"]},
		{`max_over_time(x[5m])`, `max_over_time(x[5m])`, call},
		{`label_replace(x, "a", "$1", "b", "(.*)")`, `label_replace(x, "a", "$1", "b", "(.*)")`, uncountable["label_replace"]},
		{`sum(absent(x))`, `absent(x)`, uncountable["absent"]},
		{`irate(x[{{.window}}])`, `irate(x[{{.window}}])`, uncountable["irate"]},
		{`delta(x[5m])`, `delta(x[5m])`, uncountable["delta"]},
		{`avg_over_time(x[5m])`, `avg_over_time(x[5m])`, uncountable["avg_over_time"]},
		{`sum_over_time(increase(x[5m])[1h:])`, `increase(x[5m])[1h:]`, again},
		{`histogram_sum(rate(h[5m]))`, `histogram_sum(rate(h[5m]))`, uncountable["histogram_sum"]},
		{`histogram_fraction(0, 0.3, h)`, `histogram_fraction(0, 0.3, h)`, uncountable["histogram_fraction"]},
		{`histogram_fraction(0, 0.3, h) * histogram_count(i)`, `histogram_fraction(0, 0.3, h) * histogram_count(i)`, "the share is of one histogram and the number of another"},
		{`histogram_fraction(0.1, 0.3, h) * histogram_count(h)`, `histogram_fraction(0.1, 0.3, h)`, "only the share from 0 to a threshold can be counted"},
		{`histogram_count(histogram_count(h))`, `histogram_count(histogram_count(h))`, "its argument is no histogram"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			wantProblems(t, badOf(tt.expr, `z_total`), slo.Problem{
				Field: "spec.sli.ratio.total", Message: fmt.Sprintf("cannot count `%s` as data arrives: %s", tt.part, tt.why), Fix: fix,
			})
		})
	}
}

// wantProblems compiles and wants just these problems; of a message that ends
// in "…" only the beginning counts.
func wantProblems(t *testing.T, sli slo.SLI, want ...slo.Problem) {
	t.Helper()
	s := spec("a", sli)
	s.Origin = slo.Origin{File: "shop.yaml", Document: 2, Line: 14}
	p, problems := Compile(s)
	if p != nil {
		t.Fatalf("accepted as %q", p.lines())
	}
	for i := range want {
		want[i].Origin, want[i].SLO = s.Origin, "shop:a"
	}
	for i := range problems {
		if i < len(want) && strings.HasSuffix(want[i].Message, "…") {
			n := min(len(want[i].Message)-len("…"), len(problems[i].Message))
			problems[i].Message = problems[i].Message[:n] + "…"
		}
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A selector that selects everything is an error, never "everything".
func TestCompileRefusesWhatIsNoSelector(t *testing.T) {
	for _, expr := range []string{``, `sum(`, `{}`, `{job=~".*"}`, `{__name__=~".*"}`, `sum(rate({job!="a"}[5m]))`, `rate(x)`, `x{__name__="y"}`} {
		t.Run(expr, func(t *testing.T) {
			s := spec("a", badOf(expr, `z_total`))
			p, problems := Compile(s)
			if p != nil || len(problems) != 1 {
				t.Fatalf("program %v, problems %v; want one problem", p, problems)
			}
			if got := problems[0]; got.Field != "spec.sli.ratio.total" || !strings.HasPrefix(got.Message, "is not PromQL: ") {
				t.Errorf("problem %q at %q", got.Message, got.Field)
			}
		})
	}
}

func TestCompileRefusesHistograms(t *testing.T) {
	const field = "spec.sli.latency.histogram"
	tests := []struct {
		histogram string
		want      slo.Problem
	}{
		{`rt_seconds_bucket{job="x"}`, slo.Problem{Message: `"rt_seconds_bucket" is a part of a histogram`, Fix: `write the base name "rt_seconds"`}},
		{`rt_seconds_count`, slo.Problem{Message: `"rt_seconds_count" is a part of a histogram`, Fix: `write the base name "rt_seconds"`}},
		{`rt_seconds_sum`, slo.Problem{Message: `"rt_seconds_sum" is a part of a histogram`, Fix: `write the base name "rt_seconds"`}},
		{`rate(rt_seconds[5m])`, slo.Problem{Message: "`rate(rt_seconds[5m])` is not a plain selector", Fix: "write the histogram's base name with label matchers"}},
		{`sum(rt_seconds)`, slo.Problem{Message: "`sum(rt_seconds)` is not a plain selector", Fix: "write the histogram's base name with label matchers"}},
		{`{job="x"}`, slo.Problem{Message: "`{job=\"x\"}` does not name one histogram", Fix: "write its base name, as in http_request_duration_seconds{…}"}},
		{`{__name__=~"rt_.+"}`, slo.Problem{Message: "`{__name__=~\"rt_.+\"}` does not name one histogram", Fix: "write its base name, as in http_request_duration_seconds{…}"}},
	}
	for _, tt := range tests {
		t.Run(tt.histogram, func(t *testing.T) {
			tt.want.Field = field
			wantProblems(t, slo.SLI{Latency: &slo.Latency{Histogram: tt.histogram, Below: time.Second}}, tt.want)
		})
	}
}

func TestCompileRefusesThresholds(t *testing.T) {
	for expr, want := range map[string]slo.Problem{
		`avg(depth)`:      {Message: "`avg(depth)` is not a plain selector", Fix: "write the gauge's name with label matchers; each of its series is compared"},
		`depth offset 5m`: {Message: "cannot count `depth offset 5m` as data arrives: …", Fix: cannotFix},
		`depth >`:         {Message: "is not PromQL: …", Fix: `write a selector such as http_requests_total{job="shop"}`},
	} {
		want.Field = "spec.sli.threshold.metric"
		wantProblems(t, slo.SLI{Threshold: &slo.Threshold{Metric: expr}}, want)
	}
	wantProblems(t, slo.SLI{}, slo.Problem{Field: "spec.sli", Message: "no SLI is given", Fix: "write one of ratio, latency, threshold, spans, logs, promql, logql"})
}

// Who mends a document wants to hear everything at once.
// TestCompileForeign: what cannot be counted is no fault of documents of other
// products; what is not PromQL is, unless it need not be.
func TestCompileForeign(t *testing.T) {
	for _, c := range []struct {
		bad, format, dialect string
		want                 slo.Severity
		says                 string
	}{
		{"avg(x)", "prometheus/v1", "", slo.Unserved, "cannot count `avg(x)` as data arrives: "},
		{"avg(x)", slo.APIVersion, "", slo.Error, "cannot count `avg(x)` as data arrives: "},
		{"sum(x", "prometheus/v1", "", slo.Error, "is not PromQL: "},
		{"share(x)", "prometheus/v1", "MetricsQL", slo.Unserved, "is not PromQL but MetricsQL: "},
	} {
		s := spec("a", badOf(c.bad, "y"))
		s.Format.APIVersion, s.Dialect = c.format, c.dialect
		program, problems := Compile(s)
		if program != nil || len(problems) != 1 || problems[0].Severity != c.want || !strings.HasPrefix(problems[0].Message, c.says) {
			t.Errorf("%+v: %v", c, problems)
		}
	}
}

func TestCompileReportsEveryProblem(t *testing.T) {
	const fix = cannotFix
	wantProblems(t, goodOf(`avg(a) + max(b) - c + 1`, `sum(`),
		slo.Problem{Field: "spec.sli.ratio.good", Message: "is not PromQL: …", Fix: `write a selector such as http_requests_total{job="shop"}`},
		slo.Problem{Field: "spec.sli.ratio.total", Message: "cannot count `avg(a)` as data arrives: …", Fix: fix},
		slo.Problem{Field: "spec.sli.ratio.total", Message: "cannot count `max(b)` as data arrives: …", Fix: fix},
		slo.Problem{Field: "spec.sli.ratio.total", Message: "cannot count `1` as data arrives: …", Fix: fix})
	wantProblems(t, slo.SLI{Latency: &slo.Latency{Histogram: `rt_bucket`, Errors: `rt_count{code="500"}`, Below: time.Second}},
		slo.Problem{Field: "spec.sli.latency.histogram", Message: `"rt_bucket" is a part of a histogram`, Fix: `write the base name "rt"`},
		slo.Problem{Field: "spec.sli.latency.errors", Message: `"rt_count" is a part of a histogram`, Fix: `write the base name "rt"`})
}

// A latency SLO names one histogram, all of it, as it is now.
func TestCompileRefusesPartsOfHistograms(t *testing.T) {
	f := func(histogram, errors, field, message string) {
		t.Helper()
		_, problems := Compile(spec("a", slo.SLI{Latency: &slo.Latency{Histogram: histogram, Errors: errors, Below: time.Second}}))
		if len(problems) != 1 || problems[0].Field != field || !strings.Contains(problems[0].Message, message) || problems[0].Fix == "" {
			t.Errorf("%s, %s: %v", histogram, errors, problems)
		}
	}
	f(`rt_seconds offset 5m`, ``, "spec.sli.latency.histogram", "look into the past")
	f(`rt_seconds{le="0.3"}`, ``, "spec.sli.latency.histogram", "selects one bucket")
	f(`rt_seconds`, `other_seconds{code="500"}`, "spec.sli.latency.errors", `the histogram is "rt_seconds"`)
}
