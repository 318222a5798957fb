package history

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// source says what a text says, and counts how often it is asked.
type source struct {
	t     testing.TB
	now   func() time.Time
	text  string
	asked int
}

func (s *source) look() View {
	s.asked++
	if s.text == "" {
		return nil
	}
	return read(s.t, s.now().Truncate(time.Second), s.text)
}

func TestLiveAddsTheFiguresOfNow(t *testing.T) {
	time := &clock{at: noon}
	s := opened(t, t.TempDir(), Options{Now: time.now})
	now := &source{t: t, now: time.now, text: "up{slo=\"a\"} 1\n"}
	live := NewLive(s, now.look)
	if err := s.Append(now.look()); err != nil {
		t.Fatal(err)
	}
	now.text = "up{slo=\"a\"} 2\nup{slo=\"b\"} 3\n"
	time.set(noon.Add(30_400e6))
	want := map[string][]float64{`{__name__="up", slo="a"}`: {0, 1, 29, 2}, `{__name__="up", slo="b"}`: {29, 3}}
	if diff := cmp.Diff(want, samples(t, live, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
	if got := samples(t, s, "up"); len(got) != 1 {
		t.Errorf("the store itself has %v, want one series", got)
	}
	asked := now.asked
	samples(t, live, "up")
	if now.asked != asked {
		t.Error("the source was asked twice within a second")
	}
}

func TestWhatOnlyAQuerySawLeavesNoTrace(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	NewLive(s, always(t, "brief 1\n")).now()
	appended(t, s, noon, "up 1\n")
	if got := samples(t, s, "brief"); len(got) != 0 || s.book.size != 1 {
		t.Errorf("the store has %v, and the book %d series", got, s.book.size)
	}
}

func TestLiveKeepsToTheTimesOfTheQuery(t *testing.T) {
	time := &clock{at: noon.Add(30e9)}
	live := NewLive(opened(t, t.TempDir(), Options{Now: time.now}), (&source{t: t, now: time.now, text: "up 1\n"}).look)
	for _, c := range []struct {
		mint, maxt int64 // seconds after noon
		want       int
	}{{0, 28, 0}, {0, 29, 1}, {29, 40, 1}, {30, 40, 0}} {
		q, err := live.Querier(noon.UnixMilli()+c.mint*1000, noon.UnixMilli()+c.maxt*1000)
		if err != nil {
			t.Fatal(err)
		}
		set, found := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up")), 0
		for set.Next() {
			found++
		}
		if found != c.want {
			t.Errorf("from %d s to %d s: %d series, want %d", c.mint, c.maxt, found, c.want)
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLiveKnowsLabels(t *testing.T) {
	time := &clock{at: noon}
	s := opened(t, t.TempDir(), Options{Now: time.now})
	appended(t, s, noon, "old{zone=\"z\"} 1\nup{slo=\"a\"} 1\n")
	live := NewLive(s, (&source{t: t, now: time.now, text: "# HELP up Whether.\n# TYPE up gauge\nup{slo=\"a\"} 2\nup{slo=\"b\",team=\"t\"} 3\n"}).look)
	time.set(noon.Add(10e9))
	q, err := live.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	names, _, err := q.LabelNames(context.Background(), nil)
	if diff := cmp.Diff([]string{"__name__", "slo", "team", "zone"}, names); err != nil || diff != "" {
		t.Errorf("label names: %v (-want +got):\n%s", err, diff)
	}
	values, _, err := q.LabelValues(context.Background(), "slo", nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", "up|no"))
	if diff := cmp.Diff([]string{"a", "b"}, values); err != nil || diff != "" {
		t.Errorf("values of slo: %v (-want +got):\n%s", err, diff)
	}
	want := []scrape.MetricMetadata{{MetricFamily: "up", Type: model.MetricTypeGauge, Help: "Whether."}}
	if diff := cmp.Diff(want, live.Metadata()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestRecordTakesOneSampleAtEachMultiple(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start, done := time.Now(), make(chan error, 1)
		time.Sleep(time.Second) // off the grid
		var at []time.Duration
		go func() {
			done <- record(ctx, time.Minute, time.Now, func(t time.Time) {
				if at = append(at, t.Sub(start)); len(at) == 2 {
					time.Sleep(90 * time.Second) // slow: the next multiple passes
				}
			})
		}()
		time.Sleep(5 * time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("times differ (-want +got):\n%s", diff)
		}
	})
}

func TestASourceThatKnowsNothingEndsNothing(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	w := newSweep(time.Minute)
	for i, source := range []Source{always(t, "up 1\n"), func() View { return nil }} {
		if err := s.take(noon.Add(time.Duration(i)*time.Minute), source, w); err != nil {
			t.Fatal(err)
		}
	}
	if got := testutil.ToFloat64(s.metrics.samples); got != 1 {
		t.Errorf("%v samples, want 1", got)
	}
	if err := s.Record(t.Context(), nil, 0); err == nil {
		t.Error("an interval of 0 was taken")
	}
}

func TestMetricsAreExportedUntilClose(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	s := opened(t, t.TempDir(), Options{Registerer: registry})
	appended(t, s, noon, "up 1\n")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range families {
		found[f.GetName()] = true
	}
	for _, name := range []string{"slo_engine_history_samples_total", "slo_engine_history_series", "prometheus_tsdb_head_series"} {
		if !found[name] {
			t.Errorf("%s is not exported", name)
		}
	}
	if _, err := Open(t.TempDir(), Options{Registerer: registry}); err == nil {
		t.Error("a second history under the same names was taken")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if families, err = registry.Gather(); err != nil || len(families) != 0 {
		t.Errorf("after Close %d families are left, %v", len(families), err)
	}
}
