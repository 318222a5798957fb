package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// detected is how long after an outage began an alert fired, which must be as
// the workbook says, to a tick and a sample.
func detected(t *testing.T, outage, fired time.Time, want time.Duration) {
	t.Helper()
	if late := fired.Sub(outage); late < want-time.Second || late > want+time.Second {
		t.Errorf("fired %s after the outage began, want %s ± 1 s", late, want)
	}
}

// cleanMonth is a service with a clean history, up to now.
func cleanMonth(r *rig, service string, every time.Duration) *flow {
	f := r.shop(service, every)
	const history = month - time.Hour
	f.past(history, 1000*history.Seconds(), 0)
	return f
}

func TestTotalOutagePagesAfter52Seconds(t *testing.T) {
	spec := newSpec("shop", labelled("team", "payments"))
	spec.Alerting.Labels = map[string]string{"channel": "pay"}
	spec.Alerting.Annotations = map[string]string{"runbook_url": "https://runbooks.example/shop"}
	link := func(id string) string { return "https://slo.example/" + id }
	bubble(t, Options{Link: link}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		outage := time.Now()
		f.run(time.Minute, 0, 1000)
		at, alert := r.first(alerts.NameBurn, alerts.Critical)
		detected(t, outage, at, 52*time.Second)
		if !alert.Firing() || !alert.StartsAt.Equal(at) || alert.GeneratorURL != "https://slo.example/shop:availability" {
			t.Errorf("alert %+v", alert)
		}
		labels := map[string]string{
			"alertname": "ErrorBudgetBurn", "service": "shop", "slo": "availability", "slo_id": "shop:availability",
			"severity": "critical", "team": "payments", "channel": "pay",
		}
		if diff := cmp.Diff(labels, alert.Labels); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		annotations := map[string]string{
			"tier": "page_fast", "long": "1h", "short": "5m", "factor": "14.4",
			"remaining": "98.0%", "summary": "shop availability: error budget burns too fast",
			"runbook_url": "https://runbooks.example/shop", "dashboard_url": "https://slo.example/shop:availability",
			"top_contributors": `{__name__="requests_total", code="500", service="shop"}`,
		}
		for key, want := range annotations {
			if got := alert.Annotations[key]; got != want {
				t.Errorf("annotation %s is %q, want %q", key, got, want)
			}
		}
		// 52 s of an hour and of five minutes, over a budget of 0.001.
		long, short := annotated(t, alert, "burn"), annotated(t, alert, "short_burn")
		if math.Abs(long-14.44) > 0.02 || math.Abs(short-173.3) > 0.6 {
			t.Errorf("burns at %v and %v, want 14.44 and 173.3", long, short)
		}
		for _, want := range []string{"99.9%", "30d", alert.Annotations["burn"] + " over 1h", alert.Annotations["short_burn"] + " over 5m", "page_fast", "above 14.4"} {
			if got := alert.Annotations["description"]; !strings.Contains(got, want) {
				t.Errorf("the description %q lacks %q", got, want)
			}
		}
		r.want("shop:availability", StateBurning)
	})
}

// annotated reads a number from an annotation.
func annotated(t *testing.T, a alerts.Alert, name string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(a.Annotations[name], 64)
	if err != nil {
		t.Errorf("annotation %s: %v", name, err)
	}
	return n
}

// Samples that fall on the ticks are judged as those between them.
func TestSamplesOnTheTick(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		time.Sleep(time.Second)
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		outage := time.Now()
		f.run(time.Minute, 0, 1000)
		at, _ := r.first(alerts.NameBurn, alerts.Critical)
		detected(t, outage, at, 52*time.Second)
	})
}

// What was not observed counts as good traffic at the observed rate, so a
// fresh engine pages as late as one with a clean window.
func TestAFreshEnginePagesAsLateAsOneWithHistory(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.put(time.Now())
		f.run(20*time.Second, 1000, 0)
		outage := time.Now()
		f.run(time.Minute, 0, 1000)
		at, _ := r.first(alerts.NameBurn, alerts.Critical)
		detected(t, outage, at, 52*time.Second)
	})
}

