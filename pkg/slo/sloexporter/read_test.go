package sloexporter_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloexporter"
)

func read(t *testing.T, strict bool, texts ...string) ([]*slo.Spec, []slo.Problem) {
	t.Helper()
	var files []slo.File
	for i, text := range texts {
		files = append(files, slo.File{Name: string(rune('a'+i)) + ".yaml", Data: []byte(text)})
	}
	specs, problems, err := sloexporter.Read(sloexporter.Options{Strict: strict}, func(l slo.Loader) ([]*slo.Spec, []slo.Problem, error) {
		specs, problems := l.Load(files...)
		return specs, problems, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return specs, problems
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var update = flag.Bool("update", false, "write testdata/native.yaml instead of comparing it")

// TestGolden: what the files say, as native documents.
func TestGolden(t *testing.T) {
	specs, problems := read(t, true, testdata(t, "rules.yaml"), testdata(t, "domains.yaml"))
	got, err := slo.Encode(specs)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/native.yaml", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(testdata(t, "native.yaml"), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := []string{
		"b.yaml:16 (document 1): warning: shop.classes.critical.latency90.slo_threshold_metadata.le: is no label of an SLO and is left out; rename it if you need it",
		"b.yaml:22 (document 1): warning: reports.classes.low.freshness: no rule makes events of it; give the rule file that has the slo_type freshness, or remove it",
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again, problems := slo.Load("native.yaml", got); len(again) != len(specs) || len(problems) > 0 {
		t.Errorf("read again: %d SLOs, %v", len(again), problems)
	}
}

// TestOrder: which file comes first does not matter.
func TestOrder(t *testing.T) {
	first, _ := read(t, false, testdata(t, "rules.yaml"), testdata(t, "domains.yaml"))
	second, _ := read(t, false, testdata(t, "domains.yaml")+"---\n"+testdata(t, "rules.yaml"))
	a, _ := slo.Encode(first)
	b, _ := slo.Encode(second)
	if diff := cmp.Diff(string(a), string(b)); diff != "" || len(first) != 4 {
		t.Errorf("%d SLOs\n%s", len(first), diff)
	}
}

// TestWithoutVersion: what is not written is not asked for, and a domain that
// is not enabled alerts nobody.
func TestWithoutVersion(t *testing.T) {
	specs, problems := read(t, true, "shop: {classes: {low: {freshness: {slo_threshold: 0.9}}}}\n")
	if len(specs) != 1 || len(problems) > 0 {
		t.Fatal(specs, problems)
	}
	s := specs[0]
	const total = `slo_domain_slo_class:slo_events_total{slo_domain="shop", slo_class="low", slo_type="freshness"}`
	if s.ID() != "shop:low-freshness" || s.SLI.Ratio.Total != total || !s.Alerting.Disabled || s.Window.Rolling != 28*24*time.Hour {
		t.Errorf("%+v %+v", s, s.SLI.Ratio)
	}
}

// TestProblems: what is wrong is said where the document has it.
func TestProblems(t *testing.T) {
	const sound = "shop: {classes: {low: {a: {slo_threshold: 0.9}}}}\n"
	domain := func(text string) string { return "shop: {classes: {low: {a: {slo_threshold: 0.9}}}, " + text + "}\n" }
	rule := func(text string) string { return sound + "---\nrules:\n- " + text + "\n" }
	for text, c := range map[string]struct{ lenient, strict, says string }{
		strings.Replace(sound, "0.9", "1", 1):                                                                   {"error", "error", "shop.classes.low.a.slo_threshold: an objective of 100%"},
		strings.Replace(sound, "0.9", "90%", 1):                                                                 {"error", "error", `shop.classes.low.a.slo_threshold: "90%" is a percentage`},
		strings.Replace(sound, "slo_threshold: 0.9", "", 1):                                                     {"error", "error", "shop.classes.low.a.slo_threshold: is missing"},
		strings.Replace(sound, "a:", "a b:", 1):                                                                 {"error", "error", `shop.classes.low["a b"]`},
		"shop: {enabled: true}\n":                                                                               {"error", "error", "shop.classes: is missing"},
		domain("enable: true"):                                                                                  {"warning", "error", "shop.enable: unknown field; did you mean"},
		domain("alerting: {burn_rate_thresholds: [{condition: {time_range: 2h}, value: 3}]}"):                   {"error", "error", `shop.alerting.burn_rate_thresholds[0].condition.time_range: "2h" is no range`},
		domain("alerting: {burn_rate_thresholds: [{condition: {time_range: 1h}, value: 0}]}"):                   {"error", "error", `shop.alerting.burn_rate_thresholds[0].value: "0" is not a burn rate`},
		domain("alerting: {burn_rate_thresholds: [{condition: {class: high, time_range: 1h}, value: 3}]}"):      {"warning", "error", "shop.alerting.burn_rate_thresholds[0].condition: is about no SLO"},
		rule("{failure_conditions: []}"):                                                                        {"warning", "warning", "rules[0].additional_metadata: has no slo_type"},
		rule("{additional_metadata: {slo_type: b}}"):                                                            {"warning", "warning", "rules[0]: no domain has a threshold for the slo_type \"b\""},
		rule("{additional_metadata: {slo_type: a}, failure_condition: []}"):                                     {"warning", "strict", "rules[0].failure_condition: unknown field"},
		rule("{additional_metadata: {slo_type: a}, failure_conditions: [{operator: isBig, key: b, value: 1}]}"): {"warning", "strict", `rules[0].failure_conditions[0].operator: operator "isBig" is not known`},
		sound + "---\npipeline: [tailer]\nmodules: {}\n":                                                        {"warning", "warning", "is the configuration of slo-exporter itself"},
	} {
		for strict, want := range map[bool]string{false: c.lenient, true: c.strict} {
			specs, problems := read(t, strict, text)
			sound := want != "error" // a faulty rule is no fault of the SLO's
			want = strings.Replace(want, "strict", "error", 1)
			got := ""
			for _, p := range problems {
				if _, at, _ := strings.Cut(p.String(), p.Severity.String()+": "); strings.HasPrefix(at, c.says) {
					got = p.Severity.String()
				}
			}
			if got != want || (len(specs) == 1) != sound {
				t.Errorf("strict %v: %q says %q, not %q: %v\n%s", strict, c.says, got, want, problems, text)
			}
		}
	}
}

// TestRulesAlone: rules promise nothing.
func TestRulesAlone(t *testing.T) {
	specs, problems := read(t, false, testdata(t, "rules.yaml"))
	if len(specs) > 0 || len(problems) != 1 || problems[0].Severity != slo.Error || !strings.Contains(problems[0].Message, "not what is promised") {
		t.Errorf("%v %v", specs, problems)
	}
}

// TestThresholdsAndVersions: thresholds are of the class and the slo_type that
// they name, the first one of several; rules are of the version that they name.
func TestThresholdsAndVersions(t *testing.T) {
	specs, problems := read(t, false, `
shop:
  version: 2
  alerting:
    burn_rate_thresholds:
      - {condition: {class: high, slo_type: a, time_range: 1h}, value: 20}
      - {condition: {slo_type: a, time_range: 1h}, value: 10}
  classes:
    high: {a: {slo_threshold: 0.9}, b: {slo_threshold: 0.9}}
    low: {a: {slo_threshold: 0.9}}
`, `
rules:
  - {slo_matcher: {class: high}, additional_metadata: {slo_type: a, slo_version: 2}}
  - {slo_matcher: {class: low}, additional_metadata: {slo_type: a, slo_version: 1}}
  - {additional_metadata: {slo_type: b}}
`)
	got := map[string]float64{}
	for _, s := range specs {
		got[s.Name] = s.Alerting.Terms.Tiers[0].Factor
	}
	if diff := cmp.Diff(map[string]float64{"high-a": 20, "high-b": 13.44, "low-a": 10}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var at []string
	for _, p := range problems {
		at = append(at, p.File+" "+p.Field)
	}
	if diff := cmp.Diff([]string{"a.yaml shop.classes.low.a", "b.yaml rules[1]"}, at); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
