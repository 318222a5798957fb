package engine

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// world is random traffic of a few services: bursts of errors, silences,
// restarts, targets that sample at their own pace and arrive late.
type world struct {
	rng     *rand.Rand
	now     time.Time
	targets []*worldTarget
}

type worldTarget struct {
	service, name string
	every         time.Duration
	delay         time.Duration
	next          time.Time
	total, bad    float64
	rate, errors  float64
	silentUntil   time.Time
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 11))
	w := &world{rng: rng, now: time.Date(2026, 3, 31, 20, 0, 0, 0, time.UTC)}
	for i := range 6 {
		every := []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}[rng.IntN(5)]
		w.targets = append(w.targets, &worldTarget{
			service: fmt.Sprintf("service%d", i%3), name: fmt.Sprint("target", i), every: every,
			delay: time.Duration(rng.IntN(3000)) * time.Millisecond, rate: float64(1 + rng.IntN(200)),
			next: w.now.Add(time.Duration(rng.Int64N(int64(every)))),
		})
	}
	return w
}

func worldSpecs() []*slo.Spec {
	objective, _ := slo.ParseObjective("99%")
	var specs []*slo.Spec
	for i, window := range []slo.Window{{Rolling: month}, {Rolling: 6 * time.Hour}, {Period: slo.Day}} {
		service := fmt.Sprintf("service%d", i)
		good := slo.SLI{Ratio: &slo.Ratio{Total: `requests_total{service="` + service + `"}`, Good: `requests_total{service="` + service + `",code="200"}`}}
		specs = append(specs,
			newSpec(service, over(window)),
			newSpec(service, named("loose"), over(window), func(s *slo.Spec) { s.Objective = objective }),
			newSpec(service, named("good"), over(window), counting(good)),
			newSpec(service, named("minutes"), over(window), func(s *slo.Spec) {
				s.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.99}
			}),
			newSpec(service, named("grouped"), over(window), by("target")))
	}
	return append(specs, newSpec("service0", named("quiet"), silent))
}

// worldExtras are SLOs with excluded time, earlier objectives, further windows.
func worldExtras() (specs []*slo.Spec) {
	begin := newWorld(0).now
	span := func(from, to time.Duration) budget.Span { return budget.Span{From: begin.Add(from), To: begin.Add(to)} }
	excluded := excluding("m", span(7*time.Minute, 12*time.Minute+3*time.Second), span(20*time.Minute, 21*time.Minute), span(80*time.Minute, 90*time.Minute))
	for i, window := range []slo.Window{{Rolling: month}, {Rolling: time.Hour}, {Period: slo.Day}} {
		service := fmt.Sprintf("service%d", i)
		specs = append(specs,
			newSpec(service, named("excluded"), over(window), excluded),
			newSpec(service, named("tightened"), over(window), promising("99.9%"), earlier("99%", begin.Add(-time.Minute)), earlier("95%", begin.Add(40*time.Minute))),
			newSpec(service, named("all"), over(window), excluded, also(slo.Window{Rolling: 30 * time.Minute}), earlier("99%", begin.Add(50*time.Minute))))
	}
	return specs
}

// step lets a second pass, and returns what arrives in it.
func (w *world) step() *sli.Batch {
	w.now = w.now.Add(time.Second)
	batch := &sli.Batch{}
	for _, t := range w.targets {
		t.weather(w)
		if w.now.Before(t.next.Add(t.delay)) || w.now.Before(t.silentUntil) {
			continue
		}
		at := t.next
		t.next = at.Add(t.every)
		if late := w.now.Sub(t.next); late > t.every {
			t.next = t.next.Add(late)
		}
		n := float64(int(t.rate * t.every.Seconds()))
		bad := float64(w.rng.IntN(int(n*t.errors) + 1))
		t.total, t.bad = t.total+n-bad, t.bad+bad
		for code, v := range map[string]float64{"200": t.total, "500": t.bad} {
			batch.Series = append(batch.Series, sli.Series{
				Labels: labels.FromStrings(labels.MetricName, "requests_total", "code", code, "service", t.service, "target", t.name),
				Target: t.name, Points: []sli.Point{{Time: at.UnixNano(), Value: v}},
			})
		}
	}
	return batch
}

// weather changes a target's ways now and then.
func (t *worldTarget) weather(w *world) {
	switch w.rng.IntN(3000) {
	case 0:
		t.errors = []float64{0, 0, 0, 0.0005, 0.002, 0.02, 0.3, 1}[w.rng.IntN(8)]
	case 1:
		t.total, t.bad = 0, 0
	case 2:
		t.silentUntil = w.now.Add(time.Duration(w.rng.IntN(1500)) * time.Second)
	case 3:
		t.rate = []float64{0, 1, 20, 500}[w.rng.IntN(4)]
	}
}

