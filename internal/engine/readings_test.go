package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestConsumedIsKnownAfterAnHour(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", 15*time.Second)
		f.put(time.Now())
		f.run(59*time.Minute, 999, 1)
		if got := r.instance("shop:availability").Consumed1h; got != nil {
			t.Errorf("after 59 min it is %v", *got)
		}
		f.run(2*time.Minute, 999, 1)
		// Burn 1 spends 1/720 of a month's budget in an hour.
		got := r.instance("shop:availability").Consumed1h
		if got == nil || math.Abs(*got*720-1) > 0.02 {
			t.Errorf("after 61 min it is %v, want about %v", got, 1./720)
		}
	})
}

func TestReadingsShowTheirWindows(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop", over(slo.Window{Rolling: 12 * time.Hour}))}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.put(time.Now())
		f.run(2*time.Minute, 900, 100)
		settled()
		in := r.instance("shop:availability")
		var lengths []time.Duration
		for _, w := range in.Windows {
			lengths = append(lengths, w.Window)
			if w.End.Sub(w.Start) < w.Window || w.End.After(r.Snapshot().At) {
				t.Errorf("window %s is from %s to %s", w.Window, w.Start, w.End)
			}
			if w.Burn == nil || math.Abs(*w.Burn-100) > 1e-9 {
				t.Errorf("window %s burns at %v, want 100", w.Window, w.Burn)
			}
			if want := min(1, 121/w.Window.Seconds()); math.Abs(w.Coverage-want) > 0.02 {
				t.Errorf("window %s is covered by %.3f, want %.3f", w.Window, w.Coverage, want)
			}
		}
		if !slices.IsSorted(lengths) || slices.Max(lengths) >= 12*time.Hour || !slices.Contains(lengths, time.Hour) {
			t.Errorf("windows %v", lengths)
		}
		if in.Since != (budget.Counts{Bad: 12000, Total: 120000}) || in.Period.Counts != in.Since {
			t.Errorf("counted %+v, in the window %+v", in.Since, in.Period.Counts)
		}
	})
}

// fromDate runs a test in virtual time that begins at a date.
func fromDate(t *testing.T, date time.Time, spec *slo.Spec, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(date)) // bubbles begin with the year 2000
		r := start(t, Options{}, spec)
		test(t, r)
		r.stop()
	})
}

func TestACalendarMonthBeginsOnItsFirst(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []*time.Location{time.UTC, berlin} {
		spec := newSpec("shop", over(slo.Window{Period: slo.Month, Location: zone}))
		fromDate(t, time.Date(2000, 3, 31, 23, 58, 0, 5e8, zone), spec, func(t *testing.T, r *rig) {
			f := r.shop("shop", time.Second)
			f.past(20*24*time.Hour, 1e6, 500)
			f.run(time.Minute, 900, 100)
			in, elapsed := r.instance("shop:availability"), 1-59./(31*86400)
			if want := time.Date(2000, 3, 1, 0, 0, 0, 0, zone); !in.Period.Start.Equal(want) {
				t.Errorf("%s: starts at %s, want %s", zone, in.Period.Start, want)
			}
			if in.Period.Counts != in.Since || in.Period.Coverage > elapsed || in.Period.Coverage < 20./31-0.01 {
				t.Errorf("%s: %+v of %+v, coverage %v", zone, in.Period.Counts, in.Since, in.Period.Coverage)
			}
			f.run(2*time.Minute, 1000, 0)
			in = r.instance("shop:availability")
			if want := time.Date(2000, 4, 1, 0, 0, 0, 0, zone); !in.Period.Start.Equal(want) {
				t.Errorf("%s: starts at %s, want %s", zone, in.Period.Start, want)
			}
			if total := in.Period.Counts.Total; in.Period.Counts.Bad != 0 || total < 58e3 || total > 62e3 {
				t.Errorf("%s: a minute into April it holds %+v", zone, in.Period.Counts)
			}
			if in.Period.Coverage > 61./(30*86400) || in.Period.Coverage <= 0 {
				t.Errorf("%s: a minute into April coverage is %v", zone, in.Period.Coverage)
			}
		})
	}
}

