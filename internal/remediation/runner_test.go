package remediation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// delivered pulls and settles what is due, and returns it.
func (w *world) delivered(t *testing.T) (events []remediation.Event) {
	t.Helper()
	for {
		list, err := w.store.Pull(t.Context(), "hook", w.now().Add(time.Hour), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return events
		}
		for _, m := range list {
			var e remediation.Event
			if err := json.Unmarshal(m.Body, &e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
			m.Fate = remediation.Delivered
			if err := w.store.Settle(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every move is told, in order.
func TestTells(t *testing.T) {
	w := newWorld(t)
	w.faulty = []span{{5 * time.Second, 20 * time.Second}}
	w.engine(t, "a", 0, false).run(time.Minute)
	var got []string
	for _, e := range w.delivered(t) {
		got = append(got, strings.TrimPrefix(e.Type, "dev.slo-engine.action.")+" "+string(e.Data.Reason))
	}
	want := "proposed reserved, applying undo_written, verifying live, held helped, undoing resolved, undoing stepped, undone restored"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// Whenever a process is killed, each state that an action was left in is told
// once, in order: what is told is written with the move.
func TestTellsAfterDeath(t *testing.T) {
	for dieAt := 1; dieAt < 25; dieAt++ {
		w := newWorld(t)
		w.faulty = []span{{5 * time.Second, 20 * time.Second}}
		w.engine(t, "a", dieAt, dieAt%2 == 0).run(time.Minute)
		w.engine(t, "a", 0, false).run(2 * time.Minute)
		var told []remediation.State
		for _, e := range w.delivered(t) {
			if len(told) == 0 || told[len(told)-1] != e.Data.State { // steps of the undo have one state
				told = append(told, e.Data.State)
			}
		}
		want := []remediation.State{remediation.Proposed, remediation.Applying, remediation.Verifying, remediation.Holding, remediation.Undoing, remediation.Undone}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("killed at call %d (-want +told):\n%s", dieAt, diff)
		}
	}
}

// slow is a gateway that hangs for a while at its first write.
type slow struct {
	*gate
	hang chan struct{}
}

func (s slow) Write(ctx context.Context, w actuator.Write) (actuator.Exchange, error) {
	select {
	case <-s.hang:
		return s.gate.Write(ctx, w)
	case <-ctx.Done():
		return actuator.Exchange{}, fmt.Errorf("write: %w: %w", actuator.ErrUncertain, ctx.Err())
	}
}

// A gateway that hangs costs others nothing, and ends in a named state; the
// engine stops when it is told to.
func TestRunWithAHangingGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		w.gate.now = func() time.Time { return start.Add(time.Since(began)) }
		hanging := slow{newGate(w.gate.now), make(chan struct{})}
		second := strings.NewReplacer("name: back-to-v1", "name: second", `service="checkout"`, `service="cart"`, "haproxy:", "kong:").Replace(playbook)
		w.books = append(w.books, playbooks(t, second)...)
		reg := prometheus.NewPedanticRegistry()
		view := func() remediation.View {
			v := remediation.View{At: time.Now(), Instances: map[string]remediation.Instance{}}
			for _, service := range []string{"checkout", "cart"} {
				v.Instances[service+":a"] = remediation.Instance{Known: true, Burning: true}
				v.Alerts = append(v.Alerts, remediation.Alert{
					Fingerprint: service, Ours: true, Since: start,
					Labels: map[string]string{"service": service, "slo_id": service + ":a", "tier": "heal"},
				})
			}
			return v
		}
		r := remediation.New(remediation.Options{
			Store: w.store, Events: always{w}, View: view, Mode: remediation.ModeEnforce, Registerer: reg,
			Playbooks: func() []*slo.Remediation { return w.books }, Now: w.gate.now,
			Gateways: gateways{"haproxy": hanging, "kong": w.gate},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		time.Sleep(3 * time.Second)
		states := map[string]remediation.State{}
		for _, rec := range w.records(t) {
			states[rec.Service] = rec.State
		}
		if states["cart"] != remediation.Verifying || states["checkout"] != remediation.Applying {
			t.Errorf("after three seconds: %v", states)
		}
		metric := `
			# HELP slo_engine_actions_total Moves of actions at gateways, by what they do, the state they came into, and why.
			# TYPE slo_engine_actions_total counter
			slo_engine_actions_total{kind="shift",reason="live",state="verifying"} 1
			slo_engine_actions_total{kind="shift",reason="reserved",state="proposed"} 2
			slo_engine_actions_total{kind="shift",reason="undo_written",state="applying"} 2
		`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(metric), "slo_engine_actions_total"); err != nil {
			t.Error(err)
		}
		if n, err := testutil.GatherAndCount(reg, "slo_action_state"); n != 12 || err != nil {
			t.Errorf("%d series of slo_action_state, %v", n, err)
		}
		time.Sleep(time.Minute)
		for _, rec := range w.records(t) {
			if rec.Service == "checkout" && rec.Reason != remediation.ReasonUncertain {
				t.Errorf("after a minute of silence: %s, %s", rec.State, rec.Reason)
			}
		}
		close(hanging.hang)
		time.Sleep(30 * time.Second)
		for _, rec := range w.records(t) {
			if rec.Service == "checkout" && rec.Acted.IsZero() {
				t.Errorf("it answers, and yet: %s, %s", rec.State, rec.Reason)
			}
		}
		cancel()
		<-done
	})
}

// gateways are actuators by kind.
type gateways map[string]actuator.Actuator

func (g gateways) Open(kind string, _ json.RawMessage) (string, actuator.Actuator, error) {
	return kind, g[kind], nil
}

// always burns as long as v2 has traffic, whatever the gate.
type always struct{ *world }

func (a always) Since(_ string, from time.Time, window time.Duration, _ string) remediation.Reading {
	return remediation.Reading{From: from, Until: a.gate.now(), Budget: 0.01, Count: remediation.Count{Bad: 500, Total: 1000}}
}

// Ten thousand alerts of one service from elsewhere: one action, and the engine
// goes on.
func TestAlertStorm(t *testing.T) {
	w := newWorld(t)
	w.books[0].On, _ = slo.ParseMatchers(`service="checkout"`)
	for i := range 10_000 {
		w.more = append(w.more, remediation.Alert{Fingerprint: fmt.Sprint(i), Since: start, Labels: map[string]string{
			"service": "checkout", "severity": "critical", "alertname": "Slow",
		}})
	}
	w.engine(t, "a", 0, false).run(5 * time.Second)
	if list := w.records(t); len(list) != 1 {
		t.Errorf("%d actions", len(list))
	}
}

// The kill switch is asked right before a write: pulled after the plan, it
// keeps the action from being written.
func TestPausedAtTheLastMoment(t *testing.T) {
	w := newWorld(t)
	w.faulty = []span{{5 * time.Second, time.Minute}}
	e := w.engine(t, "a", 0, false)
	plans := 0
	w.gate.fault = func(call string) (time.Duration, error) {
		if call == "plan" {
			if plans++; plans == 2 { // sized, then armed
				_ = w.store.Set(context.Background(), "paused", json.RawMessage(`"ann"`))
			}
		}
		return 0, nil
	}
	e.run(20 * time.Second)
	if len(w.gate.changes) > 0 {
		t.Errorf("written all the same: %+v\n%s", w.gate.changes, w.transcript(t))
	}
}

// A clock that is set back an hour in the middle of an action leaves nothing
// behind.
func TestClockSetBack(t *testing.T) {
	for _, at := range []time.Duration{8 * time.Second, 10 * time.Second, 15 * time.Second, 25 * time.Second} {
		w := newWorld(t)
		w.faulty = []span{{5 * time.Second, 20 * time.Second}}
		e := w.engine(t, "a", 0, false)
		e.run(at)
		w.advance(-time.Hour)
		e.run(20 * time.Minute)
		for _, rec := range w.records(t) {
			if !rec.State.Over() && !strings.Contains(w.gate.current(), original) {
				t.Errorf("set back after %s: %s (%s)\n%s", at, rec.State, rec.Reason, w.transcript(t))
			}
		}
	}
}
