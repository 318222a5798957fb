package promapi

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// program is an SLO of a total and what is bad of it.
func program(t *testing.T, name, total, bad string) *sli.Program {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	p, problems := sli.Compile(&slo.Spec{
		Service: "shop", Name: name, Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: total, Bad: bad}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// asked are the selectors of each poll and the SLOs that it is for.
func asked(list []*poll) map[string][]string {
	out := map[string][]string{}
	for _, p := range list {
		var text []string
		for _, s := range p.selectors {
			text = append(text, s.String())
		}
		out[fmt.Sprint(text)] = p.slos
	}
	return out
}

func TestPlan(t *testing.T) {
	o := Options{}.withDefaults()
	programs := []*sli.Program{
		program(t, "a", `req{job="a"}`, `req{job="a",code="500"}`),
		program(t, "b", `req{job="b"}`, `req{job="b",code="500"}`),
		program(t, "b-too", `req{job="b",code="500"}`, `req{job="b",code="500",route="/"}`),
		program(t, "two", `all{job="c"}`, `failed{job="c"}`),
		program(t, "three", `all{job="d"}`, `failed{job="d"}`),
		program(t, "odd", `other{job!="x"}`, `other{job!="x",bad="1"}`),
	}
	list := plan(programs, nil, mostTogether, o)
	want := map[string][]string{
		`[req{job=~"a|b"}]`:                    {"shop:a", "shop:b", "shop:b-too"},
		`[all{job=~"c|d"} failed{job=~"c|d"}]`: {"shop:three", "shop:two"},
		`[other{job!="x"}]`:                    {"shop:odd"},
	}
	if diff := cmp.Diff(want, asked(list)); diff != "" {
		t.Errorf("polls (-want +got):\n%s", diff)
	}
	list[0].newest = time.Unix(1000, 0)
	again := plan(programs[:5], list, mostTogether, o)
	if i := slices.IndexFunc(again, list[0].asks); i < 0 || !again[i].newest.Equal(list[0].newest) {
		t.Error("a poll that stayed began anew")
	}
	if alone := plan(programs, nil, 1, o); len(alone) != 5 {
		t.Errorf("asked apart there are %d polls, not 5: %v", len(alone), asked(alone))
	}
}

// TestPlanQuotes: a value is not a pattern.
func TestPlanQuotes(t *testing.T) {
	list := plan([]*sli.Program{
		program(t, "a", `req{path="/a.b|c"}`, `req{path="/a.b|c",code="500"}`),
		program(t, "b", `req{path="(\"x"}`, `req{path="(\"x",code="500"}`),
	}, nil, mostTogether, Options{}.withDefaults())
	if len(list) != 1 || list[0].selectors[0].String() != `req{path=~"\\(\"x|/a\\.b\\|c"}` {
		t.Errorf("%v", asked(list))
	}
}
