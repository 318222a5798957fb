package history

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/storage"
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

func TestWhatHasNoRoomIsCountedAlone(t *testing.T) {
	s := opened(t, t.TempDir(), Options{MaxSeries: 2})
	text := "up{slo=\"a\"} 1\nup{slo=\"b\",n=\"1\"} 2\nup{slo=\"b\",n=\"2\"} 3\nup{slo=\"c\"} 4\n"
	appended(t, s, noon, text)
	want := map[string][]float64{`{__name__="up", slo="a"}`: {0, 1}, `{__name__="up", n="1", slo="b"}`: {0, 2}}
	if diff := cmp.Diff(want, samples(t, s, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
	if got := testutil.ToFloat64(s.metrics.rejected.WithLabelValues("series_limit")); got != 2 {
		t.Errorf("rejected: %v, want 2", got)
	}
	// Where one goes, another has room.
	appended(t, s, noon.Add(time.Minute), strings.TrimPrefix(text, "up{slo=\"a\"} 1\n"))
	if got := samples(t, s, "up")[`{__name__="up", n="2", slo="b"}`]; !cmp.Equal(got, []float64{60, 3}) {
		t.Errorf("the series that found room has %v", got)
	}
}

// A subject's series come and go one by one; those that stay go on.
func TestASubjectChangesItsSeries(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	var ref storage.SeriesRef
	for i, text := range []string{
		"kept{slo=\"a\"} 1\nlater{slo=\"a\"} NaN\n",
		"kept{slo=\"a\"} 2\nlater{slo=\"a\"} 2\n", // the same shape
		"kept{slo=\"a\"} 3\nlater{slo=\"a\"} NaN\n",
		"first{slo=\"a\"} 4\nkept{slo=\"a\"} 4\n", // another
		"kept{slo=\"a\"} 5\nlater{slo=\"a\"} 5\n",
	} {
		appended(t, s, noon.Add(time.Duration(i)*time.Minute), text)
		kept := s.book.subjects[0].find(0, "kept", []string{"slo", "a"})
		if kept.ref == 0 || ref != 0 && kept.ref != ref {
			t.Errorf("after append %d the series that stays is %d, and was %d", i, kept.ref, ref)
		}
		ref = kept.ref
	}
	for metric, want := range map[string][]float64{
		"kept":  {0, 1, 60, 2, 120, 3, 180, 4, 240, 5},
		"later": {60, 2, 120, math.NaN(), 240, 5}, // one marker, not one each minute
		"first": {180, 4, 240, math.NaN()},
	} {
		got := samples(t, s, metric)
		if diff := cmp.Diff(map[string][]float64{`{__name__="` + metric + `", slo="a"}`: want}, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", metric, diff)
		}
	}
	if s.book.size != 2 {
		t.Errorf("the book has %d series, want 2", s.book.size)
	}
}

func TestWhatIsNotNewerIsWrittenOnce(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	for range 3 {
		appended(t, s, noon, "up 1\n")
	}
	if got := testutil.ToFloat64(s.metrics.samples); got != 1 {
		t.Errorf("%v samples, want 1", got)
	}
}

func TestAClockThatWentBackIsNamed(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	appended(t, s, noon, "up 1\n")
	err := s.Append(read(t, noon.Add(-time.Minute), "up 2\n"))
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
		if s.book.size != 2 || len(s.book.subjects) != 2 {
			t.Fatalf("after append %d the book has %d series of %d subjects, want 2", i, s.book.size, len(s.book.subjects))
		}
	}
}
