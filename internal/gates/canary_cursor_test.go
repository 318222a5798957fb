package gates

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// tape is an engine of one instance, as Engine.Since answers.
type tape struct {
	now    time.Time
	blur   time.Duration
	oldest time.Time
	away   bool // nobody answers
	events []happened
	asked  int
}

// happened are events of a version within the second before at.
type happened struct {
	at      time.Time
	version string
	budget.Counts
}

func (p *tape) since(from time.Time, window time.Duration) (r engine.Recent) {
	p.asked++
	if p.away {
		return r
	}
	r.Until = p.now.Truncate(time.Second)
	begin := r.Until.Add(-max(window, 2*p.blur))
	for _, t := range []time.Time{p.oldest, from.Add(p.blur)} {
		if t.After(begin) {
			begin = t
		}
	}
	r.From = begin.Add(time.Second - 1).Truncate(time.Second)
	r.Members = map[string]budget.Counts{}
	if r.From.After(r.Until) {
		r.From = r.Until
	}
	r.Counts = p.count(r.From, r.Until, r.Members)
	return r
}

// count adds up what happened in (from, until].
func (p *tape) count(from, until time.Time, members map[string]budget.Counts) (all budget.Counts) {
	for _, e := range p.events {
		if e.at.After(from) && !e.at.After(until) {
			members[e.version] = members[e.version].Add(e.Counts)
			all = all.Add(e.Counts)
		}
	}
	return all
}

func (p *tape) ask(from time.Time) engine.Recent { return p.since(from, remembered) }

var dawn = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// Whatever the time between samples does, however late events are learned of and
// how often it is read: each event after the start is counted once, and no other.
func TestCursorCountsEachEventOnce(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		p := &tape{now: dawn, blur: time.Duration(rng.Int64N(int64(20 * time.Second))), oldest: dawn.Add(-time.Hour)}
		began := dawn.Add(time.Duration(rng.Int64N(int64(time.Minute))))
		c, sum, from := cursor{}, map[string]budget.Counts{}, time.Time{}
		for p.now.Before(dawn.Add(40 * time.Minute)) {
			p.now = p.now.Add(time.Duration(1+rng.Int64N(3000)) * time.Millisecond)
			if rng.IntN(50) == 0 {
				p.blur = time.Duration(rng.Int64N(int64(20 * time.Second)))
			}
			late := time.Duration(rng.Int64N(int64(30*time.Second))) * time.Duration(rng.IntN(2))
			p.events = append(p.events, happened{p.now.Add(-late), []string{"v1", "v2"}[rng.IntN(2)], budget.Counts{Bad: float64(rng.IntN(2)), Total: float64(1 + rng.IntN(9))}})
			if p.away = rng.IntN(20) == 0; p.now.Before(began) {
				continue
			}
			if rng.IntN(100) == 0 { // nobody has time to read
				p.now = p.now.Add(time.Duration(rng.Int64N(int64(2 * time.Minute))))
			}
			p.away = p.away && p.now.Before(dawn.Add(40*time.Minute))
			more, ok := c.read(began, p.ask)
			if !ok {
				t.Fatalf("seed %d: at %s it knows nothing any more", seed, p.now)
			}
			if from.IsZero() {
				from = c.start
			}
			for version, counts := range more {
				sum[version] = sum[version].Add(counts)
			}
		}
		want := map[string]budget.Counts{}
		p.count(from, c.until, want)
		if from.Before(began) || from.After(began.Add(25*time.Second)) || c.until.Before(p.now.Add(-4*time.Minute)) {
			t.Fatalf("seed %d: began at %s, counted (%s, %s]", seed, began, from, c.until)
		}
		if diff := cmp.Diff(want, sum); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// What the engine does not remember any more is not made up.
func TestCursorSaysWhatIsLost(t *testing.T) {
	p := &tape{now: dawn, blur: time.Second, oldest: dawn.Add(-time.Hour)}
	c := cursor{}
	pass := func(d time.Duration, events float64) {
		for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(time.Second) {
			p.events = append(p.events, happened{p.now, "v1", budget.Counts{Total: events}})
		}
	}
	pass(30*time.Second, 1)
	if more, ok := c.read(dawn, p.ask); !ok || more["v1"].Total != 28 {
		t.Fatalf("%v %v", more, ok)
	}
	pass(9*time.Minute, 1)
	if more, ok := c.read(dawn, p.ask); !ok || more["v1"].Total != 540 {
		t.Errorf("after nine minutes: %v %v", more, ok)
	}
	pass(9*time.Minute+50*time.Second, 1)
	if more, ok := c.read(dawn, p.ask); !ok || more["v1"].Total != 589 { // one of the second that was read last is lost
		t.Errorf("after nearly ten: %v %v", more, ok)
	}
	p.away = true
	pass(5*time.Minute, 1)
	if more, ok := c.read(dawn, p.ask); !ok || more != nil {
		t.Errorf("nobody answers: %v %v", more, ok)
	}
	p.away = false
	pass(6*time.Minute, 1)
	if more, ok := c.read(dawn, p.ask); ok {
		t.Errorf("after eleven minutes: %v", more)
	}
}

// Counts that become less are not counted again when they grow, and a bad event is
// counted with the event that it is.
func TestCursorTakesCorrections(t *testing.T) {
	at := func(total, bad float64) engine.Recent {
		return engine.Recent{
			From: dawn, Until: dawn.Add(time.Minute),
			Members: map[string]budget.Counts{"v1": {Bad: bad, Total: total}},
		}
	}
	c := cursor{start: dawn}
	for i, step := range []struct{ total, bad, wantTotal, wantBad float64 }{
		{10, 1, 10, 1}, {8, 0, 0, 0}, {10, 1, 0, 0}, {12, 1, 2, 0}, {12, 3, 0, 0}, {13, 3, 1, 1}, {20, 3, 7, 1},
	} {
		want := map[string]budget.Counts{"v1": {Bad: step.wantBad, Total: step.wantTotal}}
		if diff := cmp.Diff(want, c.take(at(step.total, step.bad))); diff != "" {
			t.Errorf("reading %d (-want +got):\n%s", i, diff)
		}
	}
}

// It asks once a reading, and seldom more.
func TestCursorAsksOnce(t *testing.T) {
	p := &tape{now: dawn, blur: 1003 * time.Millisecond, oldest: dawn.Add(-time.Hour)}
	c := cursor{}
	for range 1800 {
		p.now = p.now.Add(time.Second)
		if _, ok := c.read(dawn.Add(time.Minute), p.ask); !ok {
			t.Fatal("lost")
		}
	}
	if p.asked > 1830 {
		t.Errorf("asked %d times", p.asked)
	}
}
