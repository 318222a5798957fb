package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func asked(r slo.Ratio) slo.SLI {
	return slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: r, Step: 90 * time.Second}}
}

func TestTemplateOfQueries(t *testing.T) {
	for name, test := range map[string]struct {
		spec     *slo.Spec
		want     Template
		warnings int
	}{
		"what has a window stays": {specOf(asked(slo.Ratio{Total: "sum(increase(x[{{ .window }}])) ", Bad: `sum(increase(y[{{.window}}]))`})),
			Template{Total: `sum(increase(x[{{ .window }}]))`, Bad: `sum(increase(y[{{.window}}]))`}, 0},
		"by group": {specOf(asked(slo.Ratio{Total: `increase(x[{{.window}}])`, Bad: `sum by (route) (increase(y[{{.window}}])) or vector(0)`}), "route"),
			Template{Total: `sum by (route) (increase(x[{{.window}}]))`, Bad: `sum by (route) (sum by (route) (increase(y[{{.window}}])) or vector(0))`}, 0},
		"by all labels but one": {specOf(asked(slo.Ratio{Total: `max without (pod) (delta(x[{{.window}}]))`, Bad: `delta(y[{{.window}}])`}), "pod"),
			Template{Total: `sum by (pod) (max without (pod) (delta(x[{{.window}}])))`, Bad: `sum by (pod) (delta(y[{{.window}}]))`}, 0},
		"what has none is asked at each step": {specOf(asked(slo.Ratio{Total: `count(up)`, Good: `sum(up)`})),
			Template{Total: `sum_over_time((count(up))[{{.window}}:1m30s])`,
				Bad: `sum_over_time((count(up))[{{.window}}:1m30s]) - (sum_over_time((sum(up))[{{.window}}:1m30s]) or vector(0))`}, 0},
		"a ready ratio": {specOf(asked(slo.Ratio{ErrorRatio: `job:errors:ratio5m`})),
			Template{ErrorRatio: `avg_over_time((job:errors:ratio5m)[{{.window}}:1m30s])`}, 0},
		"a ratio of the window": {specOf(asked(slo.Ratio{ErrorRatio: `rate(a[{{.window}}]) / rate(b[{{.window}}])`})),
			Template{ErrorRatio: `rate(a[{{.window}}]) / rate(b[{{.window}}])`}, 1},
	} {
		got, problems := TemplateOf(test.spec)
		if diff := cmp.Diff(test.want, got); diff != "" || len(problems) != test.warnings {
			t.Errorf("%s: problems %v, template (-want +got):\n%s", name, problems, diff)
		}
	}
}

func TestNoTemplateOfEvents(t *testing.T) {
	for field, sli := range map[string]slo.SLI{
		"spec.sli.spans":             {Spans: &slo.Spans{Service: "a"}},
		"spec.sli.logs":              {Logs: &slo.Logs{Service: "a"}},
		"spec.sli.logql":             {Query: &slo.Query{Language: slo.LogQL, Ratio: slo.Ratio{ErrorRatio: "a"}}},
		"spec.sli.promql.total":      asked(slo.Ratio{Total: `sum(`, Bad: `a`}),
		"spec.sli.promql.good":       asked(slo.Ratio{Total: `a`, Good: `1`}),
		"spec.sli.promql.errorRatio": asked(slo.Ratio{ErrorRatio: `a[5m]`}),
	} {
		got, problems := TemplateOf(specOf(sli))
		if got != (Template{}) || len(problems) != 1 || problems[0].Field != field || problems[0].Severity != slo.Error || strings.Contains(problems[0].Message, "13m37s") {
			t.Errorf("%s: template %v, problems %v", field, got, problems)
		}
	}
}
