package alerts

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const month = 30 * 24 * time.Hour

// sim drives a policy with a ledger, a tick a second.
type sim struct {
	policy Policy
	ledger *budget.Ledger
	state  State
	now    time.Time
	live   bool
	last   time.Time
	events []string
}

func newSim(window time.Duration, budgetShare float64, gate Gate) *sim {
	tiers, _ := Fit(Defaults(), slo.Window{Rolling: window}, budgetShare, 0)
	return &sim{
		policy: Policy{Tiers: tiers, Gate: gate, Budget: budgetShare},
		ledger: budget.New(window), now: epoch, live: true,
	}
}

// history is clean, even traffic before now.
func (s *sim) history(d time.Duration, perSecond float64) {
	for t := s.now.Add(-d); t.Before(s.now); t = t.Add(time.Minute) {
		s.ledger.Spread(t, t.Add(time.Minute), budget.Counts{Total: 60 * perSecond})
	}
	s.ledger.Observe(s.now.Add(-d), s.now)
	s.last = s.now
}

// tick adds one second of traffic and steps.
func (s *sim) tick(total, bad float64) {
	s.now = s.now.Add(time.Second)
	if s.live {
		s.ledger.Add(s.now, budget.Counts{Bad: bad, Total: total})
		s.ledger.Observe(s.last, s.now)
		s.last = s.now
	}
	o := Observation{Data: Live, LastSample: s.last}
	if !s.live && s.now.Sub(s.last) > 10*time.Minute {
		o.Data = NoData
	}
	at := s.last // windows do not slide over time that nobody saw
	for _, t := range s.policy.Tiers {
		o.Burns = append(o.Burns, Windows{Long: s.burn(at, t.Long), Short: s.burn(at, t.Short)})
	}
	for _, e := range s.policy.Step(&s.state, o, s.now) {
		s.events = append(s.events, fmt.Sprintf("%s %d %s %s/%s %s", s.now.Sub(epoch), e.Kind, e.Name, e.Severity, e.Tier, e.Reason))
	}
}

func (s *sim) burn(at time.Time, w time.Duration) Burn {
	view := s.ledger.At(at, true)
	return Burn{Counts: view.Estimate(w), Coverage: view.Coverage(w)}
}

// holds lists the tiers that hold, pending ones in brackets.
func (s *sim) holds(name string) bool {
	for i, t := range s.state.tiers {
		if s.policy.Tiers[i].Name == name {
			return t.holds
		}
	}
	return false
}

// TestWorkbookGrid checks every cell of the workbook's grid: objective 99.9 %
// over 30 days, a constant error ratio after a clean history, 1,000 requests a
// second, the low-traffic gate on. Each tier must fire within one tick of the
// time the formula gives, and never where the ratio equals the threshold.
func TestWorkbookGrid(t *testing.T) {
	limit := 75 * time.Hour
	if testing.Short() {
		limit = 20 * time.Minute
	}
	tiers := []string{PageFast, PageSlow, TicketFast, TicketSlow}
	for _, bad := range []float64{1000, 150, 20, 14.4, 6, 3, 1, 14.41, 6.01, 3.01, 1.001} {
		t.Run(fmt.Sprintf("%v of 1000", bad), func(t *testing.T) {
			s := newSim(month, 0.001, DefaultGate())
			s.history(3*24*time.Hour+2*time.Hour, 1000)
			expected := map[string]time.Duration{}
			var last time.Duration
			for _, tier := range s.policy.Tiers {
				if d, ok := tier.DetectionTime(0.001, bad/1000); ok && d <= limit && bad/1000 > tier.Factor*0.001*(1+1e-9) {
					expected[tier.Name] = d
					last = max(last, d)
				}
			}
			end := min(last+2*time.Hour, limit) // and a while longer for those that never fire
			if slices.Contains([]float64{14.4, 6, 3, 1}, bad) {
				end = limit // the ratio equals a threshold, over the whole long window
			}
			fired := map[string]time.Duration{}
			for elapsed := time.Duration(0); elapsed < end; {
				s.tick(1000, bad)
				elapsed = s.now.Sub(epoch)
				for _, name := range tiers {
					if _, seen := fired[name]; !seen && s.holds(name) {
						fired[name] = elapsed
					}
				}
			}
			for _, name := range tiers {
				want, should := expected[name]
				got, did := fired[name]
				if should != did {
					t.Errorf("%s: fired %v (%v), expected %v (%v)", name, did, got, should, want)
				}
				if should && did && (got < want || got > want+time.Second) {
					t.Errorf("%s fired after %v, the formula says %v", name, got, want)
				}
			}
		})
	}
}

