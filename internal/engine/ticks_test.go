package engine

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestTicksLieOnWholeTicks(t *testing.T) {
	bubble(t, Options{Tick: 5 * time.Second}, nil, func(t *testing.T, r *rig) {
		if r.Snapshot() != nil {
			t.Error("there is a snapshot before the first tick")
		}
		time.Sleep(5*time.Second + time.Millisecond)
		seen := map[*Snapshot]bool{}
		for range 4 {
			s := r.Snapshot()
			if s == nil || seen[s] || !s.At.Equal(time.Now().Truncate(5*time.Second)) {
				t.Fatalf("at %s the snapshot is %+v", time.Now(), s)
			}
			seen[s] = true
			time.Sleep(5 * time.Second)
		}
	})
}

func TestAnEngineStartedBetweenTicksWaitsForTheEdge(t *testing.T) {
	bubble(t, Options{Now: func() time.Time { return time.Now().Add(300 * time.Millisecond) }}, nil, func(t *testing.T, r *rig) {
		time.Sleep(699 * time.Millisecond)
		if r.Snapshot() != nil {
			t.Error("the engine ticked before the edge")
		}
		time.Sleep(2 * time.Millisecond)
		if r.Snapshot() == nil {
			t.Error("the engine did not tick at the edge")
		}
	})
}

func TestMissedTicksAreCounted(t *testing.T) {
	bubble(t, Options{}, nil, func(t *testing.T, r *rig) {
		time.Sleep(1100 * time.Millisecond)
		r.inbox <- func() { time.Sleep(3500 * time.Millisecond) }
		time.Sleep(3800 * time.Millisecond) // 4.9 s: the tick of 2 s ended at 4.6 s
		if got := testutil.ToFloat64(r.core.metrics.missedTicks); got != 2 {
			t.Errorf("%v ticks missed, want those of 3 s and 4 s", got)
		}
		time.Sleep(200 * time.Millisecond)
		if at := r.Snapshot().At; at.Nanosecond() != 0 || !at.Equal(time.Now().Truncate(time.Second)) {
			t.Errorf("at %s the snapshot is of %s", time.Now(), at)
		}
	})
}

// A wall clock that is set back must not stop the ticks until it has caught up.
func TestTicksGoOnWhenTheClockIsSetBack(t *testing.T) {
	var back atomic.Int64
	clock := func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
	bubble(t, Options{Now: clock}, nil, func(t *testing.T, r *rig) {
		time.Sleep(10 * time.Second)
		back.Store(int64(time.Hour))
		time.Sleep(5 * time.Second)
		if at, now := r.Snapshot().At, clock(); now.Sub(at) > time.Second || at.After(now) {
			t.Errorf("at %s the newest snapshot is of %s", now, at)
		}
	})
}

func TestInstancesAreSorted(t *testing.T) {
	specs := []*slo.Spec{newSpec("c"), newSpec("a"), newSpec("b"), newSpec("a", named("zz")), newSpec("d", by("code"))}
	bubble(t, Options{}, specs, func(t *testing.T, r *rig) {
		r.shop("d", time.Second).put(time.Now())
		settled()
		var ids []string
		for _, in := range r.Snapshot().Instances {
			ids = append(ids, in.ID)
		}
		if !slices.IsSorted(ids) || len(ids) != 6 {
			t.Errorf("instances %v", ids)
		}
		if !strings.HasPrefix(ids[4], "d:availability:") || !strings.HasPrefix(ids[5], "d:availability:") {
			t.Errorf("groups of d are missing among %v", ids)
		}
	})
}

func TestOldSnapshotsStayAsTheyWere(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(month-time.Hour, 1e9, 0)
		f.run(30*time.Second, 0, 1000)
		settled()
		old := r.Snapshot()
		before := deepCopy(old)
		if len(before.Instances[0].Alerts) == 0 {
			t.Fatal("nothing fires, so there is little to change")
		}
		f.run(2*time.Minute, 0, 1000)
		r.load(newSpec("shop", labelled("team", "payments")))
		f.run(10*time.Second, 1000, 0)
		if diff := cmp.Diff(before, old, cmpopts.IgnoreTypes(&slo.Spec{})); diff != "" {
			t.Errorf("an old snapshot changed:\n%s", diff)
		}
		if r.Snapshot().Instances[0].Since == (budget.Counts{}) || old.Instances[0].Spec.Labels != nil {
			t.Error("the old snapshot follows the new spec")
		}
	})
}

func deepCopy(s *Snapshot) *Snapshot {
	out := *s
	out.Instances = nil
	for _, in := range s.Instances {
		c := *in
		c.Windows = slices.Clone(in.Windows)
		for i := range c.Windows {
			c.Windows[i].Burn = copyOf(in.Windows[i].Burn)
		}
		c.Period.Burn = copyOf(in.Period.Burn)
		c.Remaining, c.Consumed1h, c.Exhaustion = copyOf(in.Remaining), copyOf(in.Consumed1h), copyOf(in.Exhaustion)
		c.Alerts = slices.Clone(in.Alerts)
		c.Pending, c.Notices = slices.Clone(in.Pending), slices.Clone(in.Notices)
		out.Instances = append(out.Instances, &c)
	}
	return &out
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// A tick does not wait for the batches that came before it.
func TestTicksGoBeforeBatches(t *testing.T) {
	bubble(t, Options{QueueLength: 50}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		release := r.occupy()
		counted := make(chan bool, 40)
		for range 40 {
			r.inbox <- func() { counted <- true }
		}
		behind := -1
		go r.do(t.Context().Done(), func() { behind = len(counted) })
		synctest.Wait()
		release()
		synctest.Wait()
		if behind != 0 || len(counted) != 40 {
			t.Errorf("%d of %d batches went before a tick", behind, len(counted))
		}
	})
}
