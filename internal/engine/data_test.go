package engine

import (
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestNoDataFreezesAndThenEndsThePage(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		last := r.instance("shop:availability").LastSample
		at := func(d time.Duration) { time.Sleep(time.Until(last.Add(d))) }

		at(9*time.Minute + 59*time.Second)
		r.want("shop:availability", StateBurning)
		if r.instance("shop:availability").Alerts[0].Frozen {
			t.Error("frozen too early")
		}
		at(10*time.Minute + 2*time.Second)
		r.want("shop:availability", StateNoData)
		fired, missing := r.first(alerts.NameNoData, alerts.Warning)
		detected(t, last, fired, 10*time.Minute+time.Second)
		if missing.Labels["slo_id"] != "shop:availability" || missing.Annotations["summary"] != "shop availability: no data" {
			t.Errorf("the alert is %+v", missing)
		}
		_, page := r.last(alerts.NameBurn, alerts.Critical)
		if !page.Firing() || page.Annotations["frozen"] == "" || !r.instance("shop:availability").Alerts[0].Frozen {
			t.Errorf("the page is not frozen: %+v", page)
		}
		at(59 * time.Minute)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); !page.Firing() {
			t.Errorf("the page ended within its long window: %+v", page)
		}
		at(time.Hour + 2*time.Second)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() || !r.logged("resolved", "severity=critical", "reason=no_data") {
			t.Errorf("the page outlives its long window: %+v", page)
		}
		if _, missing := r.last(alerts.NameNoData, alerts.Warning); !missing.Firing() {
			t.Error("the no-data alert ended with the page")
		}
		at(2 * time.Hour)
		f.put(time.Now(), 7200*1000, 0)
		f.run(5*time.Second, 1000, 0)
		if _, missing := r.last(alerts.NameNoData, alerts.Warning); missing.Firing() {
			t.Error("samples are back and the no-data alert goes on")
		}
		once(t, r)
	})
}

// Before it is called no data, silence changes nothing: what nobody saw is
// not judged.
func TestShortSilenceResolvesNothing(t *testing.T) {
	burning(t, Options{}, newSpec("shop"), func(t *testing.T, r *rig, f *flow) {
		before := *r.instance("shop:availability")
		time.Sleep(8 * time.Minute)
		after := r.instance("shop:availability")
		if math.Abs(*before.Remaining-*after.Remaining) > 1e-6 || after.Period.End.Sub(before.Period.End) > 3*time.Second {
			t.Errorf("remaining was %v to %s, is %v to %s", *before.Remaining, before.Period.End, *after.Remaining, after.Period.End)
		}
		if _, page := r.last(alerts.NameBurn, alerts.Critical); !page.Firing() {
			t.Error("the page resolved without a sample")
		}
	})
}

func TestSamplesWithoutEventsAreIdle(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.shop("shop", time.Second)
		f.put(time.Now())
		f.run(30*time.Minute, 0, 0)
		r.want("shop:availability", StateIdle)
		in := r.instance("shop:availability")
		if in.Remaining != nil || in.Period.Burn != nil || in.Consumed1h != nil || in.Exhaustion != nil {
			t.Errorf("without events figures are known: %+v", in)
		}
		if !in.LastEvent.IsZero() || in.LastSample.IsZero() {
			t.Errorf("last event %s, last sample %s", in.LastEvent, in.LastSample)
		}
		if len(r.sent()) > 0 {
			t.Errorf("sent %+v", r.sent())
		}
		f.run(5*time.Second, 10, 0)
		r.want("shop:availability", StateOK)
	})
}

func TestColdStartIsUnknownAndSilent(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		time.Sleep(time.Hour)
		r.want("shop:availability", StateUnknown)
		if len(r.sent()) > 0 {
			t.Errorf("sent %+v", r.sent())
		}
	})
}

// A page that fires when its traffic ends altogether is held by the windows
// that still burn, and ends with them.
func TestIdleTrafficResolves(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := cleanMonth(r, "shop", time.Second)
		f.run(time.Minute, 0, 1000)
		f.run(31*time.Minute, 0, 0)
		if _, page := r.last(alerts.NameBurn, alerts.Critical); page.Firing() {
			t.Error("no event for 31 min and the page goes on")
		}
	})
}