func TestHealIsShownAndNotSent(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		outage := time.Now()
		f.run(10*time.Second, 0, 1000)
		firing := r.instance("shop:availability").Alerts
		if len(firing) != 1 || firing[0].Tier != alerts.Heal || firing[0].Severity != "" {
			t.Fatalf("alerts %+v, want heal", firing)
		}
		detected(t, outage, firing[0].Since, 6*time.Second) // 17.28 × 0.001 × 5 min = 5.2 s
		r.want("shop:availability", StateOK)
		if got := testutil.ToFloat64(r.core.metrics.events.WithLabelValues(alerts.NameBurn, "", "fired")); got != 1 {
			t.Errorf("%v heal events, want 1", got)
		}
		for _, s := range r.sent() {
			for _, a := range s.batch {
				if a.Labels["severity"] == "" {
					t.Errorf("sent %+v", a)
				}
			}
		}
	})
}

func TestOneAlertPerSeverityFromOutageToRecovery(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 1000, 0)
		outage := time.Now()
		f.run(10*time.Minute, 0, 1000)
		at, _ := r.first(alerts.NameBurn, alerts.Warning)
		detected(t, outage, at, 260*time.Second)
		end := time.Now()
		f.run(31*time.Minute, 1000, 0)
		at, alert := r.last(alerts.NameBurn, alerts.Critical)
		if alert.Firing() || !alert.ResolvedAt.Equal(at) || !r.logged("resolved", "severity=critical", "reason=recovered") {
			t.Errorf("half an hour later the page is %+v", alert)
		}
		// page_slow holds it until its short window is clean: 0.6 % of 30 min are 10.8 s.
		detected(t, end, at, 30*time.Minute-10*time.Second)
		tiers := map[string]bool{}
		for _, s := range r.of(alerts.NameBurn, alerts.Critical) {
			tiers[s.batch[0].Annotations["tier"]] = true
		}
		if len(tiers) != 2 {
			t.Errorf("the page was held by %v, want page_fast, then page_slow", tiers)
		}
		if _, alert := r.last(alerts.NameBurn, alerts.Warning); !alert.Firing() {
			t.Error("the ticket is resolved although its windows still burn")
		}
		once(t, r)
	})
}

// once checks that every alert began once and that no send names one twice.
func once(t *testing.T, r *rig) {
	t.Helper()
	began := map[string]time.Time{}
	for _, s := range r.sent() {
		seen := map[string]bool{}
		for _, a := range s.batch {
			key := fmt.Sprint(a.Labels)
			if seen[key] {
				t.Errorf("at %s one send has %s twice", s.at, key)
			}
			seen[key] = true
			if first, ok := began[key]; ok && !first.Equal(a.StartsAt) {
				t.Errorf("%s began at %s and again at %s", key, first, a.StartsAt)
			}
			began[key] = a.StartsAt
		}
	}
}

func TestASlowBurnIsATicket(t *testing.T) {
	bubble(t, Options{Tick: 10 * time.Second}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", 15*time.Second)
		const clean, burnt = 25 * 24 * time.Hour, 20 * time.Hour
		f.put(time.Now().Add(-burnt - clean - f.every))
		f.put(time.Now().Add(-burnt - clean))
		f.put(time.Now().Add(-burnt), 1000*clean.Seconds(), 0)
		f.put(time.Now(), 995*burnt.Seconds(), 5*burnt.Seconds())
		f.run(5*time.Minute, 995, 5)
		_, alert := r.first(alerts.NameBurn, alerts.Warning)
		if got := alert.Annotations["tier"]; got != alerts.TicketFast {
			t.Errorf("held by %s, want ticket_fast", got)
		}
		if pages := r.of(alerts.NameBurn, alerts.Critical); len(pages) > 0 {
			t.Errorf("half the factor of a page pages: %+v", pages[0])
		}
		once(t, r)
	})
}

