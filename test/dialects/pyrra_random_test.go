package dialects

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// pyrraRandom makes n documents, always the same ones.
func pyrraRandom(n int) []string {
	dice := pyrraDice{rand.New(rand.NewPCG(4, 2))}
	documents := make([]string, n)
	for i := range documents {
		documents[i] = dice.document(fmt.Sprintf("random-%d", i))
	}
	return documents
}

type pyrraDice struct{ *rand.Rand }

func (d pyrraDice) one(of ...string) string { return of[d.IntN(len(of))] }

func (d pyrraDice) maybe(text string) string { return d.one("", text) }

func (d pyrraDice) document(name string) string {
	return fmt.Sprintf(`apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: %s, labels: {%s}, annotations: {%s}}
spec:
  target: "%s"
  window: %s
  description: at random
  performanceOverAccuracy: %s
  ruleOutput: {enableDescriptionAsLabel: %s}
  alerting: {%s}
  indicator: %s
`, name, d.maybe("pyrra.dev/team: x, role: y"), d.maybe("pyrra.dev/summary: 'too slow: {{ $value }}'"),
		d.one("50", "90", "99", "99.5", "99.9", "99.95", "99.99", "97.3"), d.one("3d", "7d", "10d", "2w", "3w", "28d", "30d", "6w", "7w", "12w", "85d"),
		d.one("true", "false", "false"), d.one("true", "false"), d.alerting(), d.indicator())
}

func (d pyrraDice) alerting() string {
	return strings.Join([]string{
		"absent: " + d.one("true", "true", "false"), "burnrates: " + d.one("true", "true", "false"),
		"name: " + d.one("ErrorBudgetBurn", "Burns"), "severities: {" + d.maybe("absent: none, ") + d.maybe("fastBurn: page, ") + d.maybe("longTermBurn: critical") + "}",
	}, ", ")
}

func (d pyrraDice) indicator() string {
	common, name := d.matchers(), d.one("http_requests", "rpc:calls", "x")
	more := append(common, d.one(`code=~"5.."`, `code!="ok"`, `error="true"`, `outcome!~"a.*|b"`))
	grouping := fmt.Sprintf("grouping: [%s]", d.one("", "", "route", "tenant, route", "zone, job"))
	switch d.IntN(4) {
	case 0:
		errors := d.one(name+"_total", "other_errors_total")
		return fmt.Sprintf("{ratio: {errors: {metric: '%s'}, total: {metric: '%s'}, %s}}", pyrraSelector(errors, more), pyrraSelector(name+"_total", common), grouping)
	case 1:
		fast := append(d.pick(common, more), d.one(`le="0.1"`, `le="1"`, `le="10"`, `le="2.5"`, `le="1.0"`))
		return fmt.Sprintf("{latency: {success: {metric: '%s'}, total: {metric: '%s'}, %s}}", pyrraSelector(name+"_bucket", fast), pyrraSelector(name+"_count", common), grouping)
	case 2:
		return fmt.Sprintf("{latencyNative: {total: {metric: '%s'}, latency: %s, %s}}", pyrraSelector(name, common), d.one("10ms", "1s", "2m", "1h30m"), grouping)
	}
	return fmt.Sprintf("{bool_gauge: {metric: '%s', %s}}", pyrraSelector(name, common), grouping)
}

// matchers speak of each label once at most.
func (d pyrraDice) matchers() (all []string) {
	for _, label := range []string{"job", "zone", "tenant", "method"} {
		if d.IntN(2) == 0 {
			all = append(all, label+d.one(`="a"`, `="b c"`, `!="a"`, `=~"a|b"`, `!~"test.*"`))
		}
	}
	d.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:len(all):len(all)]
}

func (d pyrraDice) pick(lists ...[]string) []string { return lists[d.IntN(len(lists))] }

func pyrraSelector(name string, matchers []string) string {
	return name + "{" + strings.Join(matchers, ",") + "}"
}
