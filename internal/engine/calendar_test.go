package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestPeriodsRollOver lets traffic flow over the ends of calendar periods of
// every kind: what lies at the very second belongs to the old period, the new
// one begins with a whole budget, and both project over their real length.
func TestPeriodsRollOver(t *testing.T) {
	f := func(zone string, period slo.Period, begin string, hours float64) {
		t.Helper()
		location, err := slo.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.ParseInLocation("2006-01-02 15:04", begin, location)
		if err != nil {
			t.Fatal(err)
		}
		window := slo.Window{Period: period, Location: location}
		p := newTape(t, start.Add(-time.Hour), newSpec("shop", over(window), promising("99%")))
		what := fmt.Sprintf("%s of %s in %s", period, begin, zone)
		p.run(time.Hour-15*time.Second, 90, 10)
		if in := p.shop(); in.Period.Counts != (budget.Counts{Bad: 2390, Total: 23900}) || !in.Period.Start.Before(start.Add(-time.Hour)) {
			t.Errorf("%s: before it there is %+v", what, in.Period)
		}
		p.run(15*time.Second, 0, 1000) // at the boundary
		p.run(15*time.Second, 99, 1)
		in := p.shop()
		if in.Period.Counts != (budget.Counts{Bad: 1, Total: 100}) || !in.Period.Start.Equal(start) {
			t.Errorf("%s: it begins at %s with %+v", what, in.Period.Start, in.Period.Counts)
		}
		length := time.Duration(hours * float64(time.Hour))
		if want := float64(15*time.Second) / float64(length); !near(in.Period.Coverage, want) {
			t.Errorf("%s: coverage %v, want %v", what, in.Period.Coverage, want)
		}
		if want := 1 - 1/(0.01*100*float64(length)/float64(15*time.Second)); in.Remaining == nil || !near(*in.Remaining, want) {
			t.Errorf("%s: %v is left, want %v", what, *in.Remaining, want)
		}
		// Three days on the ledger has but hours left to tell moments apart.
		last := start.Add(min(100*time.Hour, length-time.Minute))
		for p.now.Before(last) {
			p.now = p.now.Add(time.Minute)
			p.put(99, 1)
		}
		in = p.shop()
		minutes := float64(last.Sub(start.Add(15*time.Second)).Truncate(time.Minute)/time.Minute) + 1
		if in.Period.Counts.Total < 100*minutes || in.Period.Counts.Total > 100*(minutes+1) || !in.Period.Start.Equal(start) {
			t.Errorf("%s: later it begins at %s with %+v, want %v", what, in.Period.Start, in.Period.Counts, 100*minutes)
		}
		p.restart(newSpec("shop", over(window), promising("99%")))
		if again := p.shop(); again.Period.Counts != in.Period.Counts || !again.Period.Start.Equal(start) {
			t.Errorf("%s: after a restart it begins at %s with %+v, had %+v", what, again.Period.Start, again.Period.Counts, in.Period.Counts)
		}
	}
	f("Europe/Berlin", slo.Day, "2026-03-29 00:00", 23)
	f("Europe/Berlin", slo.Day, "2026-10-25 00:00", 25)
	f("Europe/Berlin", slo.Week, "2026-03-23 00:00", 167)
	f("Europe/Berlin", slo.Month, "2026-03-01 00:00", 31*24-1)
	f("Europe/Berlin", slo.Quarter, "2026-10-01 00:00", 92*24+1)
	f("UTC", slo.Month, "2028-02-01 00:00", 29*24)
	f("UTC", slo.Month, "2026-02-01 00:00", 28*24)
	f("UTC", slo.Year, "2028-01-01 00:00", 366*24)
	f("Asia/Kolkata", slo.Month, "2026-05-01 00:00", 31*24) // not on a whole hour
	f("Asia/Kathmandu", slo.Quarter, "2026-04-01 00:00", 91*24)
	f("Australia/Lord_Howe", slo.Week, "2026-04-06 00:00", 168)
	f("America/Havana", slo.Day, "2026-03-08 01:00", 23) // there is no midnight
	f("Africa/Cairo", slo.Day, "2026-04-24 01:00", 23)
	f("Africa/Cairo", slo.Day, "2026-10-29 00:00", 25) // and here there are two at its end
}

// With twice the errors it may have, a period's budget lasts for half of it.
func TestACalendarBudgetLastsByTheRealLength(t *testing.T) {
	for begin, length := range map[string]time.Duration{
		"2026-01-01": 31 * 24 * time.Hour, "2026-02-01": 28 * 24 * time.Hour, "2028-02-01": 29 * 24 * time.Hour,
	} {
		start, _ := time.Parse(time.DateOnly, begin)
		p := newTape(t, start, newSpec("shop", over(slo.Window{Period: slo.Month}), promising("99%")))
		p.run(7*time.Hour, 98, 2)
		p.now = p.now.Add(time.Minute) // so that the forecast is due
		p.put(98*4, 2*4)
		in := p.shop()
		want := length/2 - p.now.Sub(start)
		if in.Exhaustion == nil || (*in.Exhaustion-want).Abs() > time.Minute {
			t.Errorf("from %s: the budget is gone in %v, want %s", begin, in.Exhaustion, want)
		}
	}
}
