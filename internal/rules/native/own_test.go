package native

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// An SLO's own tier, severity and gate, in the outage of TestAlertsFireAndResolve.
// Ten times 0.1 % of half an hour are 18 s of it, seen at the first full minute,
// 121; but the 600 errors until then are fewer than the 700 that are asked for,
// so it fires a minute later. It ends with the first clean two minutes, at 127.
func TestOwnTiersFireAndResolve(t *testing.T) {
	s := spec("a", 30*day, shop)
	many := 700.0
	s.Alerting.Terms = slo.AlertTerms{MinBad: &many, Tiers: []slo.Tier{
		{Name: "rush", Severity: "critical", Factor: 10, Long: 30 * time.Minute, Short: 2 * time.Minute, Fixed: true},
		{Name: "quiet", Factor: 1, Long: 30 * time.Minute, Short: 2 * time.Minute, Fixed: true},
	}}
	s.Alerting.Severities = map[string]string{"rush": "sev1"}
	asked := []string{"  promql_expr_test:\n"}
	for minute, severities := range map[int][]string{120: nil, 121: nil, 122: {"sev1"}, 126: {"sev1"}, 127: nil, 300: nil} {
		asked = append(asked, fires(minute, severities...))
	}
	promtest(t, translate(t, Options{}, s), "30s", map[string]string{
		`x_total{code="200"}`: `10000+300x240 82000+0x9 82300+300x800`,
		`x_total{code="500"}`: `5000+0x240 5300+300x9 8000+0x800`,
	}, asked...)
}

// Samples stop at minute 60, and the alert comes when the SLO says.
func TestOwnSilence(t *testing.T) {
	s := spec("a", 30*day, shop)
	s.Alerting.Terms.NoData.After = 20 * time.Minute
	s.Alerting.Severities = map[string]string{"absent": "critical"}
	ask := func(minute int, want string) string {
		return fmt.Sprintf("    - {eval_time: %dm, expr: 'count by (severity) (ALERTS{alertname=\"SLINoData\"})', exp_samples: [%s]}\n", minute, want)
	}
	const fired = "{labels: '{severity=\"critical\"}', value: 1}"
	promtest(t, translate(t, Options{}, s), "1m", map[string]string{`x_total{code="200"}`: `0+60x60`}, "  promql_expr_test:\n",
		ask(70, ""), ask(78, ""), ask(80, fired), ask(120, fired))
}

func TestSilencesThatRulesCannotTell(t *testing.T) {
	for _, test := range []struct {
		says  slo.NoData
		want  string // in the one problem
		alert bool
	}{
		{slo.NoData{Policy: slo.IgnoreNoData}, "", false},
		{slo.NoData{Policy: slo.GoodNoData}, "", true},
		{slo.NoData{Policy: slo.BadNoData}, "spec.alerting.noData.policy: the rules cannot count a silence as bad traffic", true},
		{slo.NoData{After: time.Minute}, "spec.alerting.noData.after: each record looks back over 5m", true},
	} {
		s := spec("a", 30*day, shop)
		s.Alerting.Terms.NoData = test.says
		groups, problems := Dialect(Options{})([]*slo.Spec{s})
		if len(problems) > 1 || (test.want == "") != (len(problems) == 0) || len(problems) == 1 && !strings.Contains(problems[0].String(), test.want) {
			t.Errorf("%+v: %v", test.says, problems)
		}
		if got := strings.Contains(fmt.Sprint(groups), "SLINoData"); got != test.alert {
			t.Errorf("%+v: an alert about silences: %v", test.says, got)
		}
	}
}
