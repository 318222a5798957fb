package remediation_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

var drillLabels = map[string]string{"service": "checkout", "slo": "availability", "slo_id": instance, "tier": "heal"}

// A drill does the action for real, sees it, and takes it back at once; nothing
// burns, and nothing is left. It does not stand in the way of what comes after.
func TestDrill(t *testing.T) {
	w := newWorld(t)
	e := w.engine(t, "a", 0, false)
	e.run(time.Second)
	report, err := e.Drill(t.Context(), w.books[0], drillLabels, "ann")
	if err != nil || !report.Sound() {
		t.Fatalf("%+v, %v\n%s", report, err, w.transcript(t))
	}
	var times []string
	for _, one := range report.Actions[0].Times {
		times = append(times, one.What)
	}
	want := "planned reserved undo_written acted live undoing undone"
	if got := strings.Join(times, " "); got != want || report.Actions[0].State != remediation.Undone {
		t.Errorf("got %s, %s", got, report.Actions[0].State)
	}
	w.faulty = []span{{5 * time.Second, 20 * time.Second}}
	e.run(20 * time.Second)
	golden(t, "drill", "a person tries the playbook for real; then it is needed, and no cooldown of the drill holds it.\n\n"+
		w.transcript(t)+"\nat the gateway: "+w.gate.current()+"\n")
	told := w.delivered(t)
	if len(told) == 0 || !told[0].Data.Drill || told[0].Data.Reason != remediation.ReasonDrill {
		t.Errorf("told: %+v", told)
	}
}

// Nothing is written where nothing may be.
func TestDrillRefused(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(w *world, e *engine)
		want remediation.Reason
	}{
		"off":         {func(w *world, _ *engine) { w.mode = remediation.ModeOff }, remediation.ReasonOff},
		"dry run":     {func(w *world, _ *engine) { w.mode = remediation.ModeDryRun }, remediation.ReasonRehearsed},
		"dry book":    {func(w *world, _ *engine) { w.books[0].DryRun = true }, remediation.ReasonRehearsed},
		"paused":      {func(_ *world, e *engine) { _ = e.Pause(context.Background(), "bob", "") }, remediation.ReasonPaused},
		"not leading": {func(w *world, _ *engine) { w.advance(time.Hour) }, remediation.HeldNotLeading},
	} {
		w := newWorld(t)
		e := w.engine(t, "a", 0, false)
		e.run(time.Second)
		c.set(w, e)
		if w.mode != remediation.ModeEnforce {
			e = w.engine(t, "a", 0, false)
			e.run(time.Second)
		}
		_, err := e.Drill(t.Context(), w.books[0], drillLabels, "ann")
		var held *remediation.Held
		if !errors.As(err, &held) || held.Reason != c.want || len(w.gate.changes) > 0 {
			t.Errorf("%s: %v, %+v", name, err, w.gate.changes)
		}
	}
}

