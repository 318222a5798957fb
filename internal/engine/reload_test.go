package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestANewSLOIsUnknown(t *testing.T) {
	spec := newSpec("shop", by("route"))
	bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		settled()
		want := []*Instance{{ID: "shop:availability", Spec: spec, State: StateUnknown}}
		if diff := cmp.Diff(want, r.Snapshot().Instances, cmp.Comparer(func(a, b *slo.Spec) bool { return a == b })); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
		r.shop("shop", time.Second).put(time.Now())
		settled()
		if got := r.Snapshot().Instances; len(got) != 1 || got[0].Group == nil {
			t.Errorf("the placeholder stays beside the group: %+v", got)
		}
	})
}

// An SLO over series that are known already has an instance at once, and it
// has seen nothing.
func TestAnSLOAddedOverKnownSeriesIsUnknown(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.past(time.Hour, 1000, 0)
		twin := newSpec("shop", named("twin"))
		r.load(newSpec("shop"), twin)
		settled()
		in := r.instance("shop:twin")
		if in.State != StateUnknown || !in.LastSample.IsZero() || in.Remaining != nil || in.Period.Burn != nil {
			t.Errorf("the new SLO is %+v", in)
		}
		if age := time.Since(in.Period.End); age > time.Minute {
			t.Errorf("its window ends %s ago", age)
		}
		f.run(2*time.Second, 10, 0)
		settled()
		if got := r.instance("shop:twin").Since.Total; got != 20 {
			t.Errorf("counted %v, want 20", got)
		}
		r.want("shop:twin", StateOK)
	})
}

func TestProblemsAreShown(t *testing.T) {
	bubble(t, Options{}, nil, func(t *testing.T, r *rig) {
		problems := []slo.Problem{{SLO: "shop:x", Message: "is wrong"}}
		if err := r.Load(t.Context(), nil, problems); err != nil {
			t.Fatal(err)
		}
		problems[0].Message = "changed by its owner"
		settled()
		if got := r.Snapshot().Problems; len(got) != 1 || got[0].Message != "is wrong" {
			t.Errorf("problems %v", got)
		}
	})
}

// burning is an SLO whose page fires.
func burning(t *testing.T, o Options, spec *slo.Spec, test func(t *testing.T, r *rig, f *flow)) {
	t.Helper()
	bubble(t, o, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop(spec.Service, time.Second)
		f.past(month-time.Hour, 1000*(month-time.Hour).Seconds(), 0)
		f.run(time.Minute, 0, 1000)
		settled()
		r.first(alerts.NameBurn, alerts.Critical)
		test(t, r, f)
	})
}

func TestARemovedSLOsAlertsResolve(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		_, before := r.last(alerts.NameBurn, alerts.Critical)
		r.load()
		at, alert := r.last(alerts.NameBurn, alerts.Critical)
		if alert.Firing() || !alert.ResolvedAt.Equal(at) || !alert.StartsAt.Equal(before.StartsAt) {
			t.Errorf("the alert is %+v", alert)
		}
		if diff := cmp.Diff(before.Labels, alert.Labels); diff != "" {
			t.Errorf("labels changed:\n%s", diff)
		}
		if got, want := alert.Annotations["long"], before.Annotations["long"]; got != want {
			t.Errorf("it resolves with long %q, it fired with %q", got, want)
		}
		if !r.logged("resolved", "slo_id=shop:availability", "reason=slo_removed") {
			t.Errorf("the reason is not in the log:\n%s", r.log.String())
		}
		settled()
		if got := r.Snapshot().Instances; len(got) != 0 {
			t.Errorf("instances %+v", got)
		}
	})
}

func TestALabelEditResolvesAndFiresInOneSend(t *testing.T) {
	burning(t, Options{}, newSpec("shop", labelled("team", "a")), func(t *testing.T, r *rig, f *flow) {
		before := len(r.sent())
		_, fired := r.last(alerts.NameBurn, alerts.Critical)
		r.load(newSpec("shop", labelled("team", "b")))
		sends := r.sent()[before:]
		if len(sends) != 1 {
			t.Fatalf("sent %+v, want one send", sends)
		}
		edited := r.of(alerts.NameBurn, alerts.Critical)
		edited = edited[len(edited)-2:]
		old, renewed := edited[0].batch[0], edited[1].batch[0]
		if old.Firing() || old.Labels["team"] != "a" || !renewed.Firing() || renewed.Labels["team"] != "b" {
			t.Errorf("old %+v\nnew %+v", old, renewed)
		}
		for _, key := range []string{"tier", "long", "short", "factor"} {
			if want := fired.Annotations[key]; old.Annotations[key] != want || renewed.Annotations[key] != want {
				t.Errorf("%s: fired with %q, resolved with %q, goes on with %q", key, want, old.Annotations[key], renewed.Annotations[key])
			}
		}
		f.run(5*time.Second, 0, 1000)
		for _, s := range r.sent()[before+1:] {
			for _, a := range s.batch {
				if a.Labels["team"] != "b" {
					t.Errorf("sent under the old labels again: %+v", a)
				}
			}
		}
	})
}

