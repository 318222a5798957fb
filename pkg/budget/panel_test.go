package budget

import (
	"math/rand/v2"
	"testing"
	"time"
)

var panelWindows = []time.Duration{
	time.Second, 30 * time.Second, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour,
}

// TestPanelEqualsView moves a panel through random histories, forwards and
// back, and compares each of its answers with a view that looks everything up.
func TestPanelEqualsView(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		ledger, oracle := New(panelWindows[rng.IntN(3)+7]), &dumb{}
		panel := NewPanel(ledger, panelWindows)
		now := epoch
		var at time.Time
		for step := range 3000 {
			switch rng.IntN(6) {
			case 0:
				now = now.Add(silence(rng))
			case 1:
				now = now.Add(time.Second)
			}
			for range rng.IntN(3) {
				increment(rng, ledger, oracle, now)
			}
			if rng.IntN(8) == 0 {
				ledger.Observe(now.Add(-time.Duration(rng.IntN(100))*time.Second), now)
			}
			at = now.Add(-time.Duration(rng.IntN(2) * rng.IntN(int(8*time.Minute))))
			live := rng.IntN(2) == 0
			panel.Move(at, live)
			comparePanel(t, seed, step, panel, ledger.At(at, live))
		}
	}
}

func comparePanel(t *testing.T, seed uint64, step int, panel *Panel, view View) {
	t.Helper()
	for i, w := range panelWindows {
		if got, want := panel.Window(i), view.Window(w); got != want {
			t.Fatalf("seed %d step %d: window %s is %+v, the view says %+v", seed, step, w, got, want)
		}
		if got, want := panel.Estimate(i), view.Estimate(w); got != want {
			t.Fatalf("seed %d step %d: estimate %s is %+v, the view says %+v", seed, step, w, got, want)
		}
		if got, want := panel.Coverage(i), view.Coverage(w); got != want {
			t.Fatalf("seed %d step %d: coverage %s is %v, the view says %v", seed, step, w, got, want)
		}
	}
}

// TestWorstIsABound moves windows on over random histories in which nothing is
// counted, and compares what they read with what was said before.
func TestWorstIsABound(t *testing.T) {
	said, refused := 0, 0
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 13))
		l := New(panelWindows[rng.IntN(3)+7])
		p := NewPanel(l, panelWindows)
		now := epoch
		for range 150 {
			now = history(rng, l, now, seed%3 == 0)
			l.Observe(now.Add(-time.Duration(rng.IntN(100))*time.Second), now)
			at := now.Add(time.Duration(rng.IntN(60)) * time.Second).Truncate(time.Second)
			ahead := time.Duration(rng.IntN(90)) * time.Second
			p.Move(at, true)
			for i, w := range panelWindows {
				worst, coverage, ok := p.Worst(i, ahead)
				if !ok {
					refused++
					continue
				}
				said++
				for d := time.Duration(0); d <= ahead; d += 1 + ahead/7 {
					view := l.At(at.Add(d), true)
					for _, c := range []Counts{view.Estimate(w), view.Window(w).Counts} {
						if c.Bad > worst.Bad || c.Total < worst.Total || view.Coverage(w) > coverage {
							t.Fatalf("seed %d: %s, %s later, reads %+v (%v), the worst were %+v (%v)",
								seed, w, d, c, view.Coverage(w), worst, coverage)
						}
					}
				}
			}
		}
	}
	if said < 3*refused {
		t.Errorf("%d bounds, %d refused", said, refused)
	}
}

// BenchmarkPanel reads twelve windows a second apart, with samples every 15 s.
func BenchmarkPanel(b *testing.B) {
	l := New(30 * 24 * time.Hour)
	for i := range 100_000 {
		l.Add(epoch.Add(time.Duration(i)*15*time.Second), Counts{Bad: 1, Total: 100})
	}
	l.Observe(epoch, epoch.Add(1_500_000*time.Second))
	at := epoch.Add(1_500_000 * time.Second)
	p := NewPanel(l, panelWindows)
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		at = at.Add(time.Second)
		if at.Unix()%15 == 0 {
			l.Add(at, Counts{Bad: 1, Total: 100})
		}
		p.Move(at, true)
		for i := range panelWindows {
			p.Window(i)
			p.Estimate(i)
			p.Coverage(i)
		}
	}
}
