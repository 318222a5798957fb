package gates

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// pod is a process of one version that counts its requests.
type pod struct {
	version, region string
	every, offset   int // seconds between samples, and when
	// good, bad and slow requests a second.
	good, bad, slow float64

	counted [3]float64
}

// shop is a real engine, with pods that it watches and canaries.
type shop struct {
	*testing.T
	engine   *engine.Engine
	canaries *Canaries
	policy   *slo.GatePolicy
	pods     []*pod
	second   int
}

// inShop runs a test in virtual time.
func inShop(t *testing.T, specs []*slo.Spec, test func(s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(engine.Options{})
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = e.Run(ctx) })
		defer func() { cancel(); running.Wait() }()
		var programs []*sli.Program
		for _, spec := range specs {
			p, problems := sli.Compile(spec)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			programs = append(programs, p)
		}
		if err := e.Load(ctx, programs, nil); err != nil {
			t.Fatal(err)
		}
		policy := slo.DefaultGatePolicy()
		policy.Canary = &slo.GateCanary{
			By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: slo.GateHold,
		}
		time.Sleep(500 * time.Millisecond) // between ticks
		test(&shop{T: t, engine: e, policy: policy, canaries: NewCanaries(CanaryOptions{
			Snapshot: e.Snapshot, Since: e.Since, Watch: e.Watch,
		})})
	})
}

// spec is an SLO of the shop.
func spec(name string, of slo.SLI, groupBy ...string) *slo.Spec {
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		panic(err)
	}
	return &slo.Spec{
		Service: "shop", Name: name, Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		SLI: of, GroupBy: groupBy,
	}
}

var (
	errorsOf  = slo.SLI{Ratio: &slo.Ratio{Total: `requests_total`, Bad: `requests_total{code="500"}`}}
	latencyOf = slo.SLI{Latency: &slo.Latency{Histogram: `took_seconds`, Below: 300 * time.Millisecond}}
)

// run lets so many seconds pass.
func (s *shop) run(seconds int, each ...func()) {
	s.Helper()
	for range seconds {
		time.Sleep(time.Second)
		s.second++
		for i, p := range s.pods {
			p.counted[0], p.counted[1], p.counted[2] = p.counted[0]+p.good, p.counted[1]+p.bad, p.counted[2]+p.slow
			if s.second%max(1, p.every) == p.offset {
				s.sample(i, p)
			}
		}
		s.canaries.Step(time.Now())
		for _, f := range each {
			f()
		}
	}
}

// sample sends what a pod has counted.
func (s *shop) sample(i int, p *pod) {
	s.Helper()
	b := &sli.Batch{Whole: true}
	add := func(series string, v float64, kind sli.Type) {
		if p.version != "" {
			series = strings.Replace(series, "{", fmt.Sprintf("{version=%q,region=%q,", p.version, p.region), 1)
		}
		l, err := parser.ParseMetric(series)
		if err != nil {
			s.Fatal(err)
		}
		b.Series = append(b.Series, sli.Series{
			Labels: labels.New(append(l, labels.Label{Name: "instance", Value: fmt.Sprint("pod-", i)})...), Target: fmt.Sprint("pod-", i), Type: kind,
			Points: []sli.Point{{Time: time.Now().UnixNano(), Value: v}},
		})
	}
	all := p.counted[0] + p.counted[1] + p.counted[2]
	add(`requests_total{code="200"}`, p.counted[0]+p.counted[2], sli.TypeCounter)
	add(`requests_total{code="500"}`, p.counted[1], sli.TypeCounter)
	add(`took_seconds_bucket{le="0.3"}`, all-p.counted[2], sli.TypeHistogram)
	add(`took_seconds_bucket{le="+Inf"}`, all, sli.TypeHistogram)
	add(`took_seconds_count{job="shop"}`, all, sli.TypeHistogram)
	if _, err := s.engine.Ingest(context.Background(), b); err != nil {
		s.Fatal(err)
	}
}

