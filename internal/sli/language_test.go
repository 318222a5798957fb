package sli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func ratioOf(errorRatio string) slo.SLI { return slo.SLI{Ratio: &slo.Ratio{ErrorRatio: errorRatio}} }

// A ratio is taken apart into the events that it is of.
func TestCompileErrorRatios(t *testing.T) {
	bad := []string{`counter b +1/+0`, `counter t +0/+1`}
	good := []string{`counter g -1/+0`, `counter t +1/+1`}
	rest := []string{`counter t +1/+0`, `counter g -1/+0`, `counter t +0/+1`}
	fast := []string{`fast h -1/+0`, `events h +1/+1`}
	up := []string{`gauge up`}
	tests := []struct {
		expr    string
		groupBy string
		terms   []string
	}{
		{`b / t`, "", bad},
		{`sum(rate(b[5m])) / sum(rate(t[5m]))`, "", bad},
		{`(sum(rate(b[{{.window}}])) / sum(rate(t[{{.window}}]))) or vector(0)`, "", bad},
		{`sum(rate(b[1m])) / (sum(rate(t[5m])) > 0)`, "", bad},
		{`(sum(rate(b[5m])) or vector(0)) / sum(rate(t[5m]))`, "", bad},
		{`100 * sum(b) / (sum(t) * 100)`, "", bad},
		{`sum(rate(b[5m])) * 60 / sum(increase(t[1m]))`, "", bad},
		{`sum(b) / on() sum(t)`, "", bad},
		{`sum(b) / ignoring(x) group_left() sum(t)`, "", bad},
		{`sum by (route) (b) / sum by (route) (t)`, "route", bad},
		{`sum by (b, a) (b) / on (a, b) group_left sum by (a, b) (t)`, "a b", bad},
		{`1 - g / t`, "", good},
		{`1 - (sum(rate(g[5m])) / sum(rate(t[5m])))`, "", good},
		{`1 - (sum(g) / sum(t) or vector(1))`, "", good},
		{`1 - ((sum(g) / sum(t)) or on() vector(1))`, "", good},
		{`(1 - sum(g) / sum(t)) or vector(0)`, "", good},
		{`1 - (1 - (1 - sum(g) / sum(t)))`, "", good},
		{`(t - g) / t`, "", rest},
		{`(sum(rate(t[5m])) - sum(rate(g[5m]))) / sum(rate(t[5m]))`, "", rest},
		{`1 - histogram_fraction(0, 0.3, sum(rate(h[5m])))`, "", fast},
		{`1 - (histogram_fraction(0, 0.3, sum by (route) (rate(h[5m]))) or vector(1))`, "route", fast},
		{`1 - histogram_fraction(-Inf, 0.3, h) * histogram_count(h) / histogram_count(h)`, "", fast},
		{`1 - avg_over_time(up[5m])`, "", up},
		{`1 - avg by (route) (avg_over_time(up[5m]))`, "route", up},
		{`1 - sum(sum_over_time(up[5m])) / sum(count_over_time(up[5m]))`, "", up},
		{`(sum(count_over_time(up[5m])) - sum(sum_over_time(up[5m]))) / sum(count_over_time(up[5m]))`, "", up},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			p, problems := Compile(spec("a", ratioOf(tt.expr), strings.Fields(tt.groupBy)...))
			if len(problems) > 0 {
				t.Fatalf("refused: %v", problems)
			}
			if diff := cmp.Diff(tt.terms, p.lines()); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
		})
	}
}

