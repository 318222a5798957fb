package gates_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// reasoned is a glass that may be broken.
func reasoned(w *world, change ...func(*gate.Glass)) gate.Glass {
	g := gate.Glass{Service: "shop", Reason: "the fix is in there", By: "alice", Until: w.time().Add(time.Hour)}
	for _, f := range change {
		f(&g)
	}
	return g
}

func TestBreakGlass(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	w := newWorld(t, func(o *gates.Options) { o.Registerer = registry })
	burning := instance("shop:availability", pages)
	w.tick(burning)
	shop, prod := gate.Request{Service: "shop"}, gate.Request{Service: "shop", Environment: "prod"}
	w.want(shop, slo.GateDeny, gate.CodeAlert)

	g, err := w.BreakGlass(t.Context(), reasoned(w, func(g *gate.Glass) { g.Environment, g.Reason = "prod", "  the fix is in there\n" }))
	ok(t, err)
	want := gate.Glass{ID: "id-1", Service: "shop", Environment: "prod", Reason: "the fix is in there", By: "alice", At: w.time(), Until: w.time().Add(time.Hour)}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Errorf("the glass (-want +got):\n%s", diff)
	}
	w.want(prod, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	w.want(shop, slo.GateDeny, gate.CodeAlert) // that names no environment
	w.want(gate.Request{Service: "search"}, slo.GateUnknown, gate.CodeUnknownService)

	longer, err := w.BreakGlass(t.Context(), reasoned(w, func(g *gate.Glass) { g.Until = w.time().Add(2 * time.Hour) }))
	ok(t, err)
	w.want(shop, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	if v := w.want(prod, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert); v.Evidence.Glass.ID != longer.ID {
		t.Errorf("the glass is %+v", v.Evidence.Glass)
	}
	if got := metric(t, registry, "slo_engine_gate_glass_broken"); got != 2 {
		t.Errorf("%v glasses are shown", got)
	}
	ok(t, w.MendGlass(t.Context(), longer.ID, "bob"))
	ok(t, w.MendGlass(t.Context(), longer.ID, "bob"))
	w.want(shop, slo.GateDeny, gate.CodeAlert)
	w.set(want.Until.Add(-2 * time.Second))
	w.tick(burning)
	w.want(prod, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	w.tick(burning)
	w.want(prod, slo.GateDeny, gate.CodeAlert)
	if list, err := w.Glasses(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after the end there are %+v, %v", list, err)
	}
	if err := w.MendGlass(t.Context(), "nobody", "bob"); !errors.Is(err, gates.ErrUnknown) {
		t.Errorf("a glass that is not there was mended: %v", err)
	}
}

func TestGlassIsRefused(t *testing.T) {
	w := newWorld(t, func(o *gates.Options) { o.Limits.Glass = 48 * time.Hour }) // never more than a day
	for _, c := range []struct {
		change func(*gate.Glass)
		want   string
	}{
		{func(g *gate.Glass) { g.Service = "" }, "service: name the service"},
		{func(g *gate.Glass) { g.Service = strings.Repeat("x", 300) }, "service: name the service"},
		{func(g *gate.Glass) { g.Environment = "a\nb" }, "environment: it has"},
		{func(g *gate.Glass) { g.By = "" }, "by: say who you are"},
		{func(g *gate.Glass) { g.Reason = "  because  \n " }, "reason: say why"},
		{func(g *gate.Glass) { g.Reason = strings.Repeat("x", 2001) }, "reason: say it in at most"},
		{func(g *gate.Glass) { g.Until = time.Time{} }, "until: 0001-01-01T00:00:00Z is not ahead"},
		{func(g *gate.Glass) { g.Until = start }, "is not ahead of now"},
		{func(g *gate.Glass) { g.Until = start.Add(24*time.Hour + time.Second) }, "is more than 24h0m0s ahead"},
	} {
		_, err := w.BreakGlass(t.Context(), reasoned(w, c.change))
		if !errors.Is(err, gates.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if err := w.MendGlass(t.Context(), "id", ""); !errors.Is(err, gates.ErrInvalid) {
		t.Errorf("nobody mended a glass: %v", err)
	}
	w.Sync(t.Context())
	if list, err := w.Glasses(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("there are %+v, %v", list, err)
	}
}

// What is not on disk does not hold; what is holds after a restart, and while the
// Store is away.
func TestGlassIsKept(t *testing.T) {
	w := newWorld(t)
	burning := instance("shop:availability", pages)
	away := errors.New("the database is away")
	if _, err := w.Glasses(t.Context()); !errors.Is(err, gates.ErrStateAway) {
		t.Errorf("before the state was read: %v", err)
	}
	w.store.Fail(away)
	w.tick(burning)
	if _, err := w.BreakGlass(t.Context(), reasoned(w)); !errors.Is(err, away) {
		t.Errorf("a glass was broken without a disk: %v", err)
	}
	w.want(gate.Request{Service: "shop"}, slo.GateDeny, gate.CodeAlert)
	w.store.Fail(nil)
	g, err := w.BreakGlass(t.Context(), reasoned(w))
	ok(t, err)

	w = w.again()
	w.tick(burning)
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	w.store.Fail(away)
	for range 5 {
		w.tick(burning)
	}
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	if err := w.MendGlass(t.Context(), g.ID, "bob"); !errors.Is(err, away) {
		t.Errorf("a glass was mended without a disk: %v", err)
	}
	w.SetStore(nil)
	w.tick(burning)
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	for _, err := range []error{w.MendGlass(t.Context(), g.ID, "bob"), second(w.BreakGlass(t.Context(), reasoned(w)))} {
		if !errors.Is(err, gates.ErrStateAway) {
			t.Errorf("without a state: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Engines that share a Store see each other's glasses and deploys.
func TestSharedStore(t *testing.T) {
	a := newWorld(t)
	b := a.again()
	burning := instance("shop:availability", pages)
	for _, w := range []*world{a, b} {
		w.Load([]*slo.GatePolicy{watching(t)})
		w.tick(burning)
	}
	g, err := a.BreakGlass(t.Context(), reasoned(a))
	ok(t, err)
	_, err = a.MarkDeploy(t.Context(), gate.Deploy{ID: "d", Service: "shop", Version: "v2"})
	ok(t, err)
	for range 2 {
		b.tick(burning)
	}
	v := b.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
	if v.Evidence.Deploy == nil || v.Evidence.Deploy.ID != "d" {
		t.Errorf("the deploy is %+v", v.Evidence.Deploy)
	}
	ok(t, b.MendGlass(t.Context(), g.ID, "bob"))
	for range 2 {
		a.tick(burning)
	}
	a.want(gate.Request{Service: "shop"}, slo.GateDeny, gate.CodeAlert)
}

// What was read from the Store before this engine wrote is not what holds.
func TestGlassOvertakesReading(t *testing.T) {
	w := newWorld(t)
	slow := &overtaken{Store: w.store}
	w.SetStore(slow)
	burning := instance("shop:availability", pages)
	w.tick(burning)
	w.set(w.time().Add(time.Second))
	slow.after = func() {
		slow.after = nil
		ok(t, second(w.BreakGlass(t.Context(), reasoned(w))))
	}
	w.tick(burning)
	if slow.after != nil {
		t.Fatal("the Store was not read")
	}
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeBreakGlass, gate.CodeAlert)
}

// overtaken is a Store in which something happens after it has read glasses.
type overtaken struct {
	gates.Store
	after func()
}

func (o *overtaken) BrokenGlasses(ctx context.Context, at time.Time) ([]gate.Glass, error) {
	list, err := o.Store.BrokenGlasses(ctx, at)
	if o.after != nil {
		o.after()
	}
	return list, err
}
