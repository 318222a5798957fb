package gates_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Run steps and writes each second, and has the last word.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *gates.Options) { o.Now = time.Now })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		publish := func(share float64) {
			w.snapshot.Store(&engine.Snapshot{At: time.Now(), Instances: []*engine.Instance{instance("shop:availability", left(share))}})
		}
		publish(-0.1)
		time.Sleep(1500 * time.Millisecond)
		publish(0.05)
		v := w.ask("shop")
		if v.Decision != slo.GateDeny {
			t.Errorf("it is %s: %+v", v.Decision, v.Reasons)
		}
		time.Sleep(time.Second)
		if told, err := w.store.Verdict(ctx, v.ID); err != nil || told.Count != 1 {
			t.Errorf("after a second it is written as %+v: %v", told, err)
		}
		w.ask("shop")
		publish(0.5)
		last := w.ask("shop")
		cancel()
		running.Wait()
		if _, err := w.store.Verdict(t.Context(), last.ID); err != nil {
			t.Errorf("the last verdict was not written: %v", err)
		}
	})
}

// A Store that hangs holds up neither answers nor latches.
func TestStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *gates.Options) { o.Now, o.Store = time.Now, hanging{o.Store} })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		for _, share := range []float64{-0.1, 0.05} {
			w.snapshot.Store(&engine.Snapshot{At: time.Now(), Instances: []*engine.Instance{instance("shop:availability", left(share))}})
			time.Sleep(1100 * time.Millisecond)
			if v := w.ask("shop"); v.Decision != slo.GateDeny {
				t.Errorf("with %v left it is %s: %+v", share, v.Decision, v.Reasons)
			}
		}
		cancel()
		running.Wait()
	})
}

// hanging is a Store that answers nobody.
type hanging struct{ gates.Store }

func (hanging) Latches(ctx context.Context) ([]gates.Latch, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Who listens is told when the decision about a service changes, and can have it
// explained.
func TestPublish(t *testing.T) {
	var heard []string
	var w *world
	w = newWorld(t, func(o *gates.Options) {
		o.Publish = func(v gate.Verdict) {
			heard = append(heard, fmt.Sprint(v.Request.Service, " ", v.Decision))
			if told, err := w.Explain(t.Context(), v.ID); err != nil || told.Decision != v.Decision {
				t.Errorf("%s is explained as %+v: %v", v.ID, told, err)
			}
		}
	})
	search := instance("search:availability")
	for _, shop := range []*engine.Instance{instance("shop:availability"), instance("shop:availability"), instance("shop:availability", pages), instance("shop:availability", pages), instance("shop:availability")} {
		w.tick(shop, search)
	}
	if diff := cmp.Diff([]string{"shop deny", "shop allow"}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	w.tick(search)
	w.tick(search, instance("shop:availability", pages)) // it was gone: this is no change
	if len(heard) != 2 {
		t.Errorf("heard %v", heard)
	}
}

// Each service has a decision. Where there are many, they take turns.
func TestDecisions(t *testing.T) {
	w := newWorld(t, func(o *gates.Options) { o.Limits.Services = 2 })
	w.Load([]*slo.GatePolicy{policy(t, "prod", `service="a"`, func(p *slo.GatePolicy) {
		p.Environments, p.Budget.Deny = []string{"prod"}, &slo.GateLevel{Below: 0.95, ResumeAbove: 0.95}
	})})
	all := []*engine.Instance{
		instance("a:1"), instance("a:2"), instance("b:1", pages), instance("c:1"), instance("c:2"),
		instance("d:1", func(in *engine.Instance) { in.State, in.Remaining, in.Consumed1h = engine.StateUnknown, nil, nil }), instance("e:1"),
	}
	want := map[string]slo.GateDecision{}
	for _, c := range []struct {
		instances []*engine.Instance
		more      map[string]slo.GateDecision
	}{
		{all, map[string]slo.GateDecision{"a": slo.GateAllow, "b": slo.GateDeny}},
		{all, map[string]slo.GateDecision{"c": slo.GateAllow, "d": slo.GateUnknown}},
		{all, map[string]slo.GateDecision{"e": slo.GateAllow}},
	} {
		w.tick(c.instances...)
		maps.Copy(want, c.more)
		if diff := cmp.Diff(want, w.Decisions()); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
	}
	w.tick(all[2])
	if diff := cmp.Diff(map[string]slo.GateDecision{"b": slo.GateDeny}, w.Decisions()); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

// Everything at once, for the race detector: askers, people, ticks, loads and a
// Store that comes and goes.
func TestAllAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	loop := func(do func(i int)) {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				do(i)
			}
		})
	}
	w.tick(instance("shop:availability"))
	loop(func(i int) {
		w.tick(instance("shop:availability", left(float64(i%3-1))), instance("search:availability"))
	})
	for range 2 {
		loop(func(i int) { w.Ask(ctx, gate.Request{Service: "shop", Version: fmt.Sprint("v", i%100)}) })
	}
	loop(func(i int) { w.Load([]*slo.GatePolicy{watching(t)}) })
	loop(func(i int) {
		if g, err := w.BreakGlass(ctx, reasoned(w)); err == nil {
			_ = w.MendGlass(ctx, g.ID, "bob")
		}
		_, _ = w.MarkDeploy(ctx, gate.Deploy{Service: "shop", ID: fmt.Sprint(i)})
	})
	loop(func(i int) {
		w.SetStore([]gates.Store{nil, w.store}[i%2])
		w.store.Fail([]error{nil, errors.New("the database is away")}[i/2%2])
	})
	loop(func(int) {
		_, _ = w.Verdicts(ctx, gates.VerdictQuery{})
		_, _ = w.Deploys(ctx, "shop")
		_, _ = w.Glasses(ctx)
		_, _, _ = w.Decisions(), w.BurningDeploys(), w.Policies()
	})
	wg.Wait()
}