// What is refused is named: the smallest part, and why.
func TestCompileRefusesErrorRatios(t *testing.T) {
	tests := []struct{ expr, groupBy, part, why string }{
		{`job:errors:ratio`, "", `job:errors:ratio`, "ready-made ratio"},
		{`1 - availability`, "", `availability`, "ready-made ratio"},
		{`avg_over_time(error_ratio[1h])`, "", `avg_over_time(error_ratio[1h])`, "only of a gauge that is 1 while all is well"},
		{`sum(sum_over_time(e[1h])) / sum(count_over_time(e[1h]))`, "", `sum(sum_over_time(e[1h]))`, "only of a gauge that is 1 while all is well"},
		{`1 - avg_over_time((up == 1)[5m:])`, "", `(up == 1)[5m:]`, "a subquery does not see each sample once"},
		{`avg(b / t)`, "", `avg(b / t)`, "avg() of ratios is not the ratio of all events"},
		{`rate(b[5m]) / rate(t[5m])`, "", `rate(b[5m])`, "it is a ratio for each series; write sum() around both sides"},
		{`sum(b) / rate(t[5m])`, "", `rate(t[5m])`, "it is a ratio for each series"},
		{`sum by (route) (b) / sum by (route) (t)`, "", `sum by (route) (b)`, "it is a ratio for each route, and the SLO has no groupBy: [route]"},
		{`sum(b) / sum(t)`, "route", `sum(b)`, "groupBy asks for a ratio for each route; write sum by (route) ()"},
		{`sum by (route) (b) / sum by (job) (t)`, "route", `sum by (job) (t)`, "groupBy asks for a ratio for each route"},
		{`sum without (pod) (b) / sum without (pod) (t)`, "", `sum without (pod) (b)`, "it does not say by which labels it differs"},
		{`sum by (route) (b) / on() sum by (route) (t)`, "route", `sum by (route) (b) / on () sum by (route) (t)`, "it pairs its sides by fewer labels than they have"},
		{`1 - histogram_fraction(0, 0.3, rate(h[5m]))`, "", `rate(h[5m])`, "it is a ratio for each series"},
		{`b / t or vector(1)`, "", `b / t or vector(1)`, "its default makes a service without traffic a failing one; write vector(0)"},
		{`1 - (g / t or vector(0))`, "", `g / t or vector(0)`, "its default makes a service without traffic a failing one; write vector(1)"},
		{`b / t * 100`, "", `b / t * 100`, "it is neither a ratio"},
		{`2 - g / t`, "", `2 - g / t`, "it is neither a ratio"},
		{`clamp_max(b / t, 1)`, "", `clamp_max(b / t, 1)`, "it is neither a ratio"},
		{`0.5`, "", `0.5`, "it is not a ratio of events"},
		{`sum(irate(b[5m])) / sum(rate(t[5m]))`, "", `irate(b[5m])`, "last two samples"},
		{`sum(rate(b[5m])) / sum(increase(t[5m]))`, "", `rate(b[5m])`, "the same unit"},
		{`histogram_fraction(0, 1, h) * histogram_count(h) / (histogram_fraction(0, 2, h) * histogram_count(h))`, "",
			`histogram_fraction(0, 2, h)`, "another threshold"},
		{`1 - sum(sum_over_time(up[5m])) / sum(rate(t[5m]))`, "", `sum(rate(t[5m]))`, "count_over_time()"},
		{`1 - sum(rate(g[5m])) / sum(count_over_time(up[5m]))`, "", `sum(rate(g[5m]))`, "it is not sum_over_time()"},
		{`1 - sum(sum_over_time(up[5m])) / sum(count_over_time(down[5m]))`, "", `sum(sum_over_time(up[5m]))`, "it is not sum_over_time()"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			p, problems := Compile(spec("a", ratioOf(tt.expr), strings.Fields(tt.groupBy)...))
			if p != nil || len(problems) != 1 {
				t.Fatalf("program %v, problems %v; want one problem", p, problems)
			}
			got := problems[0]
			if want := "cannot count `" + tt.part + "` as data arrives: "; !strings.HasPrefix(got.Message, want) || !strings.Contains(got.Message, tt.why) {
				t.Errorf("%s\nwant %s… %s", got.Message, want, tt.why)
			}
			if got.Field != "spec.sli.ratio.errorRatio" || got.Fix != cannotFix {
				t.Errorf("field %q, fix %q", got.Field, got.Fix)
			}
		})
	}
}

// The samples of a gauge are events in the other form of a ratio too.
func TestCompileSamples(t *testing.T) {
	for _, sli := range []slo.SLI{
		goodOf(`sum(count_over_time(up[5m]))`, `sum(sum_over_time(up[5m]))`),
		badOf(`count_over_time(up[5m])`, `count_over_time(up[5m]) - sum_over_time(up[5m])`),
	} {
		p, problems := Compile(spec("a", sli))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if diff := cmp.Diff([]string{"up: gauge, each sample an event"}, p.Served()); diff != "" {
			t.Error(diff)
		}
	}
	wantProblems(t, badOf(`count_over_time(down[5m])`, `sum_over_time(down[5m])`), slo.Problem{
		Field: "spec.sli.ratio.bad", Message: "cannot count `sum_over_time(down[5m])` as data arrives: " + needsOne, Fix: cannotFix})
}

// One number has several spellings among the bounds of buckets.
func TestBoundsAreNumbers(t *testing.T) {
	tests := []struct {
		matcher, le string
		want        bool
	}{
		{`le="1"`, "1.0", true}, {`le="1.0"`, "1", true}, {`le="0.30"`, "0.3", true}, {`le="+Inf"`, "Inf", true}, {`le="1e-3"`, "0.001", true},
		{`le="1"`, "1.5", false}, {`le="1"`, "", false}, {`le="x"`, "x", true}, {`le!="1"`, "1.0", false}, {`le!="1"`, "2", true},
		{`le=~"1(\\.0)?"`, "1.0", true}, {`le=~"1(\\.0)?"`, "1", true}, {`le=~"1(\\.0)?"`, "10", false}, {`code="1"`, "1.0", false},
	}
	for _, tt := range tests {
		p, problems := Compile(spec("a", badOf(`z_total`, `x_bucket{`+tt.matcher+`}`)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		m := p.terms[0].matchers[0]
		if m.Name == "__name__" {
			m = p.terms[0].matchers[1]
		}
		if got := matches(m, tt.le); got != tt.want {
			t.Errorf("%s selects %q: %v, want %v", tt.matcher, tt.le, got, tt.want)
		}
	}
}
