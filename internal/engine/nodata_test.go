package engine

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func quietly(policy slo.NoDataPolicy, after time.Duration) edit {
	return func(s *slo.Spec) { s.Alerting.Terms.NoData = slo.NoData{After: after, Policy: policy} }
}

// rested is an engine that does not judge what rests.
var rested = Options{Reread: 15 * time.Second}

// TestASilenceThatIsBad: a clean service that falls silent pages as if it had
// failed, and its budget goes as if it had, at the rate of events before.
func TestASilenceThatIsBad(t *testing.T) {
	bubble(t, rested, []*slo.Spec{newSpec("shop", quietly(slo.BadNoData, 2*time.Minute))}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		last := time.Now()
		at := func(d time.Duration) { time.Sleep(time.Until(last.Add(d))) }
		at(time.Minute + 58*time.Second)
		if len(r.sent()) != 0 || *r.instance("shop:availability").Remaining != 1 {
			t.Errorf("it was not missed yet, and %v was sent, remaining %v", r.sent(), *r.instance("shop:availability").Remaining)
		}
		at(3 * time.Minute)
		r.want("shop:availability", StateNoData)
		for name, severity := range map[string]alerts.Severity{alerts.NameBurn: alerts.Critical, alerts.NameNoData: alerts.Warning} {
			fired, _ := r.first(name, severity)
			detected(t, last, fired, 2*time.Minute+time.Second)
		}
		_, page := r.last(alerts.NameBurn, alerts.Critical)
		// 2 min of failures in the hour of page_fast: a ratio of 1/30, or rather
		// of 121/3600 at the tick that found it.
		if burn := annotated(t, page, "burn"); math.Abs(burn-1000*121.0/3600) > 0.3 || page.Annotations["frozen"] != "" {
			t.Errorf("the page says %v", page.Annotations)
		}
		_, missing := r.last(alerts.NameNoData, alerts.Warning)
		if want := "The silence counts as bad traffic"; !strings.Contains(missing.Annotations["description"], want) {
			t.Errorf("the alert says %q", missing.Annotations["description"])
		}
		at(2 * time.Hour)
		settled()
		in := r.instance("shop:availability")
		// 2 h of 30 d, of which a thousandth may be bad.
		if want := 1 - 2.0/720/0.001; math.Abs(*in.Remaining-want) > 0.002 || in.Period.Counts.Bad != 0 {
			t.Errorf("remaining %v, want %v; counts %v", *in.Remaining, want, in.Period.Counts)
		}
		if _, spent := r.last(alerts.NameExhausted, alerts.Warning); !spent.Firing() {
			t.Error("the budget is spent and nobody was told")
		}
		f.put(time.Now(), 7200*1000, 0) // all went well meanwhile
		f.run(5*time.Second, 1000, 0)
		r.want("shop:availability", StateOK)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() {
			t.Error("what was missed was good, and the page goes on")
		}
		if in := r.instance("shop:availability"); *in.Remaining != 1 {
			t.Errorf("remaining %v", *in.Remaining)
		}
	})
}

// TestASilenceThatOutlastsTheWindow: it goes on to be bad when nothing that was
// seen is left.
func TestASilenceThatOutlastsTheWindow(t *testing.T) {
	short := newSpec("shop", over(slo.Window{Rolling: time.Hour}), quietly(slo.BadNoData, 0))
	month := newSpec("till", over(slo.Window{Period: slo.Month}), quietly(slo.BadNoData, 0))
	bubble(t, Options{}, []*slo.Spec{short, month}, func(t *testing.T, r *rig) {
		betweenTicks()
		shop, till := r.shop("shop", time.Second), r.shop("till", time.Second)
		shop.past(30*time.Minute, 1800*10, 0)
		till.past(30*time.Minute, 1800*10, 0)
		time.Sleep(3 * time.Hour)
		settled()
		// The whole hour failed, of which a thousandth may.
		if left := r.instance("shop:availability").Remaining; left == nil || math.Abs(*left-(1-1000)) > 1 {
			t.Errorf("remaining %v of an hour", left)
		}
		if _, page := r.last(alerts.NameBurn, alerts.Critical); !page.Firing() {
			t.Error("no page")
		}
		// Since January began nothing was heard: 3 h of its 31 d.
		if left := r.instance("till:availability").Remaining; left == nil || math.Abs(*left-(1-1000*3.0/744)) > 0.01 {
			t.Errorf("remaining %v of a month", *left)
		}
	})
}

func TestASilenceWithoutTrafficBeforeIsNoLoss(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop", quietly(slo.BadNoData, 0))}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.run(time.Minute, 0, 0)
		time.Sleep(time.Hour)
		r.want("shop:availability", StateNoData)
		if pages := r.of(alerts.NameBurn, alerts.Critical); len(pages) > 0 {
			t.Errorf("nothing was asked for, and it pages: %+v", pages)
		}
	})
}

func TestASilenceThatIsGood(t *testing.T) {
	burning(t, rested, newSpec("shop", quietly(slo.GoodNoData, 0)), func(t *testing.T, r *rig, f *flow) {
		last := r.instance("shop:availability").LastSample
		time.Sleep(time.Until(last.Add(10*time.Minute + 2*time.Second)))
		r.want("shop:availability", StateNoData)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() || !r.logged("resolved", "severity=critical", "reason=no_data") {
			t.Errorf("ten good minutes, and the page goes on: %+v", page)
		}
		if _, missing := r.last(alerts.NameNoData, alerts.Warning); !missing.Firing() {
			t.Error("nobody is told of the silence")
		}
		once(t, r)
	})
}

