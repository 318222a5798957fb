package sloth

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestEncodeAgain: what Encode writes says the same, strictly too, and is
// written the same again.
func TestEncodeAgain(t *testing.T) {
	specs, _ := load(Options{Strict: true}, good)
	specs[0].Alerting.Labels = map[string]string{"route": "0123", "on": "no", "long": strings.Repeat("many words ", 20)}
	specs[1].SLI.Ratio.ErrorRatio = "1 -\n  a{b=\"c: d\"}[{{.window}}]\n"
	text, problems := Encode(specs)
	if len(problems) > 0 {
		t.Error(problems)
	}
	again, problems := load(Options{Strict: true}, string(text))
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%v\n%s", p, text)
		}
	}
	if diff := cmp.Diff(alike(specs), alike(again), exactly); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	if repeated, _ := Encode(again); string(repeated) != string(text) {
		t.Errorf("%s\nbecomes\n%s", text, repeated)
	}
}

// spec is one that Sloth can say.
func spec(t *testing.T, change func(*slo.Spec)) *slo.Spec {
	s := &slo.Spec{
		Service: "shop", Name: "pay", Objective: objective(t, "99.95%"), Window: slo.Window{Rolling: DefaultPeriod}, MaxGroups: slo.DefaultMaxGroups,
		SLI: slo.SLI{Ratio: &slo.Ratio{Total: "sum(rate(all[{{.window}}]))", Bad: "sum(rate(bad[{{.window}}]))"}},
	}
	change(s)
	return s
}

func TestEncode(t *testing.T) {
	text, problems := Encode([]*slo.Spec{
		spec(t, func(s *slo.Spec) {}),
		spec(t, func(s *slo.Spec) { s.Service, s.Alerting.Disabled = "cart", true }),
		spec(t, func(s *slo.Spec) {
			s.Name, s.SLI.Ratio = "good", &slo.Ratio{Total: "a[{{.window}}]", Good: "b[{{.window}}]"}
			s.Alerting.Warning.Labels = map[string]string{"none": ""}
		}),
	})
	const want = `version: prometheus/v1
service: shop
slos:
  - name: pay
    objective: 99.95
    sli:
      events:
        error_query: sum(rate(bad[{{.window}}]))
        total_query: sum(rate(all[{{.window}}]))
    alerting:
      name: ErrorBudgetBurn
  - name: good
    objective: 99.95
    sli:
      events:
        error_query: (a[{{.window}}]) - (b[{{.window}}])
        total_query: a[{{.window}}]
    alerting:
      name: ErrorBudgetBurn
---
version: prometheus/v1
service: cart
slos:
  - name: pay
    objective: 99.95
    sli:
      events:
        error_query: sum(rate(bad[{{.window}}]))
        total_query: sum(rate(all[{{.window}}]))
    alerting:
      page_alert:
        disable: true
      ticket_alert:
        disable: true
`
	if diff := cmp.Diff(want, string(text)); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
}

func asked(r slo.Ratio) slo.SLI {
	return slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: r, Step: time.Minute}}
}

func TestEncodeQueries(t *testing.T) {
	text, problems := Encode([]*slo.Spec{
		spec(t, func(s *slo.Spec) { s.SLI = asked(slo.Ratio{Total: "a[{{.window}}]", Bad: "b[{{.window}}]"}) }),
		spec(t, func(s *slo.Spec) { s.Name, s.SLI = "raw", asked(slo.Ratio{ErrorRatio: "c[{{.window}}]"}) }),
	})
	for _, want := range []string{"error_query: b[{{.window}}]\n        total_query: a[{{.window}}]", "error_ratio_query: c[{{.window}}]"} {
		if !strings.Contains(string(text), want) || len(problems) > 0 {
			t.Errorf("no %q in, and problems %v:\n%s", want, problems, text)
		}
	}
}

func TestEncodeSaysWhatIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*slo.Spec)
		want   string // severity, field and the begin of the message
	}{
		"window":    {func(s *slo.Spec) { s.Window.Rolling = 7 * 24 * time.Hour }, "warning spec.window: Sloth has one window for all SLOs"},
		"calendar":  {func(s *slo.Spec) { s.Window = slo.Window{Period: slo.Month} }, "warning spec.window: Sloth has rolling windows only: the calendar month is lost; run it with --default-slo-period=30d"},
		"groups":    {func(s *slo.Spec) { s.GroupBy = []string{"route"} }, "warning spec.groupBy: Sloth does not know instances"},
		"severity":  {func(s *slo.Spec) { s.Alerting.Severities = map[string]string{"page_slow": "warning"} }, "warning spec.alerting.severities"},
		"absent":    {func(s *slo.Spec) { s.Alerting.AbsentName = "Gone" }, "warning spec.alerting.absent"},
		"slices":    {func(s *slo.Spec) { s.Budgeting.Method = slo.RatioTimeslices }, "error spec.budgeting: Sloth counts occurrences, not ratio timeslices"},
		"latency":   {func(s *slo.Spec) { s.SLI = slo.SLI{Latency: &slo.Latency{}} }, "error spec.sli: Sloth has queries only"},
		"spans":     {func(s *slo.Spec) { s.SLI = slo.SLI{Spans: &slo.Spans{Service: "a"}} }, "error spec.sli: Sloth has queries only"},
		"LogQL":     {func(s *slo.Spec) { s.SLI = slo.SLI{Query: &slo.Query{Language: slo.LogQL}} }, "error spec.sli: Sloth has queries only"},
		"asked":     {func(s *slo.Spec) { s.SLI = asked(slo.Ratio{ErrorRatio: "a[5m]"}) }, "error spec.sli.promql.errorRatio: does not contain {{.window}}"},
		"selector":  {func(s *slo.Spec) { s.SLI.Ratio.Bad = "bad_total" }, "error spec.sli.ratio.bad: does not contain {{.window}}"},
		"template":  {func(s *slo.Spec) { s.SLI.Ratio.Bad = "{{.window}}{{" }, "error spec.sli.ratio.bad: is not a template"},
		"name":      {func(s *slo.Spec) { s.Name = "p" }, `error metadata.name: "p" is not a name that Sloth takes`},
		"elsewhere": {func(s *slo.Spec) { s.Name, s.Fields = "p", map[string]string{"metadata.name": "slos[3].name"} }, `error slos[3].name: "p" is not a name`},
	} {
		text, problems := Encode([]*slo.Spec{spec(t, test.change)})
		if len(problems) != 1 || !strings.Contains(lines(problems)[0], test.want) {
			t.Errorf("%s: %v, want %q", name, lines(problems), test.want)
		}
		if left := strings.HasPrefix(test.want, "error"); left != (len(text) == 0) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
