package prom

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func spec(t *testing.T, service, name string) *slo.Spec {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	return &slo.Spec{
		Service: service, Name: name, Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		SLI:    slo.SLI{Ratio: &slo.Ratio{Total: "requests_total", Bad: `requests_total{code=~"5.."}`}},
		Origin: slo.Origin{File: "slos/" + service + ".yaml"},
	}
}

// alert is what the engine sends of an instance.
func alert(id, severity, name string) alerts.Alert {
	parts := strings.Split(id, ":")
	return alerts.Alert{
		Labels:      map[string]string{"alertname": name, "severity": severity, "service": parts[0], "slo": parts[1], "slo_id": id},
		Annotations: map[string]string{"tier": "page_fast", "summary": id + " burns"},
		StartsAt:    noon.Add(-time.Minute),
	}
}

// world is an engine with three SLOs: one with two groups of which one burns,
// a silent one, and one whose alert outlives its document.
func world(t *testing.T) func() []Group {
	checkout, quiet := spec(t, "shop", "checkout"), spec(t, "shop", "quiet")
	quiet.Alerting.Disabled = true
	snapshot := &engine.Snapshot{At: noon, Instances: []*engine.Instance{
		{ID: "shop:checkout:00000000000000aa", Spec: checkout}, {ID: "shop:checkout:00000000000000bb", Spec: checkout},
		{ID: "shop:quiet", Spec: quiet},
	}}
	ended := alert("shop:checkout:00000000000000bb", "critical", alerts.NameBurn)
	ended.ResolvedAt = noon
	firing := []alerts.Alert{
		ended, alert("shop:checkout:00000000000000aa", "critical", alerts.NameBurn), alert("shop:gone", "warning", alerts.NameNoData),
	}
	return Rules(func() *engine.Snapshot { return snapshot }, func() []alerts.Alert { return firing }, time.Second)
}

func TestRulesAreWhatTheEngineAlertsBy(t *testing.T) {
	type line struct{ Group, Name, Severity, Firing string }
	var got []line
	for _, g := range world(t)() {
		if len(g.Rules) == 0 {
			got = append(got, line{Group: g.Name})
		}
		for _, r := range g.Rules {
			l := line{g.Name, r.Name, r.Labels["severity"], ""}
			for _, a := range r.Alerts {
				l.Firing += a.Labels["slo_id"]
			}
			got = append(got, l)
		}
	}
	want := []line{
		{"shop:checkout", "ErrorBudgetBurn", "critical", "shop:checkout:00000000000000aa"},
		{"shop:checkout", "ErrorBudgetBurn", "warning", ""},
		{"shop:checkout", "ErrorBudgetExhausted", "warning", ""},
		{"shop:checkout", "ErrorBudgetExhausted", "info", ""},
		{"shop:checkout", "SLINoData", "warning", ""},
		{"shop:gone", "SLINoData", "warning", "shop:gone"},
		{Group: "shop:quiet"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
	if none := Rules(func() *engine.Snapshot { return nil }, nil, 0)(); none != nil {
		t.Errorf("before the first snapshot there are %v", none)
	}
}

func TestTheQueryOfARuleIsPromQL(t *testing.T) {
	base := serving(t, Options{Storage: filled(t), Rules: world(t)})
	for _, g := range world(t)() {
		for _, r := range g.Rules {
			if a := asked(t, "POST", base, "/api/v1/query", url.Values{"query": {r.Query}}); a.code != 200 {
				t.Errorf("%s: %s", r.Query, a.text)
			}
		}
	}
}

// shape is the names of the fields of an answer, all elements of a list as
// one.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		fields := map[string]any{}
		for name, field := range v {
			if name == "labels" || name == "annotations" {
				field = "labels"
			}
			fields[name] = shape(field)
		}
		return fields
	case []any:
		if len(v) == 0 {
			return "empty"
		}
		return []any{shape(v[0])}
	}
	return ""
}

// An alert that fires has the fields that Prometheus gives it.
func TestRulesAndAlertsHaveTheFieldsOfPrometheus(t *testing.T) {
	theirs := lab.StartPrometheus(t, lab.PrometheusOptions{
		Config: "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n",
		Files:  map[string]string{"rules.yml": "groups: [{name: g, rules: [{alert: A, expr: vector(1), labels: {severity: critical}, annotations: {summary: s}}]}]"},
	}).URL
	ours := serving(t, Options{Storage: filled(t), Rules: world(t)})
	lab.Eventually(t, time.Minute, func() error {
		for _, path := range []string{"/api/v1/alerts", "/api/v1/rules"} {
			query := url.Values{}
			if path == "/api/v1/rules" {
				query = url.Values{"rule_name[]": {"A", "ErrorBudgetBurn"}}
			}
			want, got := asked(t, "GET", theirs, path, query), asked(t, "GET", ours, path, query)
			if diff := cmp.Diff(shape(want.body), shape(got.body)); diff != "" {
				return errorf("%s (-Prometheus +ours):\n%s", path, diff)
			}
		}
		return nil
	})
}

// names are the names of rules that an answer has, by group.
func names(a answer) (list []string) {
	data := a.body["data"].(map[string]any)
	for _, g := range data["groups"].([]any) {
		g := g.(map[string]any)
		for _, r := range g["rules"].([]any) {
			r := r.(map[string]any)
			state := r["state"].(string)
			if r["alerts"] == nil {
				state += " without"
			}
			list = append(list, g["name"].(string)+" "+r["name"].(string)+" "+state)
		}
	}
	return list
}

func TestRulesCanBeFiltered(t *testing.T) {
	base := serving(t, Options{Storage: filled(t), Rules: world(t)})
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"rule_name[]=ErrorBudgetBurn", []string{"shop:checkout ErrorBudgetBurn firing", "shop:checkout ErrorBudgetBurn inactive"}},
		{"rule_group[]=shop:gone&type=alert", []string{"shop:gone SLINoData firing"}},
		{"type=record", nil},
		{"file[]=slos/shop.yaml&rule_name[]=SLINoData", []string{"shop:checkout SLINoData inactive"}},
		{`match[]={severity="critical"}`, []string{"shop:checkout ErrorBudgetBurn firing"}},
		{`match[]={severity="critical"}&exclude_alerts=true`, []string{"shop:checkout ErrorBudgetBurn firing without"}},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, names(asked(t, "GET", base, "/api/v1/rules", values))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
}

func TestRulesCanBeReadPageByPage(t *testing.T) {
	base := serving(t, Options{Storage: filled(t), Rules: world(t)})
	var read []string
	for next, pages := "", 0; pages < 5; pages++ {
		values := url.Values{"group_limit": {"1"}}
		if next != "" {
			values.Set("group_next_token", next)
		}
		a := asked(t, "GET", base, "/api/v1/rules", values)
		read = append(read, names(a)...)
		if next, _ = a.body["data"].(map[string]any)["groupNextToken"].(string); next == "" {
			break
		}
	}
	if whole := names(asked(t, "GET", base, "/api/v1/rules", nil)); !slices.Equal(whole, read) || len(whole) != 6 {
		t.Errorf("page by page %v, at once %v", read, whole)
	}
}
