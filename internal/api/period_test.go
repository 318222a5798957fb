package api

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// adjusted is an SLO with two further windows, and a maintenance in two of the
// three.
func adjusted() *engine.Instance {
	in := healthy(spec("checkout", "checkout-availability", nil))
	berlin, _ := slo.LoadLocation("Europe/Berlin")
	in.Spec.Also = []slo.Window{{Period: slo.Month, Location: berlin}, {Rolling: time.Hour}}
	in.Adjusted = &engine.Adjusted{
		Names: []string{"db-failover", "sundays"}, Excluded: budget.Counts{Bad: 40, Total: 1000}, ExcludedTime: time.Hour,
		Without: engine.Unadjusted{Counts: budget.Counts{Bad: 48, Total: 101_000}, Coverage: 1, Remaining: ptr(0.5)},
	}
	in.Also = []engine.Period{
		{
			Window: in.Spec.Also[0], Reading: reading(30*day, 5, 50_000), Remaining: ptr(0.9), Exhaustion: ptr(48 * time.Hour),
			Adjusted: &engine.Adjusted{
				Names: []string{"sundays"}, ExcludedTime: 30 * time.Minute,
				Without: engine.Unadjusted{Counts: budget.Counts{Bad: 5, Total: 50_000}, Coverage: 0.4},
			},
		},
		{Window: in.Spec.Also[1], Reading: engine.Reading{Window: time.Hour, Start: noon.Add(-time.Hour), End: noon}},
	}
	return in
}

func TestAdjustedSLO(t *testing.T) {
	snapshot := &engine.Snapshot{At: noon, Instances: []*engine.Instance{adjusted()}}
	const target = "/api/v1/slos/checkout:checkout-availability"
	got := transcript(t, "GET", target, ask(t, Options{Snapshot: at(snapshot)}, "GET", target, ""))
	file := filepath.Join("testdata", "slo_adjusted.txt")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("answer differs (-want +got), go test -update if it should:\n%s", diff)
	}
}

// Each window has its own series, told apart by their period; what is excluded
// has series only where something is.
func TestMetricsOfFurtherWindows(t *testing.T) {
	labels := func(period, more string) string {
		return "{period=\"" + period + "\"" + more + `,service="checkout",slo="checkout-availability",slo_id="checkout:checkout-availability"}`
	}
	const month, good, bad = "month (Europe/Berlin)", `,result="good"`, `,result="bad"`
	for metric, want := range map[string][]string{
		"slo_objective_ratio":                                  {labels("30d", "") + " 0.999", labels(month, "") + " 0.999", labels("1h", "") + " 0.999"},
		"slo_coverage_ratio":                                   {labels("30d", "") + " 1", labels(month, "") + " 1", labels("1h", "") + " 0"},
		"slo_error_budget_remaining_ratio":                     {labels("30d", "") + " 0.92", labels(month, "") + " 0.9"},
		"slo_error_budget_remaining_without_adjustments_ratio": {labels("30d", "") + " 0.5"},
		"slo_excluded_events": {
			labels("30d", good) + " 960", labels("30d", bad) + " 40", labels(month, good) + " 0", labels(month, bad) + " 0",
		},
		"slo_excluded_seconds": {labels("30d", "") + " 3600", labels(month, "") + " 1800"},
	} {
		var lines strings.Builder
		for _, line := range want {
			lines.WriteString(metric + line + "\n")
		}
		if diff := cmp.Diff(lines.String(), series(t, gatherer(adjusted()), metric)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
	for _, metric := range []string{"slo_excluded_events", "slo_excluded_seconds", "slo_error_budget_remaining_without_adjustments_ratio"} {
		if text := series(t, gatherer(burning()), metric); text != "" {
			t.Errorf("nothing is excluded: %s", text)
		}
	}
}
