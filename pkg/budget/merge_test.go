package budget

import (
	"math/rand/v2"
	"testing"
	"time"
)

// readings are what a ledger says of many windows.
func readings(l *Ledger, at time.Time) (list []Counts) {
	for _, back := range []time.Duration{0, 3 * time.Second, time.Minute, time.Hour, 20 * time.Hour} {
		for _, w := range []time.Duration{
			time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour,
		} {
			list = append(list, l.Window(at.Add(-back), w).Counts)
		}
	}
	return list
}

// past draws sorted steps that end at a time.
func past(rng *rand.Rand, end time.Time, reach time.Duration) []Step {
	steps := make([]Step, rng.IntN(300))
	at := end.Add(-time.Duration(rng.Int64N(int64(reach))))
	for i := range steps {
		steps[i] = Step{at, Counts{Bad: float64(rng.IntN(3)), Total: float64(rng.IntN(1000))}}
		at = at.Add(time.Duration(rng.Int64N(int64(end.Sub(at)/8 + 1))))
	}
	return steps
}

// TestMergeEqualsAdd: steps that are merged, in any order with live events and
// with each other, read as if each had been added at its time.
func TestMergeEqualsAdd(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		merged, added := New(30*24*time.Hour), New(30*24*time.Hour)
		for _, l := range []*Ledger{merged, added} {
			l.Pin(epoch.Add(-100 * time.Hour))
		}
		now := epoch
		for range 6 {
			now = now.Add(time.Duration(rng.Int64N(int64(30 * time.Hour))))
			live := Counts{Bad: 1, Total: float64(rng.IntN(50))}
			merged.Add(now, live)
			added.Add(now, live)
			steps := past(rng, now.Add(-time.Minute), 31*24*time.Hour)
			merged.Merge(steps)
			for _, s := range steps {
				added.Add(s.At, s.Counts)
			}
			got, want := readings(merged, now), readings(added, now)
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("seed %d: reading %d is %+v when merged, %+v when added", seed, i, got[i], want[i])
				}
			}
		}
		if merged.All() != added.All() || !merged.Newest().Equal(added.Newest()) || merged.pins[0] != added.pins[0] {
			t.Fatalf("seed %d: total, newest event or pin differ", seed)
		}
	}
}

// TestStepsRebuild: a ledger's steps, merged into another, read the same.
func TestStepsRebuild(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 4))
		original, copied := New(30*24*time.Hour), New(30*24*time.Hour)
		now := epoch
		for range 300 {
			now = now.Add(silence(rng))
			increment(rng, original, &dumb{}, now)
		}
		copied.Merge(original.Steps())
		got, want := readings(copied, now), readings(original, now)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("seed %d: reading %d of the copy is %+v, not %+v", seed, i, got[i], want[i])
			}
		}
		if copied.All() != original.All() {
			t.Fatalf("seed %d: the copy has %+v, not %+v", seed, copied.All(), original.All())
		}
	}
	if steps := New(time.Hour).Steps(); len(steps) != 0 {
		t.Errorf("an empty ledger has steps: %v", steps)
	}
}

// TestMergedIsNotNew: a counter of what was counted does not jump by a month
// that was read at once; that holds over a restart.
func TestMergedIsNotNew(t *testing.T) {
	l := New(30 * 24 * time.Hour)
	l.Add(epoch, Counts{Bad: 1, Total: 10})
	l.Merge([]Step{{epoch.Add(-time.Hour), Counts{Bad: 5, Total: 5000}}})
	for _, pinned := range []bool{false, true} {
		if pinned {
			l.Pin(epoch.Add(-24 * time.Hour))
		}
		data, err := l.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again := new(Ledger)
		if err := again.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		for _, one := range []*Ledger{l, again} {
			if got := one.Since(); got != (Counts{Bad: 1, Total: 10}) {
				t.Errorf("counted %+v", got)
			}
			if got := one.All(); got != (Counts{Bad: 6, Total: 5010}) {
				t.Errorf("all is %+v", got)
			}
			if got := one.Window(epoch, 24*time.Hour).Counts; got != (Counts{Bad: 6, Total: 5010}) {
				t.Errorf("the window holds %+v", got)
			}
		}
	}
}

func TestObserved(t *testing.T) {
	l := New(30 * 24 * time.Hour)
	l.Observe(epoch, epoch.Add(time.Hour))
	l.Observe(epoch.Add(-2*time.Hour), epoch.Add(-time.Hour))
	if got := l.Observed(); len(got) != 2 || !got[0].From.Equal(epoch.Add(-2*time.Hour)) || !got[1].To.Equal(epoch.Add(time.Hour)) {
		t.Errorf("observed %v", got)
	}
	if got := l.Known(epoch.Add(-90*time.Minute), epoch.Add(30*time.Minute)); got != time.Hour {
		t.Errorf("known %v, not 1h", got)
	}
}
