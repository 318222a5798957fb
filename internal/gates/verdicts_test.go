package gates_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// limited bounds what is kept.
func limited(answers, recent, queue int) func(*gates.Options) {
	return func(o *gates.Options) { o.Limits.Answers, o.Limits.Recent, o.Limits.Queue = answers, recent, queue }
}

// A verdict is explained at once, and after the engine was started again, with how
// often it was told.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	w.tick(instance("shop:availability", pages))
	first := w.ask("shop")
	w.ask("shop")
	at := w.time()
	want := gates.Told{Verdict: first, First: at, Last: at, Count: 2}
	explained(t, w.Keeper, want)
	w.Sync(t.Context())
	w.set(at.Add(300 * time.Millisecond))
	w.ask("shop")
	want.Last, want.Count = w.time(), 3
	explained(t, w.Keeper, want)
	w.Sync(t.Context())
	w.Sync(t.Context())
	explained(t, w.again().Keeper, want)
	if _, err := w.Explain(t.Context(), "nothing"); !errors.Is(err, gates.ErrUnknown) {
		t.Errorf("an unknown verdict: %v", err)
	}
	w.SetStore(nil)
	explained(t, w.Keeper, want)
	if _, err := w.Explain(t.Context(), "nothing"); !errors.Is(err, gates.ErrStateAway) {
		t.Errorf("an unknown verdict, without a state: %v", err)
	}
}

func explained(t *testing.T, k *gates.Keeper, want gates.Told) {
	t.Helper()
	got, err := k.Explain(t.Context(), want.ID)
	ok(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the explanation (-want +got):\n%s", diff)
	}
}

// Verdicts are found before they are written, and after.
func TestVerdicts(t *testing.T) {
	w := newWorld(t, limited(100, 2, 100)) // most are only in the Store
	var want []string
	for range 5 {
		w.tick(instance("shop:availability", pages), instance("search:availability"))
		want = append([]string{w.ask("shop").ID}, want...)
		w.ask("search")
		w.Sync(t.Context())
	}
	w.ask("shop")
	w.ask("search")
	for _, c := range []struct {
		q    gates.VerdictQuery
		want []string
	}{
		{gates.VerdictQuery{Service: "shop"}, want},
		{gates.VerdictQuery{Decision: slo.GateDeny, Limit: 2}, want[:2]},
		{gates.VerdictQuery{Decision: slo.GateDeny, Since: w.time()}, want[:1]},
		{gates.VerdictQuery{Service: "shop", Decision: slo.GateAllow}, nil},
	} {
		list, err := w.Verdicts(t.Context(), c.q)
		ok(t, err)
		var got []string
		for _, told := range list {
			got = append(got, told.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.q, diff)
		}
	}
	if list, err := w.Verdicts(t.Context(), gates.VerdictQuery{Service: "shop", Limit: 1}); err != nil || list[0].Count != 2 {
		t.Errorf("the newest was told as %+v, %v", list, err)
	}
	other := w.again() // an engine beside this one
	v := other.ask("shop")
	other.ask("shop")
	other.Sync(t.Context())
	if list, err := w.Verdicts(t.Context(), gates.VerdictQuery{Service: "shop", Limit: 1}); err != nil || list[0].ID != v.ID || list[0].Count != 3 {
		t.Errorf("with that of the other engine it was told as %+v, %v", list, err)
	}
	w.SetStore(nil)
	if _, err := w.Verdicts(t.Context(), gates.VerdictQuery{}); !errors.Is(err, gates.ErrStateAway) {
		t.Errorf("without a state: %v", err)
	}
}