// of asks about a version.
func (s *shop) of(version string) []gate.Canary {
	return s.canaries.Of(s.policy, gate.Request{Service: "shop", Kind: slo.ChangeDeploy, Version: version, Now: time.Now()}, s.engine.Snapshot().Instances)
}

// one asks where there is only one answer.
func (s *shop) one(version string) gate.Canary {
	s.Helper()
	list := s.of(version)
	if len(list) != 1 {
		s.Fatalf("%d canaries: %+v", len(list), list)
	}
	return list[0]
}

// until runs until the decision is another one than these, and says after how long.
func (s *shop) until(most int, version string, not ...slo.GateDecision) (c gate.Canary, seconds int) {
	for seconds = range most {
		c = s.one(version)
		waits := false
		for _, d := range not {
			waits = waits || c.Decision == d
		}
		if !waits {
			return c, seconds
		}
		s.run(1)
	}
	return s.one(version), most
}

// A candidate that shows ten times as many errors is denied soon; what one did before
// anybody asked is not held against it.
func TestCanaryInAnEngine(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		mended := &pod{version: "v2", good: 50, bad: 50}
		s.pods = []*pod{{version: "v1", good: 950, bad: 1}, mended, {version: "v3", good: 49.5, bad: 0.5}}
		s.run(30)
		mended.bad = 0
		if c := s.one("v2"); c.Decision != slo.GateUnknown || c.Note != "nothing is seen of v2 yet" || c.SLO != "shop:availability" {
			t.Errorf("at first: %+v", c)
		}
		if c, seconds := s.until(60, "v3", slo.GateUnknown, slo.GateHold); c.Decision != slo.GateDeny || seconds > 30 || c.Evidence < 100 {
			t.Errorf("ten times as many errors, after %d s: %+v", seconds, c)
		}
		c, seconds := s.until(300, "v2", slo.GateUnknown, slo.GateHold)
		if c.Decision != slo.GateAllow || c.Candidate.Bad != 0 {
			t.Errorf("after %d s: %+v", seconds, c)
		}
	})
}

// As many events are counted as there are, for longer than the engine remembers.
func TestCanaryCountsExactly(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		s.policy.Canary.Within = time.Hour
		s.policy.Canary.MinEvents = 1e9
		s.pods = []*pod{{version: "v1", good: 90, bad: 10}, {version: "v2", good: 9, bad: 1}}
		s.run(30)
		s.one("v2")
		s.run(60)
		before := s.one("v2")
		s.run(1500)
		after := s.one("v2")
		for _, side := range []struct{ before, after gate.Side }{{before.Candidate, after.Candidate}, {before.Baseline, after.Baseline}} {
			rate := map[string]float64{"v2": 10, "": 100}[side.after.Version]
			if got := side.after.Total - side.before.Total; got != 1500*rate || side.after.Bad*10 != side.after.Total {
				t.Errorf("%q has had %v more events in 1500 s: %+v", side.after.Version, got, side.after)
			}
		}
		if before.Candidate.Total < 500 || before.Candidate.Total > 600 {
			t.Errorf("in the first minute: %+v", before.Candidate)
		}
	})
}

// A restart of a pod makes no bad events, and a version that comes late is compared
// from its first event on.
func TestCanaryOverRestarts(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		s.pods = []*pod{{version: "v1", good: 400}, {version: "v1", good: 400}}
		s.run(30)
		s.one("v2")
		s.run(300)
		if c := s.one("v2"); c.Decision != slo.GateUnknown || c.Baseline.Total != 0 {
			t.Errorf("before it comes: %+v", c)
		}
		came := time.Now()
		late := &pod{version: "v2", good: 100}
		s.pods = append(s.pods, late)
		s.run(20)
		if c := s.one("v2"); c.Since.Before(came.Add(-time.Second)) || c.Decision != slo.GateHold || c.Candidate.Total < 1500 {
			t.Errorf("when it has come: %+v", c)
		}
		for range 5 {
			late.counted, s.pods[0].counted = [3]float64{}, [3]float64{}
			s.run(20)
		}
		c := s.one("v2")
		if c.Decision != slo.GateAllow || c.Candidate.Bad+c.Baseline.Bad != 0 || c.Candidate.Total > 12000 || c.Baseline.Total > 96000 {
			t.Errorf("after restarts: %+v", c)
		}
	})
}

