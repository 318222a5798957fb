package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func specOf(sli slo.SLI, groupBy ...string) *slo.Spec {
	return &slo.Spec{Service: "shop", Name: "a", SLI: sli, GroupBy: groupBy, Origin: slo.Origin{File: "shop.yaml", Document: 1, Line: 3}}
}

func ratioOf(r slo.Ratio) slo.SLI { return slo.SLI{Ratio: &r} }

func TestTemplateOf(t *testing.T) {
	half, one, five := 0.5, 1.0, 5.0
	latency := func(below, unit time.Duration, errors string) slo.SLI {
		return slo.SLI{Latency: &slo.Latency{Histogram: `rt{job="x"}`, Below: below, Unit: unit, Errors: errors}}
	}
	const count, bucket = `sum(rate(rt_count{job="x"}[{{.window}}]))`, `sum(rate(rt_bucket{job="x",le="0.3"}[{{.window}}]))`
	tests := []struct {
		name     string
		spec     *slo.Spec
		want     Template
		warnings int
	}{
		{"what has a window stays, space and all", specOf(ratioOf(slo.Ratio{Total: "sum(rate(x[{{ .window }}])) # all", Bad: "  sum(\n rate(y[{{.window}}]) )"})),
			Template{Total: "sum(rate(x[{{ .window }}])) # all", Bad: "sum(\n rate(y[{{.window}}]) )"}, 0},
		{"bare selectors", specOf(ratioOf(slo.Ratio{Total: `x{job="a"}`, Bad: `x{code=~"5.."}`})),
			Template{Total: `sum(rate(x{job="a"}[{{.window}}]))`, Bad: `sum(rate(x{code=~"5.."}[{{.window}}]))`}, 0},
		{"by group", specOf(ratioOf(slo.Ratio{Total: `x`, Bad: `sum by (pod) (rate(y[5m]))`}), "route", "http.method"),
			Template{Total: `sum by (route, "http.method") (rate(x[{{.window}}]))`, Bad: `sum by (route, "http.method") (rate(y[{{.window}}]))`}, 0},
		{"inner groups keep the label", specOf(ratioOf(slo.Ratio{Total: `sum(sum by (pod) (x))`, Bad: `sum(sum without (route, pod) (y))`}), "route"),
			Template{Total: `sum by (route) (sum by (pod, route) (rate(x[{{.window}}])))`, Bad: `sum by (route) (sum without (pod) (rate(y[{{.window}}])))`}, 0},
		{"a window that is not by group", specOf(ratioOf(slo.Ratio{Total: `sum(rate(x[{{.window}}]))`, Bad: `sum by (route) (rate(y[{{.window}}]))`}), "route"),
			Template{Total: `sum by (route) (rate(x[{{.window}}]))`, Bad: `sum by (route) (rate(y[{{.window}}]))`}, 0},
		{"differences of sums", specOf(ratioOf(slo.Ratio{Total: `x + y`, Bad: `(x - y) or vector(0)`})),
			Template{Total: `sum(rate(x[{{.window}}])) + sum(rate(y[{{.window}}]))`, Bad: `(sum(rate(x[{{.window}}])) - sum(rate(y[{{.window}}]))) or vector(0)`}, 0},
		{"increase beside increase", specOf(ratioOf(slo.Ratio{Total: `x * 60`, Bad: `sum(increase(y[1h]))`})),
			Template{Total: `sum(increase(x[{{.window}}])) * 60`, Bad: `sum(increase(y[{{.window}}]))`}, 0},
		{"good", specOf(ratioOf(slo.Ratio{Total: `x`, Good: `y`})),
			Template{Total: `sum(rate(x[{{.window}}]))`, Bad: `sum(rate(x[{{.window}}])) - (sum(rate(y[{{.window}}])) or vector(0))`}, 0},
		{"good by group", specOf(ratioOf(slo.Ratio{Total: `x + z`, Good: `y`}), "a"),
			Template{Total: `sum by (a) (rate(x[{{.window}}])) + sum by (a) (rate(z[{{.window}}]))`,
				Bad: `(sum by (a) (rate(x[{{.window}}])) + sum by (a) (rate(z[{{.window}}]))) - (sum by (a) (rate(y[{{.window}}])) or (sum by (a) (rate(x[{{.window}}])) + sum by (a) (rate(z[{{.window}}]))) * 0)`}, 0},
		{"error ratio", specOf(ratioOf(slo.Ratio{ErrorRatio: `1 - sum(rate(g[5m])) / sum(rate(t[5m]))`})),
			Template{ErrorRatio: `1 - sum(rate(g[{{.window}}])) / sum(rate(t[{{.window}}]))`}, 0},
		{"a mean", specOf(ratioOf(slo.Ratio{ErrorRatio: `1 - avg_over_time(up[5m])`}), "job"),
			Template{ErrorRatio: `1 - avg by (job) (avg_over_time(up[{{.window}}]))`}, 0},
		{"a fraction", specOf(ratioOf(slo.Ratio{ErrorRatio: `1 - histogram_fraction(0, 0.3, h)`})),
			Template{ErrorRatio: `1 - histogram_fraction(0, 0.3, sum(rate(h[{{.window}}])))`}, 0},
		{"latency", specOf(latency(300*time.Millisecond, time.Second, "")), Template{Total: count, Bad: count + ` - (` + bucket + ` or vector(0))`}, 1},
		{"whole bounds have two spellings", specOf(latency(2*time.Second, 0, "")),
			Template{Total: count, Bad: count + ` - (sum(rate(rt_bucket{job="x",le=~"2(\\.0)?"}[{{.window}}])) or vector(0))`}, 1},
		{"latency in milliseconds", specOf(latency(2500*time.Microsecond, time.Millisecond, "")),
			Template{Total: count, Bad: count + ` - (sum(rate(rt_bucket{job="x",le="2.5"}[{{.window}}])) or vector(0))`}, 1},
		{"latency without errors", specOf(latency(300*time.Millisecond, time.Second, `rt{job="x",code="500"}`)),
			Template{Total: count, Bad: count + ` - ((` + bucket + ` or vector(0)) - (sum(rate(rt_bucket{code="500",job="x",le="0.3"}[{{.window}}])) or vector(0)))`}, 1},
		{"slices", specOf(slo.SLI{Threshold: &slo.Threshold{Metric: `g`, Below: &five, Slice: 30 * time.Second}}),
			Template{Bad: `sum_over_time((max(max_over_time(g[30s])) > bool 5)[{{.window}}:30s])`, Total: `count_over_time(count(count_over_time(g[30s]))[{{.window}}:30s])`}, 1},
		{"slices between bounds", specOf(slo.SLI{Threshold: &slo.Threshold{Metric: `g`, Below: &five, Above: &half, Exclusive: true, Slice: time.Minute}}, "q"),
			Template{Bad: `sum_over_time((clamp_max((max by (q) (max_over_time(g[1m])) >= bool 5) + (min by (q) (min_over_time(g[1m])) <= bool 0.5), 1))[{{.window}}:1m])`,
				Total: `count_over_time(count by (q) (count_over_time(g[1m]))[{{.window}}:1m])`}, 1},
		{"samples of 0 and 1", specOf(slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Above: &one, PerSample: true}}),
			Template{Bad: `sum(count_over_time(up[{{.window}}])) - sum(sum_over_time(up[{{.window}}]))`, Total: `sum(count_over_time(up[{{.window}}]))`}, 1},
		{"samples", specOf(slo.SLI{Threshold: &slo.Threshold{Metric: `g`, Below: &five, PerSample: true}}),
			Template{Bad: `sum(sum_over_time((g > bool 5)[{{.window}}:]))`, Total: `sum(count_over_time(g[{{.window}}:]))`}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := TemplateOf(tt.spec)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("template (-want +got):\n%s", diff)
			}
			if len(problems) != tt.warnings {
				t.Errorf("problems %v, want %d", problems, tt.warnings)
			}
			for _, p := range problems {
				if p.Severity != slo.Warning || p.SLO != "shop:a" || p.File != "shop.yaml" {
					t.Errorf("odd problem %+v", p)
				}
			}
		})
	}
}

