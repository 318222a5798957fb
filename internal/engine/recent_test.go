package engine

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

const shopID = "shop:availability"

func (p *plant) since(from time.Time, window time.Duration, by string) Recent {
	return p.Since(shopID, from, window, by, p.now)
}

var withoutLeft = cmpopts.IgnoreFields(Recent{}, "Left")

// What is left of the budget is told in events: at a budget of a thousandth, of
// a million events a thousand may be bad.
func TestSinceKnowsWhatIsLeft(t *testing.T) {
	p := newPlant(t, sunday, newSpec("shop", over(slo.Window{Rolling: 1000 * time.Second})))
	p.run(1200, 1000, 0)
	for _, want := range []float64{1000, 400, -200} {
		if want < 1000 {
			p.run(1, 400, 600)
		}
		if r := p.since(time.Time{}, time.Minute, ""); r.Left == nil || math.Abs(*r.Left-want) > 3 { // the window begins on an edge of ten seconds
			t.Errorf("left %v, want %v", *r.Left, want)
		}
	}
}

// A window ends where the engine has seen to, and has all that happened in it;
// what may have happened before the time that is asked for is not in it.
func TestSinceCountsWhatCameAfter(t *testing.T) {
	p := newPlant(t, sunday, newSpec("shop"))
	p.run(60, 99, 1)
	acted := p.now
	p.run(20, 100, 0)
	for _, c := range []struct {
		what   string
		from   time.Time
		window time.Duration
		want   Recent
	}{
		{"all that is known", time.Time{}, 0, Recent{From: sunday.Add(time.Second), Counts: budget.Counts{Bad: 59, Total: 7900}}},
		{"half a minute", time.Time{}, 30 * time.Second, Recent{From: acted.Add(-10 * time.Second), Counts: budget.Counts{Bad: 10, Total: 3000}}},
		// The sample a second after it has events from before it.
		{"since the action", acted, 0, Recent{From: acted.Add(time.Second), Counts: budget.Counts{Total: 1900}}},
		{"since between two seconds", acted.Add(-time.Millisecond), 0, Recent{From: acted.Add(time.Second), Counts: budget.Counts{Total: 1900}}},
		{"no more than the window", acted, 5 * time.Second, Recent{From: acted.Add(15 * time.Second), Counts: budget.Counts{Total: 500}}},
		{"less than two samples", time.Time{}, time.Second, Recent{From: acted.Add(18 * time.Second), Counts: budget.Counts{Total: 200}}},
		{"nothing yet", acted.Add(19 * time.Second), time.Minute, Recent{From: acted.Add(20 * time.Second)}},
		{"in time to come", acted.Add(time.Hour), time.Minute, Recent{From: acted.Add(20 * time.Second)}},
	} {
		c.want.Until, c.want.Budget = acted.Add(20*time.Second), newSpec("shop").Objective.Budget()
		if diff := cmp.Diff(c.want, p.since(c.from, c.window, ""), withoutLeft); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

// Whatever the interval of the samples, and whenever a fault ends between two of
// them: what is said to have come after its end has none of it.
func TestSinceHasNothingFromBefore(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute} {
		p := newPlant(t, sunday, newSpec("shop"))
		proven := time.Duration(0)
		mended := sunday.Add(5*time.Minute + 7300*time.Millisecond)
		for end := sunday.Add(15 * time.Minute); p.now.Before(end); {
			p.now = p.now.Add(100 * time.Millisecond)
			if p.now.After(mended) {
				p.good += 10
			} else {
				p.bad += 10
			}
			if p.now.Sub(sunday)%interval == 300*time.Millisecond {
				p.send(0, 0)
			}
			if p.now.Nanosecond() == 0 {
				p.tick()
			}
			if p.now.Before(mended) {
				continue
			}
			r := p.since(mended, 30*time.Second, "")
			if r.Bad != 0 || r.Total > 0 && r.From.Before(mended) {
				t.Fatalf("every %s: %s after the end there are %v bad events since %s", interval, p.now.Sub(mended), r.Bad, r.From)
			}
			if r.Total > 0 && proven == 0 {
				proven = p.now.Sub(mended)
			}
		}
		if proven == 0 || proven > 2*interval+3*time.Second {
			t.Errorf("every %s: the first event is known after %s", interval, proven)
		}
	}
}

func TestSinceWhenNothingIsKnown(t *testing.T) {
	p := newPlant(t, sunday, newSpec("shop"))
	unknown := func(what string) {
		t.Helper()
		if diff := cmp.Diff(Recent{}, p.since(time.Time{}, time.Minute, "version")); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	unknown("there are no samples")
	p.run(30, 10, 0)
	if p.since(time.Time{}, time.Minute, "").Total == 0 {
		t.Error("there are samples, and nothing is known")
	}
	if diff := cmp.Diff(Recent{}, p.Since("nobody:there", time.Time{}, 0, "", p.now)); diff != "" {
		t.Error(diff)
	}
	for range 1200 {
		p.now = p.now.Add(time.Second)
		p.tick()
	}
	unknown("there are no samples any more")
}

// The budget is that of the objective in force.
func TestSinceKnowsTheBudgetInForce(t *testing.T) {
	earlier, err := slo.ParseObjective("99%")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlant(t, sunday, newSpec("shop", func(s *slo.Spec) {
		s.Earlier = []slo.Earlier{{Objective: earlier, Until: sunday.Add(30 * time.Second)}}
	}))
	for _, want := range []float64{earlier.Budget(), newSpec("shop").Objective.Budget()} {
		p.run(20, 10, 0)
		if got := p.since(time.Time{}, 10*time.Second, "").Budget; got != want {
			t.Errorf("at %s the budget is %v, want %v", p.now.Sub(sunday), got, want)
		}
		p.run(20, 10, 0)
	}
}

// versions sends what two versions of a service have counted, every second.
func (p *plant) versions(seconds int, bad float64) {
	for range seconds {
		p.now = p.now.Add(time.Second)
		p.good, p.bad = p.good+10, p.bad+bad
		b := &sli.Batch{Whole: true}
		for series, v := range map[string]float64{
			`{code="200",version="v1"}`: 9 * p.good, `{code="200",version="v2"}`: p.good, `{code="500",version="v2"}`: p.bad,
		} {
			b.Series = append(b.Series, sli.Series{
				Labels: metric("requests_total" + series[:1] + `service="shop",` + series[1:]), Target: "t",
				Points: []sli.Point{{Time: p.now.UnixNano(), Value: v}},
			})
		}
		p.Ingest(b, p.now)
		p.tick()
	}
}

// Members are known since somebody watches, over loads, for ten minutes.
func TestSinceByMember(t *testing.T) {
	specs := []*slo.Spec{newSpec("shop")}
	p := newPlant(t, sunday, specs...)
	p.versions(60, 1)
	if r := p.since(time.Time{}, 30*time.Second, "version"); r.Members != nil || r.Total != 3030 {
		t.Errorf("nobody watches: %+v", r)
	}
	watched := p.now
	p.Watch([]Watched{{shopID, "version"}, {shopID, "version"}, {"later:availability", "zone"}}, p.now)
	p.versions(10, 1)
	want := Recent{
		From: watched, Until: p.now, Budget: specs[0].Objective.Budget(), Counts: budget.Counts{Bad: 10, Total: 1010},
		Members: map[string]budget.Counts{"v1": {Total: 900}, "v2": {Bad: 10, Total: 110}},
	}
	if diff := cmp.Diff(want, p.since(time.Time{}, 30*time.Second, "version"), withoutLeft); diff != "" {
		t.Errorf("a window that begins before (-want +got):\n%s", diff)
	}
	if r := p.since(time.Time{}, 0, "version"); r.Members != nil || r.Total != 70*101-101 {
		t.Errorf("all events are more than those that are told apart: %+v", r)
	}
	if r := p.since(time.Time{}, 30*time.Second, "zone"); r.Members != nil || r.Total != 3030 {
		t.Errorf("nobody watches zones: %+v", r)
	}
	p.Load(compile(t, newSpec("shop", labelled("team", "a")), newSpec("later")), nil, p.now)
	p.versions(20, 0)
	want = Recent{
		From: p.now.Add(-15 * time.Second), Until: p.now, Budget: specs[0].Objective.Budget(), Counts: budget.Counts{Total: 1500},
		Members: map[string]budget.Counts{"v1": {Total: 1350}, "v2": {Total: 150}},
	}
	if diff := cmp.Diff(want, p.since(time.Time{}, 15*time.Second, "version"), withoutLeft); diff != "" {
		t.Errorf("after a load (-want +got):\n%s", diff)
	}
	p.versions(700, 0)
	if r := p.since(watched, 0, "version"); r.Members != nil || r.Total < 70000 {
		t.Errorf("since twelve minutes: %+v", r)
	}
	if r := p.since(watched, time.Hour, "version"); len(r.Members) != 2 || r.Until.Sub(r.From) != sli.MembersTime {
		t.Errorf("within an hour: %+v", r)
	}
	sum := budget.Counts{}
	r := p.since(time.Time{}, 2*time.Minute, "version")
	for _, c := range r.Members {
		sum = sum.Add(c)
	}
	if sum != r.Counts {
		t.Errorf("members have %+v of %+v", sum, r.Counts)
	}
}

// Slices are the events of what counts slices, and nobody knows whose.
func TestSinceCountsSlices(t *testing.T) {
	sliced := newSpec("shop", func(s *slo.Spec) {
		s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.9}
	})
	whole := newSpec("all", func(s *slo.Spec) {
		s.SLI, s.Composite = slo.SLI{}, &slo.Composite{Slice: time.Minute, Parts: []slo.Part{{SLO: shopID, Weight: 1}}}
	})
	p := newPlant(t, sunday, sliced, whole)
	p.Watch([]Watched{{shopID, "version"}, {"all:availability", "version"}}, p.now)
	p.versions(605, 20)
	mended := p.now
	p.versions(300, 0)
	r := p.since(mended, time.Hour, "version")
	// 10:05 is within the eleventh minute: the twelfth is the first whole one after.
	if r.Bad != 0 || r.Total != 4 || r.Members != nil {
		t.Errorf("slices: %+v", r)
	}
	if r := p.Since("all:availability", mended, time.Hour, "version", p.now); r.Bad != 0 || r.Total < 2 || r.Members != nil {
		t.Errorf("a composite: %+v", r)
	}
	if r := p.Since("all:availability", time.Time{}, 0, "", p.now); r.Bad < 9 || r.Total < 13 {
		t.Errorf("a composite, all: %+v", r)
	}
}

// The engine answers from any goroutine, and not at all where it cannot soon.
func TestSinceAsksTheOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if r := New(Options{}).Since(shopID, time.Time{}, 0, ""); r.Total != 0 {
			t.Errorf("before it runs: %+v", r)
		}
	})
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		r.Watch([]Watched{{shopID, "code"}})
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.put(time.Now())
		f.run(20*time.Second, 9, 1)
		got := r.Engine.Since(shopID, time.Time{}, 10*time.Second, "code")
		want := map[string]budget.Counts{"200": {Total: 90}, "500": {Bad: 10, Total: 10}}
		if diff := cmp.Diff(want, got.Members); diff != "" || got.Counts != (budget.Counts{Bad: 10, Total: 100}) {
			t.Errorf("%+v\n%s", got, diff)
		}
		release := r.occupy()
		begun := time.Now()
		if got := r.Engine.Since(shopID, time.Time{}, 0, ""); got.Total != 0 || time.Since(begun) > answerWithin {
			t.Errorf("nobody answers: %+v after %s", got, time.Since(begun))
		}
		release()
		synctest.Wait()
		r.stop()
		if got := r.Engine.Since(shopID, time.Time{}, 0, ""); got.Total != 0 {
			t.Errorf("after the end: %+v", got)
		}
	})
}