func TestFit(t *testing.T) {
	f := func(window time.Duration, budgetShare float64, want ...string) {
		t.Helper()
		tiers, _ := Fit(Defaults(), slo.Window{Rolling: window}, budgetShare, 0)
		for i, tier := range tiers {
			got := fmt.Sprintf("%s %s/%s %.4g", tier.Name, slo.FormatDuration(tier.Long), slo.FormatDuration(tier.Short), tier.Factor)
			if got != want[i] {
				t.Errorf("window %v: %s, want %s", window, got, want[i])
			}
		}
	}
	f(month, 0.001, "heal 5m/30s 17.28", "page_fast 1h/5m 14.4", "page_slow 6h/30m 6", "ticket_fast 1d/2h 3", "ticket_slow 3d/6h 1")
	f(28*24*time.Hour, 0.001, "heal 5m/30s 16.13", "page_fast 1h/5m 13.44", "page_slow 6h/30m 5.6", "ticket_fast 1d/2h 2.8", "ticket_slow 3d/6h 0.9333")
	f(24*time.Hour, 0.001, "heal 10s/1s 17.28", "page_fast 2m/10s 14.4", "page_slow 12m/1m 6", "ticket_fast 48m/4m 3", "ticket_slow 2h24m/12m 1")
	// Half of a total outage burns a budget of 10 % at 5.
	f(month, 0.1, "heal 17m17s/1m26s 4.999", "page_fast 2h52m48s/14m24s 5", "page_slow 6h/30m 6", "ticket_fast 1d/2h 3", "ticket_slow 3d/6h 1")
	_, misfits := Fit(Defaults(), slo.Window{Rolling: month}, 0.1, 0)
	if len(misfits) != 2 || misfits[0].Dropped {
		t.Errorf("misfits: %+v", misfits)
	}
	tiers, misfits := Fit(Defaults(), slo.Window{Rolling: month}, 0.001, time.Minute)
	if len(tiers) != 4 || len(misfits) != 0 {
		t.Errorf("slices of a minute leave %d tiers, misfits %+v", len(tiers), misfits)
	}
	tiers, misfits = Fit(Defaults(), slo.Window{Rolling: month}, 0.001, 10*time.Minute)
	if len(tiers) != 3 || len(misfits) != 1 || !misfits[0].Dropped {
		t.Errorf("slices of ten minutes leave %d tiers, misfits %+v", len(tiers), misfits)
	}
}

func TestDetectionTime(t *testing.T) {
	tiers, _ := Fit(Defaults(), slo.Window{Rolling: month}, 0.001, 0)
	d, ok := tiers[1].DetectionTime(0.001, 1)
	if !ok || (d-51840*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("total outage: %v, %v", d, ok)
	}
	if _, ok := tiers[1].DetectionTime(0.001, 0.0144); ok {
		t.Error("a ratio equal to the threshold must never fire")
	}
}

// TestGate compares the tail test with the Clopper-Pearson bound found by
// bisection on sums of binomial probabilities: a slow, independent way.
func TestGate(t *testing.T) {
	g := Gate{Confidence: 0.99, MinBad: 1}
	for _, n := range []float64{10, 37, 200} {
		for bad := 1.0; bad <= n; bad += math.Ceil(n / 10) {
			lower := clopperPearson(bad, n, 0.01)
			for _, limit := range []float64{0.001, 0.0144, 0.1, 0.3, 0.6, 0.9} {
				want := lower > limit*(1-indifference)
				if got := g.enough(bad, n, limit); got != want {
					t.Errorf("%v of %v against %v: %v, the bound is %v", bad, n, limit, got, lower)
				}
			}
		}
	}
	if (Gate{Confidence: 0.99, MinBad: 5}).enough(4, 4, 0.01) {
		t.Error("four bad events passed min_bad 5")
	}
	if !(Gate{MinBad: 5}).enough(5, 1000, 0.1) {
		t.Error("confidence 0 must switch the bound off")
	}
}

// clopperPearson finds p with P(X >= bad | n, p) = alpha.
func clopperPearson(bad, n, alpha float64) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		p := (lo + hi) / 2
		tail := 0.0
		for k := bad; k <= n; k++ {
			lg := func(x float64) float64 { v, _ := math.Lgamma(x + 1); return v }
			tail += math.Exp(lg(n) - lg(k) - lg(n-k) + k*math.Log(p) + (n-k)*math.Log1p(-p))
		}
		if tail < alpha {
			lo = p
		} else {
			hi = p
		}
	}
	return lo
}

// Ten requests an hour and one failure is a burn of 1,000 in a short window;
// it must page nobody, and say that it cannot tell.
func TestLowTraffic(t *testing.T) {
	s := newSim(month, 0.001, DefaultGate())
	s.history(24*time.Hour, 10.0/3600)
	s.tick(1, 1)
	for range 100 {
		s.tick(0, 0)
	}
	if len(s.events) != 0 {
		t.Errorf("one failure fired: %v", s.events)
	}
	if pending := s.state.Pending(&s.policy); len(pending) == 0 {
		t.Error("no tier says that it cannot tell")
	}
}

