package backfill

import (
	"fmt"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
)

// near compares an SLO's window with the truth.
func (r *rig) near(w *world, most float64) (worst float64) {
	r.Helper()
	for _, s := range w.shops {
		in := r.instance(s.name + ":availability")
		if in == nil {
			r.Fatalf("%s has no instance", s.name)
		}
		want := w.between(s, in.Period.Start, in.Period.End)
		got := in.Period.Counts
		apart := math.Abs(got.Bad/got.Total/(want.Bad/want.Total) - 1)
		worst = max(worst, apart)
		if !(apart <= most) || math.Abs(got.Total/want.Total-1) > most || math.Abs(got.Bad/want.Bad-1) > most {
			r.Errorf("%s: counted %v, the truth is %v: ratio apart by %.4f %%, total %.4f %%, bad %.4f %%", s.name, got, want,
				100*apart, 100*(got.Total/want.Total-1), 100*(got.Bad/want.Bad-1))
		}
	}
	return worst
}

// TestMonth: from a Prometheus with a month of samples come the budgets of a
// month, soon, and with no more queries than were allowed.
func TestMonth(t *testing.T) {
	t.Parallel()
	shops, every := 100, 4*time.Minute
	if testing.Short() {
		shops, every = 4, 2*time.Minute
	}
	w := newWorld(shops, month-10*time.Minute, every)
	present := httptest.NewServer(w)
	defer present.Close()
	prom := w.prometheus(t, present.URL)
	front := newProxy(t, prom)
	const allowed = 20
	r := start(t, &journal{}, promapi.Options{
		URL: front.URL, MaxQueriesPerSecond: allowed,
	}, specs(w))
	first := r.until(time.Minute, "first useful numbers", func() error {
		for _, s := range w.shops {
			if in := r.instance(s.name + ":availability"); in == nil || in.Period.Coverage < 0.008 || in.Remaining == nil {
				return fmt.Errorf("%s: %+v", s.name, in)
			}
		}
		return nil
	})
	took := r.read(5 * time.Minute)
	r.until(time.Minute, "a tick", func() error {
		for _, s := range w.shops {
			if in := r.instance(s.name + ":availability"); in.Period.Coverage < 0.999 {
				return fmt.Errorf("%s: coverage is %v", s.name, in.Period.Coverage)
			}
		}
		return nil
	})
	worst := r.near(w, 0.0003)
	all, most := front.load()
	t.Logf("%d SLOs: six hours of each after %s, all after %s; worst ratio apart by %.6f %%; %d queries, %d in a second at most",
		shops, first.Round(time.Millisecond), took.Round(time.Millisecond), 100*worst, all, most)
	if most > allowed {
		t.Errorf("%d queries in a second, and %d were allowed", most, allowed)
	}
}
