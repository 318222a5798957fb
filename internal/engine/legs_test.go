package engine

import (
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Remote write spreads one scrape over several connections, so good and total
// come seconds apart, and both may be seconds old. While one of them is on its
// way the other says nothing: an hour of perfect traffic must fire no event.
func TestLegsOutOfStepBurnNothing(t *testing.T) {
	const every = 15 * time.Second
	for _, c := range []struct {
		name  string
		phase time.Duration // of the samples against the ticks
		total time.Duration // from sample to arrival
		good  time.Duration
	}{
		{"between ticks, total at once", 500 * time.Millisecond, 0, 4 * time.Second},
		{"on the tick, total at once", 0, 0, 4 * time.Second},
		{"total a second old", 200 * time.Millisecond, time.Second, 5 * time.Second},
		{"total five seconds old", 0, 5 * time.Second, 9 * time.Second},
		{"good first", 0, 7 * time.Second, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := newSpec("shop", counting(slo.SLI{Ratio: &slo.Ratio{Total: `requests_total`, Good: `good_total`}}))
			bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
				time.Sleep(c.phase)
				total, good := r.flow(every, `requests_total`), r.flow(every, `good_total`)
				for range int(time.Hour / every) {
					sampled := time.Now()
					var legs sync.WaitGroup
					legs.Go(func() { time.Sleep(c.total); total.put(sampled, 15000) })
					legs.Go(func() { time.Sleep(c.good); good.put(sampled, 15000) })
					legs.Wait()
					time.Sleep(time.Until(sampled.Add(every)))
				}
				if got := r.instance("shop:availability").Since; got != (budget.Counts{Total: 239 * 15000}) {
					t.Errorf("counted %+v", got)
				}
				if r.logged("alert fired") {
					t.Errorf("perfect traffic fires:\n%.500s …", r.log.String())
				}
			})
		})
	}
}

// Two targets, each with its legs out of step and at its own phase.
func TestLegsOfSeveralTargets(t *testing.T) {
	spec := newSpec("shop", counting(slo.SLI{Ratio: &slo.Ratio{Total: `requests_total`, Good: `good_total`}}))
	bubble(t, Options{}, []*slo.Spec{spec}, func(t *testing.T, r *rig) {
		for i, phase := range []time.Duration{0, 2 * time.Second, 7300 * time.Millisecond} {
			go func() {
				time.Sleep(phase)
				total, good := r.flow(time.Second, `requests_total`), r.flow(time.Second, `good_total`)
				total.target = string(rune('a' + i))
				good.target = total.target
				for range 200 {
					sampled := time.Now()
					time.Sleep(time.Duration(i) * time.Second)
					total.put(sampled, 15000)
					time.Sleep(4 * time.Second)
					good.put(sampled, 15000)
					time.Sleep(time.Until(sampled.Add(15 * time.Second)))
				}
			}()
		}
		time.Sleep(51 * time.Minute)
		if got := r.instance("shop:availability").Since; got != (budget.Counts{Total: 3 * 199 * 15000}) {
			t.Errorf("counted %+v", got)
		}
		if r.logged("alert fired") {
			t.Errorf("perfect traffic fires:\n%.500s …", r.log.String())
		}
	})
}
