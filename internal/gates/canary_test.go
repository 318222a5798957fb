package gates

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// stage is a made-up engine, whose events are the same every second.
type stage struct {
	*testing.T
	*Canaries
	now      time.Time
	baseline string
	policy   *slo.GatePolicy
	snapshot *engine.Snapshot
	rates    map[string]budget.Counts // of each version, of each instance
	watched  [][]engine.Watched
	asked    []string
	slow     time.Duration // how long an answer takes
	registry *prometheus.Registry
}

func newStage(t *testing.T, most int, specs ...*slo.Spec) *stage {
	s := &stage{T: t, now: dawn, policy: slo.DefaultGatePolicy(), rates: map[string]budget.Counts{}, registry: prometheus.NewRegistry()}
	s.policy.Canary = &slo.GateCanary{By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: slo.GateHold}
	s.snapshot = &engine.Snapshot{}
	for _, spec := range specs {
		s.snapshot.Instances = append(s.snapshot.Instances, &engine.Instance{ID: spec.ID(), Spec: spec, Interval: time.Second})
	}
	s.Canaries = NewCanaries(CanaryOptions{
		Snapshot: func() *engine.Snapshot { return s.snapshot }, Since: s.since, Most: most,
		Watch: func(list []engine.Watched) { s.watched = append(s.watched, list) },
		Now:   func() time.Time { return s.now }, Registerer: s.registry,
	})
	return s
}

// since answers as Engine.Since does, of samples every second.
func (s *stage) since(id string, from time.Time, _ time.Duration, _ string) engine.Recent {
	s.asked, s.now = append(s.asked, id), s.now.Add(s.slow)
	r := engine.Recent{From: from.Add(2*time.Second - 1).Truncate(time.Second), Until: s.now.Truncate(time.Second), Members: map[string]budget.Counts{}}
	for version, c := range s.rates {
		seconds := max(0, r.Until.Sub(r.From).Seconds())
		r.Members[version] = budget.Counts{Bad: c.Bad * seconds, Total: c.Total * seconds}
	}
	return r
}

func (s *stage) run(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(time.Second)
		s.Step(s.now)
	}
}

func (s *stage) request(version string) gate.Request {
	return gate.Request{Service: "shop", Kind: slo.ChangeDeploy, Version: version, Baseline: s.baseline, Now: s.now}
}

// ask is one answer about a version.
func (s *stage) ask(version string) gate.Canary {
	s.Helper()
	list := s.Of(s.policy, s.request(version), s.snapshot.Instances)
	if len(list) != 1 {
		s.Fatalf("%d canaries: %+v", len(list), list)
	}
	return list[0]
}

func (s *stage) count() int { return len(s.trials) }

// What is watched is told when it changes, and what has ended is not watched.
func TestCanariesSayWhatToWatch(t *testing.T) {
	s := newStage(t, 0, spec("a", errorsOf), spec("b", errorsOf))
	s.rates = map[string]budget.Counts{"v1": {Total: 900}, "v2": {Total: 100}}
	s.run(3 * time.Second)
	s.Of(s.policy, s.request("v2"), s.snapshot.Instances)
	s.Of(s.policy, s.request("v3"), s.snapshot.Instances[:1])
	s.run(3 * time.Second)
	both := []engine.Watched{{SLO: "shop:a", Label: "version"}, {SLO: "shop:b", Label: "version"}}
	if diff := cmp.Diff([][]engine.Watched{both}, s.watched); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.run(9 * time.Minute)
	s.Of(s.policy, s.request("v3"), s.snapshot.Instances[:1])
	s.run(2 * time.Minute)
	if diff := cmp.Diff([][]engine.Watched{both, both[:1]}, s.watched); diff != "" {
		t.Errorf("after they have ended (-want +got):\n%s", diff)
	}
}