// TestRestingChangesNoDecision lets two cores judge the same random worlds, one
// of which rests whenever it has a proof. At every tick both must send the
// same alerts, remember the same states, and show the same; what is shown
// while resting must be what the other has shown not long ago.
func TestRestingChangesNoDecision(t *testing.T) {
	seeds, hours := 2, 2
	if testing.Short() {
		seeds, hours = 1, 1
	}
	rested, sends := 0, 0
	for seed := range uint64(seeds) {
		reread := []time.Duration{2 * time.Second, 5 * time.Second, 20 * time.Second}[seed%3]
		w := newWorld(seed)
		var sent, sentResting []send
		note := func(list *[]send) func(time.Time, []alerts.Alert) {
			return func(at time.Time, batch []alerts.Alert) { *list = append(*list, send{at, batch}) }
		}
		full := NewCore(Options{Notify: note(&sent)})
		resting := NewCore(Options{Notify: note(&sentResting), Reread: reread})
		full.Load(compile(t, append(worldSpecs(), worldExtras()...)...), nil, w.now)
		resting.Load(compile(t, append(worldSpecs(), worldExtras()...)...), nil, w.now)
		recent := map[string][]*Instance{}
		for range hours * 3600 {
			batch := w.step()
			full.Ingest(batch, w.now)
			resting.Ingest(batch, w.now)
			want, got := full.Evaluate(w.now), resting.Evaluate(w.now)
			if len(sent)+len(sentResting) > 0 {
				if diff := cmp.Diff(sent, sentResting, cmp.AllowUnexported(send{})); diff != "" {
					t.Fatalf("seed %d at %s: sent (-full +resting):\n%s", seed, w.now, diff)
				}
			}
			sends += len(sent)
			sent, sentResting = nil, nil
			rested += compareShown(t, recent, want, got, int(reread/time.Second))
		}
		if diff := cmp.Diff(full.Remembered(), resting.Remembered()); diff != "" {
			t.Fatalf("seed %d: remembered (-full +resting):\n%s", seed, diff)
		}
	}
	t.Logf("%d sends, %d times an instance rested", sends, rested)
	if sends < 10*seeds || rested < 5000*seeds {
		t.Errorf("%d sends, %d rests: too few to say anything", sends, rested)
	}
}

// A page may fire between two samples, when good events leave its short window
// and bad ones stay.
func TestRestingEndsInTime(t *testing.T) {
	var fired []time.Time
	for _, reread := range []time.Duration{0, 20 * time.Second} {
		now := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
		begun, rested := now, 0
		var at time.Time
		c := NewCore(Options{Reread: reread, Notify: func(now time.Time, batch []alerts.Alert) {
			for _, a := range batch {
				if a.Labels["severity"] == string(alerts.Critical) && a.Firing() && at.IsZero() {
					at = now
				}
			}
		}})
		c.Load(compile(t, newSpec("shop", over(slo.Window{Rolling: month}))), nil, now)
		good, bad := 0., 0.
		sample := func(moreGood, moreBad float64) {
			good, bad = good+moreGood, bad+moreBad
			point := func(code string, v float64) sli.Series {
				return sli.Series{Labels: metric(`requests_total{service="shop",code="` + code + `"}`), Target: "t",
					Points: []sli.Point{{Time: now.UnixNano(), Value: v}}}
			}
			c.Ingest(&sli.Batch{Whole: true, Series: []sli.Series{point("200", good), point("500", bad)}}, now)
		}
		var shown *Instance
		for minute := range 100 {
			switch minute {
			case 5:
				sample(4e6, 0)
			case 50:
				sample(0, 1000)
			case 64:
				sample(0, 100)
				at = time.Time{}
			default:
				sample(0, 0)
			}
			for second := range 60 {
				now = now.Add(time.Second)
				if minute == 60 && second == 6 {
					sample(10_000, 0) // in the short window until five minutes later
				}
				in := c.Evaluate(now).Instances[0]
				if in == shown {
					rested++
				}
				shown = in
			}
			if minute == 65 {
				break
			}
		}
		if (rested > 0) != (reread > 0) {
			t.Errorf("reread %s: rested %d times", reread, rested)
		}
		fired = append(fired, at)
		t.Logf("reread %s: rested %d times, fired %s after the beginning", reread, rested, at.Sub(begun))
	}
	if fired[0].IsZero() || !fired[0].Equal(fired[1]) || fired[0].Second() == 0 {
		t.Errorf("fired at %v, want the same time between two samples", fired)
	}
}

