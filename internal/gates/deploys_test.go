package gates_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// watching is a policy for the shop that watches deploys for an hour.
func watching(t testing.TB, change ...func(*slo.GatePolicy)) *slo.GatePolicy {
	change = append([]func(*slo.GatePolicy){func(p *slo.GatePolicy) {
		p.Deploy = &slo.GateDeploy{Watch: time.Hour, MaxConsumed: 0.05, MinEvents: 50}
	}}, change...)
	return policy(t, "watching", `service="shop"`, change...)
}

// traffic is ten requests each second, of which so many are bad before and after a
// time. The engine knows them up to now, and looks each 15 seconds.
type traffic struct {
	now           func() time.Time
	begun, change time.Time
	before, after float64 // bad events a second
	asked         int
}

const blur = 15 * time.Second

func (f *traffic) since(_ string, from time.Time, _ time.Duration, _ string) engine.Recent {
	f.asked++
	until := f.now()
	if from = from.Add(blur); from.Before(f.begun) {
		from = f.begun
	}
	r := engine.Recent{From: from, Until: until, Budget: 0.001}
	for at := from; at.Before(until); at = at.Add(time.Second) {
		bad := f.before
		if !at.Before(f.change) {
			bad = f.after
		}
		r.Counts = r.Counts.Add(budget.Counts{Bad: bad, Total: 10})
	}
	return r
}

// deployed is a world in which a deploy of now makes things worse.
func deployed(t *testing.T, f *traffic, change ...func(*gates.Options)) *world {
	w := newWorld(t, append(change, func(o *gates.Options) {
		f.now = o.Now
		o.Since = f.since
	})...)
	f.begun, f.change = start.Add(-time.Hour), start
	w.Load([]*slo.GatePolicy{watching(t)})
	return w
}

func shop() []*engine.Instance {
	return []*engine.Instance{instance("search:availability"), instance("shop:availability")}
}

func TestDeployBurns(t *testing.T) {
	f := &traffic{before: 0.01, after: 1}
	w := deployed(t, f)
	w.tick(shop()...)
	f.change = w.time()
	marked, err := w.MarkDeploy(t.Context(), gate.Deploy{Service: "shop", Version: "v2"})
	ok(t, err)
	if marked.ID != "id-1" || !marked.At.Equal(w.time()) {
		t.Errorf("it was marked as %+v", marked)
	}
	w.tick(shop()...)
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeGood)
	w.set(w.time().Add(99 * time.Second))
	w.tick(shop()...)
	// 86 s after the blur: 86 bad of 860 events, of which 0.1 % may be bad: 100 times.
	// The budget is of 1,000 events in 30 days, so 8.6 % of it is spent.
	v := w.want(gate.Request{Service: "shop"}, slo.GateDeny, gate.CodeDeploy)
	want := &gate.Deploy{ID: "id-1", Service: "shop", Version: "v2", At: marked.At, SLOs: []gate.DeployBurn{
		{SLO: "shop:availability", Since: number(100), Before: number(1), Events: 860, Consumed: number(0.086)},
	}}
	if diff := cmp.Diff(want, v.Evidence.Deploy, approximately); diff != "" {
		t.Errorf("the deploy (-want +got):\n%s", diff)
	}
	if got := w.BurningDeploys(); len(got) != 1 || got[0].ID != "id-1" || got[0].Policy != "watching" || got[0].Worst.SLO != "shop:availability" {
		t.Errorf("what burns is %+v", got)
	}
	w.want(gate.Request{Service: "shop", Version: "v3"}, slo.GateAllow, gate.CodeGood) // another one
	w.want(gate.Request{Service: "shop", Kind: slo.ChangeRollback}, slo.GateAllow, gate.CodePasses, gate.CodeDeploy)

	_, err = w.MarkDeploy(t.Context(), gate.Deploy{Service: "shop", Version: "v1"}) // the rollback
	ok(t, err)
	f.change, f.before, f.after = w.time(), 1, 0
	w.tick(shop()...)
	if got := w.BurningDeploys(); len(got) != 0 {
		t.Errorf("after the rollback there burns %+v", got)
	}
	w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeGood)
}