// A comparison is brought to its end though nobody asks; then it is kept for a while.
func TestCanariesAreForgotten(t *testing.T) {
	s := newStage(t, 0, spec("a", errorsOf))
	s.baseline = "v1"
	s.rates = map[string]budget.Counts{"v1": {Total: 9}, "v2": {Total: 1}, "bad": {Bad: 10, Total: 10}}
	for _, version := range []string{"v2", "bad", "unseen"} {
		s.ask(version)
	}
	s.run(9 * time.Minute)
	if s.ask("bad").Decision != slo.GateDeny || s.ask("v2").Decision != slo.GateHold || s.count() != 3 {
		t.Errorf("after 9 min: %+v, %+v, %d", s.ask("bad"), s.ask("v2"), s.count())
	}
	s.run(2 * time.Minute)
	if c := s.ask("v2"); !strings.Contains(c.Note, "it could not be told within 10m") {
		t.Errorf("after 11 min: %+v", c)
	}
	if c := s.ask("bad"); c.Decision != slo.GateUnknown {
		t.Errorf("a denial must not hold for ever: %+v", c)
	}
	for range 30 {
		s.run(time.Minute)
		s.ask("v2")
	}
	if s.count() != 1 || !strings.Contains(s.ask("v2").Note, "it could not be told within 10m") {
		t.Errorf("somebody asks about v2: %+v, %d", s.ask("v2"), s.count())
	}
	if s.run(11 * time.Minute); s.count() != 0 {
		t.Errorf("nobody asks: %d", s.count())
	}
	text := `
# HELP slo_engine_gate_canaries_ended_total Comparisons that ended, by decision.
# TYPE slo_engine_gate_canaries_ended_total counter
slo_engine_gate_canaries_ended_total{decision="allow"} 0
slo_engine_gate_canaries_ended_total{decision="deny"} 2
slo_engine_gate_canaries_ended_total{decision="hold"} 1
`
	if err := testutil.GatherAndCompare(s.registry, strings.NewReader(text), "slo_engine_gate_canaries_ended_total"); err != nil {
		t.Error(err)
	}
}

// A deploy begins what has ended anew, and nothing that goes on.
func TestCanariesBeginAnewWithADeploy(t *testing.T) {
	s := newStage(t, 0, spec("a", errorsOf))
	s.rates = map[string]budget.Counts{"v1": {Total: 900}, "v2": {Bad: 10, Total: 100}}
	s.Begin(s.policy, s.request("v2"), s.snapshot.Instances)
	s.run(2 * time.Minute)
	if c := s.ask("v2"); c.Decision != slo.GateDeny {
		t.Errorf("%+v", c)
	}
	s.rates["v2"] = budget.Counts{Total: 100}
	s.Begin(s.policy, s.request("v2"), s.snapshot.Instances)
	if c := s.ask("v2"); c.Decision != slo.GateUnknown {
		t.Errorf("deployed again: %+v", c)
	}
	s.run(30 * time.Second)
	s.Begin(s.policy, s.request("v2"), s.snapshot.Instances)
	if c := s.ask("v2"); c.Candidate.Total < 2000 {
		t.Errorf("told twice: %+v", c)
	}
}

// Names that are made up fill nothing for long, and take nothing from a comparison that
// goes on.
func TestCanariesAreBounded(t *testing.T) {
	s := newStage(t, 10, spec("a", errorsOf))
	s.rates = map[string]budget.Counts{"v1": {Total: 9}, "v2": {Total: 1}}
	s.ask("v2")
	s.run(10 * time.Second)
	for i := range 50 {
		c := s.ask(fmt.Sprint("made-up-", i))
		if refused := strings.Contains(c.Note, "there are 10 comparisons already"); refused != (i >= 9) || c.Decision != slo.GateUnknown {
			t.Fatalf("%d: %+v", i, c)
		}
	}
	s.run(2 * time.Minute)
	if c := s.ask("v3"); c.Note != "nothing is seen of v3 yet" || s.count() != 10 {
		t.Errorf("two minutes later: %+v, %d", c, s.count())
	}
	if c := s.ask("v2"); c.Candidate.Total < 100 {
		t.Errorf("the one that goes on: %+v", c)
	}
	if got, want := testutil.ToFloat64(s.metrics.refused), 41.; got != want {
		t.Errorf("%v were refused, want %v", got, want)
	}
}

