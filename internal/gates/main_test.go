package gates_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func number(f float64) *float64 { return &f }

// instance is an SLO of which everything is known, and with which all is well.
func instance(id string, change ...func(*engine.Instance)) *engine.Instance {
	service, name, _ := strings.Cut(id, ":")
	in := &engine.Instance{
		ID: id, Spec: &slo.Spec{Service: service, Name: name}, State: engine.StateOK,
		Remaining: number(0.9), Consumed1h: number(0.001), LastSample: start,
		Period: engine.Reading{Window: 30 * 24 * time.Hour, Coverage: 1, Counts: budget.Counts{Bad: 100, Total: 1_000_000}},
		Windows: []engine.Reading{
			{Window: 5 * time.Minute, Coverage: 1, Burn: number(0.5), Counts: budget.Counts{Total: 100}},
			{Window: time.Hour, Coverage: 1, Burn: number(0.4), Counts: budget.Counts{Total: 1000}},
		},
	}
	for _, f := range change {
		f(in)
	}
	return in
}

// left sets what is left of the budget.
func left(share float64) func(*engine.Instance) {
	return func(in *engine.Instance) { in.Remaining = &share }
}

// pages has a critical burn alert fire.
func pages(in *engine.Instance) {
	in.State = engine.StateBurning
	in.Alerts = []engine.AlertStatus{{Name: alerts.NameBurn, Severity: "critical", Tier: "page_fast", Since: start}}
}

// world is an engine with a clock, and a Keeper that looks at it.
type world struct {
	*gates.Keeper
	t        testing.TB
	now      atomic.Pointer[time.Time]
	snapshot atomic.Pointer[engine.Snapshot]
	store    *statetest.MemoryGates
	ids      atomic.Int64
}

func newWorld(t testing.TB, change ...func(*gates.Options)) *world {
	w := &world{t: t, store: statetest.NewMemoryGates()}
	w.set(start)
	o := gates.Options{
		Snapshot: w.snapshot.Load, Store: w.store, Now: func() time.Time { return *w.now.Load() },
		NewID: func() string { return fmt.Sprint("id-", w.ids.Add(1)) },
	}
	for _, f := range change {
		f(&o)
	}
	w.Keeper = gates.New(o)
	return w
}

// again is the Keeper of an engine that was started again.
func (w *world) again(change ...func(*gates.Options)) *world {
	next := newWorld(w.t, append([]func(*gates.Options){func(o *gates.Options) { o.Store = w.store }}, change...)...)
	next.store = w.store
	next.set(w.time())
	next.snapshot.Store(w.snapshot.Load())
	next.ids.Store(100 + w.ids.Load())
	return next
}

func (w *world) time() time.Time { return *w.now.Load() }

func (w *world) set(now time.Time) { w.now.Store(&now) }

// tick is a second: a new snapshot, a look at it, and a word with the Store.
func (w *world) tick(instances ...*engine.Instance) {
	w.set(w.time().Add(time.Second))
	w.see(instances...)
	w.Step(w.t.Context())
	w.Sync(w.t.Context())
}

// see publishes a snapshot of now.
func (w *world) see(instances ...*engine.Instance) {
	slices.SortFunc(instances, func(a, b *engine.Instance) int { return cmp.Compare(a.ID, b.ID) })
	w.snapshot.Store(&engine.Snapshot{At: w.time(), Instances: instances})
}

// ask asks for a deploy of a service.
func (w *world) ask(service string) gate.Verdict {
	return w.Ask(w.t.Context(), gate.Request{Service: service})
}

// want asks, and checks decision and the codes of the reasons.
func (w *world) want(r gate.Request, decision slo.GateDecision, codes ...gate.Code) gate.Verdict {
	w.t.Helper()
	v := w.Ask(w.t.Context(), r)
	var got []gate.Code
	for _, reason := range v.Reasons {
		got = append(got, reason.Code)
	}
	if v.Decision != decision || !slices.Equal(got, codes) {
		w.t.Errorf("%+v: %s because of %v, want %s because of %v; it says %+v", r, v.Decision, got, decision, codes, v.Reasons)
	}
	return v
}

// policy is the usual one with a name, for some SLOs.
func policy(t testing.TB, name, selects string, change ...func(*slo.GatePolicy)) *slo.GatePolicy {
	t.Helper()
	matchers, err := slo.ParseMatchers(selects)
	if err != nil {
		t.Fatal(err)
	}
	p := slo.DefaultGatePolicy()
	p.Name, p.Select = name, matchers
	for _, f := range change {
		f(p)
	}
	return p
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
