package slogenerator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func cmpLabels(labels map[string]string) string { return fmt.Sprint(labels) }

const config = `backends: {prometheus: {url: "${PROMETHEUS_URL}"}}
exporters: {bigquery: {table_id: a}}
default_exporters: [bigquery]
error_budget_policies:
  default:
    steps:
      - {name: 3 days, window: 259200, burn_rate_threshold: 1, alert: false, message_alert: a, message_ok: b}
      - {name: "30 min.", window: "1800", burn_rate_threshold: 12.5, alert: true, message_alert: a, message_ok: b}
  month:
    steps:
      - {name: Month, window: 2592000, burn_rate_threshold: 1, alert: true}
`

func follows(policy string) string {
	return strings.Replace(ready, "  goal:", "  error_budget_policy: "+policy+"\n  goal:", 1)
}

// TestSharedConfiguration: documents go by the policy that they name, whatever
// file comes first.
func TestSharedConfiguration(t *testing.T) {
	specs, problems := load(true, ready, config, strings.Replace(follows("month"), "slo_name: availability", "slo_name: other", 1))
	if len(specs) != 2 || len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []slo.Tier{
		{Name: "30_min", Severity: "critical", Factor: 12.5, Long: 30 * time.Minute, Short: 150 * time.Second, Fixed: true},
		{Name: "3_days", Factor: 1, Long: 72 * time.Hour, Short: 6 * time.Hour, Fixed: true},
	}
	if diff := cmp.Diff(want, specs[0].Alerting.Terms.Tiers); diff != "" || specs[0].Window.Rolling != 72*time.Hour {
		t.Errorf("%s\n-want +got:\n%s", specs[0].Window, diff)
	}
	if s := specs[1]; len(s.Alerting.Terms.Tiers) != 1 || s.Window.Rolling != 30*24*time.Hour {
		t.Errorf("%+v", s)
	}
}

// TestFaultyConfiguration: a faulty policy takes along only the SLOs that name
// it.
func TestFaultyConfiguration(t *testing.T) {
	change := func(from, to string) string { return strings.Replace(config, from, to, 1) }
	for text, c := range map[string]struct{ config, slo string }{
		change("window: 259200", "window: 3h"):                        {`error_budget_policies.default.steps[0].window: "3h" is not a number of seconds`, `the policy "default" cannot be used`},
		change("window: 259200", "window: 31536000"):                  {"error_budget_policies.default.steps[0].window: 31536000 seconds are longer", `the policy "default" cannot be used`},
		change("burn_rate_threshold: 12.5", "burn_rate_threshold: 0"): {`error_budget_policies.default.steps[1].burn_rate_threshold: "0" is not a burn rate`, `the policy "default" cannot be used`},
		change("burn_rate_threshold: 12.5, ", ""):                     {"error_budget_policies.default.steps[1].burn_rate_threshold: is missing", `the policy "default" cannot be used`},
		change("alert: true", "alert: 3"):                             {"error_budget_policies.default.steps[1].alert: ", `the policy "default" cannot be used`},
		change("name: 3 days", "name: '!'"):                           {`error_budget_policies.default.steps[0].name: "!" has neither`, `the policy "default" cannot be used`},
		"error_budget_policies: {default: {steps: []}, month: {steps: [{name: a, window: 3600, burn_rate_threshold: 1}]}}\nbackends: {prometheus: {}}\n": {"error_budget_policies.default.steps: has no steps", `the policy "default" cannot be used`},
		change("  default:", "  defaults:"):              {"", `the shared configuration has no policy "default"; did you mean "defaults"?`},
		config + "---\n" + change("  month:", "  week:"): {"", `the policy "default" is in 2 shared configurations`},
	} {
		specs, problems := load(false, text, ready, strings.Replace(follows("month"), "slo_name: availability", "slo_name: other", 1))
		if len(specs) != 1 || specs[0].Name != "other" {
			t.Errorf("%d SLOs: %v\n%s", len(specs), problems, text)
		}
		said := fmt.Sprint(problems)
		if !strings.Contains(said, "warning: "+c.config) && c.config != "" || !strings.Contains(said, "error: spec.error_budget_policy: "+c.slo) {
			t.Errorf("%v\n%s", problems, text)
		}
	}
}

// TestUnknownInConfiguration: unknown fields are warnings, and strictly the
// policy that has them cannot be used.
func TestUnknownInConfiguration(t *testing.T) {
	text := strings.Replace(config, "name: Month", "name: Month, severity: page", 1)
	for strict, want := range map[bool]int{false: 2, true: 1} {
		specs, problems := load(strict, text, ready, strings.Replace(follows("month"), "slo_name: availability", "slo_name: other", 1))
		if len(specs) != want || len(problems) != 3-want || problems[0].Field != "error_budget_policies.month.steps[0].severity" {
			t.Errorf("strict %v: %d SLOs, %v", strict, len(specs), problems)
		}
	}
}

// TestUnknownBackend: slo-generator takes no backend that is not configured.
func TestUnknownBackend(t *testing.T) {
	for strict, want := range map[bool]slo.Severity{false: slo.Warning, true: slo.Error} {
		_, problems := load(strict, config, strings.Replace(ready, "backend: prometheus", "backend: prometheus/eu", 1))
		if len(problems) != 1 || problems[0].Field != "spec.backend" || problems[0].Severity != want {
			t.Errorf("strict %v: %v", strict, problems)
		}
	}
}
