package budget

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// dumb is the oracle: it keeps every increment and counts them one by one.
type dumb struct{ increments []share }

func (d *dumb) add(s share) { d.increments = append(d.increments, s) }

// until counts what had happened at t, with exact integers.
func (d *dumb) until(t int64) (c Counts) {
	for _, s := range d.increments {
		c = c.Add(Counts{Bad: exactPart(s, s.counts.Bad, t), Total: exactPart(s, s.counts.Total, t)})
	}
	return c
}

func exactPart(s share, x float64, t int64) float64 {
	if t >= s.to {
		return x
	}
	if t <= s.from {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(int64(x)), big.NewInt(t-s.from))
	f, _ := new(big.Float).SetInt(n.Quo(n, big.NewInt(s.to-s.from))).Float64()
	return f
}

// TestLedgerEqualsOracle feeds the same random increments, in order, late,
// spread and after long silences, to the ledger and to the oracle, and asks
// both for every kind of window. Whole counts must be equal to the bit.
func TestLedgerEqualsOracle(t *testing.T) {
	windows := []time.Duration{
		time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour,
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for seed := range uint64(rounds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			ledger, oracle := New(30*24*time.Hour), &dumb{}
			now := epoch
			probes := 0
			for range 400 {
				now = now.Add(silence(rng))
				increment(rng, ledger, oracle, now)
				for range 5 {
					at := now.Add(-time.Duration(rng.Int64N(int64(time.Minute)))).Truncate(time.Second)
					w := windows[rng.IntN(len(windows))]
					got := ledger.Window(at, w)
					slot := int64(ledger.SlotFor(w))
					from := floorDiv(at.Add(-w).UnixNano(), slot) * slot
					want := oracle.until(at.UnixNano()).Sub(oracle.until(from))
					if got.Counts != want || got.Start.UnixNano() != from || !got.End.Equal(at) {
						t.Fatalf("window %v at %v: got %+v, oracle counts %+v from %v", w, at, got, want, time.Unix(0, from))
					}
					probes++
				}
			}
			if ledger.Since() != oracle.until(now.Add(time.Hour).UnixNano()) {
				t.Fatalf("total %+v differs from the oracle's", ledger.Since())
			}
		})
	}
}

func silence(rng *rand.Rand) time.Duration {
	switch rng.IntN(20) {
	case 0:
		return time.Duration(rng.Int64N(int64(3 * time.Hour)))
	case 1:
		return time.Duration(rng.Int64N(int64(40 * time.Hour)))
	}
	return time.Duration(rng.Int64N(int64(20 * time.Second)))
}

func increment(rng *rand.Rand, ledger *Ledger, oracle *dumb, now time.Time) {
	c := Counts{Total: float64(rng.IntN(1000))}
	c.Bad = float64(rng.IntN(int(c.Total) + 1))
	switch rng.IntN(8) {
	case 0: // a gap, spread
		from := now.Add(-time.Duration(rng.Int64N(int64(5 * time.Hour))))
		ledger.Spread(from, now, c)
		oracle.add(ramp(from.UnixNano(), now.UnixNano(), c))
	case 1: // late
		at := now.Add(-time.Duration(rng.Int64N(int64(2 * time.Hour))))
		ledger.Add(at, c)
		oracle.add(step(at.UnixNano(), c))
	case 2: // ahead of the tick
		at := now.Add(time.Duration(rng.Int64N(int64(time.Minute))))
		ledger.Add(at, c)
		oracle.add(step(at.UnixNano(), c))
	case 3: // on a slot edge: belongs to the slot that ends there
		at := now.Truncate(time.Minute)
		ledger.Add(at, c)
		oracle.add(step(at.UnixNano(), c))
	default:
		ledger.Add(now, c)
		oracle.add(step(now.UnixNano(), c))
	}
}

// Good counts that come from a counter of their own arrive as negative bad
// ones; they must cancel exactly, spread or not.
func TestNegativeBadCancels(t *testing.T) {
	l := New(time.Hour)
	from, to := epoch, epoch.Add(7*time.Minute)
	l.Spread(from, to, Counts{Bad: 1001, Total: 1001})
	l.Spread(from, to, Counts{Bad: -1001})
	for at := from; !at.After(to); at = at.Add(time.Second) {
		if bad := l.Between(from, at).Bad; bad != 0 {
			t.Fatalf("bad = %v at %v", bad, at)
		}
	}
	if got := l.Since(); got != (Counts{Total: 1001}) {
		t.Fatalf("since = %+v", got)
	}
}

