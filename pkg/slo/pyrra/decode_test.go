package pyrra_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// head begins a document whose spec goes on.
const head = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: shop}
spec:
  target: "99.9"
  window: 4w
`

func load(strict bool, text string) ([]*slo.Spec, []slo.Problem) {
	return slo.Loader{Formats: pyrra.Formats(pyrra.Options{Strict: strict}), Strict: strict}.Load(slo.File{Name: "a.yaml", Data: []byte(text)})
}

// fields compares Specs without where they stand.
var fields = []cmp.Option{
	cmp.AllowUnexported(slo.Objective{}), cmpopts.IgnoreFields(slo.Spec{}, "Origin", "Fields", "Format"), cmpopts.EquateEmpty(),
}

func objective(t *testing.T, text string) slo.Objective {
	t.Helper()
	o, err := slo.ParseObjective(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestIndicators(t *testing.T) {
	one := 1.0
	for name, c := range map[string]struct {
		indicator string
		sli       slo.SLI
		groupBy   []string
	}{
		"ratio": {
			`ratio: {errors: {metric: 'r_total{code=~"5.."}'}, total: {metric: r_total}, grouping: [route]}`,
			slo.SLI{Ratio: &slo.Ratio{Bad: `r_total{code=~"5.."}`, Total: "r_total"}}, []string{"route"},
		},
		"latency": {
			`latency: {success: {metric: 'd_seconds_bucket{le="1"}'}, total: {metric: d_seconds_count}}`,
			slo.SLI{Ratio: &slo.Ratio{Good: `d_seconds_bucket{le="1"}`, Total: "d_seconds_count"}}, nil,
		},
		"latencyNative": {
			`latencyNative: {total: {metric: d_seconds}, latency: 1s500ms, grouping: [a, b]}`,
			slo.SLI{Latency: &slo.Latency{Histogram: "d_seconds", Below: 1500 * time.Millisecond, Unit: time.Second}}, []string{"a", "b"},
		},
		"bool_gauge": {
			`bool_gauge: {metric: up, grouping: [instance]}`,
			slo.SLI{Threshold: &slo.Threshold{Metric: "up", Above: &one, PerSample: true}}, []string{"instance"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			specs, problems := load(true, head+"  indicator:\n    "+c.indicator+"\n")
			want := []*slo.Spec{{
				Service: "pyrra", Name: "shop", Objective: objective(t, "99.9%"), Window: slo.Window{Rolling: 28 * 24 * time.Hour},
				SLI: c.sli, GroupBy: c.groupBy, MaxGroups: slo.DefaultMaxGroups,
			}}
			if diff := cmp.Diff(want, specs, fields...); diff != "" || len(problems) > 0 {
				t.Errorf("%v\n-want +got:\n%s", problems, diff)
			}
		})
	}
}

const ready = "  indicator: {ratio: {errors: {metric: bad}, total: {metric: all}}}\n"

func TestAlertingAndNames(t *testing.T) {
	text := strings.Replace(head, "{name: shop}", `
  name: shop
  namespace: prod
  uid: 4711
  labels: {pyrra.dev/team: a, role: b, app.kubernetes.io/name: web}
  annotations: {pyrra.dev/runbook_url: "http://r", c: d}`, 1) + ready + `  description: it works
  alerting:
    burnrates: false
    absent: false
    name: Burns
    absentName: Gone
    severities: {absent: none, fastBurn: page, mediumBurn: mail, slowBurn: chat, longTermBurn: log}
