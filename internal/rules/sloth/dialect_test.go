package sloth

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden keeps whole files to read. That they are Sloth's is what
// test/dialects finds out.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/pay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	specs, _ := slo.Loader{Formats: sloth.Formats(sloth.Options{})}.Load(slo.File{Name: "pay.yaml", Data: text})
	for golden, o := range map[string]Options{
		"testdata/pay.rules.yml":      {Version: "v0.0.0-test"},
		"testdata/pay.compatible.yml": {Version: "v0.0.0-test", Compatible: true},
	} {
		groups, problems := Dialect(o)(specs)
		if len(problems) > 0 {
			t.Error(problems)
		}
		var b strings.Builder
		if err := rules.Write(&b, Header(o.Version), groups); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", golden, diff)
		}
	}
}

const day = 24 * time.Hour

// spec is a native one, whose SLI is plain selectors.
func spec(t testing.TB, change func(*slo.Spec)) *slo.Spec {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	s := &slo.Spec{
		Service: "shop", Name: "pay", Objective: objective, Window: slo.Window{Rolling: 30 * day}, MaxGroups: slo.DefaultMaxGroups,
		SLI:    slo.SLI{Ratio: &slo.Ratio{Total: "all_total", Bad: "bad_total"}},
		Format: slo.Format{APIVersion: slo.APIVersion, Kind: slo.KindSLO},
	}
	change(s)
	return s
}

// exprs are the expressions of a dialect's rules by their series, alerts by
// their names and severities.
func exprs(t *testing.T, o Options, s *slo.Spec) map[string]string {
	t.Helper()
	groups, problems := Dialect(o)([]*slo.Spec{s})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Fatal(p)
		}
	}
	out := map[string]string{}
	for _, g := range groups {
		for _, r := range g.Rules {
			name := r.Record + r.Alert
			if r.Alert != "" {
				name += " " + r.Labels["sloth_severity"]
			}
			if _, twice := out[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			out[name] = r.Expr
		}
	}
	return out
}

func TestNative(t *testing.T) {
	got := exprs(t, Options{}, spec(t, func(s *slo.Spec) { s.GroupBy = []string{"route"} }))
	const want = "(sum by (route) (rate(bad_total[30d])))\n/\n(sum by (route) (rate(all_total[30d])))\n"
	if diff := cmp.Diff(want, got["slo:sli_error:ratio_rate30d"]); diff != "" {
		t.Error(diff)
	}
	if len(got) != 17 || got["ErrorBudgetBurn page"] == "" || got["ErrorBudgetBurn ticket"] == "" {
		t.Errorf("%d rules: %v", len(got), got)
	}
	got = exprs(t, Options{}, spec(t, func(s *slo.Spec) {
		s.SLI = slo.SLI{Latency: &slo.Latency{Histogram: "d", Below: time.Second, Unit: time.Second}}
	}))
	if expr := got["slo:sli_error:ratio_rate5m"]; !strings.Contains(expr, "d_bucket") || !strings.Contains(expr, "[5m]") {
		t.Error(expr)
	}
}

// TestTiers: periods that Sloth does not know have the engine's tiers.
func TestTiers(t *testing.T) {
	for period, want := range map[time.Duration][]string{
		90 * day: {"ratio_rate5m{", "ratio_rate3d{", "(43.2 * ", "(18 * ", "(9 * ", "(3 * "},
		7 * day:  {"ratio_rate1m10s{", "ratio_rate14m{", "ratio_rate16h48m{", "(14.399999999999999 * ", "(6.000000000000001 * ", "(3.0000000000000004 * ", "(1 * "},
		day:      {"ratio_rate10s{", "ratio_rate2m{", "ratio_rate2h24m{"},
	} {
		got := exprs(t, Options{}, spec(t, func(s *slo.Spec) { s.Window.Rolling = period }))
		for _, part := range want {
			if !strings.Contains(got["ErrorBudgetBurn page"]+got["ErrorBudgetBurn ticket"], part) {
				t.Errorf("%v: no %q in\n%s\n%s", period, part, got["ErrorBudgetBurn page"], got["ErrorBudgetBurn ticket"])
			}
		}
	}
}

