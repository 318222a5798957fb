package api

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func gatherer(instances ...*engine.Instance) sloGatherer {
	return sloGatherer{at(&engine.Snapshot{At: noon, Instances: instances}), defaultTiers, DefaultMaxExportedInstances}
}

// series are the lines of one metric, without its help.
func series(t *testing.T, g prometheus.Gatherer, metric string) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range families {
		if f.GetName() == metric {
			f.Help = nil
			if _, err := expfmt.MetricFamilyToText(&out, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, lines, _ := strings.Cut(out.String(), "\n")
	return lines
}

func TestSLOMetrics(t *testing.T) {
	group := `period="30d",route="/pay",service="checkout",slo="checkout-latency",slo_id="checkout:checkout-latency:9f86d081884c7d65"`
	plain := `{period="month (Europe/Berlin)",service="search",slo="search-queue",slo_id="search:search-queue"}`
	g := gatherer(burning(), cold())
	for metric, want := range map[string]string{
		"slo_objective_ratio":                 "slo_objective_ratio{" + group + `,team="payments"} 0.999` + "\nslo_objective_ratio" + plain + " 0.999\n",
		"slo_coverage_ratio":                  "slo_coverage_ratio{" + group + `,team="payments"} 1` + "\nslo_coverage_ratio" + plain + " 0\n",
		"slo_error_budget_remaining_ratio":    "slo_error_budget_remaining_ratio{" + group + `,team="payments"} 0.25` + "\n",
		"slo_error_budget_exhaustion_seconds": "slo_error_budget_exhaustion_seconds{" + group + `,team="payments",window="6h"} 5400` + "\n",
		"slo_events_total": "slo_events_total{" + strings.Replace(group, "route=", `result="good",route=`, 1) + `,team="payments"} 1080` + "\n" +
			"slo_events_total{" + strings.Replace(group, "route=", `result="bad",route=`, 1) + `,team="payments"} 120` + "\n",
		// 5m has no events: no series.
		"slo_burn_rate": "slo_burn_rate{" + group + `,team="payments",window="1h"} 0` + "\n" +
			"slo_burn_rate{" + group + `,team="payments",window="6h"} 0.5` + "\n" +
			"slo_burn_rate{" + group + `,team="payments",window="1d"} 60` + "\n",
	} {
		if diff := cmp.Diff(want, series(t, g, metric)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
}

func TestAlertState(t *testing.T) {
	in := burning()
	in.Alerts = append(in.Alerts, engine.AlertStatus{Tier: "own_tier"}, engine.AlertStatus{Tier: "own_tier"})
	states := map[string]float64{}
	families, _ := gatherer(in).Gather()
	for _, m := range families[0].Metric {
		l := labelMap(m)
		if _, twice := states[l["tier"]]; twice || l["state"] != "firing" {
			t.Errorf("unexpected series %v", l)
		}
		states[l["tier"]] = m.GetGauge().GetValue()
	}
	want := map[string]float64{
		"heal": 0, "page_fast": 1, "page_slow": 0, "ticket_fast": 0, "ticket_slow": 0, "budget": 0, "no_data": 0, "own_tier": 1,
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("tiers (-want +got):\n%s", diff)
	}
	in.Spec.Alerting.Disabled, in.Alerts = true, nil
	if got := series(t, gatherer(in), "slo_alert_state"); got != "" {
		t.Errorf("disabled alerting has series: %s", got)
	}
}

func labelMap(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.Label {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// evil carries every label that ever broke a page.
func evil() *engine.Instance {
	s := spec("checkout", "evil", map[string]string{
		"service": "own", "route": "of the SLO", "emoji☃": "☃", "team": `"},{x="`,
	})
	in := healthy(s)
	in.ID = "checkout:evil:0000000000000000"
	in.Group = map[string]string{
		"route": "<script>alert(1)</script>\n# TYPE x counter\\", "service": "group's", "group_service": "another",
		"http.route": "/a", "http_route": "/b", "http~route": "/c", "__name__": "x", "": "no name", "bad\xff": "bad\xfe", "le": "0.5",
	}
	return in
}

func TestHostileLabels(t *testing.T) {
	labels := labelMap(firstMetric(t, gatherer(evil())))
	want := map[string]string{
		"service": "checkout", "slo": "evil", "slo_id": "checkout:evil:0000000000000000", "period": "30d",
		"route": "<script>alert(1)</script>\n# TYPE x counter\\", "label_route": "of the SLO",
		"group_service": "another", "group_group_service": "group's", "label_service": "own",
		"http.route": "/a", "group_http_route": "/b", "group_group_http~route": "/c", "group___name__": "x", "group_": "no name",
		"bad\uFFFD": "bad\uFFFD", "group_le": "0.5", "emoji☃": "☃", "team": `"},{x="`,
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func firstMetric(t *testing.T, g prometheus.Gatherer) *dto.Metric {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "slo_objective_ratio" {
			return f.Metric[0]
		}
	}
	t.Fatal("no slo_objective_ratio")
	return nil
}

// Whatever a scraper speaks, the page must be one it can read: no label name
// twice, no broken line.
func TestMetricsPageParses(t *testing.T) {
	o := Options{Snapshot: at(&engine.Snapshot{At: noon, Instances: []*engine.Instance{burning(), evil(), cold()}})}
	for _, c := range []struct {
		accept string
		scheme model.ValidationScheme
	}{
		{"", model.LegacyValidation},
		{"text/plain;version=0.0.4", model.LegacyValidation},
		{"text/plain;version=1.0.0;escaping=allow-utf-8", model.UTF8Validation},
		{"text/plain;version=1.0.0;escaping=underscores", model.LegacyValidation},
	} {
		body := text(t, ask(t, o, "GET", "/metrics/slo", "", "Accept: "+c.accept))
		parser := expfmt.NewTextParser(c.scheme)
		families, err := parser.TextToMetricFamilies(strings.NewReader(body))
		if err != nil {
			t.Errorf("Accept %q: %v\n%s", c.accept, err, body)
			continue
		}
		if got := len(families["slo_objective_ratio"].GetMetric()); got != 3 {
			t.Errorf("Accept %q: %d objectives, want 3", c.accept, got)
		}
		for name, f := range families {
			for _, m := range f.Metric {
				if len(labelMap(m)) != len(m.Label) {
					t.Errorf("Accept %q: %s has a label twice: %v", c.accept, name, m.Label)
				}
			}
		}
	}
	openMetrics := text(t, ask(t, o, "GET", "/metrics/slo", "", "Accept: application/openmetrics-text;version=1.0.0"))
	if !strings.HasSuffix(openMetrics, "# EOF\n") || !strings.Contains(openMetrics, "# TYPE slo_events counter") {
		t.Errorf("not OpenMetrics: %s", openMetrics)
	}
}

func TestMetricsLint(t *testing.T) {
	problems, err := testutil.GatherAndLint(gatherer(burning(), evil(), cold()))
	if err != nil || len(problems) > 0 {
		t.Errorf("lint of /metrics/slo: %v %v", problems, err)
	}
	reg := prometheus.NewPedanticRegistry()
	h := New(Options{Snapshot: at(shop()), Registerer: reg})
	exchange(h, "GET", "/", "")
	problems, err = testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint of own metrics: %v %v", problems, err)
	}
}

// Numbers that say nothing have no series, and sources that disagree make no
// counter that a client would refuse.
func TestOddNumbers(t *testing.T) {
	in := healthy(spec("a", "b", nil))
	in.Remaining, in.Windows = ptr(math.NaN()), []engine.Reading{{Window: time.Hour, Burn: ptr(math.Inf(1))}}
	in.Since = budget.Counts{Bad: 3, Total: 2}
	in.Period.Counts = budget.Counts{Bad: math.Inf(1), Total: math.Inf(1)}
	g := gatherer(in)
	if got := series(t, g, "slo_error_budget_remaining_ratio") + series(t, g, "slo_burn_rate"); got != "" {
		t.Errorf("series of what is not known: %s", got)
	}
	if got := series(t, g, "slo_events_total"); !strings.Contains(got, `result="good",service="a",slo="b",slo_id="a:b"} 0`) {
		t.Errorf("events: %s", got)
	}
	r := ask(t, Options{Snapshot: g.snapshot}, "GET", "/api/v1/slos", "")
	if body := text(t, r); !strings.Contains(body, `"good_events":null,"total_events":null`) || !strings.HasSuffix(body, "]}\n") {
		t.Errorf("list with odd numbers: %s", body)
	}
}

func TestHealthMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	faulty := healthy(spec("torn", "compiled", nil))
	faulty.State, faulty.Spec.Origin = engine.StateError, slo.Origin{File: "slos/torn.yaml", Document: 1}
	s := shop()
	s.Instances = append(s.Instances, faulty)
	New(Options{Snapshot: at(s), Registerer: reg, MaxExportedInstances: 3})
	want := `
# HELP slo_engine_documents_quarantined Documents that are not used: faulty, or not measured here.
# TYPE slo_engine_documents_quarantined gauge
slo_engine_documents_quarantined 2
# HELP slo_engine_instances_not_exported SLO instances beyond the limit of /metrics/slo.
# TYPE slo_engine_instances_not_exported gauge
slo_engine_instances_not_exported 1
# HELP slo_engine_slo_instances SLO instances by state; error counts documents that are not used.
# TYPE slo_engine_slo_instances gauge
slo_engine_slo_instances{state="burning"} 1
slo_engine_slo_instances{state="error"} 2
slo_engine_slo_instances{state="exhausted"} 0
slo_engine_slo_instances{state="idle"} 0
slo_engine_slo_instances{state="no_data"} 0
slo_engine_slo_instances{state="ok"} 1
slo_engine_slo_instances{state="unknown"} 1
`
	err := testutil.GatherAndCompare(reg, strings.NewReader(want),
		"slo_engine_documents_quarantined", "slo_engine_instances_not_exported", "slo_engine_slo_instances")
	if err != nil {
		t.Error(err)
	}
}

func TestExportLimit(t *testing.T) {
	g := gatherer(healthy(spec("a", "a", nil)), healthy(spec("b", "b", nil)), healthy(spec("c", "c", nil)))
	g.max = 2
	if got := strings.Count(series(t, g, "slo_objective_ratio"), "\n"); got != 2 {
		t.Errorf("%d instances exported, want 2", got)
	}
}
