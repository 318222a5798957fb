package remediation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// leasing is a gate that takes a change back when it is not renewed.
type leasing struct {
	*gate
	until  time.Time
	before actuator.Value
	renews int
}

func (l *leasing) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.until.IsZero() && !l.now().Before(l.until) {
		l.set("lease", l.before)
		l.until = time.Time{}
	}
}

func (l *leasing) Read(ctx context.Context, target string) (actuator.Live, error) {
	l.expire()
	return l.gate.Read(ctx, target)
}

func (l *leasing) Write(ctx context.Context, w actuator.Write) (actuator.Exchange, error) {
	l.expire()
	x, err := l.gate.Write(ctx, w)
	if err == nil {
		if l.until.IsZero() {
			l.before = w.From.Value
		}
		if l.until = w.Until; actuator.Same(w.To, l.before) {
			l.until = time.Time{}
		}
	}
	return x, err
}

func (l *leasing) Renew(_ context.Context, _, _ string, until time.Time) error {
	l.expire()
	if l.until.IsZero() {
		return fmt.Errorf("renew: %w", actuator.ErrGone)
	}
	l.until, l.renews = until, l.renews+1
	return nil
}

// leased is a world whose gateway is one.
func leased(t *testing.T, dies string) (*world, *leasing, *remediation.Runner) {
	w := newWorld(t)
	w.books = playbooks(t, strings.Replace(playbook, "lease: 2m", "lease: 20s\n  ifEngineDies: "+dies, 1))
	w.faulty = []span{{5 * time.Second, time.Minute}}
	w.firing = []span{{5 * time.Second, time.Minute}}
	l := &leasing{gate: w.gate}
	return w, l, remediation.New(remediation.Options{
		Store: w.store, Gateways: gateways{"haproxy": l}, Events: w, View: w.view, Mode: w.mode, Now: w.now,
		Playbooks: func() []*slo.Remediation { return w.books },
	})
}

func (w *world) tick(t *testing.T, r *remediation.Runner, d time.Duration) {
	for end := w.now().Add(d); w.now().Before(end); w.advance(500 * time.Millisecond) {
		r.Tick(t.Context())
		r.Wait()
	}
}

// As long as the engine lives the lease is renewed; without the engine the
// gateway takes the change back, and the next engine finds that out.
func TestNativeLease(t *testing.T) {
	w, l, r := leased(t, "undo")
	w.tick(t, r, 50*time.Second)
	if l.renews == 0 || l.current() != `{"v1":100,"v2":0}` {
		t.Fatalf("renewed %d times: %s\n%s", l.renews, l.current(), w.transcript(t))
	}
	w.advance(30 * time.Second) // nobody is there
	l.expire()
	if l.current() != original {
		t.Errorf("it was kept: %s", l.current())
	}
	w.tick(t, r, 20*time.Second)
	rec := only(t, w)
	if rec.State != remediation.Undone || rec.Reason != remediation.ReasonTakenBack {
		t.Errorf("%s, %s\n%s", rec.State, rec.Reason, w.transcript(t))
	}
}

// Where the playbook wants the change kept, the gateway gets no lease.
func TestKeptWithoutTheEngine(t *testing.T) {
	w, l, r := leased(t, "keep")
	w.tick(t, r, 50*time.Second)
	if l.renews != 0 || !l.until.IsZero() {
		t.Errorf("renewed %d times, until %s", l.renews, l.until)
	}
}

// An undo under a native lease ends as others do, step by step.
func TestNativeLeaseUndone(t *testing.T) {
	w, l, r := leased(t, "undo")
	w.tick(t, r, 3*time.Minute)
	rec := only(t, w)
	if rec.State != remediation.Undone || rec.Reason != remediation.ReasonRestored || l.current() != original {
		t.Errorf("%s, %s, %s\n%s", rec.State, rec.Reason, l.current(), w.transcript(t))
	}
}

// Another engine leads, says the gateway: not one more write, until this one
// leads again.
func TestFenced(t *testing.T) {
	w := newWorld(t)
	w.faulty = []span{{5 * time.Second, 40 * time.Second}}
	writes, fenced := 0, true
	w.gate.fault = func(call string) (time.Duration, error) {
		if call != "write" {
			return 0, nil
		}
		if writes++; fenced {
			return 0, fmt.Errorf("write: %w", actuator.ErrFenced)
		}
		return 0, nil
	}
	e := w.engine(t, "a", 0, false)
	e.run(12 * time.Second)
	if _, err := w.store.Lead(t.Context(), "b", w.now().Add(time.Minute), time.Minute); err != nil {
		t.Fatal(err)
	}
	was := writes
	e.run(10 * time.Second)
	if writes > was || was == 0 {
		t.Errorf("%d writes without the lead, after %d", writes-was, was)
	}
}

// A rehearsal shows the exact requests, and writes nothing.
func TestRehearse(t *testing.T) {
	w := newWorld(t)
	e := w.engine(t, "a", 0, false)
	list := e.Rehearse(t.Context(), w.books[0], map[string]string{"service": "checkout", "slo_id": instance, "tier": "heal"})
	if len(list) != 1 || list[0].Reason != "" || list[0].Plan.Requests[0].Line != `set weights {"v1":100,"v2":0}` {
		text, _ := json.Marshal(list)
		t.Errorf("got %s", text)
	}
	if list := e.Rehearse(t.Context(), w.books[0], map[string]string{"severity": "warning"}); list[0].Reason != remediation.ReasonWarning {
		t.Errorf("got %+v", list)
	}
	if len(w.gate.changes) > 0 || len(w.records(t)) > 0 {
		t.Error("something was written")
	}
}
