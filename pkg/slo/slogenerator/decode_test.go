package slogenerator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/slogenerator"
)

// head begins a document that goes on with backend, method and indicator.
const head = `apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: shop-availability
  labels: {service_name: shop, slo_name: availability, team: payments}
spec:
  description: shoppers can pay
  goal: 0.999
`

const ready = head + `  backend: prometheus
  method: good_bad_ratio
  service_level_indicator: {filter_good: good_total, filter_valid: all_total}
`

func load(strict bool, texts ...string) ([]*slo.Spec, []slo.Problem) {
	var files []slo.File
	for i, text := range texts {
		files = append(files, slo.File{Name: string(rune('a'+i)) + ".yaml", Data: []byte(text)})
	}
	loader := slo.Loader{Formats: slogenerator.Formats(slogenerator.Options{Strict: strict}), Strict: strict}
	return loader.Load(files...)
}

func measure(method, indicator string) string {
	return head + "  backend: prometheus/main\n  method: " + method + "\n  service_level_indicator:\n    " + indicator + "\n"
}

func ratio(good, total string) slo.Ratio { return slo.Ratio{Good: good, Total: total} }

// TestMethods: each method as the counters or the query that it means. What is
// divided by what else than a counter is left to the query.
func TestMethods(t *testing.T) {
	for name, c := range map[string]struct {
		method, indicator string
		want              slo.Ratio
		warnings          int
	}{
		"good and valid":    {"good_bad_ratio", `{filter_good: 'r_total{code="200"}', filter_valid: r_total}`, ratio(`r_total{code="200"}`, "r_total"), 0},
		"good and bad":      {"good_bad_ratio", `{filter_good: g_total, filter_bad: 'b_total[window]'}`, slo.Ratio{Bad: "b_total", Total: "sum(increase(g_total[{{.window}}])) + sum(increase(b_total[{{.window}}]))"}, 0},
		"bad before valid":  {"good_bad_ratio", `{filter_good: g, filter_bad: b, filter_valid: v}`, slo.Ratio{Bad: "b", Total: "sum(increase(g[{{.window}}])) + sum(increase(b[{{.window}}]))"}, 1},
		"placeholder":       {"good_bad_ratio", `{filter_good: 'g{a="[b]"}[window]', filter_valid: 'v [window]'}`, ratio(`g{a="[b]"}`, "v"), 0},
		"offset":            {"good_bad_ratio", `{filter_good: 'g[window] offset 1m', filter_valid: 'v[window] offset 1m'}`, ratio("sum(increase(g[{{.window}}] offset 1m))", "sum(increase(v[{{.window}}] offset 1m))"), 0},
		"operators":         {"good_bad_ratio", `{filter_good: g, filter_valid: v, operators: [rate, sum]}`, ratio("g", "v"), 0},
		"other operators":   {"good_bad_ratio", `{filter_good: g, filter_valid: v, operators: [increase, max]}`, ratio("max(increase(g[{{.window}}]))", "max(increase(v[{{.window}}]))"), 0},
		"query":             {"query_sli", `{expression: 'sum(rate(g{a="x/y"}[window])) / sum ( rate( v[window] ) )'}`, ratio(`g{a="x/y"}`, "v"), 0},
		"query, first only": {"query_sli", `{expression: 'increase(h_bucket{le="1"}[window]) / ignoring (le) increase(h_count[window])'}`, ratio(`h_bucket{le="1"}`, "h_count"), 1},
		"query, half a sum": {"query_sli", `{expression: 'sum(increase(g[window])) / increase(v[window])'}`, slo.Ratio{ErrorRatio: "1 - (sum(increase(g[{{.window}}])) / increase(v[{{.window}}]))"}, 0},
		"query, two kinds":  {"query_sli", `{expression: 'sum(increase(g[window])) / sum(rate(v[window]))'}`, slo.Ratio{ErrorRatio: "1 - (sum(increase(g[{{.window}}])) / sum(rate(v[{{.window}}])))"}, 0},
		"query, no counter": {"query_sli", `{expression: 'avg_over_time(up[window:1m])'}`, slo.Ratio{ErrorRatio: "1 - (avg_over_time(up[{{.window}}:1m]))"}, 0},
		"query, two cuts":   {"query_sli", `{expression: 'sum(rate(a[window])) / sum(rate(b[window])) / sum(rate(c[window]))'}`, slo.Ratio{ErrorRatio: "1 - (sum(rate(a[{{.window}}])) / sum(rate(b[{{.window}}])) / sum(rate(c[{{.window}}])))"}, 0},
		"query, no window":  {"query_sli", `{expression: 'job:availability'}`, slo.Ratio{ErrorRatio: "1 - (job:availability)"}, 1},
		"cut":               {"distribution_cut", `{expression: 'd_bucket{path="/_bucket"}', threshold_bucket: 0.25}`, ratio(`d_bucket{path="/_bucket", le="0.25"}`, `d_count{path="/_bucket"}`), 0},
		"cut, bare":         {"distribution_cut", `{expression: 'd_bucket[window]', threshold_bucket: "1"}`, ratio(`d_bucket{le="1"}`, "d_count"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			specs, problems := load(true, measure(c.method, c.indicator))
			if len(specs) != 1 || len(problems) != c.warnings {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(slo.SLI{Ratio: &c.want}, specs[0].SLI); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for labels, want := range map[string]string{
		"":                       "slo-generator:doc map[]",
		"{slo_name: a, team: x}": "slo-generator:doc map[slo_name:a team:x]",
		"{service_name: shop}":   "shop:doc map[]",
		"{service_name: s, slo_name: a, feature_name: f, id: 4}": "s:f-a map[id:4]",
		"{service: s, feature: f, slo_name: a}":                  "s:f-a map[]",
	} {
		text := strings.Replace(ready, "  name: shop-availability\n  labels: {service_name: shop, slo_name: availability, team: payments}", "  name: doc\n  labels: "+labels, 1)
		specs, problems := load(true, text)
		if len(specs) != 1 || len(problems) > 0 {
			t.Errorf("%s: %v", labels, problems)
			continue
		}
		if got := specs[0].ID() + " " + cmpLabels(specs[0].Labels); got != want {
			t.Errorf("%s: %s, not %s", labels, got, want)
		}
	}
}

// TestProblems: what is wrong is said where the document has it.
func TestProblems(t *testing.T) {
	change := func(from, to string) string { return strings.Replace(ready, from, to, 1) }
	good := "{filter_good: good_total, filter_valid: all_total}"
	for text, c := range map[string]struct{ lenient, strict, says string }{
		change("0.999", "1"):                                                                   {"error", "error", "spec.goal: an objective of 100%"},
		change("0.999", "99.9%"):                                                               {"error", "error", `spec.goal: "99.9%" is a percentage`},
		change("0.999", "'0.99'"):                                                              {"", "", "spec.goal"},
		change("  goal: 0.999\n", ""):                                                          {"error", "error", "spec.goal: is missing"},
		change("  description: shoppers can pay\n", ""):                                        {"warning", "error", "spec.description: is missing"},
		change("description:", "descripton: a\n  description:"):                                {"warning", "error", "spec.descripton: unknown field; did you mean"},
		change("  name: shop-availability\n", ""):                                              {"error", "error", "metadata.name: is missing"},
		change("slo_name: availability", "slo_name: 'a b'"):                                    {"error", "error", "metadata.labels.slo_name: "},
		change("prometheus", "datadog/eu"):                                                     {"unserved", "error", `spec.backend: the backend "datadog/eu" is not Prometheus`},
		change("prometheus", "acme.backends.Own"):                                              {"unserved", "error", `spec.backend: the backend "acme.backends.Own" is not`},
		change("prometheus", "promtheus"):                                                      {"error", "error", `spec.backend: backend "promtheus" is not known; did you mean "prometheus"?`},
		change("good_bad_ratio", "good_bad"):                                                   {"error", "error", `spec.method: method "good_bad" is not known`},
		change(good, "{filter_good: g}"):                                                       {"error", "error", "spec.service_level_indicator: has neither filter_bad nor filter_valid"},
		change(good, "{filter_valid: v}"):                                                      {"error", "error", "spec.service_level_indicator.filter_good: is missing"},
		change(good, "{filter_good: g, filter_valid: g}"):                                      {"warning", "warning", "spec.service_level_indicator.filter_good: is the same as total"},
		change(good, "{filter_good: g, filter_valid: v, filter_vaild: w}"):                     {"warning", "error", "spec.service_level_indicator.filter_vaild: unknown field; did you mean"},
		change(good, "{filter_good: g, filter_valid: v, expression: w}"):                       {"warning", "warning", "spec.service_level_indicator.expression: has no effect"},
		change("good_total", "'g{env=\"${ENV}\"}'"):                                            {"error", "error", "spec.service_level_indicator.filter_good: ${ENV} stands for"},
		change("  goal:", "  exporters: [bigquery]\n  goal:"):                                  {"warning", "warning", "spec.exporters: is where slo-generator pushes"},
		change("  goal:", "  error_budget_policy: strict\n  goal:"):                            {"warning", "error", `spec.error_budget_policy: the policy "strict" is in no document`},
		measure("query_sli", "{}"):                                                             {"error", "error", "spec.service_level_indicator.expression: is missing"},
		measure("distribution_cut", "{expression: h_bucket}"):                                  {"error", "error", "spec.service_level_indicator.threshold_bucket: is missing"},
		measure("distribution_cut", "{expression: h, threshold_bucket: 1}"):                    {"error", "error", "spec.service_level_indicator.expression: does not select the buckets"},
		measure("distribution_cut", "{expression: 'sum(h_bucket)', threshold_bucket: 1}"):      {"error", "error", "spec.service_level_indicator.expression: is not a bare selector"},
		measure("distribution_cut", "{expression: 'h_bucket{le=\"2\"}', threshold_bucket: 1}"): {"error", "error", "spec.service_level_indicator.expression: has a matcher for le"},
		"foo: bar\n": {"error", "error", "apiVersion: is missing; write apiVersion: slo-engine.dev/v1"},
	} {
		for strict, want := range map[bool]string{false: c.lenient, true: c.strict} {
			specs, problems := load(strict, text)
			got, quarantined := "", false
			for _, p := range problems {
				if strings.HasPrefix(p.Field+": "+p.Message+"; "+p.Fix, c.says) {
					got = p.Severity.String()
				}
				quarantined = quarantined || p.Severity.Quarantines()
			}
			if got != want || (len(specs) == 1) == quarantined || quarantined != (want == "error" || want == "unserved") || quarantined && len(problems) > 1 {
				t.Errorf("strict %v: %q says %q, not %q: %v\n%s", strict, c.says, got, want, problems, text)
			}
		}
	}
}

// TestUsualSteps: without a shared configuration the steps are those of
// slo-generator's examples.
func TestUsualSteps(t *testing.T) {
	specs, problems := load(true, ready)
	if len(specs) != 1 || len(problems) > 0 {
		t.Fatal(problems)
	}
	const day = 24 * time.Hour
	want := []slo.Tier{
		{Name: "1_hour", Severity: "critical", Factor: 9, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
		{Name: "12_hours", Severity: "critical", Factor: 3, Long: 12 * time.Hour, Short: time.Hour, Fixed: true},
		{Name: "7_days", Factor: 1.5, Long: 7 * day, Short: 14 * time.Hour, Fixed: true},
		{Name: "28_days", Factor: 1, Long: 28 * day, Short: 56 * time.Hour, Fixed: true},
	}
	s := specs[0]
	if diff := cmp.Diff(want, s.Alerting.Terms.Tiers); diff != "" || s.Window.Rolling != 28*day {
		t.Errorf("%s\n-want +got:\n%s", s.Window, diff)
	}
	if diff := cmp.Diff(map[string]string{"team": "payments"}, s.Labels, cmpopts.EquateEmpty()); diff != "" || s.Description != "shoppers can pay" {
		t.Error(diff)
	}
}