func TestAnExhaustedBudgetWarns(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(30*time.Minute, 0, 1000)
		in := r.instance("shop:availability")
		if in.Exhaustion == nil || *in.Exhaustion <= 0 || *in.Remaining < 0.25 || *in.Remaining > 0.35 {
			t.Errorf("after 30 of 43 minutes: remaining %v, exhaustion %v", *in.Remaining, in.Exhaustion)
		}
		if _, info := r.first(alerts.NameExhausted, alerts.Info); !info.Firing() {
			t.Errorf("the forecast alert is %+v", info)
		}
		f.run(14*time.Minute, 0, 1000)
		r.want("shop:availability", StateExhausted)
		at, warning := r.first(alerts.NameExhausted, alerts.Warning)
		resolved, info := r.last(alerts.NameExhausted, alerts.Info)
		if info.Firing() || !resolved.Equal(at) {
			t.Errorf("the info alert did not end as the warning began: %s, %s", resolved, at)
		}
		if got := warning.Annotations["summary"]; got != "shop availability: error budget is spent" {
			t.Errorf("summary %q", got)
		}
		if in := r.instance("shop:availability"); in.Exhaustion == nil || *in.Exhaustion != 0 {
			t.Errorf("exhaustion is %v, want 0", in.Exhaustion)
		}
	})
}

func TestAnnotationsAreRefreshed(t *testing.T) {
	burning(t, Options{Refresh: 20 * time.Second}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		before := len(r.of(alerts.NameBurn, alerts.Critical))
		f.run(2*time.Minute, 0, 1000)
		list := r.of(alerts.NameBurn, alerts.Critical)
		if n := len(list) - before; n != 6 {
			t.Errorf("sent %d times in two minutes, want every 20 s", n)
		}
		last := 0.0
		for _, s := range list {
			burn := annotated(t, s.batch[0], "burn")
			if burn <= last {
				t.Errorf("at %s burn is %v, was %v", s.at, burn, last)
			}
			if s.batch[0].Annotations["top_contributors"] == "" {
				t.Errorf("at %s nobody contributes", s.at)
			}
			last = burn
		}
		once(t, r)
	})
}

func TestGroupsAlertAlone(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop", by("route"))}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.flow(time.Second,
			`requests_total{service="shop",code="200",route="/pay"}`, `requests_total{service="shop",code="500",route="/pay"}`,
			`requests_total{service="shop",code="200",route="/home"}`)
		f.past(7*24*time.Hour, 6e8, 0, 6e8)
		f.run(90*time.Second, 0, 1000, 1000)
		states := map[string]State{}
		for _, in := range r.Snapshot().Instances {
			states[in.Group["route"]] = in.State
		}
		if diff := cmp.Diff(map[string]State{"/pay": StateBurning, "/home": StateOK}, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		_, page := r.first(alerts.NameBurn, alerts.Critical)
		if page.Labels["route"] != "/pay" || !strings.HasPrefix(page.Labels["slo_id"], "shop:availability:") {
			t.Errorf("labels %v", page.Labels)
		}
		for _, s := range r.sent() {
			for _, a := range s.batch {
				if a.Labels["route"] != "/pay" {
					t.Errorf("sent %v", a.Labels)
				}
			}
		}
		once(t, r)
	})
}

// Two samples at least must lie in a short window.
func TestSparseSamplesWidenTheWindows(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop", over(slo.Window{Rolling: 24 * time.Hour}))}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", 15*time.Second)
		f.past(20*time.Hour, 72e6, 0)
		f.run(5*time.Minute, 1000, 0)
		if got := r.instance("shop:availability").Interval; got != 15*time.Second {
			t.Errorf("interval %s", got)
		}
		f.run(time.Minute, 0, 1000)
		_, page := r.first(alerts.NameBurn, alerts.Critical)
		got := []string{page.Annotations["tier"], page.Annotations["long"], page.Annotations["short"]}
		if diff := cmp.Diff([]string{"page_fast", "2m", "30s"}, got); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
		if got := r.instance("shop:availability").Alerts; len(got) == 0 {
			t.Error("nothing fires")
		}
	})
}

func TestThinEvidenceIsPending(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(7*24*time.Hour, 700, 0) // four requests an hour
		f.run(time.Minute, 0, 0)
		f.put(time.Now().Add(time.Millisecond), 0, 1)
		settled()
		in := r.instance("shop:availability")
		if !slices.Contains(in.Pending, alerts.PageFast) {
			t.Errorf("pending %v, want page_fast among them", in.Pending)
		}
		for _, a := range in.Alerts {
			if a.Name == alerts.NameBurn {
				t.Errorf("one bad request fires %+v", a)
			}
		}
		r.load(newSpec("shop", silent))
		settled()
		if got := r.instance("shop:availability").Pending; len(got) > 0 {
			t.Errorf("without alerting %v are pending", got)
		}
	})
}
