package sli

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// recounted counts a counter of errors among requests by the minute over a
// stretch: total and bad at each minute since began.
func recounted(t *testing.T, p *Program, from, to int, total, bad func(minute int) float64) *Past {
	t.Helper()
	r := NewRecount(p, Stretch{From: began.Add(time.Duration(from) * time.Minute), To: began.Add(time.Duration(to) * time.Minute)})
	for minute := from; minute <= to; minute++ {
		at := began.Add(time.Duration(minute) * time.Minute)
		batch := &Batch{Series: []Series{
			{Labels: mustLabels(`requests_total{code="200"}`), Target: "x", Points: []Point{{Time: at.UnixNano(), Value: total(minute) - bad(minute)}}},
			{Labels: mustLabels(`requests_total{code="500"}`), Target: "x", Points: []Point{{Time: at.UnixNano(), Value: bad(minute)}}},
		}}
		if receipt := r.Count(batch, at); receipt.Accepted != 2 {
			t.Fatalf("minute %d: %+v", minute, receipt)
		}
	}
	return r.Past(began.Add(30 * 24 * time.Hour))
}

func linear(perMinute float64) func(int) float64 {
	return func(minute int) float64 { return perMinute * float64(minute) }
}

// TestPast: stretches that were read in any order are what would have been
// counted live, and nothing of it is missing any more.
func TestPast(t *testing.T) {
	const days = 3
	now := began.Add(days * 24 * time.Hour)
	p := compileAll(t, spec("a", errorsOf))[0]
	edges := []int{0, 7*60 + 3, 24 * 60, 30 * 60, days * 24 * 60}
	for seed := range uint64(20) {
		tracker := NewTracker(Options{})
		tracker.Replace([]*Program{p}, now)
		for _, i := range rand.New(rand.NewPCG(seed, 5)).Perm(len(edges) - 1) {
			if _, err := tracker.AddPast(nil, recounted(t, p, edges[i], edges[i+1], linear(1000), linear(3))); err != nil {
				t.Fatal(err)
			}
		}
		in := tracker.Instances()[0]
		if got, want := in.Ledger.All(), (budget.Counts{Bad: 3 * days * 24 * 60, Total: 1000 * days * 24 * 60}); got != want {
			t.Fatalf("counted %v, want %v", got, want)
		}
		if got := in.Ledger.Known(began, now); got != days*24*time.Hour {
			t.Fatalf("%s are known", got)
		}
		missing := tracker.Missing("shop:a", now).Of
		if len(missing) != 1 || !missing[0].To.Equal(began) {
			t.Fatalf("missing %v", missing)
		}
		if !in.LastSample().Equal(now) {
			t.Errorf("newest sample %s", in.LastSample())
		}
	}
}

// TestPastIsKept: replayed records are the same; what a snapshot holds already
// is not counted again.
func TestPastIsKept(t *testing.T) {
	p := compileAll(t, spec("a", errorsOf))[0]
	tracker := NewTracker(Options{})
	tracker.Replace([]*Program{p}, began)
	state := tracker.Cut(nil)
	first, err := tracker.AddPast(nil, recounted(t, p, 0, 60, linear(10), linear(1)))
	if err != nil {
		t.Fatal(err)
	}
	ledgers, err := tracker.Instances()[0].AppendLedgers(nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := tracker.AddPast(nil, recounted(t, p, 60, 90, linear(10), linear(1)))
	if err != nil {
		t.Fatal(err)
	}
	for name, withLedgers := range map[string]bool{"records alone": false, "ledgers and records": true} {
		again := NewTracker(Options{})
		again.Replace([]*Program{p}, began)
		if err := again.Restore(state); err != nil {
			t.Fatal(err)
		}
		if withLedgers {
			in := again.instanceOf(again.programs[0], nil)
			if err := again.RestoreLedgers(ledgers, map[string]*Instance{in.ID: in}); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range [][]byte{first, second} {
			if err := again.ReplayPast(r); err != nil {
				t.Fatal(err)
			}
		}
		again.Recovered(began.Add(2 * time.Hour))
		if got, want := again.Instances()[0].Ledger.All(), tracker.Instances()[0].Ledger.All(); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if _, err := again.AddPast(nil, recounted(t, p, 60, 90, linear(10), linear(1))); !errors.Is(err, ErrKnown) {
			t.Errorf("%s: what is known is counted again: %v", name, err)
		}
	}
	for n := range second {
		_ = tracker.ReplayPast(second[:n]) // must not panic
	}
}

// TestPastOfOthers: it is for the same events only.
func TestPastOfOthers(t *testing.T) {
	p := compileAll(t, spec("a", errorsOf))[0]
	past := recounted(t, p, 0, 60, linear(10), linear(1))
	for name, specs := range map[string][]*slo.Spec{
		"gone": nil, "edited": {spec("a", badOf(`requests_total`, `requests_total{code="500"}`))},
	} {
		tracker := NewTracker(Options{})
		tracker.Replace(compileAll(t, specs...), began)
		if _, err := tracker.AddPast(nil, past); !errors.Is(err, ErrOtherEvents) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPastOfGroups: a group that is there gets its past, one that is over is
// left out, what overflowed goes where it went.
func TestPastOfGroups(t *testing.T) {
	b := newBench(t, spec("a", errorsOf, "code"))
	b.send(`requests_total{code="500"}`, 7200, 1)
	p := b.tracker.programs[0].Program
	past := recounted(t, p, 0, 60, linear(10), linear(1))
	if _, err := b.tracker.AddPast(nil, past); err != nil {
		t.Fatal(err)
	}
	if n := len(b.tracker.Instances()); n != 1 {
		t.Fatalf("%d instances", n)
	}
	if got := b.tracker.Instances()[0].Ledger.All(); got != (budget.Counts{Bad: 60, Total: 60}) {
		t.Errorf("counted %v", got)
	}
}

// TestPastOfSlices: every slice that was over counts once, wherever a stretch
// ends.
func TestPastOfSlices(t *testing.T) {
	for _, edge := range []int{60, 61, 63, 65} {
		s := spec("a", errorsOf)
		s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: 5 * time.Minute, Target: 0.95}
		p := compileAll(t, s)[0]
		tracker := NewTracker(Options{})
		tracker.Replace([]*Program{p}, began)
		worse := func(minute int) float64 { return float64(minute) * 10 } // all bad
		for _, stretch := range [][2]int{{edge, 121}, {0, edge}} {
			r := NewRecount(p, Stretch{From: began.Add(time.Duration(stretch[0]) * time.Minute), To: began.Add(time.Duration(stretch[1]) * time.Minute)})
			for minute := stretch[0]; minute <= stretch[1]+1; minute++ {
				at := began.Add(time.Duration(minute) * time.Minute)
				r.Count(&Batch{Series: []Series{
					{Labels: mustLabels(`requests_total{code="500"}`), Target: "x", Points: []Point{{Time: at.UnixNano(), Value: worse(minute)}}},
				}}, at)
			}
			if _, err := tracker.AddPast(nil, r.Past(began.Add(time.Hour*24*30))); err != nil {
				t.Fatal(err)
			}
		}
		if got := tracker.Instances()[0].Ledger.All(); got != (budget.Counts{Bad: 24, Total: 24}) {
			t.Errorf("edge at minute %d: %v, want 24 of 24", edge, got)
		}
	}
}