// Ten thousand questions at once are all answered, counted and written.
func TestBurst(t *testing.T) {
	const burst, askers = 10_000, 4
	w := newWorld(t)
	w.tick(instance("shop:availability"))
	var wg sync.WaitGroup
	for range askers {
		wg.Go(func() {
			for i := range burst {
				w.Ask(t.Context(), gate.Request{Service: "shop", Version: fmt.Sprint("v", i)})
			}
		})
	}
	wg.Wait()
	w.Sync(t.Context())
	list, err := w.store.FindVerdicts(t.Context(), gates.VerdictQuery{Limit: 2 * burst})
	ok(t, err)
	told := int64(0)
	for _, one := range list {
		told += one.Count
	}
	if len(list) != burst || told != burst*askers {
		t.Errorf("%d verdicts were written, told %d times", len(list), told)
	}
}

// What finds no room is counted. Nothing is told twice because the Store was away.
func TestQueueIsBounded(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	w := newWorld(t, limited(1000, 1000, 20), func(o *gates.Options) { o.Registerer = registry })
	w.tick(instance("shop:availability"))
	w.store.Fail(errors.New("the database is away"))
	ids := map[string]bool{}
	for i := range 30 {
		for range 2 {
			ids[w.Ask(t.Context(), gate.Request{Service: "shop", Version: fmt.Sprint("v", i)}).ID] = true
		}
		w.Sync(t.Context())
	}
	if got := metric(t, registry, "slo_engine_gate_verdicts_dropped_total"); got != 10 {
		t.Errorf("%v verdicts were dropped", got)
	}
	if got := metric(t, registry, "slo_engine_gate_store_failures_total"); got != 30 {
		t.Errorf("%v failures were counted", got)
	}
	for id := range ids {
		if told, err := w.Explain(t.Context(), id); err != nil || told.Count != 2 {
			t.Errorf("%s was told as %+v: %v", id, told, err)
		}
	}
	w.store.Fail(nil)
	w.Sync(t.Context())
	w.Sync(t.Context())
	list, err := w.store.FindVerdicts(t.Context(), gates.VerdictQuery{})
	ok(t, err)
	for _, told := range list {
		if told.Count != 2 {
			t.Errorf("%s was written as told %d times", told.ID, told.Count)
		}
	}
	if len(list) != 20 {
		t.Errorf("%d verdicts were written", len(list))
	}
}

func metric(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	ok(t, err)
	sum, found := 0.0, false
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name {
				sum, found = sum+m.GetCounter().GetValue()+m.GetGauge().GetValue(), true
			}
		}
	}
	if !found {
		t.Errorf("there is no %s", name)
	}
	return sum
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	w := newWorld(t, func(o *gates.Options) { o.Registerer = registry })
	w.tick(instance("shop:availability", pages))
	w.ask("shop")
	w.ask("shop")
	w.ask("nobody")
	if got := metric(t, registry, "slo_engine_gate_verdicts_total"); got != 3 {
		t.Errorf("%v verdicts were counted", got)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("the metrics: %v, %v", problems, err)
	}
}

// What is too much, or too old, is forgotten.
func TestSweep(t *testing.T) {
	w := newWorld(t, func(o *gates.Options) { o.Limits.Kept, o.Limits.KeptFor = 3, time.Hour })
	w.tick(instance("shop:availability", pages), instance("search:availability"))
	old := w.ask("shop").ID
	w.Sync(t.Context())
	w.set(w.time().Add(time.Hour))
	w.tick(instance("shop:availability", pages), instance("search:availability"))
	denied := w.ask("shop").ID
	for i := range 10 {
		w.Ask(t.Context(), gate.Request{Service: "search", Version: fmt.Sprint("v", i)})
	}
	w.Sync(t.Context())
	ok(t, w.Sweep(t.Context()))
	list, err := w.store.FindVerdicts(t.Context(), gates.VerdictQuery{})
	ok(t, err)
	if len(list) != 3 {
		t.Errorf("%d verdicts are kept", len(list))
	}
	if _, err := w.store.Verdict(t.Context(), denied); err != nil {
		t.Errorf("the denial went before the allowances: %v", err)
	}
	if _, err := w.store.Verdict(t.Context(), old); !errors.Is(err, gates.ErrUnknown) {
		t.Errorf("what is an hour old: %v", err)
	}
}
