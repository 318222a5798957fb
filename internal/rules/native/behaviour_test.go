package native

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var shop = badOf(`x_total`, `x_total{code="500"}`)

// fires asks which severities of ErrorBudgetBurn fire at a minute.
func fires(minute int, severities ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    - eval_time: %dm\n      expr: 'count by (severity) (ALERTS{alertname=\"ErrorBudgetBurn\",alertstate=\"firing\"})'\n      exp_samples: [", minute)
	for _, s := range severities {
		fmt.Fprintf(&b, "{labels: '{severity=\"%s\"}', value: 1},", s)
	}
	b.WriteString("]\n")
	return b.String()
}

// A total outage of 5 minutes, two hours into the SLO; what was not observed
// counts as good. By seconds of outage, page_fast fires above 14.4 × 0.1 % of
// an hour: 51.8 s, seen at the first full minute, 121. page_slow follows above
// 6 × 0.1 % of 6 h, 129.6 s, and holds until its half hour is clean, at 155.
// Both ticket tiers fire above 259.2 s, which the records, looking back over
// five minutes, show at 127: Σ min(i, 10-i) for i = 1…7 is 24 > 5 × 4.32 min.
// ticket_slow ends when its six hours hold less than 0.1 % bad: when only the
// record of minute 129 is left of the outage, at 128 + 360.
func TestAlertsFireAndResolve(t *testing.T) {
	groups := translate(t, Options{}, spec("a", 30*day, shop))
	asked := []string{"  promql_expr_test:\n"}
	for minute, severities := range map[int][]string{
		60: nil, 120: nil, 121: {"critical"}, 126: {"critical"}, 127: {"critical", "warning"},
		154: {"critical", "warning"}, 155: {"warning"}, 300: {"warning"}, 487: {"warning"}, 488: nil,
	} {
		asked = append(asked, fires(minute, severities...))
	}
	promtest(t, groups, "30s", map[string]string{
		`x_total{code="200"}`: `10000+300x240 82000+0x9 82300+300x800`,
		`x_total{code="500"}`: `5000+0x240 5300+300x9 8000+0x800`,
	}, asked...)
}

// Four errors in a row at one request in a minute burn 60 times too fast, and
// are no evidence.
func TestFewBadEventsAreNoEvidence(t *testing.T) {
	groups := translate(t, Options{}, spec("a", 30*day, shop))
	quiet := map[string]string{ // one request in a minute, and 4 failures in a row
		`x_total{code="200"}`: `1000+1x120 1120+0x3 1121+1x120`,
		`x_total{code="500"}`: `100+0x120 101+1x3 104+0x120`,
	}
	promtest(t, groups, "1m", quiet, "  promql_expr_test:\n", fires(124), fires(126), fires(130))
}

// No data: samples stop at minute 60 and the alert comes ten minutes later.
func TestNoData(t *testing.T) {
	groups := translate(t, Options{}, spec("a", 30*day, shop))
	ask := func(minute int, want string) string {
		return fmt.Sprintf("    - {eval_time: %dm, expr: 'count(ALERTS{alertname=\"SLINoData\"})', exp_samples: [%s]}\n", minute, want)
	}
	promtest(t, groups, "1m", map[string]string{`x_total{code="200"}`: `0+60x60`}, "  promql_expr_test:\n",
		ask(60, ""), ask(68, ""), ask(70, "{labels: '{}', value: 1}"), ask(120, "{labels: '{}', value: 1}"))
}

// days are two of them in minutes: 600 requests per minute by day and 60 by
// night, and in one hour of the first night a sixth of them fail.
func days() (series map[string]string, bad, total int) {
	ok, failed := []string{"100000+0x0"}, []string{"5000+0x0"}
	good, bad := 100000, 5000
	stretch := func(minutes, each, lost int) {
		ok = append(ok, fmt.Sprintf("%d+%dx%d", good+each-lost, each-lost, minutes-1))
		failed = append(failed, fmt.Sprintf("%d+%dx%d", bad+lost, lost, minutes-1))
		good, bad, total = good+minutes*(each-lost), bad+minutes*lost, total+minutes*each
	}
	for night := range 2 {
		stretch(720, 600, 0)
		incident := 0
		if night == 0 {
			incident = 10
		}
		stretch(60, 60, incident)
		stretch(660, 60, 0)
	}
	return map[string]string{`x_total{code="200"}`: strings.Join(ok, " "), `x_total{code="500"}`: strings.Join(failed, " ")}, bad - 5000, total
}

// TestUnevenTraffic: after busy days and quiet nights the budget is
// that of the events, within 0.1 %. An average of the ratios of five minutes, as
// Sloth records the period, takes an hour of the night for one of the day.
func TestUnevenTraffic(t *testing.T) {
	series, bad, total := days()
	s := spec("a", 2*day, shop)
	groups := translate(t, Options{Tiers: none}, s)
	ratio := `sum(rate(x_total{code="500"}[5m])) / sum(rate(x_total[5m]))`
	groups = append(groups, rules.Group{Name: "averaged", Interval: time.Minute, Rules: []rules.Rule{
		{Record: "averaged:ratio_rate5m", Expr: ratio},
	}})
	consumed := float64(bad) / float64(total) / s.Objective.Budget()
	averaged := 10.0 / (2 * 24 * 60) / s.Objective.Budget()
	t.Logf("consumed: %.1f %% by events, %.1f %% by an average of ratios", 100*consumed, 100*averaged)
	near := func(expr string, want, within float64) string {
		return fmt.Sprintf("    - {eval_time: 2880m, expr: 'vector(1) and on () (abs(%s - %v) < %v)', exp_samples: [{labels: '{}', value: 1}]}\n", expr, want, within)
	}
	promtest(t, groups, "1m", series, "  promql_expr_test:\n",
		near(`(1 - sum(slo_error_budget_remaining_ratio))`, consumed, 0.001*consumed),
		near(`sum(slo_coverage_ratio)`, 1, 0.001),
		near(`sum(sum_over_time(averaged:ratio_rate5m[2d]) / count_over_time(averaged:ratio_rate5m[2d])) / 0.001`, averaged, 0.05*averaged))
	if averaged < 5*consumed {
		t.Errorf("an average of ratios shows %v, and the truth is %v: no uneven traffic", averaged, consumed)
	}
}

// A calendar day ends at midnight of its zone, and its budget begins anew: with
// the zone an hour ahead of UTC, at minute 1380 of promtool's 1 January 1970.
func TestCalendarDayBeginsAnew(t *testing.T) {
	s := spec("a", 0, shop)
	s.Window = slo.Window{Period: slo.Day, Location: time.FixedZone("", 3600)}
	ask := func(minute int, expr, want string) string {
		return fmt.Sprintf("    - {eval_time: %dm, expr: '%s', exp_samples: [{labels: '{}', value: %s}]}\n", minute, expr, want)
	}
	spent := `vector(1) and on () (sum(slo_error_budget_remaining_ratio) < 0)`
	fresh := `vector(1) and on () (sum(slo_error_budget_remaining_ratio) == 1)`
	promtest(t, translate(t, Options{Tiers: none}, s), "1m", map[string]string{
		`x_total{code="200"}`: `1000+60x700 43000+0x9 43000+60x1000`,
		`x_total{code="500"}`: `1000+0x700 1060+60x9 1600+0x1000`,
	}, "  promql_expr_test:\n", ask(600, fresh, "1"), ask(720, spent, "1"), ask(1375, spent, "1"), ask(1385, fresh, "1"), ask(1500, fresh, "1"))
}