// An action that may not be done is not drilled either, and says why.
func TestDrillHeld(t *testing.T) {
	for name, c := range map[string]struct {
		edit   []string
		labels map[string]string
		set    func(w *world)
		want   remediation.Reason
	}{
		"a severity without power": {nil, map[string]string{"severity": "warning"}, nil, remediation.ReasonWarning},
		"a guard":                  {[]string{"cooldown: 1m", "cooldown: 1m, requireHealthy: ['slo=\"payments\"']"}, drillLabels, nil, remediation.ReasonTargetDark},
		"more than may be moved":   {[]string{"percent: auto", "percent: 100%", "cooldown: 1m", "cooldown: 1m, maxShift: 20%"}, drillLabels, nil, remediation.ReasonBlast},
		"no such member":           {[]string{"from: v2", "from: v9"}, drillLabels, nil, remediation.ReasonMissing},
		"the target is in use":     {[]string{"percent: auto", "percent: 50%"}, drillLabels, func(w *world) { w.faulty = []span{{0, time.Hour}} }, remediation.HeldBusyTarget},
		"the gateway is away": {nil, drillLabels, func(w *world) {
			w.gate.fault = func(string) (time.Duration, error) { return 0, fmt.Errorf("plan: %w", actuator.ErrUnavailable) }
		}, remediation.ReasonUnavailable},
	} {
		w := newWorld(t)
		w.books = playbooks(t, strings.NewReplacer(c.edit...).Replace(playbook))
		if c.set != nil {
			c.set(w)
		}
		e := w.engine(t, "a", 0, false)
		e.run(5 * time.Second)
		before := w.gate.current()
		report, err := e.Drill(t.Context(), w.books[0], c.labels, "ann")
		if err != nil || len(report.Actions) != 1 || report.Actions[0].Reason != c.want || report.Sound() {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if after := w.gate.current(); after != before {
			t.Errorf("%s: at the gateway: %s, before %s", name, after, before)
		}
	}
}

// A person changes the target while the drill is there: hands off, and the
// report says so.
func TestDrillContested(t *testing.T) {
	w := newWorld(t)
	e := w.engine(t, "a", 0, false)
	e.run(time.Second)
	reads := 0
	w.gate.fault = func(call string) (time.Duration, error) {
		if call == "read" {
			if reads++; reads == 2 { // it was live, and is to be watched
				w.gate.set("person", byHand.value())
			}
		}
		return 0, nil
	}
	report, err := e.Drill(t.Context(), w.books[0], drillLabels, "ann")
	if err != nil || report.Sound() || report.Actions[0].State != remediation.Contested || report.Actions[0].Restored {
		t.Errorf("%+v, %v", report, err)
	}
	if got := w.gate.current(); got != string(byHand.value()) {
		t.Errorf("at the gateway: %s", got)
	}
}

// Whenever the engine is killed in a drill, the next one takes it back, and does
// not begin it again.
func TestDrillKilled(t *testing.T) {
	drilled := func(dieAt int, before bool, store remediation.Store) (*world, *engine) {
		w := newWorld(t)
		if store != nil {
			w.store = store
		}
		e := w.engine(t, "a", dieAt, before)
		e.run(time.Second)
		if e.ctx.Err() == nil {
			_, _ = e.Drill(e.ctx, w.books[0], drillLabels, "ann")
		}
		return w, e
	}
	_, full := drilled(0, false, nil)
	if full.calls < 10 {
		t.Fatalf("only %d calls", full.calls)
	}
	for dieAt := 1; dieAt <= full.calls; dieAt++ {
		for _, before := range []bool{true, false} {
			store := remediation.Store(nil)
			if before {
				store = onDisk(t, filepath.Join(t.TempDir(), "state.db"))
			}
			w, _ := drilled(dieAt, before, store)
			w.engine(t, "a", 0, false).run(2 * time.Minute)
			name := fmt.Sprintf("killed at call %d, before %v", dieAt, before)
			applied := 0
			for _, c := range w.gate.changes {
				if c.from == original {
					applied++
				}
			}
			for _, rec := range w.records(t) {
				if !rec.State.Over() {
					t.Errorf("%s: it is still %s (%s)", name, rec.State, rec.Reason)
				}
			}
			if live := w.gate.current(); live != original || applied > 1 {
				t.Errorf("%s: left behind: %s, applied %d times\n%s", name, live, applied, w.transcript(t))
			}
		}
	}
}

// The second action of a playbook is drilled after the first one.
func TestDrillsAllActions(t *testing.T) {
	w := newWorld(t)
	w.books = playbooks(t, strings.Replace(playbook, "  guards:", "    - haproxy: {backend: checkout, shift: {from: v1, to: v2, percent: 20%}}\n  guards:", 1))
	e := w.engine(t, "a", 0, false)
	e.run(time.Second)
	report, err := e.Drill(t.Context(), w.books[0], drillLabels, "ann")
	if err != nil || !report.Sound() || len(report.Actions) != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	var by []string
	for _, c := range w.gate.changes {
		by = append(by, c.to)
	}
	want := []string{`{"v1":55,"v2":45}`, original, `{"v1":40,"v2":60}`, original}
	if diff := cmp.Diff(want, by); diff != "" {
		t.Error(diff)
	}
}
