package clock

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// wall is a clock that is off by something.
type wall struct{ off atomic.Int64 }

func (w *wall) now() time.Time      { return time.Now().Add(time.Duration(w.off.Load())) }
func (w *wall) set(d time.Duration) { w.off.Store(int64(d)) }

// rig is an engine on a clock of its own, with what it was sent and said. Its
// processes come and go.
type rig struct {
	*testing.T
	*engine.Engine
	clock *wall // of the engine
	// senders is the clock of those who send: the engine's, or a right one.
	senders *wall
	journal *memory
	stop    func()

	mu   sync.Mutex
	said map[string]*said // by alertname/severity/slo
	flow []*flow
}

// said is what was told about an alert.
type said struct {
	starts map[int64]bool // when it began, in nanoseconds
	ends   int
}

func newRig(t *testing.T, alone bool) *rig {
	r := &rig{T: t, clock: &wall{}, senders: &wall{}, journal: &memory{}, said: map[string]*said{}}
	if !alone {
		r.senders = r.clock
	}
	// The quiet one spends half its budget, the loud one burns it all in
	// some hours; the pushed one counts by deltas.
	r.flow = []*flow{
		{slo: "quiet", requests: 1000, every: 2}, {slo: "loud", requests: 1000, every: 1, errors: 130},
		{slo: "pushed", requests: 1000, every: 2, delta: true},
	}
	r.start()
	return r
}

func (r *rig) start() {
	r.Helper()
	r.Engine = engine.New(engine.Options{Journal: r.journal, Now: r.clock.now, Notify: r.take, Reread: 5 * time.Second})
	if err := r.Recover(programs(r), nil); err != nil {
		r.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Engine.Run(ctx) }()
	synctest.Wait()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.Errorf("run: %v", err)
		}
	})
}

func (r *rig) take(_ time.Time, batch []alerts.Alert) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range batch {
		name := a.Labels["alertname"] + "/" + a.Labels["severity"] + "/" + a.Labels["slo"]
		if r.said[name] == nil {
			r.said[name] = &said{starts: map[int64]bool{}}
		}
		r.said[name].starts[a.StartsAt.UnixNano()] = true
		if !a.Firing() {
			r.said[name].ends++
		}
	}
}

func programs(t *rig) (list []*sli.Program) {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"quiet", "loud", "pushed"} {
		p, problems := sli.Compile(&slo.Spec{
			Service: "shop", Name: name, Objective: objective, Window: slo.Window{Rolling: 30 * 24 * time.Hour},
			SLI: slo.SLI{Ratio: &slo.Ratio{Total: name + "_total", Bad: name + `_total{code="500"}`}},
		})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		list = append(list, p)
	}
	return list
}

// flow is a service that tells its counters every so often.
type flow struct {
	slo      string
	requests float64 // from one time to the next
	errors   float64 // among them, besides one every so many times
	every    int
	delta    bool

	rounds    int
	good, bad float64 // as its counters stand
	// taken are the events of requests that were acknowledged, lost those of
	// requests that were refused since, both since the beginning: what a counter
	// has lost comes with the next request.
	taken, lost float64
}

const interval = 5 * time.Second

// send sends what a flow has counted.
func (r *rig) send(f *flow) {
	r.Helper()
	bad := f.errors
	if f.rounds%f.every == 0 {
		bad++
	}
	if f.rounds++; f.rounds == 1 {
		bad = 0
	} else {
		f.good, f.bad = f.good+f.requests-bad, f.bad+bad
	}
	now := r.senders.now()
	batch := &sli.Batch{Whole: f.delta}
	for code, values := range map[string][2]float64{"200": {f.good, f.requests - bad}, "500": {f.bad, bad}} {
		s := sli.Series{
			Labels: labels.FromStrings("__name__", f.slo+"_total", "code", code, "instance", "10.0.0.1:8080"),
			Target: "10.0.0.1:8080", Type: sli.TypeCounter, Points: []sli.Point{{Time: now.UnixNano(), Value: values[0]}},
		}
		if f.delta {
			s.Temporality, s.Points[0].Value, s.Points[0].Start = sli.Delta, values[1], now.Add(-interval).UnixNano()
		}
		batch.Series = append(batch.Series, s)
	}
	receipt, err := r.Ingest(r.T.Context(), batch)
	if err != nil {
		r.Fatalf("ingest: %v", err)
	}
	if f.rounds == 1 && !f.delta {
		return // where the counters are
	}
	switch refused := receipt.Refused(); {
	case refused == 2:
		f.lost += f.requests
	case refused != 0:
		r.Errorf("%s: one of two points refused: %+v", f.slo, receipt)
	case f.delta:
		f.taken += f.requests
	default:
		f.taken, f.lost = f.taken+f.lost+f.requests, 0
	}
}

// instance is how an SLO stands at the newest tick.
func (r *rig) instance(name string) *engine.Instance {
	r.Helper()
	for _, in := range r.Snapshot().Instances {
		if in.Spec.Name == name {
			return in
		}
	}
	r.Fatalf("no instance of %s", name)
	return nil
}

// sane looks at a snapshot on its own.
func (r *rig) sane() error {
	s := r.Snapshot()
	if s == nil {
		return fmt.Errorf("no tick")
	}
	if late := r.clock.now().Sub(s.At); late < -100*time.Millisecond || late > 1500*time.Millisecond {
		return fmt.Errorf("at %v the newest tick is that of %v", r.clock.now(), s.At)
	}
	for _, in := range s.Instances {
		for _, w := range append(in.Windows, in.Period) {
			if w.Counts.Bad < 0 || w.Counts.Total < w.Counts.Bad || w.Counts.Total > in.Since.Total || w.Coverage < 0 || w.Coverage > 1 {
				return fmt.Errorf("%s: window %v holds %+v of %+v, covered %v", in.ID, w.Window, w.Counts, in.Since, w.Coverage)
			}
		}
	}
	return nil
}