func tier(name, severity string, factor float64, long, short time.Duration) slo.Tier {
	return slo.Tier{Name: name, Severity: severity, Factor: factor, Long: long, Short: short, Fixed: true}
}

// TestOwnTiers: up to two tiers of a severity can be said; what cannot is named.
func TestOwnTiers(t *testing.T) {
	minutes := func(n time.Duration) time.Duration { return n * time.Minute }
	for name, test := range map[string]struct {
		tiers        []slo.Tier
		page, ticket []string // in their expressions
		warns        string
	}{
		"two and one": {[]slo.Tier{tier("a", "critical", 12, minutes(30), minutes(2)), tier("b", "critical", 5, minutes(90), minutes(8)), tier("c", "warning", 2, minutes(600), minutes(50)), tier("d", "", 2, minutes(10), minutes(5))},
			[]string{"ratio_rate2m{", "ratio_rate30m{", "(12 * ", "ratio_rate1h30m{", "(4.99999"}, []string{"ratio_rate10h{", "(2 * "}, ""},
		"page alone": {[]slo.Tier{tier("a", "critical", 12, minutes(30), minutes(2))}, []string{"(12 * "}, nil, ""},
		"three and info": {[]slo.Tier{tier("a", "warning", 12, minutes(30), minutes(2)), tier("b", "warning", 5, minutes(90), minutes(8)), tier("c", "warning", 2, minutes(600), minutes(50)), tier("d", "info", 2, minutes(10), minutes(5))},
			nil, []string{"(12 * ", "(4.99999"}, "not written are [c d]"},
	} {
		s := spec(t, func(s *slo.Spec) { s.Window.Rolling, s.Alerting.Terms.Tiers = 60*day, test.tiers })
		_, problems := Dialect(Options{})([]*slo.Spec{s})
		if test.warns == "" && len(problems) > 0 || test.warns != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, test.warns)) {
			t.Errorf("%s: %v", name, problems)
		}
		got := exprs(t, Options{}, s)
		for alert, parts := range map[string][]string{"ErrorBudgetBurn page": test.page, "ErrorBudgetBurn ticket": test.ticket} {
			if (got[alert] == "") != (parts == nil) {
				t.Errorf("%s: %s is %q", name, alert, got[alert])
			}
			for _, part := range parts {
				if !strings.Contains(got[alert], part) {
					t.Errorf("%s: no %q in %s", name, part, got[alert])
				}
			}
		}
		if strings.Contains(got["ErrorBudgetBurn ticket"], "14.4") || got["slo:sli_error:ratio_rate3d"] != "" {
			t.Errorf("%s: the usual tiers are there too", name)
		}
	}
}

// TestWindowsThatWereRead: what an AlertWindows says is written to the last digit.
func TestWindowsThatWereRead(t *testing.T) {
	windows := sloth.DefaultCatalog()[30*day]
	windows.PageQuick.BudgetPercent = 7 // 0.07*100 is another number
	tiers, _ := windows.Tiers()
	plain := func(s *slo.Spec) {}
	read := func(s *slo.Spec) { s.Alerting.Terms.Tiers = tiers }
	o := Options{Windows: sloth.Catalog{30 * day: windows}}
	if diff := cmp.Diff(exprs(t, o, spec(t, plain)), exprs(t, o, spec(t, read))); diff != "" {
		t.Error(diff)
	}
}

