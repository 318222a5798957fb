package sim

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/test/oracle/referee"
)

// hours is how many scenario-hours a test plays at scale 1.
const hours = 200

// prove plays worlds until they are enough hours, and compares transitions.
func prove(t *testing.T, judge func(t *testing.T, w *world) (want, got []transition)) {
	t.Helper()
	c := tally{late: map[int64]int{}}
	from, to := seeds(t, func(t *testing.T, seed uint64) bool {
		w := newWorld(seed)
		if w.doubtful() {
			c.doubtful++
			return false
		}
		want, got := judge(t, w)
		for _, text := range c.compare(want, got, w.tick) {
			t.Errorf("seed %d (%s): %s", seed, w, text)
		}
		c.hours += w.length.Hours()
		c.ticks += int(w.length / w.tick)
		c.worlds++
		return c.hours >= hours**scale
	})
	proved(t, from, to, "%.0f scenario-hours, %d ticks, %d transitions compared: %d missed, %d spurious, by ticks late %v (%d worlds left out: a restart that looks like a second sender)",
		c.hours, c.ticks, c.same+c.missed, c.missed, c.spurious, c.late, c.doubtful)
}

func (w *world) String() string {
	return fmt.Sprintf("%s over %s, a sample each %s, %g/s, a tick each %s",
		w.spec.Objective, w.spec.Window, w.interval, w.shape.base, w.tick)
}

// TestPlainBurnRates: with the low-traffic gate, the cold-start rule and the
// freeze off, what remains are the workbook's rules.
func TestPlainBurnRates(t *testing.T) {
	prove(t, func(t *testing.T, w *world) (want, got []transition) {
		return plain(t, w, referee.Rules{Plain: true})
	})
}

// plain feeds the counting half of the engine, and steps the alert states on
// clean windows.
func plain(t *testing.T, w *world, rules referee.Rules) (want, got []transition) {
	tracker := sli.NewTracker(sli.Options{})
	tracker.Replace(compile(t, w.spec), began)
	tiers, _ := engine.Tiers(w.spec)
	policy := alerts.Policy{Tiers: tiers, Budget: w.spec.Objective.Budget()}
	var state alerts.State
	judge := referee.New(rules, w.promise, w.tape(""), w.interval, w.paced)
	var ours, theirs watch
	w.play(func(s set) {
		var receipt sli.Receipt
		tracker.Ingest(s.batch, time.Unix(0, s.at), &receipt)
		complain(t, s, receipt)
	}, func(now time.Time) {
		if now.Unix()%600 == 0 {
			tracker.Sweep(now) // as the engine does
		}
		if list := tracker.Instances(); len(list) == 1 {
			policy.Step(&state, clean(list[0], tiers, now), now)
			ours.see(now.UnixNano(), burning(state.Firing()))
		}
		theirs.see(now.UnixNano(), judged(judge.Look(now.UnixNano())))
	})
	return theirs.list, ours.list
}

// clean reads windows that count as observed.
func clean(in *sli.Instance, tiers []alerts.Tier, now time.Time) alerts.Observation {
	view := in.Ledger.At(now, true)
	o := alerts.Observation{Data: alerts.Live, LastSample: in.LastSample()}
	for _, t := range tiers {
		o.Burns = append(o.Burns, alerts.Windows{
			Long:  alerts.Burn{Counts: view.Estimate(t.Long), Coverage: 1},
			Short: alerts.Burn{Counts: view.Estimate(t.Short), Coverage: 1},
		})
	}
	return o
}

// burning are the tiers that hold an alert: that of each severity, the fastest.
func burning(list []alerts.Status) map[string]bool {
	holds := map[string]bool{}
	for _, s := range list {
		if s.Name == alerts.NameBurn {
			holds[s.Tier] = true
		}
	}
	return holds
}

func judged(v referee.Verdict) map[string]bool {
	holds := map[string]bool{}
	for _, tier := range v.Burning {
		holds[tier] = true
	}
	if v.NoData {
		holds["no data"] = true
	}
	return holds
}

// complain fails the test when samples of a world without faults are refused.
func complain(t *testing.T, s set, receipt sli.Receipt) {
	if len(receipt.Rejections) > 0 {
		t.Errorf("at %s: refused %+v", time.Duration(s.at-began.UnixNano()), receipt.Rejections)
	}
}

// TestAlerts: the whole engine against a referee that knows the evidence, the
// cold start and the freeze.
func TestAlerts(t *testing.T) {
	prove(t, func(t *testing.T, w *world) (want, got []transition) {
		core := engine.NewCore(engine.Options{})
		core.Load(compile(t, w.spec), nil, began)
		tape := w.tape("")
		judge := referee.New(referee.Rules{}, w.promise, tape, w.interval, w.paced)
		var ours, theirs watch
		w.play(func(s set) { complain(t, s, core.Ingest(s.batch, time.Unix(0, s.at))) },
			func(now time.Time) {
				in := core.Evaluate(now).Instances[0]
				v := judge.Look(now.UnixNano())
				expect := judged(v)
				if left, ok := judge.Remaining(v, now.UnixNano()); ok && !v.NoData && !v.Unknown {
					if in.Remaining == nil || math.Abs(*in.Remaining-left) > 1e-6*max(1, math.Abs(left)) {
						t.Fatalf("seed %d (%s): %v remains at %s, the referee says %v", w.seed, w, show(in.Remaining), now.Sub(began), left)
					}
				}
				ours.see(now.UnixNano(), shown(in))
				theirs.see(now.UnixNano(), expect)
			})
		return theirs.list, ours.list
	})
}

func show(f *float64) any {
	if f == nil {
		return "nothing known"
	}
	return *f
}

// shown are the alerts of a snapshot.
func shown(in *engine.Instance) map[string]bool {
	holds := map[string]bool{}
	for _, a := range in.Alerts {
		switch a.Name {
		case alerts.NameBurn:
			holds[a.Tier] = true
		case alerts.NameNoData:
			holds["no data"] = true
		}
	}
	return holds
}