func TestASilenceThatIsIgnored(t *testing.T) {
	burning(t, rested, newSpec("shop", quietly(slo.IgnoreNoData, time.Minute)), func(t *testing.T, r *rig, f *flow) {
		last := r.instance("shop:availability").LastSample
		time.Sleep(time.Until(last.Add(59 * time.Second)))
		if _, page := r.last(alerts.NameBurn, alerts.Critical); !page.Firing() {
			t.Error("the page ended too early")
		}
		time.Sleep(3 * time.Second)
		r.want("shop:availability", StateNoData)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() || !r.logged("resolved", "severity=critical", "reason=no_data") {
			t.Errorf("the page goes on: %+v", page)
		}
		time.Sleep(time.Hour)
		if missing := r.of(alerts.NameNoData, alerts.Warning); len(missing) > 0 {
			t.Errorf("it is to be ignored: %+v", missing)
		}
	})
}

// TestOwnTiers: an SLO's own tiers fire when their arithmetic says, under its
// own severities, and by its own gate.
func TestOwnTiers(t *testing.T) {
	spec := newSpec("shop", func(s *slo.Spec) {
		few := 2.0
		s.Alerting.Terms = slo.AlertTerms{MinBad: &few, Confidence: new(float64), Tiers: []slo.Tier{
			{Name: "rush", Severity: "critical", Factor: 10, Long: 30 * time.Minute, Short: 2 * time.Minute, Fixed: true},
			{Name: "drift", Severity: "warning", Budget: 0.01, Long: 3 * time.Hour, Short: 15 * time.Minute, Fixed: true},
		}}
		s.Alerting.Severities = map[string]string{"rush": "sev1"}
	})
	bubble(t, Options{}, []*slo.Spec{spec, newSpec("till")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f, usual := cleanMonth(r, "shop", time.Second), cleanMonth(r, "till", time.Second)
		f.run(time.Second, 1000, 0)
		outage := time.Now()
		for range 40 {
			f.run(time.Second, 0, 1000)
			usual.put(time.Now(), 0, 1000)
		}
		fired, alert := r.first(alerts.NameBurn, "sev1")
		detected(t, outage, fired, 18*time.Second) // 0.001 * 10 * 30 min
		if alert.Labels["severity"] != "sev1" || alert.Annotations["tier"] != "rush" {
			t.Errorf("alert %+v", alert)
		}
		fired, _ = r.first(alerts.NameBurn, alerts.Warning)
		detected(t, outage, fired, 25920*time.Millisecond) // 0.001 * 0.01 * 720 h
		if pages := r.of(alerts.NameBurn, alerts.Critical); len(pages) > 0 {
			t.Errorf("no tier of either SLO has got so far: %+v", pages)
		}
		if diff := cmp.Diff([]string{"till:availability"}, heals(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// heals lists the SLOs with the tier that wakes nobody: who has tiers of his own
// has it no more.
func heals(r *rig) (list []string) {
	for _, in := range r.Snapshot().Instances {
		for _, a := range in.Alerts {
			if a.Tier == alerts.Heal {
				list = append(list, in.ID)
			}
		}
	}
	return list
}

// TestAnEditOfTiersKeepsAnAlert: a policy that is edited while it burns ends no
// page that burns by the new one too, and a reload ends what has no tier.
func TestAnEditOfTiersKeepsAnAlert(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		edited := func(severity string) *slo.Spec {
			return newSpec("shop", func(s *slo.Spec) {
				s.Alerting.Terms.Tiers = []slo.Tier{{Name: "mine", Severity: severity, Factor: 8, Long: time.Hour, Short: 5 * time.Minute, Fixed: true}}
			})
		}
		r.load(edited("critical"))
		f.run(2*time.Second, 0, 1000)
		once(t, r)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); !page.Firing() || page.Annotations["tier"] != "mine" {
			t.Errorf("the page is %+v", page)
		}
		r.load(edited("info"))
		f.run(2*time.Second, 0, 1000)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() || !r.logged("resolved", "severity=critical", "reason=policy_changed") {
			t.Errorf("the page is %+v", page)
		}
		if _, info := r.last(alerts.NameBurn, alerts.Info); !info.Firing() {
			t.Errorf("the info is %+v", info)
		}
	})
}

// TestASilenceThatIsExcused: what a maintenance takes of it is no loss.
func TestASilenceThatIsExcused(t *testing.T) {
	begins := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // as every bubble does
	down := budget.Span{From: begins.Add(time.Minute), To: begins.Add(2 * time.Hour)}
	spec := newSpec("shop", quietly(slo.BadNoData, 0), excluding("down", down))
	bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		time.Sleep(time.Until(down.To.Add(9 * time.Minute)))
		if pages := r.of(alerts.NameBurn, alerts.Critical); len(pages) > 0 {
			t.Errorf("it was to be down, and pages: %+v", pages)
		}
		time.Sleep(2 * time.Minute)
		if pages := r.of(alerts.NameBurn, alerts.Critical); len(pages) == 0 {
			t.Error("it did not come back, and nobody is told")
		}
		// 11 minutes of 30 d less those two hours.
		if left, want := *r.instance("shop:availability").Remaining, 1-11.0/43200/0.001; math.Abs(left-want) > 0.01 {
			t.Errorf("remaining %v, want %v", left, want)
		}
	})
}
