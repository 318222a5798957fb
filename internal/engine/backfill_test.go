package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// pastOf is an hour of the shop, ten requests a minute, one of them bad.
func pastOf(t *testing.T, to time.Time) *sli.Past {
	t.Helper()
	r := sli.NewRecount(compile(t, newSpec("shop"))[0], sli.Stretch{From: to.Add(-time.Hour), To: to})
	for minute := range 61 {
		at := to.Add(time.Duration(minute-60) * time.Minute)
		one := func(code string, value float64) sli.Series {
			return sli.Series{
				Labels: labels.FromStrings("__name__", "requests_total", "code", code, "service", "shop"),
				Target: "x", Points: []sli.Point{{Time: at.UnixNano(), Value: value}},
			}
		}
		r.Count(&sli.Batch{Series: []sli.Series{one("200", float64(9*minute)), one("500", float64(minute))}}, at)
	}
	return r.Past(to)
}

// TestPastSurvives: the past is counted once, is in the windows, and is there
// again after a restart, from records and from a snapshot.
func TestPastSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memoryJournal{}
		r := again(t, m)
		betweenTicks()
		ctx := context.Background()
		now := time.Now()
		missing, err := r.Missing(ctx, "shop:availability")
		if err != nil || len(missing.Of) != 1 || missing.Of[0].To.Sub(missing.Of[0].From) != month {
			t.Fatalf("missing %v, %v", missing, err)
		}
		past := pastOf(t, now.Add(-time.Minute))
		if err := r.AddPast(ctx, past); err != nil {
			t.Fatal(err)
		}
		if err := r.AddPast(ctx, past); !errors.Is(err, sli.ErrKnown) {
			t.Errorf("the same again: %v", err)
		}
		if missing, err = r.Missing(ctx, "nobody:knows"); err != nil || missing.Of != nil {
			t.Errorf("of no SLO there is missing %v, %v", missing, err)
		}
		for _, how := range []string{"counted", "replayed", "from a snapshot"} {
			time.Sleep(2 * time.Second)
			in := r.instance("shop:availability")
			if c := in.Period.Counts; c.Bad != 60 || c.Total != 600 {
				t.Errorf("%s: %v", how, c)
			}
			if how == "replayed" { // a snapshot is written now and then
				time.Sleep(snapshotEvery + time.Minute)
				if m.saved() == 0 {
					t.Fatal("no snapshot")
				}
			}
			r.stop()
			if err := r.AddPast(ctx, past); !errors.Is(err, ErrStopped) {
				t.Errorf("a stopped engine says %v", err)
			}
			r = again(t, m)
			betweenTicks()
		}
		m.mu.Lock()
		m.busy = true
		m.mu.Unlock()
		if err := r.AddPast(ctx, pastOf(t, now.Add(-3*time.Hour))); !errors.Is(err, ErrBusy) {
			t.Errorf("a busy journal: %v", err)
		}
		r.stop()
	})
}