var approximately = cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })

// What is not known is not held against anybody.
func TestDeployBurnIsNotKnown(t *testing.T) {
	f := &traffic{before: 0.01, after: 1}
	w := deployed(t, f)
	w.tick(shop()...)
	f.begun = w.time().Add(-40 * time.Second) // too little is known of before
	_, err := w.MarkDeploy(t.Context(), gate.Deploy{ID: "d", Service: "shop", Version: "v2"})
	ok(t, err)
	w.set(w.time().Add(100 * time.Second))
	w.tick(instance("shop:availability", func(in *engine.Instance) { in.Period.Counts, in.Period.Coverage = budget.Counts{}, 0 }))
	v := w.want(gate.Request{Service: "shop"}, slo.GateAllow, gate.CodeGood)
	if burned := v.Evidence.Deploy.SLOs[0]; burned.Before != nil || burned.Consumed != nil || burned.Since == nil {
		t.Errorf("it burned %+v", burned)
	}
}

func TestMarkDeploy(t *testing.T) {
	w := newWorld(t)
	w.tick(shop()...)
	d := gate.Deploy{ID: "ci-17", Service: "shop", Environment: "prod", Version: "v2", At: w.time().Add(-time.Minute)}
	for _, again := range []gate.Deploy{d, {ID: "ci-17", Service: "shop", Version: "v3"}} {
		got, err := w.MarkDeploy(t.Context(), again)
		ok(t, err)
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("it was marked as (-want +got):\n%s", diff)
		}
	}
	list, err := w.Deploys(t.Context(), "shop")
	ok(t, err)
	if diff := cmp.Diff([]gate.Deploy{d}, list); diff != "" {
		t.Errorf("the deploys (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		d    gate.Deploy
		want string
	}{
		{gate.Deploy{}, "service: name the service"},
		{gate.Deploy{Service: "shop", ID: strings.Repeat("x", 257)}, "id: it has more"},
		{gate.Deploy{Service: "shop", ID: "a\x00"}, "id: it has more"},
		{gate.Deploy{Service: "shop", Version: "\xff"}, "version: it has more"},
		{gate.Deploy{Service: "shop", Environment: "\n"}, "environment: it has more"},
		{gate.Deploy{Service: "shop", At: w.time().Add(5*time.Minute + time.Second)}, "is more than 5m0s ahead"},
		{gate.Deploy{Service: "shop", At: w.time().Add(-30*24*time.Hour - time.Second)}, "is more than 30 days ago"},
	} {
		_, err := w.MarkDeploy(t.Context(), c.d)
		if !errors.Is(err, gates.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.d, err, c.want)
		}
	}
	away := errors.New("the database is away")
	w.store.Fail(away)
	if _, err := w.MarkDeploy(t.Context(), gate.Deploy{Service: "shop"}); !errors.Is(err, away) {
		t.Errorf("a deploy was marked without a disk: %v", err)
	}
	w.SetStore(nil)
	for _, err := range []error{second(w.MarkDeploy(t.Context(), gate.Deploy{Service: "shop"})), second(w.Deploys(t.Context(), ""))} {
		if !errors.Is(err, gates.ErrStateAway) {
			t.Errorf("without a state: %v", err)
		}
	}
}