func TestCanariesThatAreNotCompared(t *testing.T) {
	sliced := spec("sliced", errorsOf)
	sliced.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.9}
	whole := spec("whole", slo.SLI{})
	whole.Composite = &slo.Composite{}
	limit := 1.
	s := newStage(t, 0, spec("a", errorsOf), sliced, whole, spec("gauge", slo.SLI{Threshold: &slo.Threshold{Metric: "x", Below: &limit}}))
	if c := s.ask("v2"); c.SLO != "shop:a" {
		t.Errorf("slices of time are compared: %+v", c)
	}
	r := s.request("v2")
	r.Baseline = "v2"
	if list := s.Of(s.policy, r, s.snapshot.Instances); len(list) != 1 || list[0].Note != "v2 cannot be compared with itself: name another baseline, or none" {
		t.Errorf("%+v", list)
	}
	r = s.request("v1")
	r.Kind = slo.ChangeRollback
	if list := s.Of(s.policy, r, s.snapshot.Instances); len(list) != 0 || s.count() != 1 {
		t.Errorf("a rollback: %+v", list)
	}
	s.snapshot.Instances[0].Interval = 5 * time.Minute
	if c := s.ask("v4"); c.Note != "v4 is not compared: samples come every 5m only" || c.Decision != slo.GateUnknown {
		t.Errorf("%+v", c)
	}
	s.policy.Canary = nil
	if list := s.Of(s.policy, s.request("v2"), s.snapshot.Instances); list != nil {
		t.Errorf("no policy asks: %+v", list)
	}
}

// What is decided under other terms, or of an SLO that is not there any more, is
// another comparison, or comes to its end.
func TestCanariesOverALoad(t *testing.T) {
	s := newStage(t, 0, spec("a", errorsOf))
	s.rates = map[string]budget.Counts{"v1": {Total: 9}, "v2": {Total: 1}}
	s.ask("v2")
	s.run(time.Minute)
	s.policy.Canary.MinEvents = 10
	if c := s.ask("v2"); c.Decision != slo.GateUnknown || s.count() != 2 {
		t.Errorf("under other terms: %+v", c)
	}
	s.snapshot = &engine.Snapshot{}
	if s.run(25 * time.Minute); s.count() != 0 {
		t.Errorf("the SLO is gone, and %d comparisons go on", s.count())
	}
	s.snapshot = nil
	s.Step(s.now)
}

// An engine that has no time is not asked for long; each one has its turn all the same.
func TestCanariesTakeTurns(t *testing.T) {
	var specs []*slo.Spec
	for i := range 20 {
		specs = append(specs, spec(fmt.Sprintf("slo-%02d", i), errorsOf))
	}
	s := newStage(t, 0, specs...)
	s.Of(s.policy, s.request("v2"), s.snapshot.Instances)
	s.slow = 400 * time.Millisecond
	for step := 1; step <= 8; step++ {
		s.Step(s.now)
		if want := min(20, 3*step); len(s.asked) < want || len(s.asked) > 3*step {
			t.Fatalf("asked %d times in %d steps", len(s.asked), step)
		}
	}
	seen := map[string]bool{}
	for _, id := range s.asked[:20] {
		seen[id] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d had their turn", len(seen))
	}
}

// Anybody may ask while it steps.
func TestCanariesAreAskedByMany(t *testing.T) {
	s := newStage(t, 30, spec("a", errorsOf))
	s.rates = map[string]budget.Counts{"v1": {Total: 900}, "v2": {Bad: 10, Total: 100}}
	instances, requests := s.snapshot.Instances, []gate.Request{}
	for i := range 100 {
		requests = append(requests, s.request(fmt.Sprint("v", i)))
	}
	var many sync.WaitGroup
	for range 4 {
		many.Go(func() {
			for i := range 2000 {
				if i%7 == 0 {
					s.Begin(s.policy, requests[i%100], instances)
				}
				if c := s.Of(s.policy, requests[i%100], instances); len(c) != 1 || math.IsNaN(c[0].Evidence) {
					t.Error(c)
				}
				s.Watched()
			}
		})
	}
	s.run(2 * time.Minute)
	many.Wait()
}

func BenchmarkCanariesOf(b *testing.B) {
	c := NewCanaries(CanaryOptions{})
	policy := slo.DefaultGatePolicy()
	policy.Canary = &slo.GateCanary{By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute}
	instances := []*engine.Instance{}
	for i := range 3 {
		one := spec(fmt.Sprint("slo-", i), errorsOf)
		instances = append(instances, &engine.Instance{ID: one.ID(), Spec: one})
	}
	r := gate.Request{Service: "shop", Kind: slo.ChangeDeploy, Version: "v2", Now: dawn}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if len(c.Of(policy, r, instances)) != 3 {
				b.Error("not compared")
			}
		}
	})
}
