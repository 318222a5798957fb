package pyrra_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/internal/rules/pyrra"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The rules of Pyrra's own documents are compared with the real Pyrra's in
// test/dialects. Here: SLOs of other formats.

func native(t *testing.T, change func(*slo.Spec)) *slo.Spec {
	t.Helper()
	o, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	s := &slo.Spec{
		Service: "web", Name: "errors", Objective: o, Window: slo.Window{Rolling: 28 * 24 * time.Hour},
		SLI: slo.SLI{Ratio: &slo.Ratio{Bad: `r_total{code="500"}`, Total: "r_total"}}, MaxGroups: slo.DefaultMaxGroups,
	}
	change(s)
	return s
}

func write(o pyrra.Options, specs ...*slo.Spec) ([]rules.Group, []slo.Problem) {
	return pyrra.Dialect(o)(specs)
}

// TestEquals: SLOs that mean the same have the same rules.
func TestEquals(t *testing.T) {
	for name, pair := range map[string][2]slo.Ratio{
		"rates": {
			{Bad: `r_total{code="500"}`, Total: "r_total"},
			{Bad: `sum(rate(r_total{code="500"}[{{.window}}])) or vector(0)`, Total: `(sum(increase(r_total[{{ .window }}])))`},
		},
		"the name in braces": {{Bad: "b_total", Total: "r_total"}, {Bad: `{__name__="b_total"}`, Total: `{"r_total"}`}},
		"good events": {
			{Bad: `r_total{job="a",code=~"5.."}`, Total: `r_total{job="a"}`},
			{Good: `r_total{code!~"5..",job="a"}`, Total: `r_total{job="a"}`},
		},
		"a rate of good events": {
			{Bad: `r_total{job="a",code!="ok"}`, Total: `r_total{job="a"}`},
			{Good: `sum(rate(r_total{code="ok",job="a"}[{{.window}}]))`, Total: `sum(rate(r_total{job="a"}[{{.window}}]))`},
		},
	} {
		a, problems := write(pyrra.Options{Generic: true}, native(t, func(s *slo.Spec) { s.SLI.Ratio = &pair[0] }))
		b, more := write(pyrra.Options{Generic: true}, native(t, func(s *slo.Spec) { s.SLI.Ratio = &pair[1] }))
		if diff := cmp.Diff(a, b); diff != "" || len(a) != 3 || len(problems)+len(more) > 0 {
			t.Errorf("%s: %v %v\n%s", name, problems, more, diff)
		}
	}
}

func TestSumsByTheGroups(t *testing.T) {
	by := func(labels string) *slo.Spec {
		return native(t, func(s *slo.Spec) {
			s.GroupBy = []string{"a", "b"}
			s.SLI.Ratio.Bad = "sum by (" + labels + ") (rate(b_total[{{.window}}]))"
		})
	}
	if groups, problems := write(pyrra.Options{}, by("b, a")); len(groups) != 2 || len(problems) > 0 {
		t.Error(groups, problems)
	}
	if groups, problems := write(pyrra.Options{}, by("a")); len(groups) != 0 || len(problems) != 1 {
		t.Error(groups, problems)
	}
}

// TestProblems: an error leaves its SLO out and no other.
func TestProblems(t *testing.T) {
	two := 2.0
	ratio := func(r slo.Ratio) func(*slo.Spec) { return func(s *slo.Spec) { s.SLI.Ratio = &r } }
	latency := func(l slo.Latency) func(*slo.Spec) {
		return func(s *slo.Spec) { l.Histogram, l.Below = "h", time.Second; s.SLI = slo.SLI{Latency: &l} }
	}
	for says, change := range map[string]func(*slo.Spec){
		"error spec.sli.ratio.bad: ":        ratio(slo.Ratio{Bad: "a_total - b_total", Total: "c_total"}),
		"error spec.sli.ratio.total: ":      ratio(slo.Ratio{Bad: "a_total", Total: `{__name__=~"c.*"}`}),
		"error spec.sli.ratio.good: ":       ratio(slo.Ratio{Good: "a_total", Total: "c_total"}),
		"error spec.sli.ratio.errorRatio: ": ratio(slo.Ratio{ErrorRatio: "a:ratio"}),
		"error spec.sli.latency.errors: ":   latency(slo.Latency{Errors: "h"}),
		"warning spec.sli.latency: ":        latency(slo.Latency{}),
		"error spec.sli.threshold: ": func(s *slo.Spec) {
			s.SLI = slo.SLI{Threshold: &slo.Threshold{Metric: "g", Above: &two, PerSample: true}}
		},
		"error spec.sli: Pyrra counts metrics": func(s *slo.Spec) {
			s.SLI = slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{ErrorRatio: "a"}}}
		},
		"error spec.budgeting: ":            func(s *slo.Spec) { s.Budgeting.Method = slo.RatioTimeslices },
		"error spec.window: of 1d Pyrra":    func(s *slo.Spec) { s.Window.Rolling = 24 * time.Hour },
		"error spec.window: of 2d19h11m59s": func(s *slo.Spec) { s.Window.Rolling = 67*time.Hour + 12*time.Minute - time.Second },
		"warning spec.window: Pyrra has no": func(s *slo.Spec) { s.Window = slo.Window{Period: slo.Month} },
		"warning spec.groupBy: ":            func(s *slo.Spec) { s.GroupBy = []string{"a"} },
	} {
		other := native(t, func(s *slo.Spec) { s.Name = "other" })
		groups, problems := write(pyrra.Options{Generic: true}, native(t, change), other)
		failed := strings.HasPrefix(says, "error")
		var said []string
		for _, p := range problems {
			said = append(said, p.Severity.String()+" "+p.Field+": "+p.Message)
		}
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, says) }) {
			t.Errorf("%q is not among %q", says, said)
		}
		if ours := named(groups); slices.Contains(ours, "errors") == failed || !slices.Contains(ours, "other") {
			t.Errorf("%s, and the groups are %v", says, ours)
		}
	}
	if groups, problems := write(pyrra.Options{}, native(t, func(s *slo.Spec) { s.Window.Rolling = 67*time.Hour + 12*time.Minute })); len(groups) != 2 {
		t.Error(problems)
	}
}

