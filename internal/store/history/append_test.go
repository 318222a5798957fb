package history

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestASeriesThatIsGoneEnds(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	appended(t, s, noon, "up{slo=\"a\"} 1\nup{slo=\"b\"} 2\n")
	appended(t, s, noon.Add(time.Minute), "up{slo=\"a\"} 3\n")
	appended(t, s, noon.Add(2*time.Minute), "up{slo=\"a\"} 4\nup{slo=\"b\"} 5\n")

	want := map[string][]float64{
		`{__name__="up", slo="a"}`: {0, 1, 60, 3, 120, 4},
		`{__name__="up", slo="b"}`: {0, 2, 60, math.NaN(), 120, 5}, // one marker, not one each minute
	}
	if diff := cmp.Diff(want, samples(t, s, "up"), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
}

func TestAReopenedHistoryHasEverything(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, Options{})
	appended(t, s, noon, "up 1\n")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, dir, Options{})
	appended(t, again, noon.Add(time.Minute), "up 2\n")
	want := map[string][]float64{`{__name__="up"}`: {0, 1, 60, 2}}
	if diff := cmp.Diff(want, samples(t, again, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
}

func TestAnEmptyLabelIsNone(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	for i := range 2 {
		appended(t, s, noon.Add(time.Duration(i)*time.Minute), "up{group=\"\",slo=\"a\"} 1\n")
	}
	want := map[string][]float64{`{__name__="up", slo="a"}`: {0, 1, 60, 1}}
	if diff := cmp.Diff(want, samples(t, s, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeKeptIsCountedAlone(t *testing.T) {
	s := opened(t, t.TempDir(), Options{MaxSeries: 2})
	families := page(t, "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")
	families = append(families, page(t, "up{slo=\"a\"} 1\nup{slo=\"b\"} 2\nup{slo=\"c\"} 3\n")...)
	families[1].Metric = append(families[1].Metric[:1:1], families[1].Metric...) // the first one twice
	if err := s.Append(noon, families); err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{`{__name__="up", slo="a"}`: {0, 1}, `{__name__="up", slo="b"}`: {0, 2}}
	if diff := cmp.Diff(want, samples(t, s, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
	for reason, count := range map[string]float64{"no_single_value": 1, "duplicate": 1, "series_limit": 1} {
		if got := testutil.ToFloat64(s.metrics.rejected.WithLabelValues(reason)); got != count {
			t.Errorf("rejected %s: %v, want %v", reason, got, count)
		}
	}
}

func TestAClockThatWentBackIsNamed(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	appended(t, s, noon, "up 1\n")
	err := s.Append(noon.Add(-time.Minute), page(t, "up 2\n"))
	if !errors.Is(err, ErrBehind) {
		t.Fatalf("append of the past: %v, want ErrBehind", err)
	}
	appended(t, s, noon.Add(time.Minute), "up 3\n")
	want := map[string][]float64{`{__name__="up"}`: {0, 1, 60, 3}}
	if diff := cmp.Diff(want, samples(t, s, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
}

func TestTheBookIsNoLargerThanItsSource(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	for i := range 50 {
		appended(t, s, noon.Add(time.Duration(i)*time.Minute), fmt.Sprintf("up{slo=\"%d\"} 1\nalways 1\n", i))
		if s.book.size != 2 || len(s.book.byHash) != 2 {
			t.Fatalf("after append %d the book has %d series under %d hashes, want 2", i, s.book.size, len(s.book.byHash))
		}
	}
}

func TestSeriesOfOneHashAreKeptApart(t *testing.T) {
	b := newBook()
	b.round = 1
	first, second := &entry{round: 1}, &entry{round: 1}
	third := &entry{round: 0, next: second}
	first.next = third
	b.byHash[7], b.size = first, 3
	dropped := 0
	b.forget(func(*entry) { dropped++ })
	kept := 0
	for e := b.byHash[7]; e != nil; e = e.next {
		kept++
	}
	if dropped != 1 || kept != 2 || b.size != 2 {
		t.Errorf("dropped %d, kept %d, size %d; want 1, 2, 2", dropped, kept, b.size)
	}
}
