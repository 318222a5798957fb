package remediation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

const playbook = `apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: back-to-v1}
spec:
  on: ['service="checkout"', 'tier=~"heal|page_fast"']
  actions:
    - haproxy: {backend: checkout, shift: {from: v2, to: v1, percent: auto, by: version}}
  guards: {cooldown: 1m, maxPerHour: 10}
  verify: {window: 5s, within: 20s, minEvents: 10}
  lease: 2m
  undo: {after: 10s, steps: [50%, 100%], every: 5s}
`

func playbooks(t testing.TB, text string) (list []*slo.Remediation) {
	t.Helper()
	_, problems := slo.Loader{Remediations: &list}.Load(slo.File{Name: "p.yaml", Data: []byte(text)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Fatal(p)
		}
	}
	return list
}

// world is a service with two versions behind a gate, of which one fails while
// there is a fault. Its clock is set by hand.
type world struct {
	mu    sync.Mutex
	clock time.Time
	gate  *gate
	store remediation.Store
	books []*slo.Remediation
	// faulty are the times in which v2 fails; dark those in which nothing is
	// known; everywhere those in which v1 fails as well.
	faulty, dark, everywhere []span
	firing                   []span // in which the alert does not end
	// since is when the alert began; zero while it is quiet.
	since time.Time
	mode  remediation.Mode
	muted string
	more  []remediation.Alert
	inbox *remediation.Inbox // nil: nobody else raises alerts
	open  func(kind string) error
	left  *float64 // of the budget, in events
}

type span struct{ from, to time.Duration }

func (s span) holds(t time.Time) bool {
	return !t.Before(start.Add(s.from)) && t.Before(start.Add(s.to))
}

func within(list []span, t time.Time) bool {
	return slices.ContainsFunc(list, func(s span) bool { return s.holds(t) })
}

