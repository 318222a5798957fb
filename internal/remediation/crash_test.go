package remediation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

const original = `{"v1":50,"v2":50}`

// sound checks what must be true of every world when all is over: each effect
// once, each undone or contested, nothing left.
func sound(t *testing.T, w *world, name string) {
	t.Helper()
	touched := false
	applied := map[string]int{}
	for _, c := range w.gate.changes {
		touched = touched || c.by == "person"
		if c.by != "person" && c.from == original {
			applied[c.by]++
		}
	}
	if over := overwritten(w, w.records(t)); over != "" {
		t.Errorf("%s: %s", name, over)
	}
	acted := 0
	for _, rec := range w.records(t) {
		if !rec.State.Over() {
			t.Errorf("%s: %s is still %s (%s, %s)", name, rec.ID, rec.State, rec.Reason, rec.Note)
		}
		if n := applied[rec.ID]; n > 1 || n == 0 && rec.State == remediation.Undone && !touched {
			t.Errorf("%s: %s was applied %d times, and is %s", name, rec.ID, n, rec.State)
		}
		if applied[rec.ID] > 0 && rec.State != remediation.Undone && rec.State != remediation.Contested {
			t.Errorf("%s: %s was applied, and is %s", name, rec.ID, rec.State)
		}
		acted += applied[rec.ID]
		if rec.State == remediation.Failed || rec.State == remediation.Rejected {
			acted++ // that is an end, too
		}
		delete(applied, rec.ID)
	}
	if len(applied) > 0 {
		t.Errorf("%s: changes without a record: %v", name, applied)
	}
	if live := w.gate.current(); live != original && !touched {
		t.Errorf("%s: left behind: %s", name, live)
	}
	if acted == 0 && !touched {
		t.Errorf("%s: nothing was done", name)
	}
	if t.Failed() {
		t.Fatalf("%s:\n%s\n%+v", name, w.transcript(t), w.gate.changes)
	}
}

// byHand is what a person sets.
var byHand = weights{"v1": 77, "v2": 23}

// overwritten tells of a person's value that an action replaced which had not
// found it there when it began.
func overwritten(w *world, records []remediation.Record) string {
	for _, c := range w.gate.changes {
		for _, rec := range records {
			if c.by == rec.ID && c.from == string(byHand.value()) && !actuator.Same(rec.Plan.Before.Value, byHand.value()) {
				return fmt.Sprintf("%s overwrote what a person had set, at %s", c.by, c.at)
			}
		}
	}
	return ""
}

// A process is killed at each of its calls, before and after it had its effect;
// the next one goes on. Whatever was under way: it is done once, and undone.
func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()
	full := newWorld(t)
	full.faulty = []span{{5 * time.Second, 60 * time.Second}}
	e := full.engine(t, "a", 0, false)
	e.runOut(t, 3*time.Minute)
	sound(t, full, "not killed")
	if e.calls < 20 {
		t.Fatalf("only %d calls", e.calls)
	}
	for dieAt := 1; dieAt <= e.calls; dieAt++ {
		for _, before := range []bool{true, false} {
			w := newWorld(t)
			w.faulty = full.faulty
			w.engine(t, "a", dieAt, before).runOut(t, 3*time.Minute)
			w.engine(t, "a", 0, false).runOut(t, 5*time.Minute)
			sound(t, w, fmt.Sprintf("killed at call %d, before %v", dieAt, before))
		}
	}
}

// troubles are those of a gateway on a bad day.
func troubles(seed uint64, each float64) func(string) (time.Duration, error) {
	rnd := rand.New(rand.NewPCG(seed, 3)) // its own: engines ask while the test goes on
	return func(call string) (time.Duration, error) {
		if rnd.Float64() >= each {
			return 0, nil
		}
		switch n := rnd.IntN(4); {
		case call != "write" || n == 0:
			return 0, fmt.Errorf("%s: %w", call, actuator.ErrUnavailable)
		case n == 1: // and it never arrives
			return 0, fmt.Errorf("write: %w", actuator.ErrUncertain)
		default: // it arrives, soon or later
			return time.Duration(1 + rnd.IntN(9_000_000_000)), fmt.Errorf("write: %w", actuator.ErrUncertain)
		}
	}
}

// Many kills, a gateway that answers late or not at all, a fault that outlasts
// the action, and now and then a person.
func TestKilledManyTimes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		w.faulty = []span{{5 * time.Second, time.Duration(20+rnd.IntN(300)) * time.Second}}
		w.gate.compare = rnd.IntN(2) == 0
		w.gate.fault = troubles(seed, []float64{0, 0.1, 0.3}[rnd.IntN(3)])
		person := time.Duration(0)
		if rnd.IntN(4) == 0 {
			person = time.Duration(10+rnd.IntN(100)) * time.Second
		}
		for range 1 + rnd.IntN(6) {
			e := w.engine(t, "a", 1+rnd.IntN(40), rnd.IntN(2) == 0)
			e.lateness = time.Duration(rnd.IntN(9)) * time.Second
			e.run(time.Duration(1+rnd.IntN(90)) * time.Second)
			e.cancel()
			w.advance(time.Duration(rnd.IntN(20)) * time.Second)
			if person > 0 && w.now().After(start.Add(person)) {
				w.gate.person(byHand)
				person = 0
			}
		}
		e := w.engine(t, "a", 0, false)
		e.runOut(t, 9*time.Minute)
		w.gate.mu.Lock()
		w.gate.fault = nil
		w.gate.mu.Unlock()
		w.finish(t, e)
		sound(t, w, fmt.Sprintf("seed %d", seed))
	}
}

// finish has a person undo what is held, and waits for it.
func (w *world) finish(t *testing.T, e *engine) {
	t.Helper()
	for _, rec := range w.records(t) {
		if rec.State.Live() {
			if _, err := e.Undo(e.ctx, rec.ID, "ann", "tidy up"); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.runOut(t, 3*time.Minute)
}

// Two engines share a store; they stall and die, and the lead goes to and fro.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t)
		w.faulty = []span{{5 * time.Second, time.Duration(20+rnd.IntN(200)) * time.Second}}
		w.gate.compare = rnd.IntN(2) == 0
		w.gate.fault = troubles(seed, []float64{0, 0.2}[rnd.IntN(2)])
		engines := []*engine{w.engine(t, "a", 1+rnd.IntN(150), rnd.IntN(2) == 0), w.engine(t, "b", 1+rnd.IntN(150), rnd.IntN(2) == 0)}
		stalled := [2]time.Time{}
		for w.now().Before(start.Add(6 * time.Minute)) {
			for i, e := range engines {
				switch {
				case e.ctx.Err() != nil:
					engines[i] = w.engine(t, e.holderName(i), 1+rnd.IntN(150), rnd.IntN(2) == 0)
				case rnd.IntN(60) == 0:
					stalled[i] = w.now().Add(time.Duration(rnd.IntN(40)) * time.Second)
				case w.now().After(stalled[i]):
					e.Tick(e.ctx)
				}
			}
			for _, e := range engines {
				e.Wait()
			}
			w.advance(time.Second)
		}
		w.gate.mu.Lock()
		w.gate.fault = nil
		w.gate.mu.Unlock()
		last := w.engine(t, "c", 0, false)
		last.runOut(t, 7*time.Minute)
		w.finish(t, last)
		sound(t, w, fmt.Sprintf("seed %d", seed))
	}
}

func (e *engine) holderName(i int) string { return []string{"a", "b"}[i] }
