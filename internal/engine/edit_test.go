package engine

import (
	"bytes"
	"log/slog"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestEditsKeepCountsAndAlerts edits everything that does not say which events
// count, with a page firing, by a reload and over a restart.
func TestEditsKeepCountsAndAlerts(t *testing.T) {
	day := over(slo.Window{Rolling: 24 * time.Hour})
	for what, edits := range map[string][]edit{
		"objective":   {day, promising("99.5%"), earlier("99.9%", sunday.Add(40*time.Hour))},
		"window":      {over(slo.Window{Rolling: 7 * 24 * time.Hour})},
		"shorter":     {over(slo.Window{Rolling: 12 * time.Hour})},
		"calendar":    {over(slo.Window{Period: slo.Week})},
		"windows":     {day, also(slo.Window{Rolling: 30 * 24 * time.Hour}, slo.Window{Period: slo.Month})},
		"labels":      {day, labelled("team", "b")},
		"description": {day, func(s *slo.Spec) { s.Description = "something else" }},
		"alerting":    {day, func(s *slo.Spec) { s.Alerting.Annotations = map[string]string{"a": "b"} }},
		"adjustment":  {day, excluding("m", budget.Span{From: sunday, To: sunday.Add(time.Hour)})},
	} {
		for _, restarts := range []bool{false, true} {
			p := newTape(t, sunday, newSpec("shop", day))
			p.run(47*time.Hour, 1000, 0)
			p.run(time.Hour, 800, 200)
			before := p.shop()
			if len(before.Alerts) == 0 {
				t.Fatal("nothing fires")
			}
			sent := len(p.sent)
			if restarts {
				p.restart(newSpec("shop", edits...))
			} else {
				p.load(newSpec("shop", edits...))
			}
			after := p.shop()
			if after.Since != before.Since {
				t.Errorf("%s (restart %v): counted %+v before, %+v after", what, restarts, before.Since, after.Since)
			}
			counted, _ := p.between(later(after.Period.Start, p.now.Add(-24*time.Hour)), p.now, nil)
			if known := after.Period.Counts; known.Bad != counted.Bad || known.Total < counted.Total {
				t.Errorf("%s (restart %v): the window holds %+v, of the last day alone %+v", what, restarts, known, counted)
			}
			page := func(in *Instance) (since time.Time) {
				for _, a := range in.Alerts {
					if a.Name == alerts.NameBurn && a.Severity == string(alerts.Critical) {
						since = a.Since
					}
				}
				return since
			}
			if !page(after).Equal(page(before)) {
				t.Errorf("%s (restart %v): alerts were %+v, are %+v", what, restarts, before.Alerts, after.Alerts)
			}
			for _, a := range p.sent[sent:] {
				if !a.Firing() && a.Labels["severity"] == string(alerts.Critical) && what != "labels" {
					t.Errorf("%s (restart %v): resolved %+v", what, restarts, a.Labels)
				}
			}
		}
	}
}

// A longer window keeps what was counted and says how much it has not seen; the
// old one again is as if nothing had been.
func TestAWindowEditAndBack(t *testing.T) {
	day, week := over(slo.Window{Rolling: 24 * time.Hour}), over(slo.Window{Rolling: 7 * 24 * time.Hour})
	p, twin := newTape(t, sunday, newSpec("shop", day)), newTape(t, sunday, newSpec("shop", day))
	both := func(d time.Duration, good, bad float64) { p.run(d, good, bad); twin.run(d, good, bad) }
	both(60*time.Hour, 1000, 1)
	p.load(newSpec("shop", week))
	in := p.shop()
	seen := in.Period.Coverage * 7 * 24
	if seen < 24 || seen > 26 || math.Abs(in.Period.Counts.Total-seen*240*1001) > 1001 {
		t.Errorf("the week holds %+v, and %v hours of it were seen", in.Period.Counts, seen)
	}
	both(24*time.Hour, 1000, 1)
	if in := p.shop(); math.Abs(in.Period.Coverage*7*24-seen-24) > 0.1 || math.Abs(in.Period.Counts.Total-(seen+24)*240*1001) > 2002 {
		t.Errorf("a day later it holds %+v, coverage %v", in.Period.Counts, in.Period.Coverage)
	}
	p.restart(newSpec("shop", week))
	if in := p.shop(); math.Abs(in.Period.Coverage*7*24-seen-24) > 0.1 {
		t.Errorf("after a restart coverage is %v", in.Period.Coverage)
	}
	p.load(newSpec("shop", day))
	both(time.Minute, 1000, 1)
	ignore := cmpopts.IgnoreFields(Instance{}, "Exhaustion", "Alerts", "Tiers", "State", "Windows") // each forecasts, and began to fire, at its own time
	if diff := cmp.Diff(sight(twin.shop()), sight(p.shop()), ignore); diff != "" {
		t.Errorf("the day again (-never edited +edited):\n%s", diff)
	}
}

// A tightened objective holds from its time on: the budget of the time before it
// is the one that was promised then.
func TestAnObjectiveTakesEffect(t *testing.T) {
	change := sunday.Add(12 * time.Hour)
	spec := func() *slo.Spec {
		return newSpec("shop", over(slo.Window{Rolling: 24 * time.Hour}), promising("99.9%"), earlier("99%", change))
	}
	p := newTape(t, sunday.Add(-12*time.Hour), spec())
	p.run(24*time.Hour, 995, 5) // half of what 99 % leaves
	in := p.shop()
	if in.Spec.Objective.String() != "99%" || !near(*in.Remaining, 0.5) || !near(*in.Period.Burn, 0.5) {
		t.Errorf("before: objective %s, %v left, burn %v", in.Spec.Objective, *in.Remaining, *in.Period.Burn)
	}
	p.run(12*time.Hour, 1000, 0)
	in = p.shop()
	// Half of the window at 99 %, half at 99.9 %: 0.0055 of the events may be bad.
	if in.Spec.Objective.String() != "99.9%" || !near(*in.Remaining, 1-0.0025/0.0055) || math.Abs(*in.Period.Burn-2.5) > 1e-9 {
		t.Errorf("after: objective %s, %v left, burn %v", in.Spec.Objective, *in.Remaining, *in.Period.Burn)
	}
	p.restart(spec())
	if in := p.shop(); !near(*in.Remaining, 1-0.0025/0.0055) {
		t.Errorf("after a restart %v is left", *in.Remaining)
	}
	p.run(13*time.Hour, 999, 1)
	if in = p.shop(); !near(*in.Remaining, 1-in.Period.Counts.Bad/in.Period.Counts.Total/0.001) {
		t.Errorf("when all of the window is at 99.9 %% %v is left of %+v", *in.Remaining, in.Period.Counts)
	}
}

// A month in whose middle the objective changes has the budget of both halves
// from its first day on.
func TestAnObjectiveThatWillChange(t *testing.T) {
	change := time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)
	p := newTape(t, sunday, newSpec("shop", over(slo.Window{Period: slo.Month}), promising("99.9%"), earlier("99%", change)))
	p.run(24*time.Hour, 999, 1)
	in := p.shop()
	want := 1 - 0.001*1/(0.01*10+0.001*21) // a day's bad ones, of ten days at one and 21 at the other
	if !near(*in.Remaining, want) {
		t.Errorf("%v is left, want %v", *in.Remaining, want)
	}
}

