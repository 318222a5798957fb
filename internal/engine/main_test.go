package engine

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const month = 30 * 24 * time.Hour

// edit changes a spec of a test.
type edit func(*slo.Spec)

// newSpec is an SLO of errors among requests_total{service=…}.
func newSpec(service string, edits ...edit) *slo.Spec {
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		panic(err)
	}
	s := &slo.Spec{
		Service: service, Name: "availability", Objective: objective,
		Window: slo.Window{Rolling: month},
		SLI: slo.SLI{Ratio: &slo.Ratio{
			Total: `requests_total{service="` + service + `"}`,
			Bad:   `requests_total{service="` + service + `",code=~"5.."}`,
		}},
	}
	for _, e := range edits {
		e(s)
	}
	return s
}

func over(w slo.Window) edit    { return func(s *slo.Spec) { s.Window = w } }
func by(labels ...string) edit  { return func(s *slo.Spec) { s.GroupBy = labels } }
func counting(sli slo.SLI) edit { return func(s *slo.Spec) { s.SLI = sli } }
func named(name string) edit    { return func(s *slo.Spec) { s.Name = name } }
func labelled(name, value string) edit {
	return func(s *slo.Spec) { s.Labels = map[string]string{name: value} }
}
func silent(s *slo.Spec) { s.Alerting.Disabled = true }

func compile(t testing.TB, specs ...*slo.Spec) []*sli.Program {
	t.Helper()
	programs := make([]*sli.Program, 0, len(specs))
	for _, s := range specs {
		p, problems := sli.Compile(s)
		if len(problems) > 0 {
			t.Fatalf("compile %s: %v", s.ID(), problems)
		}
		programs = append(programs, p)
	}
	return programs
}

// rig is a running engine under test, with everything it said.
type rig struct {
	*testing.T
	*Engine
	stop func()

	mu    sync.Mutex
	sends []send
	log   bytes.Buffer
}

// send is one call of Notify.
type send struct {
	at    time.Time
	batch []alerts.Alert
}

// start runs an engine until the test ends or stop is called. Inside a bubble
// its time is virtual.
func start(t *testing.T, o Options, specs ...*slo.Spec) *rig {
	t.Helper()
	r := &rig{T: t}
	if o.Notify == nil {
		o.Notify = r.take
	}
	o.Logger = slog.New(slog.NewTextHandler(lockedWriter{r}, nil))
	r.Engine = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(r.stop)
	r.load(specs...)
	return r
}

// bubble runs a test in virtual time with an engine of its own.
func bubble(t *testing.T, o Options, specs []*slo.Spec, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, o, specs...)
		test(t, r)
		r.stop()
	})
}

func (r *rig) load(specs ...*slo.Spec) {
	r.Helper()
	if err := r.Load(context.Background(), compile(r, specs...), nil); err != nil {
		r.Fatalf("load: %v", err)
	}
}

// occupy keeps the owner busy until the function that it returns is called.
func (r *rig) occupy() (release func()) {
	busy := make(chan struct{})
	r.inbox <- func() { <-busy }
	synctest.Wait() // until it has begun, it takes a place in the queue
	return func() { close(busy) }
}

func (r *rig) take(now time.Time, batch []alerts.Alert) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sends = append(r.sends, send{now, batch})
}

type lockedWriter struct{ r *rig }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.r.log.Write(p)
}

// sent are all calls of Notify so far.
func (r *rig) sent() []send {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sends)
}

// logged reports whether some line holds all the words.
func (r *rig) logged(words ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(strings.Split(r.log.String(), "\n"), func(line string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	})
}

// of are the alerts sent under a name and severity, in order, with the time
// of their send.
func (r *rig) of(name string, severity alerts.Severity) (list []send) {
	for _, s := range r.sent() {
		for _, a := range s.batch {
			if a.Labels["alertname"] == name && a.Labels["severity"] == string(severity) {
				list = append(list, send{s.at, []alerts.Alert{a}})
			}
		}
	}
	return list
}

// first is the first alert sent under a name and severity.
func (r *rig) first(name string, severity alerts.Severity) (time.Time, alerts.Alert) {
	r.Helper()
	list := r.of(name, severity)
	if len(list) == 0 {
		r.Fatalf("no %s %s was sent", severity, name)
	}
	return list[0].at, list[0].batch[0]
}

// last is the newest alert sent under a name and severity.
func (r *rig) last(name string, severity alerts.Severity) (time.Time, alerts.Alert) {
	r.Helper()
	list := r.of(name, severity)
	if len(list) == 0 {
		r.Fatalf("no %s %s was sent", severity, name)
	}
	return list[len(list)-1].at, list[len(list)-1].batch[0]
}

// instance is what the newest snapshot says of an instance.
func (r *rig) instance(id string) *Instance {
	r.Helper()
	var ids []string
	for _, in := range r.Snapshot().Instances {
		if in.ID == id {
			return in
		}
		ids = append(ids, in.ID)
	}
	r.Fatalf("no instance %s among %v", id, ids)
	return nil
}

func (r *rig) want(id string, state State) {
	r.Helper()
	if got := r.instance(id).State; got != state {
		r.Errorf("%s is %s, want %s", id, got, state)
	}
}

// flow is a target whose counters are sent together every so often.
type flow struct {
	*rig
	target string
	every  time.Duration
	series []labels.Labels
	values []float64
}

func (r *rig) flow(every time.Duration, series ...string) *flow {
	f := &flow{rig: r, target: "target", every: every, values: make([]float64, len(series))}
	for _, s := range series {
		f.series = append(f.series, metric(s))
	}
	return f
}

// shop is the flow of a service's good and bad requests.
func (r *rig) shop(service string, every time.Duration) *flow {
	return r.flow(every, `requests_total{service="`+service+`",code="200"}`, `requests_total{service="`+service+`",code="500"}`)
}

func metric(text string) labels.Labels {
	l, err := parser.ParseMetric(text)
	if err != nil {
		panic(err)
	}
	return l
}

// batch is the flow's values at a time.
func (f *flow) batch(at time.Time) *sli.Batch {
	b := &sli.Batch{}
	for i, l := range f.series {
		b.Series = append(b.Series, sli.Series{
			Labels: l, Target: f.target, Points: []sli.Point{{Time: at.UnixNano(), Value: f.values[i]}},
		})
	}
	return b
}

// put counts events and sends the values as of a time.
func (f *flow) put(at time.Time, events ...float64) sli.Receipt {
	f.Helper()
	for i, n := range events {
		f.values[i] += n
	}
	receipt, err := f.Ingest(context.Background(), f.batch(at))
	if err != nil {
		f.Fatalf("ingest: %v", err)
	}
	return receipt
}

// past gives the SLO an even history of d with so many events in all. The two
// samples before it show the usual interval, so that it is taken for a gap.
func (f *flow) past(d time.Duration, events ...float64) {
	f.Helper()
	f.put(time.Now().Add(-d - f.every))
	f.put(time.Now().Add(-d))
	f.put(time.Now(), events...)
}

// run lets traffic flow, so many events a second.
func (f *flow) run(d time.Duration, perSecond ...float64) {
	f.Helper()
	for range d / f.every {
		time.Sleep(f.every)
		events := make([]float64, len(perSecond))
		for i, n := range perSecond {
			events[i] = n * f.every.Seconds()
		}
		f.put(time.Now(), events...)
	}
}

// between ticks, so that a sample never falls on one.
func betweenTicks() { time.Sleep(500 * time.Millisecond) }

// settled lets the next tick pass.
func settled() { time.Sleep(1100 * time.Millisecond) }
