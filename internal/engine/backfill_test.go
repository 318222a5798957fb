package engine

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
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
			if in.Since != (budget.Counts{}) { // a counter of them would jump by a month
				t.Errorf("%s: %v since the engine began", how, in.Since)
			}
			if in.Past != in.Period.Counts {
				t.Errorf("%s: the past has %v", how, in.Past)
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

// TestPastWakesWhatRests: an instance that rests, because nothing could change
// its alerts, is judged anew when its past comes in.
func TestPastWakesWhatRests(t *testing.T) {
	now := newWorld(0).now
	resting, awake := NewCore(Options{Reread: 20 * time.Second}), NewCore(Options{})
	cores := []*Core{resting, awake}
	for _, c := range cores {
		c.Load(compile(t, newSpec("shop")), nil, now)
	}
	live, total := now, 600.0
	for second := range 90 {
		now = live.Add(time.Duration(second) * time.Second)
		for _, c := range cores {
			if second%5 == 0 {
				c.Ingest(&sli.Batch{Whole: true, Series: []sli.Series{
					{Labels: labels.FromStrings("__name__", "requests_total", "code", "200", "service", "shop"), Target: "x", Points: []sli.Point{{Time: now.UnixNano(), Value: total}}},
					{Labels: labels.FromStrings("__name__", "requests_total", "code", "500", "service", "shop"), Target: "x", Points: []sli.Point{{Time: now.UnixNano(), Value: 60}}},
				}}, now)
			}
			c.Evaluate(now)
		}
		if second%5 == 0 {
			total += 5
		}
	}
	if !resting.judged["shop:availability"].rest.proven {
		t.Fatal("it does not rest")
	}
	var shown []*Instance
	for _, c := range cores {
		if err := c.AddPast(pastOf(t, live)); err != nil {
			t.Fatal(err)
		}
		shown = append(shown, c.Evaluate(now.Add(time.Second)).Instances[0])
	}
	if len(shown[1].Alerts) == 0 {
		t.Fatalf("nothing fires: %+v", shown[1])
	}
	if a, b := decided(shown[0]), decided(shown[1]); !reflect.DeepEqual(a, b) {
		t.Errorf("resting it is %+v, awake %+v", a, b)
	}
}
