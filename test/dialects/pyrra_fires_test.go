package dialects

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/internal/rules"
	rulespyrra "github.com/slo-engine/slo-engine/internal/rules/pyrra"
	"github.com/slo-engine/slo-engine/test/lab"
)

// Of all events, one each 15 s, the bad ones lie between the 1440th minute and
// the 1510th.
const (
	outage = 1440
	repair = outage + 70
)

// Each alert fires when the bad share of its long range passes the threshold,
// and its wait is over; it ends when that of the short range falls below. A
// range of n minutes has 4n-1 steps between its samples. With 99% over 7 days:
//
//	14x: 0.14 of   59 steps: the  9th, 3 min, waits  1; 0.14 of   3: less than 1 step, 1 min
//	 7x: 0.07 of  359 steps: the 26th, 7 min, waits  4; 0.07 of  31: 2 steps, 8 min
//	 2x: 0.02 of 1439 steps: the 29th, 8 min, waits 15; 0.02 of 119: 2 steps, 30 min
//	 1x: 0.01 of 5759 steps: the 58th, 15 min, waits 45; 0.01 of 359: 3 steps, 89 min
var burns = []struct {
	long       string
	fires, end int // the first minute of each
}{
	{"15m", outage + 4, repair + 1},
	{"1h30m", outage + 11, repair + 8},
	{"6h", outage + 23, repair + 30},
	{"1d", outage + 60, repair + 89},
}

// TestPyrraAlertsFire plays an outage to the rules: the four alerts fire and
// end when arithmetic says so, and no metric is absent.
func TestPyrraAlertsFire(t *testing.T) {
	dir := t.TempDir()
	specs := pyrraSpecs(t, `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: shop-errors, labels: {pyrra.dev/team: shop}, annotations: {pyrra.dev/runbook: "http://runbook.example"}}
spec:
  target: "99"
  window: 7d
  indicator:
    ratio:
      errors: {metric: 'shop_requests_total{job="shop",code="500"}'}
      total: {metric: 'shop_requests_total{job="shop"}'}
`)
	groups, problems := rulespyrra.Dialect(rulespyrra.Options{Generic: true})(specs)
	if len(problems) > 0 || len(groups) != 3 {
		t.Fatalf("%d groups, %v", len(groups), problems)
	}
	writeRules(t, filepath.Join(dir, "rules.yaml"), groups)
	text, err := yaml.Marshal(map[string]any{
		"rule_files": []string{"rules.yaml"}, "evaluation_interval": "1m", "tests": []any{outageTest(groups[1].Rules)},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "test.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "promtool", "test", "rules", file)
}

// outageTest asks which alerts fire around each minute at which that changes.
func outageTest(burn []rules.Rule) map[string]any {
	var asked []any
	for _, b := range burns {
		for _, minute := range []int{b.fires - 1, b.fires, b.end - 1, b.end} {
			at := (time.Duration(minute) * time.Minute).String()
			asked = append(asked, map[string]any{"eval_time": at, "alertname": "ErrorBudgetBurn", "exp_alerts": firing(burn, minute)},
				map[string]any{"eval_time": at, "alertname": "SLOMetricAbsent"})
		}
	}
	return map[string]any{
		"interval": "15s", "alert_rule_test": asked,
		"input_series": []any{
			map[string]any{"series": `shop_requests_total{job="shop",code="200"}`, "values": counted(func(bad bool) bool { return !bad })},
			map[string]any{"series": `shop_requests_total{job="shop",code="500"}`, "values": counted(func(bad bool) bool { return bad })},
			map[string]any{"series": `shop_requests_total{job="other",code="500"}`, "values": "0+9x6600"},
		},
	}
}

// firing are the alerts of a minute.
func firing(burn []rules.Rule, minute int) []any {
	out := []any{}
	for _, b := range burns {
		for _, r := range burn {
			if r.Labels["long"] == b.long && r.Alert != "" && b.fires <= minute && minute < b.end {
				out = append(out, map[string]any{"exp_labels": r.Labels, "exp_annotations": r.Annotations})
			}
		}
	}
	return out
}

// counted is a counter of the steps that it counts. It does not begin at 0:
// near 0 a rate is extrapolated less far.
func counted(counts func(bad bool) bool) string {
	var values []string
	n := 100_000
	for step := range (repair + 100) * 4 {
		if counts(outage*4 < step && step <= repair*4) {
			n++
		}
		values = append(values, strconv.Itoa(n))
	}
	return strings.Join(values, " ")
}
