package budget

import (
	"bytes"
	"encoding"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	_ encoding.BinaryAppender    = (*Ledger)(nil)
	_ encoding.BinaryMarshaler   = (*Ledger)(nil)
	_ encoding.BinaryUnmarshaler = (*Ledger)(nil)
)

func rewrite(t testing.TB, l *Ledger) *Ledger {
	t.Helper()
	data, err := l.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	data, found := bytes.CutPrefix(data, []byte("before"))
	if !found {
		t.Fatal("what was there is overwritten")
	}
	var read Ledger
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return &read
}

// TestAReadLedgerAnswersAlike writes and reads random ledgers, of whole counts
// and of others, and compares every answer to the bit; then both go on.
func TestAReadLedgerAnswersAlike(t *testing.T) {
	longest := []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 366 * 24 * time.Hour}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		l := New(longest[rng.IntN(len(longest))])
		now := epoch
		fractions := rng.IntN(3) == 0
		for range 3 {
			for range rng.IntN(300) {
				now = history(rng, l, now, fractions)
			}
			read := rewrite(t, l)
			compareLedgers(t, seed, rng, l, read, now)
			for range 100 { // the same from here on
				s := rng.Uint64()
				history(rand.New(rand.NewPCG(s, 1)), l, now, fractions)
				now = history(rand.New(rand.NewPCG(s, 1)), read, now, fractions)
			}
			compareLedgers(t, seed, rng, l, read, now)
		}
	}
}

// history lets something happen, and returns the time after it.
func history(rng *rand.Rand, l *Ledger, now time.Time, fractions bool) time.Time {
	now = now.Add(silence(rng))
	if rng.IntN(4) > 0 {
		l.Observe(now.Add(-time.Duration(rng.IntN(1000))*time.Second), now)
	}
	if fractions {
		l.Add(now, Counts{Bad: rng.Float64() - 0.3, Total: rng.Float64() * 10})
	}
	increment(rng, l, &dumb{}, now)
	return now
}

func compareLedgers(t *testing.T, seed uint64, rng *rand.Rand, a, b *Ledger, now time.Time) {
	t.Helper()
	same := func(what string, x, y any) {
		t.Helper()
		if bitText(x) != bitText(y) {
			t.Fatalf("seed %d: %s was %v, reads %v", seed, what, x, y)
		}
	}
	same("since", a.Since(), b.Since())
	same("newest", a.Newest(), b.Newest())
	for range 60 {
		at := now.Add(time.Duration(rng.Int64N(int64(5*time.Minute)) - int64(3*time.Minute)))
		w := time.Duration(1+rng.Int64N(int64(4*time.Hour))) << rng.IntN(10)
		same(fmt.Sprint("window ", w), a.Window(at, w), b.Window(at, w))
		same(fmt.Sprint("estimate ", w), a.At(at, true).Estimate(w), b.At(at, true).Estimate(w))
		same(fmt.Sprint("between ", w), a.Between(at.Add(-w), at), b.Between(at.Add(-w), at))
		same(fmt.Sprint("coverage ", w), a.Coverage(at.Add(-w), at, w%2 == 0), b.Coverage(at.Add(-w), at, w%2 == 0))
		same("slot", a.SlotFor(w), b.SlotFor(w))
		o := Outlook{At: at, Window: a.longest, Consumed: rng.Float64(), PerBad: 1e-6, Burn: rng.Float64() * 10}
		d, ok := a.Exhaustion(o)
		e, also := b.Exhaustion(o)
		same("exhaustion", d, e)
		same("exhausts", ok, also)
	}
}

// bitText tells apart what == does not: zero has a sign.
func bitText(x any) string {
	switch x := x.(type) {
	case float64:
		return fmt.Sprint(math.Float64bits(x))
	case Counts:
		return fmt.Sprint(bitsOf(x))
	case Reading:
		return fmt.Sprint(x.Start.UnixNano(), x.End.UnixNano(), bitsOf(x.Counts))
	}
	return fmt.Sprint(x)
}

