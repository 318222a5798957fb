package gates_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// steps asks about a service while so much of its budget is left, a second each.
func steps(w *world, decision slo.GateDecision, shares ...float64) {
	w.t.Helper()
	for _, share := range shares {
		w.tick(instance("shop:availability", left(share)))
		if v := w.ask("shop"); v.Decision != decision {
			w.t.Errorf("with %v left: %s, want %s: %+v", share, v.Decision, decision, v.Reasons)
		}
	}
}

// The usual policy denies below 0 % until there are 10 % again.
func TestLatch(t *testing.T) {
	w := newWorld(t)
	steps(w, slo.GateAllow, 0.5, 0.05, 0)
	steps(w, slo.GateDeny, -0.01, 0, 0.05, 0.099)
	steps(w, slo.GateAllow, 0.1, 0.05, 0.001)
	steps(w, slo.GateDeny, -0.01, 0.05)
}

// Nobody needs to ask: a level that was passed between two questions holds. And a
// question steps nothing.
func TestLatchStepsWithSnapshots(t *testing.T) {
	w := newWorld(t)
	w.tick(instance("shop:availability", left(-0.5)))
	steps(w, slo.GateDeny, 0.05)

	w.see(instance("shop:availability", left(0.2)))
	w.ask("shop") // 20 % are left, but this snapshot is not stepped yet
	w.see(instance("shop:availability", left(0.05)))
	if v := w.ask("shop"); v.Decision != slo.GateDeny {
		t.Errorf("a question ended a latch: %+v", v.Reasons)
	}
}

// Silence is no recovery, and neither is an SLO that goes for a minute.
func TestLatchStays(t *testing.T) {
	w := newWorld(t)
	steps(w, slo.GateDeny, -0.5)
	for range 120 {
		w.tick(instance("search:availability"))
	}
	w.tick(instance("shop:availability", func(in *engine.Instance) { in.Remaining, in.State = nil, engine.StateNoData }))
	if v := w.ask("shop"); v.Decision != slo.GateDeny {
		t.Errorf("without samples: %s", v.Decision)
	}
	steps(w, slo.GateDeny, 0.05)
	w.set(w.time().Add(-time.Hour)) // whatever the clock does
	steps(w, slo.GateDeny, 0.05)
	w.set(w.time().Add(48 * time.Hour))
	steps(w, slo.GateDeny, 0.05)
}

// What has been gone for an hour is forgotten, here and on disk.
func TestLatchIsForgotten(t *testing.T) {
	w := newWorld(t)
	steps(w, slo.GateDeny, -0.5)
	for range 2 * 60 * 60 {
		w.tick(instance("search:availability"))
	}
	if kept, err := w.store.Latches(t.Context()); err != nil || len(kept) != 0 {
		t.Errorf("kept are %+v, %v", kept, err)
	}
	steps(w, slo.GateAllow, 0.05)
}

func TestLatchesOutliveRestarts(t *testing.T) {
	w := newWorld(t)
	steps(w, slo.GateDeny, -0.5)
	since := w.time()
	steps(w, slo.GateDeny, 0.05)
	want := []gates.Latch{{SLO: "shop:availability", Decision: slo.GateDeny, Since: since}}
	if kept, err := w.store.Latches(t.Context()); err != nil || !cmp.Equal(kept, want) {
		t.Errorf("kept are %+v, %v", kept, err)
	}
	w = w.again()
	w.Sync(t.Context())
	steps(w, slo.GateDeny, 0.05)
	steps(w, slo.GateAllow, 0.1)
	w = w.again()
	w.Sync(t.Context())
	steps(w, slo.GateAllow, 0.05)
}