status: {type: PrometheusRule}
`
	specs, problems := load(true, text)
	if len(specs) != 1 || len(problems) > 0 {
		t.Fatal(problems)
	}
	want := slo.Alerting{
		Disabled: true, NoAbsent: true, Name: "Burns", AbsentName: "Gone", Annotations: map[string]string{"runbook_url": "http://r"},
		Severities: map[string]string{"absent": "none", "page_fast": "page", "page_slow": "mail", "ticket_fast": "chat", "ticket_slow": "log"},
	}
	s := specs[0]
	if diff := cmp.Diff(want, s.Alerting); diff != "" || s.Service != "web" || s.Description != "it works" || !cmp.Equal(s.Labels, map[string]string{"team": "a"}) {
		t.Errorf("%+v\n-want +got:\n%s", s, diff)
	}
}

func TestService(t *testing.T) {
	for metadata, want := range map[string]string{
		`{name: x}`:                  "pyrra",
		`{name: x, namespace: prod}`: "prod",
		`{name: x, namespace: prod, labels: {app.kubernetes.io/name: web}}`:                           "web",
		`{name: x, namespace: prod, labels: {app.kubernetes.io/name: web, pyrra.dev/service: store}}`: "store",
	} {
		specs, problems := load(false, strings.Replace(head, "{name: shop}", metadata, 1)+ready)
		if len(specs) != 1 || specs[0].Service != want {
			t.Errorf("%s: %v, %v; want %s", metadata, specs, problems, want)
		}
	}
}

// TestProblems: what is wrong is said where the document has it. The problem is
// an error in both modes, a warning in both, or (strict) what the mode says.
func TestProblems(t *testing.T) {
	change := func(from, to string) string { return strings.Replace(head+ready, from, to, 1) }
	with := func(further string) string { return head + ready + further }
	indicator := func(text string) string { return head + "  indicator: {" + text + "}\n" }
	for text, c := range map[string]struct{ lenient, strict, says string }{
		change(`"99.9"`, `"100"`):              {"error", "error", "spec.target: an objective of 100%"},
		change(`"99.9"`, `"0"`):                {"error", "error", "spec.target: an objective of 0"},
		change(`"99.9"`, `99%`):                {"error", "error", "spec.target: "},
		change(`"99.9"`, `99.9`):               {"warning", "error", `spec.target: is a number, and Pyrra wants a string; write "99.9"`},
		change(`"99.9"`, `"0.999"`):            {"warning", "warning", "spec.target: is a percentage: 0.999 promises 0.999%"},
		change("4w", "0s"):                     {"error", "error", "spec.window: "},
		change("4w", "4 weeks"):                {"error", "error", "spec.window: "},
		change("4w", "52w"):                    {"warning: not measured here", "error", "spec.window: 364d is longer"},
		change("{name: shop}", "{name: Shop}"): {"", "error", "metadata.name: "},
		change("{name: shop}", "{name: shop, labels: {pyrra.dev/__x: y}}"): {"error", "error", `metadata.labels["pyrra.dev/__x"]: `},
		with("  windows: 4w\n"):                                                                     {"warning", "error", "spec.windows: unknown field; did you mean"},
		with("  performanceOverAccuracy: true\n"):                                                   {"warning", "warning", "spec.performanceOverAccuracy: shapes the rules"},
		with("  ruleOutput: {longRulesLabels: {a: b}}\n"):                                           {"warning", "warning", "spec.ruleOutput: shapes the rules"},
		with("  partial_response_strategy: warn\n"):                                                 {"warning", "warning", "spec.partial_response_strategy: shapes the rules"},
		with("  partial_response_strategy: maybe\n"):                                                {"warning", "error", "spec.partial_response_strategy: is neither"},
		with("  alerting: {disabled: true}\n"):                                                      {"warning", "warning", "spec.alerting.disabled: is deprecated"},
		head:                                                                                        {"error", "error", "spec.indicator: is missing"},
		head + "  indicator: {}\n":                                                                  {"error", "error", "spec.indicator: says nothing to measure"},
		indicator("ratio: {errors: {metric: bad}}"):                                                 {"error", "error", "spec.indicator.ratio.total: is missing"},
		indicator("ratio: {errors: {metric: all}, total: {metric: all}}"):                           {"error", "error", "spec.indicator.ratio.errors.metric: is the same as total"},
		indicator("ratio: {errors: {metric: bad}, total: {metric: ''}}"):                            {"error", "error", "spec.indicator.ratio.total.metric: is missing"},
		indicator("ratio: {errors: {metric: 'sum(bad)'}, total: {metric: all}}"):                    {"warning", "error", "spec.indicator.ratio.errors.metric: is not a bare selector"},
		indicator(`ratio: {errors: {metric: '{__name__="b"}'}, total: {metric: all}}`):              {"warning", "error", "spec.indicator.ratio.errors.metric: has no metric name"},
		indicator("ratio: {errors: {metric: bad}, total: {metric: all}}, bool_gauge: {metric: up}"): {"warning", "warning", "spec.indicator: has ratio and bool_gauge; only ratio is read"},
		indicator(`ratio: {errors: {metric: bad}, total: {metric: all}}, latency: {success: {metric: 'h_bucket{le="1"}'}, total: {metric: h_count}}`): {
			"error", "error", "spec.indicator: has ratio and latency; keep one",
		},
		indicator("latency: {success: {metric: h_bucket}, total: {metric: h_count}}"):              {"error", "error", "spec.indicator.latency.success.metric: has no le matcher"},
		indicator(`latency: {success: {metric: 'h_bucket{le=~"1|2"}'}, total: {metric: h_count}}`): {"warning", "error", `spec.indicator.latency.success.metric: le is "1|2"`},
		indicator(`latency: {success: {metric: 'h_bucket{le="1"}'}, total: {metric: h}}`):          {"warning", "warning", "spec.indicator.latency.total.metric: is not the count"},
		indicator(`latency: {success: {metric: 'h{le="1"}'}, total: {metric: h_count}}`):           {"warning", "warning", "spec.indicator.latency.success.metric: is not the bucket"},
		indicator("latencyNative: {total: {metric: h}, latency: fast}"):                            {"error", "error", "spec.indicator.latencyNative.latency: "},
		indicator("latencyNative: {total: {metric: h}, latency: 1s, grouping: [a, a]}"):            {"error", "error", "spec.indicator.latencyNative.grouping[1]: label \"a\" is there twice"},
		indicator("bool_gauge: {metrics: up}"):                                                     {"error", "error", "spec.indicator.bool_gauge.metric: is missing"},
	} {
		for strict, want := range map[bool]string{false: c.lenient, true: c.strict} {
			specs, problems := load(strict, text)
			got := ""
			for _, p := range problems {
				said, at := p.Severity.String(), p.String()
				if p.Severity == slo.Unserved {
					said = "warning: not measured here"
				}
				if _, at, _ = strings.Cut(at, said+": "); strings.HasPrefix(at, c.says) {
					got = said
				}
			}
			if got != want || (len(specs) == 1) != (want != "error" && want != "warning: not measured here") {
				t.Errorf("strict %v: %q says %q, not %q: %v\n%s", strict, c.says, got, want, problems, text)
			}
		}
	}
}

func TestLists(t *testing.T) {
	item := "- " + strings.ReplaceAll(strings.TrimSuffix(head+ready, "\n"), "\n", "\n  ") + "\n"
	other := "- {apiVersion: v1, kind: ConfigMap, data: {a: b}}\n"
	for _, format := range []string{"apiVersion: v1\nkind: List\n", "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjectiveList\n"} {
		specs, problems := load(true, format+"metadata: {resourceVersion: ''}\nitems:\n"+item+other+strings.Replace(item, "shop", "web", 1))
		if len(specs) != 2 || specs[0].Name != "shop" || specs[1].Name != "web" || len(problems) != 1 || problems[0].Field != "items[1]" || problems[0].Severity != slo.Warning {
			t.Errorf("%v, %v", specs, problems)
		}
		_, problems = load(false, format+"items:\n"+item+strings.Replace(strings.Replace(item, "shop", "web", 1), `"99.9"`, `"100"`, 1))
		if len(problems) != 1 || problems[0].Field != "items[1].spec.target" || problems[0].SLO != "pyrra:web" {
			t.Errorf("%+v", problems)
		}
	}
}