// A snapshot shows each tier that holds, since it began to, over a restart too.
func TestSnapshotsShowTiers(t *testing.T) {
	p := newPlant(t, sunday, newSpec("shop", over(slo.Window{Rolling: 24 * time.Hour})))
	if in := p.run(1200, 100, 0).Instances[0]; in.Tiers != nil || in.Alerts != nil {
		t.Errorf("all is well: %+v %+v", in.Tiers, in.Alerts)
	}
	var last *Instance
	for range 90 {
		last = p.run(1, 0, 100).Instances[0]
	}
	tiers := map[string]AlertStatus{}
	for _, one := range last.Tiers {
		tiers[one.Tier] = one
	}
	for tier, severity := range map[string]string{"heal": "", "page_fast": "critical", "page_slow": "critical", "ticket_fast": "warning"} {
		one := tiers[tier]
		if one.Severity != severity || one.Since.IsZero() || one.Name != "ErrorBudgetBurn" {
			t.Errorf("%s is %+v", tier, one)
		}
	}
	if !tiers["page_fast"].Since.Before(tiers["page_slow"].Since) {
		t.Errorf("page_fast holds since %s, page_slow since %s", tiers["page_fast"].Since, tiers["page_slow"].Since)
	}
	next := newPlant(t, p.now, newSpec("shop", over(slo.Window{Rolling: 24 * time.Hour})))
	for id, state := range p.records {
		if err := next.Recall(id, state); err != nil {
			t.Fatal(err)
		}
	}
	next.now = next.now.Add(time.Second)
	if diff := cmp.Diff(fmt.Sprint(utc(last.Tiers)), fmt.Sprint(utc(next.tick().Instances[0].Tiers))); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
}

func utc(list []AlertStatus) (out []AlertStatus) {
	for _, one := range list {
		one.Since = one.Since.UTC()
		out = append(out, one)
	}
	return out
}
