package sli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func asks(language string, r slo.Ratio) slo.SLI {
	return slo.SLI{Query: &slo.Query{Language: language, Ratio: r, Step: time.Minute}}
}

func TestCompileClassified(t *testing.T) {
	const total, bad = `sum(increase(x_total[{{.window}}]))`, `quantile(0.5, increase(x_total{code="5"}[1m]))`
	for name, s := range map[string]*slo.Spec{
		"spans":              spec("a", slo.SLI{Spans: &slo.Spans{Service: "x"}}, "http.route"),
		"logs":               spec("a", slo.SLI{Logs: &slo.Logs{Service: "x"}}),
		"promql":             spec("a", asks(slo.PromQL, slo.Ratio{Total: total, Bad: bad})),
		"an error ratio":     spec("a", asks(slo.PromQL, slo.Ratio{ErrorRatio: `job:errors:ratio5m`})),
		"by group":           spec("a", asks(slo.PromQL, slo.Ratio{Total: `sum by (route, "http.x") (x)`, Good: `sum without (pod) (y)`}), "route"),
		"groups of a server": spec("a", asks(slo.PromQL, slo.Ratio{Total: `x`, Good: `y / z`}), "route"),
		"logql":              spec("a", asks(slo.LogQL, slo.Ratio{Total: `sum(count_over_time({a="b"} |= "x" [1m]))`, Bad: `nobody here knows`})),
	} {
		p, problems := Compile(s)
		if p == nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		want := []string{
			`counter {__name__="slo_engine_classified_events_total",slo_engine_result="good",slo_engine_slo="shop:a"}`,
			`counter {__name__="slo_engine_classified_events_total",slo_engine_result="bad",slo_engine_slo="shop:a"}`,
		}
		var got []string
		for _, term := range p.terms {
			got = append(got, "counter "+term.String())
		}
		if len(got) != len(want) || !p.Classified() || len(p.Selectors()) > 0 {
			t.Errorf("%s: terms %v, classified %v, selectors %v", name, got, p.Classified(), p.Selectors())
		}
	}
}

func TestServedSaysWhoJudges(t *testing.T) {
	for want, s := range map[string]*slo.Spec{
		"spans, judged as they arrive": spec("a", slo.SLI{Spans: &slo.Spans{Service: "x"}}),
		"log records, judged as they arrive; budget by slices of 1m, good with at least 95% good events": func() *slo.Spec {
			s := spec("a", slo.SLI{Logs: &slo.Logs{Service: "x"}})
			s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.95}
			return s
		}(),
	} {
		p, problems := Compile(s)
		if p == nil {
			t.Fatal(problems)
		}
		if diff := cmp.Diff([]string{want}, p.Served()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCompileRefusesWhatCannotBeAsked(t *testing.T) {
	const example = "write an expression such as sum(increase(http_requests_total[{{.window}}]))"
	at := "spec.sli.promql."
	wantProblems(t, asks(slo.PromQL, slo.Ratio{Total: `sum(`, Bad: `x[5m]`}),
		slo.Problem{Field: at + "total", Message: "is not PromQL: 1:5: parse error: unclosed left parenthesis", Fix: example},
		slo.Problem{Field: at + "bad", Message: "`x[5m]` is no set of series", Fix: example})
	wantProblems(t, asks(slo.PromQL, slo.Ratio{Total: `sum(increase(x[{{.windows}}]))`, Good: `1`}),
		slo.Problem{Field: at + "total", Message: "is not PromQL: …", Fix: example},
		slo.Problem{Field: at + "good", Message: "`1` is no set of series", Fix: example})
	wantProblems(t, asks(slo.PromQL, slo.Ratio{ErrorRatio: `"x"`}),
		slo.Problem{Field: at + "errorRatio", Message: "`\"x\"` is no set of series", Fix: example})
}

func TestCompileWantsTheGroups(t *testing.T) {
	s := spec("a", asks(slo.PromQL, slo.Ratio{Total: `(sum(increase(x[{{.window}}])))`, Bad: `max without (pod, route) (y)`}), "route", ClassifiedResult)
	_, problems := Compile(s)
	var got []string
	for _, p := range problems {
		got = append(got, p.Field+": "+p.Message+"; "+p.Fix)
	}
	want := []string{
		`spec.groupBy[1]: label "slo_engine_result" is reserved: the engine sets it itself; rename it`,
		"spec.sli.promql.total: `(sum(increase(x[{{.window}}])))` has no label route in its answer, by which the SLO is grouped; write sum by (route) (…)",
		"spec.sli.promql.bad: `max without (pod, route) (y)` has no label route in its answer, by which the SLO is grouped; write max by (route) (…)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