func newWorld(t testing.TB) *world {
	w := &world{clock: start, store: statetest.NewMemory(), books: playbooks(t, playbook), mode: remediation.ModeEnforce}
	w.gate = newGate(w.now)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// Since counts a hundred requests a second at v1 and v2 together.
func (w *world) Since(_ string, from time.Time, window time.Duration, by string) remediation.Reading {
	now := w.now()
	if within(w.dark, now) {
		return remediation.Reading{}
	}
	if from = from.Add(0); from.Before(start) {
		from = start
	}
	if earliest := now.Add(-window); window > 0 && from.Before(earliest) {
		from = earliest
	}
	r := remediation.Reading{From: from, Until: now, Budget: 0.001, Left: w.left}
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	var v1, v2 remediation.Count
	for at := from; at.Before(now); at = at.Add(100 * time.Millisecond) {
		share := w.gate.shareAt(at)
		v1.Total += 10 * (1 - share)
		v2.Total += 10 * share
		if within(w.faulty, at) {
			v2.Bad += 10 * share
		}
		if within(w.everywhere, at) {
			v1.Bad += 10 * (1 - share)
		}
	}
	r.Bad, r.Total = v1.Bad+v2.Bad, v1.Total+v2.Total
	if by != "" {
		r.Members = map[string]remediation.Count{"v1": v1, "v2": v2}
	}
	return r
}

// hears makes an inbox that runs until the test is over.
func (w *world) hears(t testing.TB, o remediation.InboxOptions) *remediation.Inbox {
	o.Store, o.Now = w.store, w.now
	b := remediation.NewInbox(o)
	if err := b.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return b
}

const instance = "checkout:availability"

func (w *world) view() remediation.View {
	now := w.now()
	known := !within(w.dark, now)
	v := remediation.View{At: now, Alerts: slices.Clone(w.more), Instances: map[string]remediation.Instance{
		instance: {Labels: map[string]string{"service": "checkout", "slo": "availability"}, Known: known, Burning: !w.since.IsZero()},
	}}
	if w.inbox != nil {
		v.Alerts = append(v.Alerts, w.inbox.Alerts(now)...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if known {
		w.judge(now)
	}
	if !w.since.IsZero() {
		v.Alerts = append(v.Alerts, remediation.Alert{
			Fingerprint: instance + "/heal", Since: w.since, Ours: true, Frozen: !known,
			Labels: map[string]string{"service": "checkout", "slo": "availability", "slo_id": instance, "tier": "heal", "alertname": "ErrorBudgetBurn"},
		})
	}
	return v
}

// judge makes the alert fire three seconds after errors began, and end when
// there were none for five.
func (w *world) judge(now time.Time) {
	bad := func(ago time.Duration) bool {
		at := now.Add(-ago)
		w.gate.mu.Lock()
		defer w.gate.mu.Unlock()
		return within(w.faulty, at) && w.gate.shareAt(at) > 0 || within(w.everywhere, at)
	}
	switch {
	case w.since.IsZero() && bad(0) && bad(3*time.Second):
		w.since = now
	case !w.since.IsZero() && !bad(0) && !bad(5*time.Second) && !within(w.firing, now):
		w.since = time.Time{}
	}
}

// Open opens the only gate.
func (w *world) Open(kind string, _ json.RawMessage) (string, actuator.Actuator, error) {
	if w.open != nil {
		if err := w.open(kind); err != nil {
			return "", nil, err
		}
	}
	return "gate", w.gate, nil
}

// life is one process: it dies at one of its calls, before or after the call
// has had its effect.
type life struct {
	*world
	mu     sync.Mutex
	calls  int
	dieAt  int // 0: never
	before bool
	dead   bool
	cancel context.CancelFunc
	// lateness is when a write arrives of which the process died; 0: never.
	lateness time.Duration
}

var errDead = errors.New("the process is dead")

// call does something unless the process is dead, or dies of it.
func (l *life) call(do func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errDead
	}
	l.calls++
	dies := l.calls == l.dieAt
	if dies {
		l.dead = true
		defer l.cancel()
	}
	if !dies || !l.before {
		do()
	}
	if dies {
		return errDead
	}
	return nil
}

// Open opens the gate through the process.
func (l *life) Open(kind string, settings json.RawMessage) (string, actuator.Actuator, error) {
	name, _, err := l.world.Open(kind, settings)
	return name, livingGate{l.gate, l}, err
}

type livingGate struct {
	*gate
	l *life
}

func (g livingGate) Plan(ctx context.Context, a actuator.Action) (p actuator.Plan, err error) {
	if dead := g.l.call(func() { p, err = g.gate.Plan(ctx, a) }); dead != nil {
		return p, dead
	}
	return p, err
}

func (g livingGate) Read(ctx context.Context, target string) (live actuator.Live, err error) {
	if dead := g.l.call(func() { live, err = g.gate.Read(ctx, target) }); dead != nil {
		return live, dead
	}
	return live, err
}

func (g livingGate) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	done := false
	if dead := g.l.call(func() { x, err = g.gate.Write(ctx, w); done = true }); dead != nil {
		if !done && g.l.calls == g.l.dieAt && g.l.lateness > 0 {
			g.l.lateness, g.gate.late = 0, append(g.gate.late, lateWrite{g.l.now().Add(g.l.lateness), w})
		}
		return x, dead
	}
	return x, err
}

// livingStore dies with its process.
type livingStore struct {
	remediation.Store
	l *life
}

func (s livingStore) Reserve(ctx context.Context, r remediation.Record, limits remediation.Limits, along ...remediation.Along) (out remediation.Record, err error) {
	if dead := s.l.call(func() { out, err = s.Store.Reserve(ctx, r, limits, along...) }); dead != nil {
		return out, dead
	}
	return out, err
}

func (s livingStore) Update(ctx context.Context, r remediation.Record, along ...remediation.Along) (out remediation.Record, err error) {
	if dead := s.l.call(func() { out, err = s.Store.Update(ctx, r, along...) }); dead != nil {
		return out, dead
	}
	return out, err
}

func (s livingStore) Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (lead remediation.Leadership, err error) {
	if dead := s.l.call(func() { lead, err = s.Store.Lead(ctx, holder, now, ttl) }); dead != nil {
		return lead, dead
	}
	return lead, err
}

// engine is a Runner in a life.
type engine struct {
	*remediation.Runner
	*life
	ctx context.Context
}

// engine starts a process that dies at a call.
func (w *world) engine(t testing.TB, holder string, dieAt int, before bool) *engine {
	l := &life{world: w, dieAt: dieAt, before: before}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l.cancel = cancel
	var n atomic.Int64 // jobs ask for ids beside each other
	r := remediation.New(remediation.Options{
		Store: livingStore{w.store, l}, Gateways: l, Events: w, View: w.view, Mode: w.mode,
		Playbooks: func() []*slo.Remediation { return w.books }, Holder: holder, Receivers: []string{"hook"},
		Muted: func(map[string]string) (string, bool) { return w.muted, w.muted != "" },
		Now:   w.now, NewID: func(now time.Time) string {
			return fmt.Sprintf("%s-%s-%d-%d", now.Format("150405.000"), holder, l.dieAt, n.Add(1))
		},
	})
	return &engine{r, l, ctx}
}

// run ticks every half second for a while, or until the process dies.
func (e *engine) run(d time.Duration) {
	for end := e.now().Add(d); e.now().Before(end) && e.ctx.Err() == nil; e.advance(500 * time.Millisecond) {
		e.Tick(e.ctx)
		e.Wait()
	}
}

// runOut is run by the second, until all is over or there was time enough.
func (e *engine) runOut(t testing.TB, d time.Duration) {
	t.Helper()
	for end := e.now().Add(d); e.now().Before(end) && e.ctx.Err() == nil; e.advance(time.Second) {
		e.Tick(e.ctx)
		e.Wait()
		if e.now().Unix()%20 == 0 && e.over(t) {
			return
		}
	}
}

// over reports whether nothing is under way, and nothing more will be.
func (e *engine) over(t testing.TB) bool {
	for _, s := range e.faulty {
		if !e.now().After(start.Add(s.to + 10*time.Second)) {
			return false
		}
	}
	open, err := e.store.Find(e.ctx, remediation.Query{Open: true})
	return err == nil && len(open) == 0 && len(e.records(t)) > 0
}

func (w *world) records(t testing.TB) []remediation.Record {
	t.Helper()
	list, err := w.store.Find(context.Background(), remediation.Query{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// transcript are the moves and what was held back, one in a line, at seconds
// since the start.
func (w *world) transcript(t testing.TB) string {
	t.Helper()
	entries, err := w.store.Entries(context.Background(), remediation.EntryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	var b strings.Builder
	for _, e := range entries {
		var data struct {
			Note      string         `json:"note"`
			After     actuator.Value `json:"after"`
			Value     actuator.Value `json:"value"`
			Error     string         `json:"error"`
			Escalated bool           `json:"escalated"`
		}
		_ = json.Unmarshal(e.Data, &data)
		line := fmt.Sprintf("%6.1fs %-18s %-18s", e.At.Sub(start).Seconds(), e.What, e.Reason)
		for _, more := range []string{string(data.After), string(data.Value), data.Error, data.Note} {
			if more != "" {
				line += " " + more
			}
		}
		if data.Escalated {
			line += " (people are called)"
		}
		if e.Who != "slo-engine" {
			line += " by " + e.Who
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
