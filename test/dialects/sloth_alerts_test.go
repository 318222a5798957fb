package dialects

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	slothrules "github.com/slo-engine/slo-engine/internal/rules/sloth"
	"github.com/slo-engine/slo-engine/test/lab"
)

// slothOutage is an outage: 1000 requests a minute, of which a tenth fails for
// an hour, after as many minutes without errors as it says.
type slothOutage int

const (
	perMinute = 1000
	failing   = 100
)

func (o slothOutage) begins() int { return int(o) }
func (o slothOutage) ends() int   { return int(o) + 60 }

const burning = `version: prometheus/v1
service: shop
labels: {team: payments}
slos:
  - name: pay
    objective: 99.9
    sli: {events: {error_query: "sum(rate(bad_total[{{.window}}]))", total_query: "sum(rate(all_total[{{.window}}]))"}}
    alerting: {name: PayFails, labels: {who: us}, annotations: {runbook: "about {{ $labels.team }}"}}
`

// A slothInterval is when an alert fires: from its first minute to before the last.
type slothInterval struct{ from, to int }

// TestSlothAlertsFire: promtool sees the alerts fire and resolve in the minutes
// that arithmetic says. In the long test all windows are full.
func TestSlothAlertsFire(t *testing.T) {
	// By hand: 0.1·k/59 > 0.0144 at k = 9, and the 30 minutes are good again
	// when 0.1·(29-m)/29 <= 0.006, at m = 28. Of ten hours, too much is bad
	// from 0.1·k/(600+k) > 0.001 on, at k = 7, until 0.1·(359-m)/359 <= 0.001,
	// at m = 356. Of a day it is from 0.1·k/1439 > 0.003 on, at k = 44.
	outage, ticketAfter := slothOutage(600), 7
	if *scale >= 10 {
		outage, ticketAfter = 4*24*60, 44
	}
	page := outage.fires(slothPair{5, 60, 14.4}, slothPair{30, 360, 6})
	ticket := outage.fires(slothPair{120, 1440, 3}, slothPair{360, 4320, 1})
	want := [2]slothInterval{{outage.begins() + 9, outage.ends() + 28}, {outage.begins() + ticketAfter, outage.ends() + 356}}
	if diff := cmp.Diff(want, [2]slothInterval{page, ticket}, cmp.AllowUnexported(slothInterval{})); diff != "" {
		t.Fatal(diff)
	}
	for name, run := range map[string]slothRun{"count ratios": {}, "compatible": {dialect: slothrules.Options{Compatible: true}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeSloth(t, filepath.Join(dir, "burning.yaml"), burning)
			writeSloth(t, filepath.Join(dir, "rules.yml"), strings.Join(run.write(t, filepath.Join(dir, "burning.yaml")), ""))
			test := filepath.Join(dir, "test.yml")
			writeSloth(t, test, outage.promtoolTest(page, ticket))
			lab.Run(t, "promtool", "test", "rules", test)

			// The same a minute later is wrong, and promtool must say so.
			writeSloth(t, test, outage.promtoolTest(page, slothInterval{ticket.from + 1, ticket.to}))
			wrong := lab.Start(t, lab.Cmd{Name: lab.Binary(t, "promtool"), Args: []string{"test", "rules", test}})
			if err := wrong.Wait(); err == nil {
				t.Error("promtool took a wrong minute for right")
			}
		})
	}
}

// slothPair is a short and a long window in minutes, and the factor of both.
type slothPair struct {
	short, long int
	factor      float64
}

// errorRatio is that of a window of Prometheus with a sample each minute: the
// sample at its start is outside, so it sees one minute less. Nothing was before
// minute 0.
func (o slothOutage) errorRatio(minute, window int) float64 {
	first := max(1, minute-window+2)
	bad := 0
	for m := first; m <= minute; m++ {
		if m > o.begins() && m <= o.ends() {
			bad += failing
		}
	}
	return float64(bad) / float64(perMinute*(minute-first+1))
}

func (o slothOutage) burns(minute int, p slothPair) bool {
	limit := p.factor * 0.001
	return o.errorRatio(minute, p.short) > limit && o.errorRatio(minute, p.long) > limit
}

// fires is when an alert of two pairs does. It does so once.
func (o slothOutage) fires(quick, slow slothPair) (out slothInterval) {
	for minute := o.begins(); ; minute++ {
		switch fires := o.burns(minute, quick) || o.burns(minute, slow); {
		case fires && out.from == 0:
			out.from = minute
		case !fires && out.from != 0:
			out.to = minute
			return out
		}
	}
}

// promtoolTest expects alerts in the first and the last minute of intervals,
// and none in the minutes around.
func (o slothOutage) promtoolTest(page, ticket slothInterval) string {
	var b strings.Builder
	const after = 8 * 60
	// Counters do not begin at 0: Prometheus would guess less in windows at 0.
	fmt.Fprintf(&b, `rule_files: [rules.yml]
group_eval_order: [sloth-slo-sli-recordings-shop-pay, sloth-slo-meta-recordings-shop-pay, sloth-slo-alerts-shop-pay] # or else by chance
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'all_total{pod="a"}', values: '1000000+%[1]dx%[2]d'}
      - {series: 'bad_total{pod="a"}', values: '1000000x%[3]d %[4]d+%[5]dx%[6]d %[7]dx%[8]d'}
    alert_rule_test:
`, perMinute, o.ends()+after, o.begins(), 1000000+failing, failing, o.ends()-o.begins()-1, 1000000+failing*(o.ends()-o.begins()), after)
	for _, minute := range []int{page.from - 1, page.from, page.to - 1, page.to, ticket.from - 1, ticket.from, ticket.to - 1, ticket.to} {
		fmt.Fprintf(&b, "      - eval_time: %dm\n        alertname: PayFails\n        exp_alerts:\n", minute)
		for _, severity := range []string{"page", "ticket"} {
			if of := map[string]slothInterval{"page": page, "ticket": ticket}[severity]; of.from <= minute && minute < of.to {
				fmt.Fprintf(&b, `          - exp_labels: {sloth_severity: %[1]s, sloth_id: shop-pay, sloth_service: shop, sloth_slo: pay, team: payments, who: us}
            exp_annotations:
              title: "(%[1]s) shop pay SLO error budget burn rate is too fast."
              summary: "shop pay SLO error budget burn rate is over expected."
              runbook: about payments
`, severity)
			}
		}
	}
	return b.String()
}

func writeSloth(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