func TestTemplateOfNativeHistograms(t *testing.T) {
	spec := specOf(slo.SLI{Latency: &slo.Latency{Histogram: `rt`, Errors: `rt{code="500"}`, Below: 300 * time.Millisecond}}, "a")
	got, problems := TemplateWith(spec, TemplateOptions{NativeHistograms: true})
	all, failed := `sum by (a) (rate(rt[{{.window}}]))`, `sum by (a) (rate(rt{code="500"}[{{.window}}]))`
	number := `histogram_count(` + all + `)`
	want := Template{Total: number, Bad: number + ` - ((histogram_fraction(0, 0.3, ` + all + `) * ` + number + ` or ` + number + ` * 0)` +
		` - (histogram_fraction(0, 0.3, ` + failed + `) * histogram_count(` + failed + `) or ` + number + ` * 0))`}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("problems %v, template (-want +got):\n%s", problems, diff)
	}
}

func TestTemplateOfNamesProblems(t *testing.T) {
	for field, sli := range map[string]slo.SLI{
		"spec.sli":                   {},
		"spec.sli.ratio.total":       ratioOf(slo.Ratio{Total: `x{`, Bad: `y`}),
		"spec.sli.ratio.bad":         ratioOf(slo.Ratio{Total: `x`, Bad: `sum(`}),
		"spec.sli.ratio.good":        ratioOf(slo.Ratio{Total: `x`, Good: `sum(`}),
		"spec.sli.ratio.errorRatio":  ratioOf(slo.Ratio{ErrorRatio: `{{.windows}}`}),
		"spec.sli.latency.histogram": {Latency: &slo.Latency{Histogram: `rate(x[5m])`, Below: time.Second}},
		"spec.sli.latency.errors":    {Latency: &slo.Latency{Histogram: `x`, Errors: `x[5m]`, Below: time.Second}},
		"spec.sli.threshold.metric":  {Threshold: &slo.Threshold{Metric: `avg(x)`}},
	} {
		got, problems := TemplateOf(specOf(sli))
		if got != (Template{}) || len(problems) == 0 || problems[len(problems)-1].Field != field || problems[len(problems)-1].Severity != slo.Error {
			t.Errorf("%s: template %v, problems %v", field, got, problems)
		}
		for _, p := range problems {
			if strings.Contains(p.Message, "13m37s") {
				t.Errorf("%s: %s", field, p.Message)
			}
		}
	}
}

