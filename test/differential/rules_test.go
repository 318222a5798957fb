package differential

import (
	"fmt"
	"strings"
	"time"
)

// alertingWindows are the windows of two SLOs for each service: short, so
// that what takes days for an SLO of 30 days is over in minutes.
var alertingWindows = []struct {
	name   string
	length time.Duration
}{{"day", 24 * time.Hour}, {"half-shift", 4 * time.Hour}}

// tiers are those of the SRE workbook (table 5-8) for an SLO of 30 days.
var tiers = []struct {
	severity    string
	long, short time.Duration
	factor      float64
}{
	{"critical", time.Hour, 5 * time.Minute, 14.4},
	{"critical", 6 * time.Hour, 30 * time.Minute, 6},
	{"warning", 24 * time.Hour, 2 * time.Hour, 3},
	{"warning", 72 * time.Hour, 6 * time.Hour, 1},
}

// scaled is a window of a 30-day SLO for a shorter one, in whole seconds.
func scaled(window, slo time.Duration) time.Duration {
	return time.Duration(float64(window) * slo.Hours() / (30 * 24)).Round(time.Second)
}

// alertingSLOs is the text of slos.yaml. A budget is a thousandth.
func alertingSLOs() string {
	var docs []string
	for _, a := range actors {
		for _, w := range alertingWindows {
			docs = append(docs, fmt.Sprintf(`apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: %[2]s}
spec:
  service: %[1]s
  objective: 99.9%%
  window: %[3]dh
  sli:
    ratio:
      total: requests_total{service=%[1]q}
      bad: requests_total{service=%[1]q, code=~"5.."}
`, a.service, w.name, w.length/time.Hour))
		}
	}
	return strings.Join(docs, "---\n")
}

// alertingRules is the same for Prometheus: for each window a recorded error
// ratio, for each SLO and severity an alert. modifier is " anchored" or empty.
// The heartbeat tells when rules were evaluated.
func alertingRules(modifier string) string {
	group := &strings.Builder{}
	fmt.Fprintf(group, "groups:\n- name: %s\n  interval: 1s\n  rules:\n", flavour(modifier))
	fmt.Fprintf(group, "  - {record: heartbeat, expr: vector(1), labels: {flavour: %s}}\n", flavour(modifier))
	recorded := map[string]bool{}
	for _, w := range alertingWindows {
		conditions := map[string][]string{}
		for _, tier := range tiers {
			long, short := scaled(tier.long, w.length), scaled(tier.short, w.length)
			for _, window := range []time.Duration{long, short} {
				if name := ratioName(modifier, window); !recorded[name] {
					recorded[name] = true
					fmt.Fprintf(group, "  - record: %s\n    expr: %s\n", name, ratio(modifier, window))
				}
			}
			conditions[tier.severity] = append(conditions[tier.severity], fmt.Sprintf("(%[1]s > %[3]g and %[2]s > %[3]g)",
				ratioName(modifier, long), ratioName(modifier, short), tier.factor/1000))
		}
		for _, severity := range []string{"critical", "warning"} {
			fmt.Fprintf(group, "  - alert: Burn\n    expr: %s\n    labels: {severity: %s, slo: %s, flavour: %s}\n",
				strings.Join(conditions[severity], " or "), severity, w.name, flavour(modifier))
		}
	}
	return group.String()
}

func flavour(modifier string) string {
	if modifier == "" {
		return "plain"
	}
	return strings.TrimSpace(modifier)
}

func ratioName(modifier string, window time.Duration) string {
	return fmt.Sprintf("slo:error_ratio_%s:rate%ds", flavour(modifier), window/time.Second)
}

func ratio(modifier string, window time.Duration) string {
	rate := func(selector string) string {
		return fmt.Sprintf(`sum by (service) (rate(requests_total%s[%ds]%s))`, selector, window/time.Second, modifier)
	}
	return rate(`{code=~"5.."}`) + " / " + rate("")
}
