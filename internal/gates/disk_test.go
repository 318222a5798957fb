package gates_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

func TestSQLiteKeepsGates(t *testing.T) { testTwoKeepers(t, filepath.Join(t.TempDir(), "state.db")) }

func TestPostgreSQLKeepsGates(t *testing.T) { testTwoKeepers(t, lab.StartPostgres(t).DSN) }

// onDisk is a Keeper with a connection of its own.
func onDisk(t *testing.T, dsn string, now time.Time) (*world, *state.Store) {
	t.Helper()
	store, err := state.Open(t.Context(), state.Options{DSN: dsn, Patience: time.Minute})
	ok(t, err)
	t.Cleanup(func() { _ = store.Close() }) // a test that cares closes it itself
	w := newWorld(t, func(o *gates.Options) { o.Store = store })
	w.set(now)
	w.Load([]*slo.GatePolicy{watching(t)})
	return w, store
}

// Two engines on one database see what the other does, mark a deploy once, and count
// one verdict together. Started again they know all of it.
func testTwoKeepers(t *testing.T, dsn string) {
	a, closeA := onDisk(t, dsn, start)
	b, closeB := onDisk(t, dsn, start)
	both := []*world{a, b}
	tick := func(share float64) {
		for _, w := range both {
			w.tick(instance("shop:availability", left(share)))
		}
	}
	tick(-0.5)
	g, err := a.BreakGlass(t.Context(), reasoned(a))
	ok(t, err)
	var wg sync.WaitGroup
	for i, w := range both {
		wg.Go(func() {
			d, err := w.MarkDeploy(context.Background(), gate.Deploy{ID: "ci-17", Service: "shop", Version: fmt.Sprint("v", i)})
			if err != nil || d.ID != "ci-17" {
				t.Errorf("it was marked as %+v: %v", d, err)
			}
		})
	}
	wg.Wait()
	for range 6 { // what one has written the other reads within two
		tick(0.05)
	}
	first, second := a.ask("shop"), b.ask("shop")
	if diff := cmp.Diff(first, second); diff != "" || first.Decision != slo.GateAllow || first.Evidence.Glass == nil || first.Evidence.Deploy == nil {
		t.Errorf("both know different things (-a +b):\n%s\n%+v", diff, first)
	}
	for _, w := range both {
		w.Sync(t.Context())
	}
	ok(t, closeA.Close())
	ok(t, closeB.Close())

	again, store := onDisk(t, dsn, a.time())
	again.Sync(t.Context())
	again.tick(instance("shop:availability", left(0.05)))
	v := again.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeBudget)
	if diff := cmp.Diff(&g, v.Evidence.Glass); diff != "" {
		t.Errorf("the glass (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(first.Evidence.Deploy, v.Evidence.Deploy, cmpopts.IgnoreFields(gate.Deploy{}, "SLOs")); diff != "" {
		t.Errorf("the deploy (-want +got):\n%s", diff)
	}
	explained(t, again.Keeper, gates.Told{Verdict: first, First: a.time(), Last: a.time(), Count: 2})
	ok(t, again.MendGlass(t.Context(), g.ID, "bob"))
	again.want(gate.Request{Service: "shop"}, slo.GateDeny, gate.CodeBudget)
	if chain, err := store.Verify(t.Context()); err != nil || chain.Entries != 3 {
		t.Errorf("the audit has %d entries: %v", chain.Entries, err)
	}
}