func compareShown(t *testing.T, recent map[string][]*Instance, want, got *Snapshot, ticks int) (rested int) {
	t.Helper()
	if len(want.Instances) != len(got.Instances) {
		t.Fatalf("at %s: %d instances, %d with resting", want.At, len(want.Instances), len(got.Instances))
	}
	for i, in := range want.Instances {
		history := append(recent[in.ID], in)
		recent[in.ID] = history[max(0, len(history)-ticks):]
		shown := got.Instances[i]
		if a, b := decided(in), decided(shown); !reflect.DeepEqual(a, b) {
			t.Fatalf("at %s: %s (-full +resting):\n%s", want.At, in.ID, cmp.Diff(a, b, cmpopts.IgnoreFields(Instance{}, "Spec")))
		}
		age := 0
		for age = range recent[in.ID] {
			if sameReadings(recent[in.ID][len(recent[in.ID])-1-age], shown) {
				break
			}
			if age == len(recent[in.ID])-1 {
				t.Fatalf("at %s: %s shows what it never was:\n%s", want.At, in.ID, cmp.Diff(in, shown, cmpopts.IgnoreFields(Instance{}, "Spec")))
			}
		}
		if age > 0 {
			rested++
		}
	}
	return rested
}

// decided is an instance without the figures that may stand.
func decided(in *Instance) Instance {
	out := *in
	out.Also, out.Adjusted = nil, nil
	out.Spec, out.Period, out.Windows, out.Remaining, out.Consumed1h, out.UncertainInPeriod = nil, Reading{}, nil, nil, nil, 0
	return out
}

func sameReadings(a, b *Instance) bool {
	x, y := *a, *b
	x.Spec, y.Spec = nil, nil
	return a.Period.End.Equal(b.Period.End) && reflect.DeepEqual(x, y)
}

// TestReadingsEqualTheLedgers looks up every reading of random worlds in the
// ledger itself.
func TestReadingsEqualTheLedgers(t *testing.T) {
	for seed := range uint64(2) {
		w := newWorld(seed + 100)
		c := NewCore(Options{})
		c.Load(compile(t, worldSpecs()...), nil, w.now)
		for tick := range 3600 {
			c.Ingest(w.step(), w.now)
			s := c.Evaluate(w.now)
			if tick%7 > 0 {
				continue
			}
			for _, in := range s.Instances {
				if j := c.judged[in.ID]; j != nil {
					lookUp(t, in, j)
				}
			}
		}
	}
}

func lookUp(t *testing.T, in *Instance, j *judged) {
	t.Helper()
	view := j.instance.Ledger.At(j.at, j.data == alerts.Live)
	reading := func(w time.Duration) Reading {
		r := view.Window(w)
		out := Reading{Window: w, Start: r.Start, End: r.End, Counts: r.Counts, Coverage: view.Coverage(w)}
		if burn, ok := r.BurnRate(in.Spec.Objective.Budget()); ok {
			out.Burn = &burn
		}
		return out
	}
	var want []Reading
	for _, w := range j.policy.windows {
		want = append(want, reading(w))
	}
	if diff := cmp.Diff(want, in.Windows); diff != "" {
		t.Fatalf("%s at %s (-ledger +shown):\n%s", in.ID, j.at, diff)
	}
	if w := in.Spec.Window; !w.Calendar() {
		if diff := cmp.Diff(reading(w.Rolling), in.Period); diff != "" {
			t.Fatalf("%s at %s, period (-ledger +shown):\n%s", in.ID, j.at, diff)
		}
	} else if start, _ := w.Bounds(j.at); in.Period.Counts != j.instance.Ledger.Between(start, j.at).Counts {
		t.Fatalf("%s at %s: the period holds %+v", in.ID, j.at, in.Period)
	}
	for i, tier := range j.policy.tiers {
		fitted := tier.ForInterval(in.Interval)
		burn := func(w time.Duration) alerts.Burn {
			return alerts.Burn{Counts: view.Estimate(w), Coverage: view.Coverage(w)}
		}
		want := alerts.Windows{Long: burn(fitted.Long), Short: burn(fitted.Short)}
		if diff := cmp.Diff(want, j.observation.Burns[i]); diff != "" {
			t.Fatalf("%s at %s, %s (-ledger +judged):\n%s", in.ID, j.at, tier.Name, diff)
		}
	}
	if consumed, ok := budget.Consumed(in.Period.Counts.Bad, in.Period.Counts.Total, in.Period.Coverage, in.Spec.Objective.Budget()); ok != (in.Remaining != nil) || ok && *in.Remaining != 1-consumed {
		t.Fatalf("%s at %s: remaining %v", in.ID, j.at, in.Remaining)
	}
}