// Samples that come every 15 s, and of each pod at another time: what hits both is not
// held against the candidate, and what it does alone is.
func TestCanaryOfASlowScraper(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		v1a, v1b := &pod{version: "v1", good: 100, every: 15, offset: 9}, &pod{version: "v1", good: 100, every: 15, offset: 14}
		v2 := &pod{version: "v2", good: 50, every: 15, offset: 2}
		s.pods = []*pod{v1a, v1b, v2}
		s.run(90)
		s.one("v2")
		s.run(70)
		fail := func(ratio float64, pods ...*pod) {
			for _, p := range pods {
				all := p.good + p.bad
				p.bad = all * ratio
				p.good = all - p.bad
			}
		}
		fail(0.5, s.pods...)
		s.run(4)
		fail(0, s.pods...)
		s.run(60)
		if c := s.one("v2"); c.Decision != slo.GateHold && c.Decision != slo.GateAllow || c.Candidate.Bad != 100 || c.Baseline.Bad != 400 {
			t.Errorf("after an outage of all: %+v", c)
		}
		fail(0.05, v2)
		c, seconds := s.until(120, "v2", slo.GateHold, slo.GateAllow)
		if c.Decision != slo.GateDeny || seconds > 90 {
			t.Errorf("after %d s: %+v", seconds, c)
		}
		t.Logf("denied after %d s: %s", seconds, c.Note)
	})
}

// A candidate that is slow is denied by an SLO of latency, and by no other.
func TestCanaryThatIsSlow(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf), spec("latency", latencyOf)}, func(s *shop) {
		v2 := &pod{version: "v2", good: 50}
		s.pods = []*pod{{version: "v1", good: 948, slow: 2}, v2}
		s.run(30)
		if len(s.of("v2")) != 2 {
			t.Fatalf("%+v", s.of("v2"))
		}
		v2.good, v2.slow = 47, 3
		s.run(30)
		for _, c := range s.of("v2") {
			if want := map[string]slo.GateDecision{"shop:latency": slo.GateDeny, "shop:availability": slo.GateHold}[c.SLO]; c.Decision != want {
				t.Errorf("want %s: %+v", want, c)
			}
		}
	})
}

// SLOs that are split by the label are compared group against group, each with those
// that differ in nothing else.
func TestCanaryOfGroups(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf, "version"), spec("regional", errorsOf, "region", "version")}, func(s *shop) {
		s.pods = []*pod{
			{version: "v1", region: "eu", good: 450}, {version: "v0", region: "eu", good: 450, bad: 1}, {version: "v1", region: "us", good: 900},
			{version: "v2", region: "eu", good: 45, bad: 5}, {version: "v2", region: "us", good: 50},
		}
		s.run(30)
		s.of("v2")
		if watched := s.canaries.Watched(); len(watched) > 0 {
			t.Errorf("groups are told apart anyway: %v", watched)
		}
		s.run(40)
		groups := map[string]string{}
		for _, in := range s.engine.Snapshot().Instances {
			groups[in.ID] = in.Group["region"] + " " + in.Group["version"]
		}
		want := map[string]slo.GateDecision{"availability  v2": slo.GateDeny, "regional eu v2": slo.GateDeny, "regional us v2": slo.GateHold}
		for _, c := range s.of("v2") {
			name := strings.Split(c.SLO, ":")[1] + " " + groups[c.SLO]
			if c.Decision != want[name] || want[name] == "" {
				t.Errorf("%s: %+v", name, c)
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("not compared: %v", want)
		}
		r := gate.Request{Service: "shop", Version: "v1", Baseline: "v0", Now: time.Now()}
		s.canaries.Of(s.policy, r, s.engine.Snapshot().Instances)
		s.run(60)
		for _, c := range s.canaries.Of(s.policy, r, s.engine.Snapshot().Instances) {
			if strings.HasPrefix(c.SLO, "shop:availability") && (c.Baseline.Bad < 50 || c.Baseline.Total > 451*60) {
				t.Errorf("v1 against v0: %+v", c)
			}
		}
	})
}

