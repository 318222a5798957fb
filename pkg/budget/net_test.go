package budget

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// net is what the oracle counts in (from, to] outside of spans.
func (d *dumb) net(from, to int64, spans []Span) (counted, excluded Counts) {
	counted = d.until(to).Sub(d.until(from))
	for _, s := range spans {
		begin, end := max(s.From.UnixNano(), from), min(s.To.UnixNano(), to)
		if begin < end {
			excluded = excluded.Add(d.until(end).Sub(d.until(begin)))
		}
	}
	return counted.Sub(excluded), excluded
}

// plan draws spans of whole seconds, sorted and disjoint.
func plan(rng *rand.Rand, from, to time.Time) (spans []Span) {
	for at := from; at.Before(to); {
		at = at.Add(time.Duration(1+rng.IntN(6*3600)) * time.Second)
		end := at.Add(time.Duration(1+rng.IntN(4000)) * time.Second)
		spans = append(spans, Span{at, end})
		at = end.Add(time.Duration(rng.IntN(2)) * time.Second)
	}
	return spans
}

// TestNetEqualsOracle pins random spans an hour before they come, lets events
// come in order, late, spread and after long silences, writes the ledger and
// reads it again now and then, and counts every window by hand.
func TestNetEqualsOracle(t *testing.T) {
	windows := []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 41))
			ledger, oracle := New(30*24*time.Hour), &dumb{}
			now := epoch
			spans := plan(rng, epoch, epoch.Add(20*24*time.Hour))
			next := 0
			for step := range 600 {
				for ; next < len(spans) && spans[next].From.Before(now.Add(100*time.Hour)); next++ {
					ledger.Pin(spans[next].From)
					ledger.Pin(spans[next].To)
				}
				if step%100 == 99 {
					ledger = rewrite(t, ledger)
				}
				now = now.Add(silence(rng))
				increment(rng, ledger, oracle, now)
				at := now.Add(-time.Duration(rng.Int64N(int64(time.Minute)))).Truncate(time.Second)
				net := ledger.At(at, false).Net(spans)
				for _, w := range windows {
					got := net.Window(w)
					counted, excluded := oracle.net(got.Start.UnixNano(), at.UnixNano(), spans)
					if got.Counts != counted || got.Excluded != excluded {
						t.Fatalf("step %d, window %s at %s: %+v without %+v, the oracle counts %+v without %+v",
							step, w, at, got.Counts, got.Excluded, counted, excluded)
					}
					if got.Length+got.Out != w {
						t.Fatalf("window %s: %s and %s", w, got.Length, got.Out)
					}
				}
				since := now.Add(-time.Duration(rng.IntN(1000)) * time.Hour / 100).Truncate(time.Hour)
				got := net.Since(since)
				if counted, _ := oracle.net(since.UnixNano(), at.UnixNano(), spans); got.Counts != counted && at.After(since) {
					t.Fatalf("since %s: %+v, the oracle counts %+v", since, got.Counts, counted)
				}
			}
		})
	}
}

// Without spans, a Net reads what the View does.
func TestNetOfNothingIsTheView(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	l, now := New(30*24*time.Hour), epoch
	for range 500 {
		now = history(rng, l, now, true)
		v := l.At(now, true)
		n := v.Net(nil)
		for _, w := range panelWindows {
			window, estimate := n.Window(w), n.Estimate(w)
			if window.Reading != v.Window(w) || window.Coverage() != v.Coverage(w) || estimate.Counts != v.Estimate(w) {
				t.Fatalf("window %s: %+v and %+v", w, window, v.Window(w))
			}
		}
	}
}

// TestKnownTimeOutsideOfSpans counts seconds one by one.
func TestKnownTimeOutsideOfSpans(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 5))
		l := New(24 * time.Hour)
		var known [7200]bool
		for at := 0; at < 7000; at += rng.IntN(900) {
			end := at + rng.IntN(600)
			l.Observe(epoch.Add(time.Duration(at)*time.Second), epoch.Add(time.Duration(end)*time.Second))
			for ; at < min(end, 7200); at++ {
				known[at] = true
			}
		}
		spans := plan(rng, epoch, epoch.Add(3*time.Hour))
		for range 20 {
			at, w := 1+rng.IntN(7199), 1+rng.IntN(7000)
			got := l.At(epoch.Add(time.Duration(at)*time.Second), false).Net(pinned(l, spans)).Window(time.Duration(w) * time.Second)
			var want, length time.Duration
			for s := at - w; s < at; s++ {
				moment := epoch.Add(time.Duration(s+1) * time.Second) // of (s, s+1]
				out := false
				for _, span := range spans {
					out = out || moment.After(span.From) && !moment.After(span.To)
				}
				if !out {
					length += time.Second
				}
				if !out && s >= 0 && known[s] {
					want += time.Second
				}
			}
			if got.Known != want || got.Length != length {
				t.Fatalf("seed %d: %d s before %d: %s of %s are known, counted %s of %s", seed, w, at, got.Known, got.Length, want, length)
			}
		}
	}
}