// Tiers go over to the new objective at its time, without a reload.
func TestTiersFollowTheObjective(t *testing.T) {
	change := sunday.Add(30 * time.Hour)
	p := newTape(t, sunday, newSpec("shop", over(slo.Window{Rolling: month}), promising("99.99%"), earlier("99%", change)))
	each := func(d time.Duration) {
		for end := p.now.Add(d); p.now.Before(end); p.Evaluate(p.now) {
			p.run(15*time.Second, 9980, 20)
		}
	}
	p.run(29*time.Hour, 9980, 20) // burns at 0.2
	each(time.Hour)
	if len(p.sent) > 0 {
		t.Errorf("sent %+v", p.sent)
	}
	each(time.Minute) // burns at 20
	if p.fired(alerts.NameBurn) == 0 {
		t.Error("nothing fires by the new objective")
	}
}

// testdata/version2.snapshot was written by the first version with a data
// folder: 100 minutes of 1,000 good requests every 15 s, in the last five of
// them 500 bad ones too.
func TestASnapshotOfTheFirstVersion(t *testing.T) {
	kept, err := os.ReadFile("testdata/version2.snapshot")
	if err != nil {
		t.Fatal(err)
	}
	now := sunday.Add(100 * time.Minute)
	specs := []*slo.Spec{newSpec("shop", over(slo.Window{Rolling: 24 * time.Hour})), newSpec("shop", named("routes"), by("code"), over(slo.Window{Period: slo.Month}))}
	p := newTape(t, now, specs...)
	p.Core = NewCore(p.o)
	r := &recovery{core: p.Core, log: slog.New(slog.DiscardHandler), load: func() { p.load(specs...) }}
	r.begin()
	if err := r.snapshot(bytes.NewReader(kept)); err != nil {
		t.Fatal(err)
	}
	r.end(now)
	began := sunday.Add(95*time.Minute + 15*time.Second)
	check := func(id string, want budget.Counts, left float64, page bool) {
		t.Helper()
		in := p.look(id)
		if in.Period.Counts != want || !near(*in.Remaining, left) || (len(in.Alerts) > 0) != page || page && !in.Alerts[0].Since.Equal(began) {
			t.Errorf("%s: %+v, %v left, alerts %+v", id, in.Period, *in.Remaining, in.Alerts)
		}
	}
	check("shop:availability", budget.Counts{Bad: 10_000, Total: 409_000}, -0.6936634066829668, true)
	check("shop:routes:94f61da4faddb8c1", budget.Counts{Bad: 10_000, Total: 10_000}, -1.234543010752688, true)
	check("shop:routes:a9634e9c1940404e", budget.Counts{Total: 399_000}, 1, false)
	p.load(newSpec("shop", over(slo.Window{Rolling: 7 * 24 * time.Hour})))
	p.restart(newSpec("shop", over(slo.Window{Rolling: 7 * 24 * time.Hour})))
	if in := p.shop(); in.Period.Counts != (budget.Counts{Bad: 10_000, Total: 409_000}) {
		t.Errorf("with a longer window: %+v", in.Period)
	}
}