// A fresh engine sees a bad first minute: what it has not seen counts as good
// traffic, so it pages exactly when a clean window would have.
func TestColdStart(t *testing.T) {
	fresh := newSim(month, 0.001, DefaultGate())
	fresh.last = fresh.now
	clean := newSim(month, 0.001, DefaultGate())
	clean.history(3*24*time.Hour+time.Hour, 100)
	for range 400 {
		fresh.tick(100, 15)
		clean.tick(100, 15)
		if fresh.holds(PageFast) != clean.holds(PageFast) {
			t.Fatalf("after %v: fresh %v, clean %v", fresh.now.Sub(epoch), fresh.holds(PageFast), clean.holds(PageFast))
		}
	}
	if !fresh.holds(PageFast) {
		t.Error("nothing fired")
	}
}

func TestFiresOnceAndResolves(t *testing.T) {
	s := newSim(24*time.Hour, 0.001, DefaultGate())
	s.history(24*time.Hour, 100)
	for range 120 {
		s.tick(100, 100)
	}
	for range 200 {
		s.tick(100, 0)
	}
	want := []string{
		"1s 1 ErrorBudgetBurn /heal ",
		"2s 1 ErrorBudgetBurn critical/page_fast ",
		"9s 1 ErrorBudgetBurn warning/ticket_fast ",
	}
	if len(s.events) < 3 || fmt.Sprint(s.events[:3]) != fmt.Sprint(want) {
		t.Errorf("events:\n%q\nwant first\n%q", s.events, want)
	}
	fired := map[string]int{}
	for _, st := range s.state.Firing() {
		fired[st.Name+string(st.Severity)]++
	}
	for name, n := range fired {
		if n > 1 {
			t.Errorf("%s fires %d times", name, n)
		}
	}
}

// TestFreeze: without samples nothing resolves; after the holding tier's long
// window the burn alert ends for that reason, and the no-data alert goes on.
func TestFreeze(t *testing.T) {
	s := newSim(month, 0.001, DefaultGate())
	s.history(3*24*time.Hour, 100)
	for range 60 {
		s.tick(100, 100)
	}
	s.live = false
	for range 3610 {
		s.tick(0, 0)
	}
	var critical []string
	for _, e := range s.events {
		if strings.Contains(e, "critical") || strings.Contains(e, NameNoData) {
			critical = append(critical, e)
		}
	}
	want := []string{
		"52s 1 ErrorBudgetBurn critical/page_fast ",
		"11m1s 2 ErrorBudgetBurn critical/page_fast ",
		"11m1s 1 SLINoData warning/no_data ",
		"1h1m1s 3 ErrorBudgetBurn critical/page_fast no_data",
	}
	if fmt.Sprint(critical) != fmt.Sprint(want) {
		t.Errorf("events\n%q\nwant\n%q", critical, want)
	}
	if firing := s.state.Firing(); len(firing) == 0 || firing[len(firing)-1].Name != NameNoData {
		t.Errorf("no-data alert does not go on: %+v", firing)
	}
}

func BenchmarkStep(b *testing.B) {
	s := newSim(month, 0.001, DefaultGate())
	s.history(24*time.Hour, 1000)
	o := Observation{Data: Live, LastSample: s.now}
	for _, t := range s.policy.Tiers {
		o.Burns = append(o.Burns, Windows{Long: s.burn(s.now, t.Long), Short: s.burn(s.now, t.Short)})
	}
	b.ReportAllocs()
	for b.Loop() {
		s.policy.Step(&s.state, o, s.now)
	}
}

// After silence has ended a page, the next one needs its own evidence.
func TestNoDataForgetsThatTiersHeld(t *testing.T) {
	s := newSim(month, 0.001, DefaultGate())
	s.history(3*24*time.Hour, 100)
	for range 60 {
		s.tick(100, 100)
	}
	s.live = false
	for range 3700 {
		s.tick(0, 0)
	}
	s.live = true
	s.events = nil
	s.last = s.now
	s.ledger = budget.New(month) // what was before is out of the windows
	s.tick(10, 1)
	for _, e := range s.events {
		if strings.Contains(e, "1 ErrorBudgetBurn critical") {
			t.Errorf("one bad event of ten paged: %s", e)
		}
	}
}

// A budget at the edge of spent does not resolve and fire at every tick.
func TestBudgetAlertDoesNotFlap(t *testing.T) {
	var state State
	policy := Policy{Budget: 0.001}
	changes := 0
	for i := range 100 {
		remaining := 0.001
		if i%2 == 0 {
			remaining = -0.001
		}
		changes += len(policy.Step(&state, Observation{Data: Live, Remaining: &remaining}, epoch.Add(time.Duration(i)*time.Second)))
	}
	if changes != 1 {
		t.Errorf("%d changes of one alert", changes)
	}
	remaining := 0.03
	if events := policy.Step(&state, Observation{Data: Live, Remaining: &remaining}, epoch.Add(time.Hour)); len(events) != 2 {
		t.Errorf("a budget that has come back: %+v", events)
	}
}