func named(groups []rules.Group) (names []string) {
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return names
}

// TestSharedNames: Pyrra tells SLOs apart by name alone.
func TestSharedNames(t *testing.T) {
	groups, problems := write(pyrra.Options{}, native(t, func(*slo.Spec) {}), native(t, func(s *slo.Spec) { s.Service = "app" }))
	if diff := cmp.Diff([]string{"web-errors-increase", "web-errors", "app-errors-increase", "app-errors"}, named(groups)); diff != "" {
		t.Error(diff)
	}
	if len(problems) != 2 || problems[0].Severity != slo.Warning {
		t.Error(problems)
	}
}

// TestAlertsAsTheyAreWanted: what a Spec says of its alerts, and Pyrra's
// documents cannot.
func TestAlertsAsTheyAreWanted(t *testing.T) {
	alerts := func(change func(*slo.Alerting)) map[string]rules.Rule {
		groups, _ := write(pyrra.Options{}, native(t, func(s *slo.Spec) { change(&s.Alerting) }))
		found := map[string]rules.Rule{}
		for _, g := range groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					found[r.Alert+r.Labels["long"]] = r
				}
			}
		}
		return found
	}
	names := func(found map[string]rules.Rule) []string { return slices.Sorted(maps.Keys(found)) }
	all := []string{"ErrorBudgetBurn1d", "ErrorBudgetBurn1h", "ErrorBudgetBurn4d", "ErrorBudgetBurn6h", "SLOMetricAbsent"}
	if diff := cmp.Diff(all, names(alerts(func(*slo.Alerting) {}))); diff != "" {
		t.Error(diff)
	}
	if got := alerts(func(a *slo.Alerting) { a.Disabled = true }); len(got) != 0 {
		t.Errorf("disabled, and there are %v", names(got))
	}
	if diff := cmp.Diff([]string{"ErrorBudgetBurn1d", "ErrorBudgetBurn4d"}, names(alerts(func(a *slo.Alerting) { a.Critical.Disabled = true }))); diff != "" {
		t.Error(diff)
	}
	got := alerts(func(a *slo.Alerting) {
		a.Labels, a.Annotations = map[string]string{"route": "all"}, map[string]string{"title": "all"}
		a.Critical.Labels = map[string]string{"route": "pager"}
		a.Warning.Annotations = map[string]string{"title": "later"}
		a.Severities = map[string]string{"page_slow": "warning"}
	})
	for alert, want := range map[string][3]string{
		"ErrorBudgetBurn1h": {"critical", "pager", "all"}, "ErrorBudgetBurn6h": {"warning", "all", "later"},
		"ErrorBudgetBurn1d": {"warning", "all", "later"}, "SLOMetricAbsent": {"critical", "pager", "all"},
	} {
		r := got[alert]
		if is := [3]string{r.Labels["severity"], r.Labels["route"], r.Annotations["title"]}; is != want {
			t.Errorf("%s has %q, not %q", alert, is, want)
		}
	}
}

// TestThresholdsOfOtherUnits: the histogram's own unit counts.
func TestThresholdsOfOtherUnits(t *testing.T) {
	groups, _ := write(pyrra.Options{}, native(t, func(s *slo.Spec) {
		s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "h", Below: 300 * time.Millisecond, Unit: time.Millisecond}}
	}))
	if len(groups) != 2 || !strings.Contains(groups[1].Rules[0].Expr, "histogram_fraction(0, 300, ") {
		t.Errorf("%+v", groups)
	}
}

// TestOwnTermsAreNamed: what an SLO says of its tiers, gate and silences cannot
// be said in Pyrra's rules.
func TestOwnTermsAreNamed(t *testing.T) {
	s := native(t, func(s *slo.Spec) {
		s.Alerting.Terms = slo.AlertTerms{MinBad: new(float64), NoData: slo.NoData{After: time.Hour}, Tiers: []slo.Tier{{Name: "mine"}}}
	})
	groups, problems := write(pyrra.Options{}, s)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	want := []string{"spec.alerting.tiers", "spec.alerting.minBad", "spec.alerting.noData"}
	if diff := cmp.Diff(want, fields); diff != "" || len(groups) == 0 {
		t.Error(diff, len(groups))
	}
}