// FuzzTemplateOf gives any text to the fields of a ratio: a template is PromQL,
// in which the window stands wherever samples are read over time.
func FuzzTemplateOf(f *testing.F) {
	for _, text := range []string{`x`, `sum(rate(x[5m]))`, `x - y or vector(0)`, `1 - (a / b or vector(1))`, `histogram_fraction(0, 1, h) * histogram_count(h)`,
		`avg_over_time(x[5m:])`, `sum by (a, "b.c") ({"x.y"})`, `-x`, `x{a=~"b|c"} offset 5m`, `rate(x[{{ .window }}] @ end())`, `topk(3, x)`, `label_replace(x,"a","b","c","d")`, `time()`, `"a"`, `1`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, groups := range [][]string{nil, {"route"}} {
			for _, r := range []slo.Ratio{{Total: text, Bad: "x"}, {Total: "x", Good: text}, {ErrorRatio: text}} {
				got, problems := TemplateOf(specOf(ratioOf(r), groups...))
				if len(problems) > 0 {
					continue
				}
				for _, written := range []string{got.Bad, got.Total, got.ErrorRatio} {
					if _, err := promql.Parse(written); written != "" && err != nil {
						t.Errorf("%q became %q: %v", text, written, err)
					}
				}
			}
		}
	})
}