// Where no series has the label nothing can be compared, and that is said only if no
// other SLO can be.
func TestCanaryWithoutTheLabel(t *testing.T) {
	other := spec("other", slo.SLI{Ratio: &slo.Ratio{Total: `requests_total{version=""}`, Bad: `requests_total{version="",code="500"}`}})
	inShop(t, []*slo.Spec{other, spec("availability", slo.SLI{Ratio: &slo.Ratio{Total: `requests_total{version!=""}`, Bad: `requests_total{version!="",code="500"}`}})}, func(s *shop) {
		s.pods = []*pod{{good: 100}, {version: "v1", good: 100}}
		s.run(30)
		s.of("v2")
		s.run(40)
		if c := s.one("v2"); c.SLO != "shop:availability" {
			t.Errorf("%+v", c)
		}
		list := s.canaries.Of(s.policy, gate.Request{Service: "shop", Version: "v2", Now: time.Now()}, s.engine.Snapshot().Instances[1:])
		if len(list) != 1 || list[0].Decision != slo.GateUnknown || !strings.Contains(list[0].Note, "cannot be told apart by version") {
			t.Errorf("%+v", list)
		}
	})
}

// What nobody counted for longer than the engine remembers is not made up: it begins
// anew, and says so.
func TestCanaryAfterAGap(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		s.policy.Canary.Within = time.Hour
		s.pods = []*pod{{version: "v1", good: 100}, {version: "v2", good: 10}}
		s.run(30)
		s.one("v2")
		s.run(60)
		canaries := s.canaries
		s.canaries = NewCanaries(CanaryOptions{Snapshot: s.engine.Snapshot, Since: s.engine.Since})
		s.run(700) // the first ones stand still
		s.canaries = canaries
		s.run(30)
		c := s.one("v2")
		if c.Candidate.Total > 300 || !strings.Contains(c.Note, "it began anew at") || c.Decision != slo.GateHold {
			t.Errorf("%+v", c)
		}
	})
}

// Whoever asks a Keeper is told.
func TestKeeperTellsOfCanaries(t *testing.T) {
	inShop(t, []*slo.Spec{spec("availability", errorsOf)}, func(s *shop) {
		k := New(Options{Snapshot: s.engine.Snapshot, Canaries: s.canaries})
		matchers, err := slo.ParseMatchers(`service="shop"`)
		if err != nil {
			t.Fatal(err)
		}
		p := &slo.GatePolicy{Name: "canaries", Select: matchers, MaxAge: time.Minute, ValidFor: time.Minute, Canary: s.policy.Canary}
		k.Load([]*slo.GatePolicy{p})
		s.pods = []*pod{{version: "v1", good: 950, bad: 1}, {version: "v2", good: 49, bad: 1}}
		s.run(30)
		r := gate.Request{Service: "shop", Version: "v2"}
		if v := k.Ask(t.Context(), r); v.Decision != slo.GateHold {
			t.Errorf("at first: %+v", v)
		}
		s.run(30, func() { k.Step(t.Context()) })
		v := k.Ask(t.Context(), r)
		if v.Decision != slo.GateDeny || v.Reasons[0].Code != gate.CodeCanary || len(v.Evidence.Canaries) != 1 {
			t.Errorf("%+v", v)
		}
		t.Log(v.Reasons[0].Text)
	})
}
