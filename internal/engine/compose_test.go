package engine

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// journeyOf is an SLO made of those of two services.
func journeyOf(method slo.CompositeMethod, late slo.LateAs) *slo.Spec {
	s := newSpec("journey", named("whole"), counting(slo.SLI{}))
	s.Composite = &slo.Composite{Method: method, Slice: time.Minute, Late: slo.LatePolicy{As: late}, Parts: []slo.Part{
		{SLO: "big:availability", Weight: 1}, {SLO: "small:availability", Weight: 1},
	}}
	return s
}

// counters are those of services: good and bad requests.
type counters struct {
	t       *testing.T
	core    *Core
	values  map[string]*[2]float64
	sent    []alerts.Alert
	started time.Time
	ingest  func(*sli.Batch, time.Time) sli.Receipt
}

func newCounters(t *testing.T, specs ...*slo.Spec) *counters {
	c := &counters{t: t, values: map[string]*[2]float64{}, started: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	c.core = NewCore(Options{Notify: func(_ time.Time, batch []alerts.Alert) { c.sent = append(c.sent, batch...) }})
	c.core.Load(compile(t, specs...), nil, c.started)
	c.ingest = c.core.Ingest
	return c
}

// run lets minutes pass, in which services count so many good and bad requests.
func (c *counters) run(from, minutes int, services map[string][2]float64) *Snapshot {
	var seen *Snapshot
	for s := from * 60; s < (from+minutes)*60; s += 15 {
		at := c.started.Add(time.Duration(s)*time.Second + 7*time.Second)
		for service, n := range services {
			if c.values[service] == nil {
				c.values[service] = &[2]float64{}
			}
			v := c.values[service]
			v[0], v[1] = v[0]+n[0]/4, v[1]+n[1]/4
			c.ingest(&sli.Batch{Whole: true, Series: []sli.Series{
				{Labels: metric(`requests_total{service="` + service + `",code="200"}`), Target: service, Points: []sli.Point{{Time: at.UnixNano(), Value: v[0]}}},
				{Labels: metric(`requests_total{service="` + service + `",code="500"}`), Target: service, Points: []sli.Point{{Time: at.UnixNano(), Value: v[1]}}},
			}}, at)
		}
		seen = c.core.Evaluate(at.Add(8 * time.Second))
	}
	return seen
}

// fired are the burn alerts of the composite, by severity.
func (c *counters) fired(severity alerts.Severity) (n int) {
	for _, a := range c.sent {
		if a.Labels["slo_id"] == "journey:whole" && a.Labels["alertname"] == alerts.NameBurn && a.Labels["severity"] == string(severity) {
			n++
		}
	}
	return n
}

func whole(t *testing.T, s *Snapshot) *Instance {
	t.Helper()
	for _, in := range s.Instances {
		if in.ID == "journey:whole" {
			return in
		}
	}
	t.Fatal("there is no composite")
	return nil
}

// Three in a hundred of many requests fail: no five slices fail as a whole, and
// yet there is no doubt.
func TestCompositeIsProvenByItsPartsEvents(t *testing.T) {
	for _, method := range []slo.CompositeMethod{slo.Weighted, slo.WeightedBurn, slo.SumOfMisses} {
		c := newCounters(t, journeyOf(method, slo.LateLeftOut), newSpec("big", silent), newSpec("small", silent))
		c.run(0, 120, map[string][2]float64{"big": {10000, 0}, "small": {1000, 0}})
		if n := c.fired(alerts.Critical); n > 0 {
			t.Fatalf("%d alerts in peace", n)
		}
		seen := c.run(120, 60, map[string][2]float64{"big": {9700, 300}, "small": {970, 30}})
		if c.fired(alerts.Critical) == 0 {
			t.Errorf("%s: no page: %+v", method, whole(t, seen))
		}
	}
}

// One failed request of a service that has ten an hour proves nothing, however
// many the others have.
func TestCompositeIsNotProvenByOthersEvents(t *testing.T) {
	c := newCounters(t, journeyOf(slo.AnyBad, slo.LateLeftOut), newSpec("big", silent), newSpec("small", silent))
	for hour := range 2 {
		for n := range 12 {
			c.run(hour*60+n*5, 5, map[string][2]float64{"big": {10000, 0}, "small": {0.2, 0}})
		}
	}
	c.run(120, 1, map[string][2]float64{"big": {10000, 0}, "small": {0, 1}})
	seen := whole(t, c.run(121, 3, map[string][2]float64{"big": {10000, 0}, "small": {0, 0}}))
	if seen.Windows[slices.IndexFunc(seen.Windows, func(r Reading) bool { return r.Window == time.Hour })].Counts.Bad != 1 || !slices.Contains(seen.Pending, alerts.PageFast) {
		t.Errorf("the test is none: %+v", seen)
	}
	if c.fired(alerts.Critical) > 0 {
		t.Error("one request has paged")
	}
}

// Everybody is silent, and silence counts as bad: it pages.
func TestCompositeWhoseSilenceIsBad(t *testing.T) {
	for as, want := range map[slo.LateAs]State{slo.LateBad: StateBurning, slo.LateGood: StateOK, slo.LateLeftOut: StateNoData} {
		c := newCounters(t, journeyOf(slo.Weighted, as), newSpec("big", silent), newSpec("small", silent))
		c.run(0, 300, map[string][2]float64{"big": {10000, 0}, "small": {1000, 0}})
		seen := whole(t, c.run(300, 15, nil))
		if got := c.fired(alerts.Critical) > 0; got != (as == slo.LateBad) || seen.State != want && !(as == slo.LateBad && seen.State == StateExhausted) {
			t.Errorf("%s: fired %v, state %s", as, got, seen.State)
		}
	}
}

// An engine that is stopped and started again, with snapshots at any moment,
// counts each minute once.
func TestCompositeOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := &memoryJournal{}
		specs := []*slo.Spec{journeyOf(slo.Weighted, slo.LateBad), newSpec("big"), newSpec("small")}
		began, minutes := time.Now().Truncate(time.Minute), 0
		time.Sleep(500 * time.Millisecond)
		var values [2]float64
		for round, length := range []int{3, 7, 12, 1, 20} {
			r := restarted(t, journal, specs)
			for range length * 4 {
				time.Sleep(15 * time.Second)
				values[0], values[1] = values[0]+90, values[1]+10
				for _, service := range []string{"big", "small"} {
					f := r.shop(service, 15*time.Second)
					f.target = service
					f.values[0], f.values[1] = values[0], values[1]
					f.put(time.Now())
				}
			}
			minutes += length
			settled()
			in := r.instance("journey:whole")
			if got := time.Since(began).Minutes(); in.Since.Total < math.Floor(got)-1 || in.Since.Total > math.Floor(got) {
				t.Errorf("round %d: %v minutes of %v are counted", round, in.Since.Total, got)
			}
			if wrong := math.Abs(in.Since.Bad - 0.1*in.Since.Total); wrong > 1e-6 {
				t.Errorf("round %d: %v bad of %v", round, in.Since.Bad, in.Since.Total)
			}
			r.stop()
			time.Sleep(20 * time.Second)
		}
		if journal.saved() < 3 {
			t.Errorf("%d snapshots: the test is none", journal.saved())
		}
	})
}

func restarted(t *testing.T, m *memoryJournal, specs []*slo.Spec) *rig {
	t.Helper()
	r := &rig{T: t}
	r.Engine = New(Options{Journal: m, Notify: r.take})
	if err := r.Recover(compile(t, specs...), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(r.stop)
	return r
}