// A young ledger is small: rings grow with what they hold.
func TestLedgerGrowsWithCoverage(t *testing.T) {
	l := New(30 * 24 * time.Hour)
	l.Add(epoch, Counts{Total: 1})
	cells := 0
	for _, r := range l.rings {
		cells += len(r.cells)
	}
	if cells > 64 {
		t.Errorf("a ledger with one event holds %d cells", cells)
	}
}

func TestCoverage(t *testing.T) {
	at := func(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }
	l := New(24 * time.Hour)
	f := func(start, end int, live bool, want float64) {
		t.Helper()
		if got := l.Coverage(at(start), at(end), live); got != want {
			t.Errorf("coverage of %d..%d (live %v) = %v, want %v", start, end, live, got, want)
		}
	}
	f(0, 10, false, 0)
	l.Observe(at(10), at(10)) // a baseline: known from here on
	l.Observe(at(10), at(20))
	f(0, 20, false, 0.5)
	f(10, 20, false, 1)
	f(0, 40, true, 0.75)
	f(0, 40, false, 0.25)
	l.Observe(at(30), at(40)) // a gap of ten minutes
	f(0, 40, false, 0.5)
	f(20, 30, false, 0)
	f(20, 30, true, 0)        // live extends only the newest stretch
	l.Observe(at(15), at(35)) // the gap is filled late
	f(10, 40, false, 1)
	l.Observe(at(0), at(5))
	f(0, 10, false, 0.5)
}

func TestConsumed(t *testing.T) {
	f := func(bad, total, coverage, budget, want float64, ok bool) {
		t.Helper()
		got, gotOK := Consumed(bad, total, coverage, budget)
		if gotOK != ok || got-want > 1e-12 || want-got > 1e-12 {
			t.Errorf("Consumed(%v, %v, %v, %v) = %v, %v; want %v, %v", bad, total, coverage, budget, got, gotOK, want, ok)
		}
	}
	f(250, 1e6, 1, 0.001, 0.25, true)
	f(250, 1e6, 0.5, 0.001, 0.125, true) // half the window seen: twice the traffic expected
	f(2000, 1e6, 1, 0.001, 2, true)
	f(0, 0, 1, 0.001, 0, false)
	f(0, 10, 0, 0.001, 0, false)
}

func TestExhaustion(t *testing.T) {
	const window = 30 * 24 * time.Hour
	f := func(name string, l *Ledger, o Outlook, want time.Duration, ok bool) {
		t.Helper()
		o.At, o.Window = epoch, window
		got, gotOK := l.Exhaustion(o)
		if gotOK != ok || (got-want).Abs() > time.Second {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, gotOK, want, ok)
		}
	}
	empty := New(window)
	f("spent", empty, Outlook{Consumed: 1.2, Burn: 1}, 0, true)
	f("no burn", empty, Outlook{Consumed: 0.5}, 0, false)
	f("straight line", empty, Outlook{Consumed: 0.5, Burn: 2}, window/4, true)
	f("slow burn lasts", empty, Outlook{Consumed: 0.5, Burn: 0.4}, 0, false)
	f("calendar, before its end", empty, Outlook{Consumed: 0.5, Burn: 2, PeriodEnd: epoch.Add(8 * 24 * time.Hour)}, window/4, true)
	f("calendar, after its end", empty, Outlook{Consumed: 0.5, Burn: 2, PeriodEnd: epoch.Add(7 * 24 * time.Hour)}, window/4, false)

	// 0.4 of the budget went 29 days ago and leaves the window in a day:
	// with burn 3, 0.1 is spent in that day, and then 0.9 is left for 9 more.
	old := New(window)
	old.Add(epoch.Add(-29*24*time.Hour), Counts{Bad: 400, Total: 1000})
	f("what leaves is given back", old, Outlook{Consumed: 0.4, PerBad: 0.001, Burn: 3}, 10*24*time.Hour, true)
}

func BenchmarkAdd(b *testing.B) {
	l := New(30 * 24 * time.Hour)
	at := epoch
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		at = at.Add(time.Second)
		l.Add(at, Counts{Bad: 1, Total: 100})
	}
}

func BenchmarkWindows(b *testing.B) {
	l := New(30 * 24 * time.Hour)
	for i := range 100_000 {
		l.Add(epoch.Add(time.Duration(i)*10*time.Second), Counts{Bad: 1, Total: 100})
	}
	at := epoch.Add(1_000_000 * time.Second)
	windows := []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour}
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		for _, w := range windows {
			l.Window(at, w)
		}
	}
}