// Two alerts of one instance keep their own words over a label edit, also
// when two edits come between two ticks.
func TestALabelEditKeepsEachAlertsWords(t *testing.T) {
	burning(t, Options{}, newSpec("shop", labelled("team", "a")), func(t *testing.T, r *rig, f *flow) {
		f.run(5*time.Minute, 0, 1000) // now the warning fires too
		settled()
		for _, team := range []string{"b", "c"} {
			before := len(r.sent())
			r.load(newSpec("shop", labelled("team", team)))
			sends := r.sent()[before:]
			if len(sends) != 1 {
				t.Fatalf("%d sends", len(sends))
			}
			for _, a := range sends[0].batch {
				want := map[string]string{"critical": "1h", "warning": "1d"}[a.Labels["severity"]]
				if got := a.Annotations["long"]; a.Labels["alertname"] == alerts.NameBurn && got != want {
					t.Errorf("%s alert says long %q, want %q", a.Labels["severity"], got, want)
				}
			}
		}
	})
}

func TestAnUnchangedSLOKeepsCountsAndAlerts(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		before, sends := r.instance("shop:availability"), len(r.sent())
		r.load(newSpec("shop"), newSpec("other"))
		time.Sleep(time.Second)
		after := r.instance("shop:availability")
		if after.Since != before.Since || after.Coverage() < before.Coverage() {
			t.Errorf("counts were %+v, are %+v", before.Since, after.Since)
		}
		if diff := cmp.Diff(before.Alerts, after.Alerts); diff != "" {
			t.Errorf("alerts changed:\n%s", diff)
		}
		for _, s := range r.sent()[sends:] {
			for _, a := range s.batch {
				if !a.Firing() {
					t.Errorf("resolved: %+v", a)
				}
			}
		}
	})
}

func TestAnotherSLICountsAnew(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		r.load(newSpec("shop", counting(slo.SLI{Ratio: &slo.Ratio{Total: `requests_total`, Bad: `requests_total{code="503"}`}})))
		if _, alert := r.last(alerts.NameBurn, alerts.Critical); alert.Firing() {
			t.Error("the alert about the old events goes on")
		}
		settled()
		if got := r.instance("shop:availability").Since; got != (budget.Counts{}) {
			t.Errorf("it begins with %+v", got)
		}
	})
}

func TestDisablingAlertsResolvesThem(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		r.load(newSpec("shop", silent))
		if _, alert := r.last(alerts.NameBurn, alerts.Critical); alert.Firing() {
			t.Error("the alert goes on")
		}
		if !r.logged("resolved", "reason=alerting_disabled") {
			t.Errorf("the reason is not in the log:\n%s", r.log.String())
		}
		sends := len(r.sent())
		f.run(10*time.Second, 0, 1000)
		in := r.instance("shop:availability")
		if len(in.Alerts) > 0 || len(in.Pending) > 0 || in.State != StateOK {
			t.Errorf("%s with alerts %v, pending %v", in.State, in.Alerts, in.Pending)
		}
		if in.Period.Burn == nil {
			t.Error("burn is no longer computed")
		}
		if len(r.sent()) != sends {
			t.Errorf("sent %+v", r.sent()[sends:])
		}
		r.load(newSpec("shop"))
		f.run(5*time.Second, 0, 1000)
		if _, alert := r.last(alerts.NameBurn, alerts.Critical); !alert.Firing() {
			t.Error("switched on again, it does not fire")
		}
	})
}

func TestReloadsLoseNoSample(t *testing.T) {
	r := start(t, Options{QueueLength: 512})
	const senders, samples = 6, 400
	kept := newSpec("kept")
	r.load(kept)
	stop := make(chan struct{})
	var loading, sending sync.WaitGroup
	loading.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			specs := []*slo.Spec{newSpec("kept", labelled("edition", fmt.Sprint(i)))}
			for n := range i % 5 {
				specs = append(specs, newSpec(fmt.Sprintf("other%d", (i+n)%7)))
			}
			if err := r.Load(context.Background(), compile(t, specs...), nil); err != nil {
				t.Errorf("load: %v", err)
				return
			}
		}
	})
	begun := time.Now().Add(-time.Minute)
	for i := range senders {
		sending.Go(func() {
			f := r.shop("kept", time.Second)
			f.target = fmt.Sprint(i)
			for n := range samples {
				f.put(begun.Add(time.Duration(n)*100*time.Millisecond), 3, 1)
			}
		})
	}
	sending.Wait()
	close(stop)
	loading.Wait()
	want := budget.Counts{Bad: senders * (samples - 1), Total: 4 * senders * (samples - 1)}
	var got budget.Counts
	r.do(t.Context().Done(), func() {
		for _, in := range r.core.tracker.Instances() {
			if in.ID == "kept:availability" {
				got = in.Ledger.Since()
			}
		}
	})
	if got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// Coverage of the SLO window.
func (in *Instance) Coverage() float64 { return in.Period.Coverage }
