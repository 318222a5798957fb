package history

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// world makes the snapshots of a fleet of which all burns, differently in each
// minute: the dearest there can be.
type world struct {
	instances []engine.Instance // what stays
	random    *rand.Rand
	snapshot  *engine.Snapshot
}

// groups is how many instances an SLO has.
const groups = 50

var shown = []time.Duration{
	30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour,
	2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
}

func newWorld(tb testing.TB, instances int) *world {
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{random: rand.New(rand.NewPCG(1, 2)), instances: make([]engine.Instance, instances)}
	var spec *slo.Spec
	for i := range instances {
		if i%groups == 0 {
			spec = &slo.Spec{
				Service: fmt.Sprintf("service-%05d", i/groups), Name: "availability", Objective: objective,
				Window: slo.Window{Rolling: 30 * 24 * time.Hour}, Labels: map[string]string{"team": "payments"},
			}
		}
		w.instances[i] = engine.Instance{
			ID: fmt.Sprintf("%s:availability:%016x", spec.Service, i), Spec: spec,
			Group: map[string]string{"route": fmt.Sprintf("/v1/resource/%d", i%groups)}, State: engine.StateBurning,
		}
	}
	return w
}

// tick publishes a snapshot with new figures.
func (w *world) tick(at time.Time) {
	s := &engine.Snapshot{At: at, Instances: make([]*engine.Instance, len(w.instances))}
	events, all := float64(at.Sub(noon).Milliseconds()), make([]engine.Instance, len(w.instances))
	for i := range all {
		in := &all[i]
		*in = w.instances[i]
		in.Since = budget.Counts{Bad: events / 10, Total: events + float64(w.random.IntN(10))}
		in.Period = engine.Reading{Window: 30 * 24 * time.Hour, Counts: in.Since, Coverage: 0.5}
		in.Windows = make([]engine.Reading, len(shown))
		figures := make([]float64, len(shown)+1)
		for j, window := range shown {
			figures[j] = w.random.Float64()
			in.Windows[j] = engine.Reading{Window: window, Burn: &figures[j]}
		}
		left := time.Duration(w.random.IntN(1e15))
		in.Remaining, in.Exhaustion, in.LastSample = &figures[len(shown)], &left, at
		s.Instances[i] = in
	}
	w.snapshot = s
}

// source is what the engine gives its history.
func (w *world) source() Source {
	now := api.SLOViews(api.Options{Snapshot: func() *engine.Snapshot { return w.snapshot }})
	return func() View { return now() }
}

// benchmarkMinute is the work of a minute when all series are known: what it
// takes of a core, how long the longest second took, and what is in memory.
func benchmarkMinute(b *testing.B, instances int) {
	s, w, sweep, at := opened(b, b.TempDir(), Options{}), newWorld(b, instances), newSweep(time.Minute), noon
	w.tick(at)
	source, before := w.source(), heap()
	longest := time.Duration(0)
	minute := func() {
		for range 60 {
			begun := time.Now()
			if err := s.take(at, source, sweep); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(begun))
			at = at.Add(time.Second)
			w.snapshot = &engine.Snapshot{At: at, Instances: w.snapshot.Instances}
		}
	}
	minute()
	longest = 0
	var spent float64
	for b.Loop() {
		b.StopTimer()
		w.tick(at)
		runtime.GC() // what is not ours
		b.StartTimer()
		used := cpu(b)
		minute()
		spent += cpu(b) - used
	}
	b.StopTimer()
	b.ReportMetric(spent/float64(b.N)/60*100, "%core")
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
	b.ReportMetric((heap()-before)/float64(instances), "heap-B/instance")
	b.ReportMetric(float64(s.book.size)/float64(instances), "series/instance")
}

func BenchmarkMinute10000(b *testing.B)  { benchmarkMinute(b, 10_000) }
func BenchmarkMinute100000(b *testing.B) { benchmarkMinute(b, 100_000) }