func pinned(l *Ledger, spans []Span) []Span {
	for _, s := range spans {
		l.Pin(s.From)
		l.Pin(s.To)
	}
	return spans
}

// An incident that nobody had pinned is left out in whole slots: minutes for a
// day, hours after three. What was pinned then does not get coarser.
func TestWithoutPinsWholeSlotsAreLeftOut(t *testing.T) {
	f := func(age, from, to time.Duration) {
		t.Helper()
		l := New(30 * 24 * time.Hour)
		for at := time.Duration(0); at < age; at += time.Second {
			l.Add(epoch.Add(at), Counts{Total: 1})
		}
		incident := Span{epoch.Add(10*time.Minute + 30*time.Second), epoch.Add(20*time.Minute + 30*time.Second)}
		want := Counts{Total: (to - from).Seconds()}
		check := func(when string, now time.Time) {
			t.Helper()
			net := l.At(now, true).Net([]Span{incident})
			for _, got := range []NetReading{net.Window(30 * 24 * time.Hour), net.Since(epoch.Add(-time.Hour))} {
				if got.Excluded != want || got.Out != to-from {
					t.Errorf("%s later, %s: %+v are left out, in %s, want %+v", age, when, got.Excluded, got.Out, want)
				}
			}
		}
		now := epoch.Add(age)
		check("at first", now)
		pinned(l, []Span{incident})
		check("pinned", now)
		later := now.Add(5 * 24 * time.Hour)
		l.Add(later, Counts{Total: 1})
		check("pinned, days after", later)
		pinned(l, []Span{incident})
		check("pinned again", later)
	}
	f(25*time.Minute, 10*time.Minute+30*time.Second, 20*time.Minute+30*time.Second)
	f(5*time.Hour, 10*time.Minute, 21*time.Minute)
	f(30*time.Hour, 10*time.Minute, 25*time.Minute)
	f(80*time.Hour, 0, time.Hour)
}

// Two incidents in one slot are not left out twice.
func TestSpansOfOneSlotAreLeftOutOnce(t *testing.T) {
	l := New(30 * 24 * time.Hour)
	for at := time.Duration(0); at < 80*time.Hour; at += time.Minute {
		l.Add(epoch.Add(at), Counts{Total: 1})
	}
	at := func(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }
	net := l.At(at(80*60), true).Net([]Span{{at(10), at(20)}, {at(30), at(40)}, {at(50), at(70)}})
	if got := net.Window(30 * 24 * time.Hour); got.Excluded.Total != 120 || got.Out != 2*time.Hour {
		t.Errorf("%v are left out, in %s", got.Excluded.Total, got.Out)
	}
}

// A year of maintenance by the hour does not grow for ever; the newest spans
// stay exact.
func TestPinsAreBounded(t *testing.T) {
	l := New(366 * 24 * time.Hour)
	for i := range 2 * maxPins {
		l.Pin(epoch.Add(time.Duration(i)*time.Hour + time.Minute))
		l.Add(epoch.Add(time.Duration(i)*time.Hour+30*time.Minute), Counts{Total: 1})
	}
	if len(l.pins) != maxPins {
		t.Errorf("%d pins", len(l.pins))
	}
	l.Pin(epoch)
	if len(l.pins) != maxPins || l.pins[0].at == epoch.UnixNano() {
		t.Error("an old pin takes the place of a newer one")
	}
	net := l.At(epoch.Add(2*maxPins*time.Hour), true)
	got := net.Net([]Span{{epoch.Add((2*maxPins-100)*time.Hour + time.Minute), epoch.Add((2*maxPins-98)*time.Hour + time.Minute)}}).Window(30 * 24 * time.Hour)
	if got.Excluded.Total != 2 || got.Out != 2*time.Hour {
		t.Errorf("%+v", got)
	}
	short := New(time.Hour)
	for i := range 100 {
		short.Pin(epoch.Add(time.Duration(i)*time.Hour + time.Minute))
		short.Add(epoch.Add(time.Duration(i)*time.Hour), Counts{Total: 1})
	}
	if len(short.pins) > 6 {
		t.Errorf("a ledger of an hour has %d pins", len(short.pins))
	}
}

// An old ledger has no pins, and is written as it was.
func TestALedgerWithoutPinsIsOfVersion1(t *testing.T) {
	l := New(time.Hour)
	l.Add(epoch, Counts{Total: 1})
	data, _ := l.MarshalBinary()
	if data[0] != 1 {
		t.Errorf("version %d", data[0])
	}
	l.Pin(epoch.Add(-time.Minute))
	l.Pin(epoch.Add(time.Hour))
	if data, _ = l.MarshalBinary(); data[0] != 2 {
		t.Errorf("version %d with pins", data[0])
	}
	read := rewrite(t, l)
	if len(read.pins) != 2 || read.pins[1] != l.pins[1] || read.pins[0] != l.pins[0] {
		t.Errorf("pins %v, were %v", read.pins, l.pins)
	}
	for n := range data {
		if new(Ledger).UnmarshalBinary(data[:n]) == nil {
			t.Errorf("%d bytes of %d are a ledger", n, len(data))
		}
	}
}