func TestExhaustionOfACalendarMonth(t *testing.T) {
	spec := newSpec("shop", over(slo.Window{Period: slo.Month}))
	fromDate(t, time.Date(2000, 4, 11, 0, 0, 0, 5e8, time.UTC), spec, func(t *testing.T, r *rig) {
		f := r.shop("shop", time.Second)
		f.past(9*24*time.Hour, 9*86400*1000, 0)
		f.run(2*time.Minute, 0, 1000)
		in := r.instance("shop:availability")
		if in.Exhaustion == nil || *in.Exhaustion <= 0 || *in.Exhaustion > 19*24*time.Hour {
			t.Errorf("burning at %v it ends in %v", in.Windows, in.Exhaustion)
		}
	})
	fromDate(t, time.Date(2000, 4, 29, 0, 0, 0, 5e8, time.UTC), spec, func(t *testing.T, r *rig) {
		f := r.shop("shop", time.Second)
		f.past(27*24*time.Hour, 27*86400*999.5, 27*86400*0.5)
		f.run(70*time.Second, 999.5, 0.5)
		if in := r.instance("shop:availability"); in.Exhaustion != nil {
			t.Errorf("half the budget is left for a day, and it is said to end in %v", *in.Exhaustion)
		}
	})
}

func TestAThresholdSLOCountsSlices(t *testing.T) {
	limit := 100.
	spec := newSpec("shop", counting(slo.SLI{Threshold: &slo.Threshold{Metric: `queue_length{service="shop"}`, Below: &limit}}))
	bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.flow(15*time.Second, `queue_length{service="shop"}`)
		gauge := func(v float64, n int) {
			for range n {
				f.values[0] = v
				f.put(time.Now())
				time.Sleep(f.every)
			}
		}
		gauge(50, 40)
		r.want("shop:availability", StateOK)
		gauge(150, 8)
		in := r.instance("shop:availability")
		if in.Since != (budget.Counts{Bad: 2, Total: 12}) {
			t.Errorf("counted %+v, want 2 of 12 slices", in.Since)
		}
		if in.State != StateExhausted && in.State != StateBurning && in.State != StateOK {
			t.Errorf("state %s", in.State)
		}
	})
}

func TestALatencySLOShowsWhatItCannotTell(t *testing.T) {
	spec := newSpec("shop", counting(slo.SLI{Latency: &slo.Latency{Histogram: `latency_seconds{service="shop"}`, Below: 300 * time.Millisecond}}))
	bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		betweenTicks()
		series := []string{`latency_seconds_count{service="shop"}`}
		for _, le := range []string{"0.1", "0.25", "0.5", "1", "+Inf"} {
			series = append(series, fmt.Sprintf(`latency_seconds_bucket{service="shop",le=%q}`, le))
		}
		f := r.flow(time.Second, series...)
		f.past(24*time.Hour, 864e5, 864e5, 864e5, 864e5, 864e5, 864e5)
		settled()
		r.want("shop:availability", StateOK)
		// Of ten a second eight take 100 ms, one 400 ms, one 2 s.
		f.run(time.Minute, 10, 8, 8, 9, 9, 10)
		settled()
		in := r.instance("shop:availability")
		if in.Since != (budget.Counts{Bad: 120, Total: 864e5 + 600}) {
			t.Errorf("counted %+v", in.Since)
		}
		if in.Uncertain != 60 || in.UncertainInPeriod != 60 {
			t.Errorf("uncertain %v, in the window %v, want 60", in.Uncertain, in.UncertainInPeriod)
		}
		if !slices.Contains(in.Notices, "threshold_inside_bucket") {
			t.Errorf("notices %v", in.Notices)
		}
	})
}