// Deploys and what they burned outlive restarts, and the watch.
func TestDeploysAreKept(t *testing.T) {
	f := &traffic{before: 0, after: 1}
	w := deployed(t, f)
	w.tick(shop()...)
	_, err := w.MarkDeploy(t.Context(), gate.Deploy{ID: "d", Service: "shop", Environment: "prod", Version: "v2"})
	ok(t, err)
	for range 70 {
		w.tick(shop()...)
	}
	w = w.again(func(o *gates.Options) { f.now, o.Since = o.Now, f.since })
	w.Load([]*slo.GatePolicy{watching(t)})
	w.Sync(t.Context())
	w.set(w.time().Add(time.Minute))
	w.tick(shop()...)
	prod := gate.Request{Service: "shop", Environment: "prod"}
	w.want(prod, slo.GateDeny, gate.CodeDeploy)
	w.want(gate.Request{Service: "shop", Environment: "staging"}, slo.GateAllow, gate.CodeGood)
	w.set(w.time().Add(time.Hour))
	w.tick(shop()...)
	w.want(prod, slo.GateAllow, gate.CodeGood)
	list, err := w.Deploys(t.Context(), "shop")
	ok(t, err)
	if len(list) != 1 || len(list[0].SLOs) != 1 || list[0].SLOs[0].Consumed == nil {
		t.Errorf("the deploys are %+v", list)
	}
	w.set(w.time().Add(-time.Hour)) // back to when it was watched
	w.tick(shop()...)
	w.tick(shop()...)
	w.tick(shop()...)
	w.want(prod, slo.GateDeny, gate.CodeDeploy)
}

// A deploy has its version compared, but not one that was marked long ago.
func TestDeployBeginsCanary(t *testing.T) {
	c := &comparisons{}
	w := newWorld(t, func(o *gates.Options) { o.Canaries = c })
	compared := func(p *slo.GatePolicy) { p.Canary = &slo.GateCanary{By: "version"} }
	w.Load([]*slo.GatePolicy{watching(t, compared), policy(t, "other", `slo="availability"`)})
	w.tick(shop()...)
	for i, d := range []gate.Deploy{
		{Version: "v2"}, {Version: "v1", At: w.time().Add(-2 * time.Minute)}, {}, {Version: "v3", Environment: "prod"},
	} {
		d.ID, d.Service = fmt.Sprint(i), "shop"
		for range 2 {
			_, err := w.MarkDeploy(t.Context(), d)
			ok(t, err)
		}
	}
	w.tick(shop()...)
	w.ask("shop")
	w.Ask(t.Context(), gate.Request{Service: "shop", Version: "v4"})
	want := []string{"begin watching v2  1", "begin watching v3 prod 1", "of watching v4  1"}
	if diff := cmp.Diff(want, c.calls); diff != "" {
		t.Errorf("compared (-want +got):\n%s", diff)
	}
	if c.steps == 0 {
		t.Error("comparisons were never stepped")
	}
}

// comparisons notes what it is asked.
type comparisons struct {
	calls []string
	steps int
}

func (c *comparisons) note(what string, p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) {
	c.calls = append(c.calls, fmt.Sprint(what, " ", p.Name, " ", r.Version, " ", r.Environment, " ", len(instances)))
}

func (c *comparisons) Of(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) []gate.Canary {
	c.note("of", p, r, instances)
	return nil
}

func (c *comparisons) Begin(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) {
	c.note("begin", p, r, instances)
}

func (c *comparisons) Step(time.Time) { c.steps++ }

// Many deploys take turns, so that the engine is not asked too much at once; a busy
// one is not asked again at once.
func TestDeploysTakeTurns(t *testing.T) {
	f := &traffic{before: 2, after: 2}
	w := deployed(t, f)
	var many []*engine.Instance
	for i := range 100 {
		many = append(many, instance(fmt.Sprintf("shop:slo-%03d", i)))
	}
	w.tick(many...)
	for i := range 5 {
		_, err := w.MarkDeploy(t.Context(), gate.Deploy{ID: fmt.Sprint(i), Service: "shop", At: w.time().Add(-time.Minute)})
		ok(t, err)
	}
	for range 5 {
		f.asked = 0
		w.Step(t.Context())
		if f.asked != 390 {
			t.Errorf("the engine was asked %d times", f.asked)
		}
	}
	if burning := w.BurningDeploys(); len(burning) != 1 || len(burning[0].SLOs) != 100 {
		t.Errorf("what burns is %+v", burning)
	}
	list, err := w.Deploys(t.Context(), "shop")
	ok(t, err)
	for _, d := range list {
		if len(d.SLOs) != 50 {
			t.Errorf("of deploy %s %d SLOs are shown", d.ID, len(d.SLOs))
		}
	}
}