// While the Store is away latches work from memory; what they did is written when it
// is back, and what it had is learned then.
func TestLatchesWithoutStore(t *testing.T) {
	w := newWorld(t)
	before := gates.Latch{SLO: "shop:latency", Decision: slo.GateDeny, Since: start.Add(-time.Hour)}
	ended := gates.Latch{SLO: "shop:availability", Decision: slo.GateDeny, Since: start.Add(-time.Hour)}
	ok(t, w.store.SetLatches(t.Context(), []gates.Latch{before, ended}, nil))
	w.store.Fail(errors.New("the database is away"))
	steps(w, slo.GateDeny, -0.5, 0.05) // it is away at the start
	steps(w, slo.GateAllow, 0.2, 0.05)
	w.store.Fail(nil)
	w.tick(instance("shop:availability", left(0.05)), instance("shop:latency", left(0.05)))
	v := w.want(gate.Request{Service: "shop"}, slo.GateDeny, gate.CodeBudget)
	if v.Reasons[0].SLO != "shop:latency" {
		t.Errorf("the reason is %+v", v.Reasons[0])
	}
	w.SetStore(nil) // and later
	steps(w, slo.GateDeny, -0.5, 0.05)
	w.SetStore(w.store)
	w.Sync(t.Context())
	kept, err := w.store.Latches(t.Context())
	if err != nil || len(kept) != 2 || kept[0].SLO != "shop:availability" {
		t.Errorf("kept are %+v, %v", kept, err)
	}
}

// Each level of each policy is by itself, and goes on through a load.
func TestLatchesOfPolicies(t *testing.T) {
	w := newWorld(t)
	levels := func(hold, deny *slo.GateLevel) func(*slo.GatePolicy) {
		return func(p *slo.GatePolicy) { p.Budget = slo.GateLevels{Hold: hold, Deny: deny} }
	}
	prod := func(p *slo.GatePolicy) { p.Environments = []string{"prod"} }
	list := []*slo.GatePolicy{policy(t, "prod", `service="shop"`, prod,
		levels(&slo.GateLevel{Below: 0.3, ResumeAbove: 0.5}, &slo.GateLevel{Below: 0.1, ResumeAbove: 0.2}))}
	w.Load(list)
	for _, c := range []struct {
		left         float64
		prod, usual  slo.GateDecision
		reload, jump bool
	}{
		{left: 0.6, prod: slo.GateAllow, usual: slo.GateAllow},
		{left: 0.29, prod: slo.GateHold, usual: slo.GateAllow},
		{left: 0.05, prod: slo.GateDeny, usual: slo.GateAllow},
		{left: -0.1, prod: slo.GateDeny, usual: slo.GateDeny, reload: true},
		{left: 0.19, prod: slo.GateDeny, usual: slo.GateAllow},
		{left: 0.2, prod: slo.GateHold, usual: slo.GateAllow, reload: true},
		{left: 0.49, prod: slo.GateHold, usual: slo.GateAllow},
		{left: 0.5, prod: slo.GateAllow, usual: slo.GateAllow},
	} {
		if c.reload {
			w.Load(append([]*slo.GatePolicy(nil), list...))
		}
		w.tick(instance("shop:availability", left(c.left)))
		usual, prod := w.ask("shop"), w.Ask(t.Context(), gate.Request{Service: "shop", Environment: "prod"})
		if usual.Decision != c.usual || prod.Decision != c.prod {
			t.Errorf("%v left: %s, in prod %s; want %s, %s", c.left, usual.Decision, prod.Decision, c.usual, c.prod)
		}
	}
}

// A policy that is loaded looks at once: what it finds holds when the next snapshot
// is better.
func TestLatchStepsWithLoad(t *testing.T) {
	w := newWorld(t)
	w.tick(instance("shop:availability", left(0.2)))
	w.Load([]*slo.GatePolicy{policy(t, "p", `service="shop"`, func(p *slo.GatePolicy) {
		p.Budget = slo.GateLevels{Hold: &slo.GateLevel{Below: 0.3, ResumeAbove: 0.5}}
	})})
	w.Step(t.Context())
	steps(w, slo.GateHold, 0.4)
}
