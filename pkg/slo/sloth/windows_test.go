package sloth

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const week = `apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
`

func TestReadWindows(t *testing.T) {
	catalog := Catalog{}
	specs, problems := load(Options{Strict: true, Catalog: catalog}, week)
	if len(specs) > 0 || len(problems) > 0 {
		t.Error(specs, problems)
	}
	const period = 7 * 24 * time.Hour
	want := Catalog{period: {
		Period:    period,
		PageQuick: AlertWindow{8, 5 * time.Minute, time.Hour}, PageSlow: AlertWindow{12.5, 30 * time.Minute, 6 * time.Hour},
		TicketQuick: AlertWindow{20, 2 * time.Hour, 24 * time.Hour}, TicketSlow: AlertWindow{42, 6 * time.Hour, 72 * time.Hour},
	}}
	if diff := cmp.Diff(want, catalog); diff != "" {
		t.Error(diff)
	}
	for i, factor := range []float64{13.44, 3.5, 1.4000000000000001, 0.98} {
		w := want[period]
		if got := []AlertWindow{w.PageQuick, w.PageSlow, w.TicketQuick, w.TicketSlow}[i].Factor(period); got != factor {
			t.Errorf("factor %d is %v, want %v", i, got, factor)
		}
	}
}

func TestDefaultFactors(t *testing.T) {
	for days, want := range map[time.Duration][4]float64{
		30: {14.4, 6, 3, 1},
		28: {13.44, 5.6000000000000005, 2.8000000000000003, 0.9333333333333333},
	} {
		w := DefaultCatalog()[days*24*time.Hour]
		got := [4]float64{w.PageQuick.Factor(w.Period), w.PageSlow.Factor(w.Period), w.TicketQuick.Factor(w.Period), w.TicketSlow.Factor(w.Period)}
		if got != want {
			t.Errorf("%dd: %v, want %v", days, got, want)
		}
	}
}

// TestFactorOrder: the last digit depends on what is computed first.
func TestFactorOrder(t *testing.T) {
	w := AlertWindow{BudgetPercent: 3.3, Long: 36 * time.Hour}
	if got := w.Factor(30*24*time.Hour + 12*time.Hour); got != 0.6709999999999999 {
		t.Errorf("%v", got)
	}
}

func TestWindowsTwice(t *testing.T) {
	catalog := Catalog{}
	_, problems := load(Options{Catalog: catalog}, week+"---\n"+strings.Replace(week, "8,", "9,", 1))
	if len(problems) != 1 || !strings.Contains(problems[0].Message, `another AlertWindows is called "7d"`) || catalog[7*24*time.Hour].PageQuick.BudgetPercent != 8 {
		t.Errorf("%v, %v", problems, catalog)
	}
}

func TestWindowsProblems(t *testing.T) {
	for name, test := range map[string]struct{ old, fresh, want string }{
		"no period":      {"  sloPeriod: 7d\n", "", "error spec.sloPeriod: is missing"},
		"period 0":       {"7d", "0s", "error spec.sloPeriod: must be above 0"},
		"bad period":     {"7d", "a week", "error spec.sloPeriod: \"a week\" is not a duration"},
		"percent 0":      {"errorBudgetPercent: 8", "errorBudgetPercent: 0", "error spec.page.quick.errorBudgetPercent: must be above 0"},
		"percent NaN":    {"errorBudgetPercent: 8", "errorBudgetPercent: .nan", "error spec.page.quick.errorBudgetPercent: must be above 0"},
		"percent 101":    {"errorBudgetPercent: 8", "errorBudgetPercent: 101", "warning spec.page.quick.errorBudgetPercent: 101% is more than there is"},
		"window 0":       {"shortWindow: 5m", "shortWindow: 0s", "error spec.page.quick.shortWindow: must be above 0"},
		"long 0":         {"longWindow: 6h", "longWindow: 0s", "error spec.page.slow.longWindow: must be above 0"},
		"short and long": {"shortWindow: 2h, longWindow: 1d", "shortWindow: 1d, longWindow: 2h", "warning spec.ticket.quick.longWindow: is shorter"},
		"too long":       {"longWindow: 3d", "longWindow: 8d", "warning spec.ticket.slow.longWindow: is longer than the period of 7d"},
		"no ticket":      {week[strings.Index(week, "  ticket"):], "", "error spec.ticket: is missing"},
		"unknown":        {"  sloPeriod", "  forever: true\n  sloPeriod", "warning spec.forever: unknown field"},
	} {
		catalog := Catalog{}
		_, problems := load(Options{Catalog: catalog}, strings.Replace(week, test.old, test.fresh, 1))
		if len(problems) != 1 || !strings.Contains(lines(problems)[0], test.want) {
			t.Errorf("%s: %v, want %q", name, lines(problems), test.want)
		}
		if failed := len(problems) > 0 && problems[0].Severity == slo.Error; failed == (len(catalog) > 0) {
			t.Errorf("%s: catalog %v", name, catalog)
		}
	}
}

func TestWindowsAreTheTiersOfTheirPeriod(t *testing.T) {
	const seven = 7 * 24 * time.Hour
	tiers := func(period time.Duration, windows string) []slo.Tier {
		t.Helper()
		specs, problems := load(Options{Period: period}, windows+"---\n"+good)
		if len(specs) != 2 || slo.AnyError(problems) {
			t.Fatal(specs, problems)
		}
		return specs[1].Alerting.Terms.Tiers
	}
	want := []slo.Tier{
		{Name: "page_fast", Severity: "critical", Budget: 0.08, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
		{Name: "page_slow", Severity: "critical", Budget: 0.125, Long: 6 * time.Hour, Short: 30 * time.Minute, Fixed: true},
		{Name: "ticket_fast", Severity: "warning", Budget: 0.2, Long: 24 * time.Hour, Short: 2 * time.Hour, Fixed: true},
		{Name: "ticket_slow", Severity: "warning", Budget: 0.42, Long: 72 * time.Hour, Short: 6 * time.Hour, Fixed: true},
	}
	if diff := cmp.Diff(want, tiers(seven, week)); diff != "" {
		t.Error(diff)
	}
	if got := tiers(2*seven, week); got != nil {
		t.Errorf("another period has %v", got)
	}
	for old, fresh := range map[string]string{"errorBudgetPercent: 8": "errorBudgetPercent: 101", "shortWindow: 2h, longWindow: 1d": "shortWindow: 1d, longWindow: 2h"} {
		odd := strings.Replace(week, old, fresh, 1)
		_, problems := load(Options{Period: seven}, odd+"---\n"+good)
		if tiers(seven, odd) != nil || len(problems) != 3 || !strings.Contains(problems[1].Message, "the AlertWindows of 7d are none") {
			t.Errorf("%s: %v", fresh, problems)
		}
	}
}