func TestOddCountsAreKept(t *testing.T) {
	for _, c := range []Counts{
		{Bad: math.Copysign(0, -1), Total: 1}, {Bad: 0.5, Total: 1}, {Bad: -3, Total: 4}, {Bad: 1, Total: 1<<53 + 2},
		{Bad: math.Inf(1), Total: 1}, {Bad: math.NaN(), Total: 2}, {Bad: 1e300, Total: -1e300}, {Bad: 1 << 53, Total: 1 << 53},
	} {
		l := New(24 * time.Hour)
		l.Add(epoch, Counts{Bad: 1, Total: 2})
		l.apply(step(epoch.Add(time.Hour).UnixNano(), c))
		for i := range l.rings { // however it came about
			*l.rings[i].cell(l.rings[i].last()) = c
		}
		read := rewrite(t, l)
		for i := range l.rings {
			if got := *read.rings[i].cell(l.rings[i].last()); bitsOf(got) != bitsOf(c) {
				t.Errorf("ring %d: %v reads %v", i, c, got)
			}
		}
	}
}

// A panel of a ledger that is read over looks again.
func TestAPanelSurvivesReading(t *testing.T) {
	l, other := New(time.Hour), New(time.Hour)
	l.Add(epoch, Counts{Total: 1})
	other.Add(epoch, Counts{Total: 5})
	p := NewPanel(l, panelWindows[:5])
	p.Move(epoch.Add(3*time.Minute), true)
	data, err := other.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	p.Move(epoch.Add(3*time.Minute), true)
	if got := p.Window(2).Total; got != 5 {
		t.Errorf("the panel still reads %v", got)
	}
}

func TestNoLedger(t *testing.T) {
	good, err := full(time.Hour).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	f := func(data []byte, complaint string) {
		t.Helper()
		l := New(time.Minute)
		l.Add(epoch, Counts{Total: 3})
		err := l.UnmarshalBinary(data)
		if err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("error %v, want one about %q", err, complaint)
		}
		if l.Since().Total != 3 {
			t.Error("refused, and yet the ledger has changed")
		}
	}
	f(nil, "ends too early")
	f([]byte{4}, "version 4")
	f([]byte{1, 0}, "no longest window")
	f(append(bytes.Clone(good), 0), "1 bytes are left over")
	for n := range good {
		f(good[:n], "")
	}
	if _, err := New(20 * 366 * 24 * time.Hour).AppendBinary(nil); err == nil {
		t.Error("a ledger is written that cannot be read")
	}
}

// full is a ledger whose rings are full: a sample every 15 seconds.
func full(longest time.Duration) *Ledger {
	rng := rand.New(rand.NewPCG(1, 1))
	l := New(longest)
	for at := epoch; at.Before(epoch.Add(longest + 2*time.Hour)); at = at.Add(15 * time.Second) {
		c := Counts{Total: 15000 + float64(rng.IntN(1000))}
		if rng.IntN(10) == 0 {
			c.Bad = float64(rng.IntN(100))
		}
		l.Add(at, c)
		l.Observe(at.Add(-15*time.Second), at)
	}
	return l
}

func FuzzReadLedger(f *testing.F) {
	for _, l := range []*Ledger{New(time.Hour), full(time.Minute), full(time.Hour)} {
		data, err := l.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var l Ledger
		if l.UnmarshalBinary(data) != nil {
			return
		}
		read := rewrite(t, &l)
		for _, w := range panelWindows {
			if a, b := l.Window(epoch, w), read.Window(epoch, w); bitText(a) != bitText(b) {
				t.Errorf("window %s: %v and %v", w, a, b)
			}
			l.At(epoch, true).Estimate(w)
			l.Coverage(epoch.Add(-w), epoch, true)
		}
		l.Observe(epoch.Add(-time.Hour), epoch)
		l.Spread(epoch.Add(-time.Hour), epoch, Counts{Bad: 1, Total: 3})
	})
}

func BenchmarkWriteLedger(b *testing.B) {
	l := full(30 * 24 * time.Hour)
	var data []byte
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		data, _ = l.AppendBinary(data[:0])
	}
	b.ReportMetric(float64(len(data)), "bytes")
}

func BenchmarkReadLedger(b *testing.B) {
	data, err := full(30 * 24 * time.Hour).MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	reportCPU(b)
	for b.Loop() {
		var l Ledger
		if err := l.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}
