package history

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// swept is which subjects a sweep writes of so many, second by second.
func swept(w *sweep, f *fleet, from, to int) (written [][]string) {
	for second := from; second < to; second++ {
		var keys []string
		for _, one := range w.due(f, noon.Add(time.Duration(second)*time.Second)) {
			keys = append(keys, f.keys[one.from:one.to]...)
		}
		written = append(written, keys)
	}
	return written
}

func TestARoundHasEverySubjectOnce(t *testing.T) {
	for _, n := range []int{0, 1, fewest - 1, fewest + 1, 5_000, 12_000, 12_001, 59_999} {
		f, w := newFleet(n), newSweep(time.Minute)
		first := swept(w, f, 0, 60)
		if all := slices.Concat(first...); !slices.Equal(all, f.keys) {
			t.Errorf("%d subjects: a round has %d", n, len(all))
		}
		for _, keys := range first {
			if most := max(fewest, n/60+1); len(keys) > most {
				t.Errorf("%d subjects: %d at once, want %d at most", n, len(keys), most)
			}
		}
		if diff := cmp.Diff(first, swept(w, f, 60, 120)); diff != "" {
			t.Errorf("%d subjects: not at the same times in the next round:\n%s", n, diff)
		}
	}
}

func TestARoundThatIsJoinedLateLeavesTheRestToTheNext(t *testing.T) {
	f, w := newFleet(5*fewest), newSweep(time.Minute)
	if got := swept(w, f, 3, 60); !slices.Equal(slices.Concat(got...), f.keys[3*fewest:]) || len(got[0]) != fewest {
		t.Errorf("from the fourth second on there are %d, the first time %d", len(slices.Concat(got...)), len(got[0]))
	}
	if got := slices.Concat(swept(w, f, 60, 120)...); !slices.Equal(got, f.keys) {
		t.Errorf("the next round has %d", len(got))
	}
}

func TestWhatARoundLeftIsDoneWithTheNext(t *testing.T) {
	f, w := newFleet(5*fewest), newSweep(time.Minute)
	swept(w, f, 0, 3)
	if got := swept(w, f, 61, 62); !slices.Equal(got[0], append(slices.Clone(f.keys[3*fewest:]), f.keys[:2*fewest]...)) {
		t.Errorf("after a gap there are %d", len(got[0]))
	}
	if got := swept(w, f, 200, 201); len(got[0]) != 5*fewest { // three rounds later, where the second is before the first
		t.Errorf("after a long gap there are %d, want all once", len(got[0]))
	}
}

// Whatever comes and goes, each subject that stays is written in each round,
// none twice, and the store ends what is gone.
func TestSubjectsComeAndGo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	s, w, all := opened(t, t.TempDir(), Options{}), newSweep(time.Minute), newFleet(600)
	present, wrote := map[string]bool{}, map[string]int{}
	for _, key := range all.keys {
		present[key] = true
	}
	for second := range 600 {
		if second%60 == 0 {
			clear(wrote)
		}
		for range 2 {
			key := all.keys[random.IntN(len(all.keys))]
			present[key] = !present[key]
		}
		f := &fleet{at: noon.Add(time.Duration(second) * time.Second)}
		for _, key := range all.keys {
			if present[key] {
				f.keys, f.values = append(f.keys, key), append(f.values, make([]float64, seriesEach)...)
			}
		}
		due := w.due(f, f.at)
		for _, one := range due {
			for _, key := range f.keys[one.from:one.to] {
				if wrote[key]++; wrote[key] > 1 {
					t.Fatalf("second %d: %s comes twice in a round", second, key)
				}
			}
		}
		if err := s.append(f, due...); err != nil {
			t.Fatal(err)
		}
		if second%60 == 59 {
			for _, key := range f.keys {
				if wrote[key] == 0 && s.known(key) {
					t.Errorf("second %d: %s was there and not written", second, key)
				}
			}
		}
	}
	gone := &fleet{at: noon.Add(time.Hour)}
	if err := s.append(gone, w.due(gone, gone.at)...); err != nil {
		t.Fatal(err)
	}
	if s.book.size != 0 || len(s.book.subjects) != 0 {
		t.Errorf("the book has %d series of %d subjects, and all are gone", s.book.size, len(s.book.subjects))
	}
	for labels, points := range samples(t, s, "slo_objective_ratio") {
		if last := points[len(points)-1]; last == last {
			t.Errorf("%s has no end", labels)
		}
	}
}

func (s *Store) known(key string) bool {
	_, found := s.book.find(key)
	return found
}