// TestAStretchedLedgerGoesOn compares a ledger that is made to reach further
// with one that always did.
func TestAStretchedLedgerGoesOn(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 8))
		short := []time.Duration{time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour, 72 * time.Hour, 7 * 24 * time.Hour}[rng.IntN(6)]
		long := short + time.Duration(1+rng.IntN(40))*24*time.Hour
		l, other, oracle := New(short), New(long), &dumb{}
		now := epoch
		step := func() {
			now = now.Add(silence(rng))
			s := rng.Uint64()
			increment(rand.New(rand.NewPCG(s, 1)), l, oracle, now)
			increment(rand.New(rand.NewPCG(s, 1)), other, &dumb{}, now)
			l.Observe(now.Add(-time.Minute), now)
			other.Observe(now.Add(-time.Minute), now)
		}
		for range 50 + rng.IntN(300) {
			step()
		}
		reach := now.Add(-short)
		panel := NewPanel(l, panelWindows)
		panel.Move(now, true)
		l.Stretch(long)
		panel.Move(now, true)
		comparePanel(t, seed, 0, panel, l.At(now, true))
		if rng.IntN(2) == 0 {
			l = rewrite(t, l)
		}
		for range 200 {
			for range 5 {
				w := time.Duration(1 + rng.Int64N(int64(now.Sub(reach))))
				a, b := l.At(now, true), other.At(now, true)
				if got, want := a.Window(w), b.Window(w); got != want && !want.Start.Before(reach) {
					t.Fatalf("seed %d: %s made %s: window %s is %+v, should be %+v", seed, short, long, w, got, want)
				}
				if got, want := a.Coverage(w), b.Coverage(w); got != want && !now.Add(-w).Before(reach) {
					t.Fatalf("seed %d: coverage of %s is %v, should be %v", seed, w, got, want)
				}
			}
			if l.Since() != other.Since() {
				t.Fatalf("seed %d: %+v, should be %+v", seed, l.Since(), other.Since())
			}
			step()
		}
	}
}

// What a stretched ledger never knew, it does not claim to have seen.
func TestAStretchedLedgerHasNotSeenMore(t *testing.T) {
	l := New(time.Hour)
	for at := time.Duration(0); at < 24*time.Hour; at += 15 * time.Second {
		l.Add(epoch.Add(at), Counts{Total: 1})
		l.Observe(epoch.Add(at-15*time.Second), epoch.Add(at))
	}
	l.Stretch(24 * time.Hour)
	now := epoch.Add(24*time.Hour - 15*time.Second)
	v := l.At(now, true)
	counts, seen := v.Window(24*time.Hour).Total, v.Coverage(24*time.Hour)*24*3600/15
	if counts < 240 || counts > 300 || seen-counts > 1 || counts-seen > 5 {
		t.Errorf("it counts %v events, and has seen the time of %v", counts, seen)
	}
	l.Stretch(time.Minute)
	if v := l.At(now, true); v.Window(24*time.Hour).Total != counts {
		t.Error("asked for less, it forgets")
	}
}

func BenchmarkNet(b *testing.B) {
	l := full(30 * 24 * time.Hour)
	now := l.Newest()
	var spans []Span
	for at := now.Add(-30 * 24 * time.Hour); at.Before(now); at = at.Add(7 * 24 * time.Hour) {
		spans = append(spans, Span{at, at.Add(time.Hour)})
	}
	pinned(l, spans)
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		n := l.At(now, true).Net(spans)
		for _, w := range panelWindows {
			n.Window(w)
			n.Estimate(w)
		}
	}
}

// What is excluded is not given back when it leaves the window.
func TestExhaustionWithoutSpans(t *testing.T) {
	const window = 30 * 24 * time.Hour
	l := New(window)
	at := func(d time.Duration) time.Time { return epoch.Add(d) }
	l.Pin(at(-29*24*time.Hour - time.Minute))
	l.Pin(at(-29 * 24 * time.Hour))
	l.Add(at(-29*24*time.Hour-time.Second), Counts{Bad: 400, Total: 1000}) // excluded
	l.Add(at(-29*24*time.Hour+time.Second), Counts{Bad: 100, Total: 1000}) // not
	o := Outlook{At: epoch, Window: window, Consumed: 0.4, PerBad: 0.001, Burn: 3}
	excluded := l.At(epoch, true).Net([]Span{{at(-29*24*time.Hour - time.Minute), at(-29 * 24 * time.Hour)}})
	for back, net := range map[float64]*Net{0.5: nil, 0.1: excluded} {
		o.Net = net
		want := time.Duration((1 - 0.4 + back) * float64(window) / 3)
		if got, ok := l.Exhaustion(o); !ok || (got-want).Abs() > time.Second {
			t.Errorf("with %v given back: %s, want %s", back, got, want)
		}
	}
	o.Net, o.Counted = nil, window/2
	if got, _ := New(window).Exhaustion(o); (got - time.Duration(0.6*float64(window)/2/3)).Abs() > time.Second {
		t.Errorf("where half of the window counts: %s", got)
	}
}