// TestPeriodIsAlsoAnAlertWindow: a series is recorded once, unless Sloth does it
// twice.
func TestPeriodIsAlsoAnAlertWindow(t *testing.T) {
	windows := sloth.DefaultCatalog()[30*day]
	windows.Period, windows.TicketSlow.Long = 7*day, 7*day
	s := spec(t, func(s *slo.Spec) { s.Window.Rolling = 7 * day })
	if got := exprs(t, Options{Windows: sloth.Catalog{7 * day: windows}}, s); got["slo:sli_error:ratio_rate1w"] == "" {
		t.Error(got)
	}
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*slo.Spec)
		want   string // severity, field and the begin of the message
	}{
		"period":     {func(s *slo.Spec) { s.Window.Rolling = 90 * day }, "warning: spec.window: Sloth itself has no alert windows for 90d"},
		"calendar":   {func(s *slo.Spec) { s.Window = slo.Window{Period: slo.Month} }, "warning: spec.window: Prometheus's rules have no calendar: the month is written as the last 30d"},
		"slices":     {func(s *slo.Spec) { s.Budgeting = slo.Budgeting{Method: slo.Timeslices} }, "error: spec.budgeting: Sloth's rules count occurrences, not timeslices"},
		"group":      {func(s *slo.Spec) { s.GroupBy = []string{"sloth_id"} }, `error: spec.groupBy: the label "sloth_id" is one that Sloth's rules set`},
		"groups":     {func(s *slo.Spec) { s.GroupBy, s.MaxGroups = []string{"route"}, 5 }, "warning: spec.maxGroups: "},
		"severities": {func(s *slo.Spec) { s.Alerting.Severities = map[string]string{"page_slow": "warning"} }, "warning: spec.alerting.severities: "},
		"minBad":     {func(s *slo.Spec) { s.Alerting.Terms.MinBad = new(float64) }, "warning: spec.alerting.minBad: Sloth has no low-traffic gate"},
		"no data":    {func(s *slo.Spec) { s.Alerting.Terms.NoData.Policy = slo.BadNoData }, "warning: spec.alerting.noData: Sloth says nothing of a silence"},
		"absent":     {func(s *slo.Spec) { s.Alerting.AbsentName = "Gone" }, "warning: spec.alerting.absent: "},
		"template":   {func(s *slo.Spec) { s.SLI.Ratio = &slo.Ratio{ErrorRatio: "{{.window}}{{.other}}"} }, "error: spec.sli: is not a template: "},
		"elsewhere": {func(s *slo.Spec) {
			s.Window.Rolling, s.Fields = 90*day, map[string]string{"spec.window": "slos[0]"}
		}, "warning: slos[0]: Sloth itself has no"},
	} {
		groups, problems := Dialect(Options{})([]*slo.Spec{spec(t, test.change)})
		if len(problems) != 1 || !strings.Contains(problems[0].String(), test.want) || problems[0].SLO != "shop:pay" {
			t.Errorf("%s: %v, want %q", name, problems, test.want)
		}
		if left := strings.HasPrefix(test.want, "error"); left != (len(groups) == 0) {
			t.Errorf("%s: %d groups", name, len(groups))
		}
	}
}

// TestOneID: two SLOs may not share a sloth_id.
func TestOneID(t *testing.T) {
	first := spec(t, func(s *slo.Spec) { s.Service, s.Name = "a-b", "cc" })
	second := spec(t, func(s *slo.Spec) { s.Service, s.Name = "a", "b-cc" })
	groups, problems := Dialect(Options{})([]*slo.Spec{first, second})
	if len(groups) != 3 || len(problems) != 1 || problems[0].SLO != "a:b-cc" || !strings.Contains(problems[0].Message, `same sloth_id "a-b-cc"`) {
		t.Errorf("%d groups, %v", len(groups), problems)
	}
}

func TestEncode(t *testing.T) {
	text, problems := Encode([]*slo.Spec{
		spec(t, func(*slo.Spec) {}),
		spec(t, func(s *slo.Spec) { s.Name, s.SLI = "none", slo.SLI{} }),
	})
	if !strings.Contains(string(text), "error_query: sum(rate(bad_total[{{.window}}]))\n") || strings.Contains(string(text), "none") {
		t.Errorf("%s", text)
	}
	if len(problems) != 1 || problems[0].SLO != "shop:none" {
		t.Error(problems)
	}
}

// TestNothingIsShared: rules belong to who asked for them.
func TestNothingIsShared(t *testing.T) {
	s := spec(t, func(s *slo.Spec) { s.Labels = map[string]string{"a": "b"} })
	groups, _ := Dialect(Options{})([]*slo.Spec{s})
	groups[0].Rules[0].Labels["a"] = "changed"
	again, _ := Dialect(Options{})([]*slo.Spec{s})
	if s.Labels["a"] != "b" || again[0].Rules[0].Labels["a"] != "b" || groups[0].Rules[1].Labels["a"] != "b" {
		t.Error("a label is shared")
	}
}
