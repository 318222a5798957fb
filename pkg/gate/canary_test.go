package gate

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// canaryTerms are those of the tests.
var canaryTerms = slo.GateCanary{
	By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: slo.GateHold,
}

// duel is a comparison under test: v2 against all others, at an objective of 99.9 %.
type duel struct {
	*testing.T
	*Comparison
	now time.Time
}

func newDuel(t *testing.T, edits ...func(*slo.GateCanary)) *duel {
	terms := canaryTerms
	for _, e := range edits {
		e(&terms)
	}
	return &duel{t, NewComparison(&terms, 0.001, "v2", "", noon), noon}
}

// run counts the same for so many seconds.
func (d *duel) run(seconds int, candidate, baseline Side) slo.GateDecision {
	for range seconds {
		d.now = d.now.Add(time.Second)
		d.Step(candidate, baseline, d.now)
	}
	return d.Decision
}

func (d *duel) want(decision slo.GateDecision, note string) {
	d.Helper()
	if got := d.Canary("shop:availability"); got.Decision != decision || got.Note != note {
		d.Errorf("after %s: %s, %q\nwant %s, %q", d.now.Sub(noon), got.Decision, got.Note, decision, note)
	}
}

func TestComparisonOfACandidateThatIsAsGood(t *testing.T) {
	d := newDuel(t)
	d.want(slo.GateUnknown, "nothing is seen of v2 yet")
	d.run(100, Side{}, Side{Bad: 1, Total: 900})
	d.want(slo.GateUnknown, "nothing is seen of v2 yet")
	d.run(1, Side{Total: 20}, Side{})
	d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: there are 20 of the 50 events of v2 that it takes")
	d.run(2, Side{Total: 20}, Side{})
	d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: nothing is seen of all others yet")
	d.run(1, Side{Total: 20}, Side{Total: 40})
	d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: there are 40 of the 50 events of all others that it takes")
	d.run(96, Side{Total: 100}, Side{Total: 900})
	d.want(slo.GateAllow, "v2 is no worse: 0 of 9680 events are bad (0 %), of all others 0 of 86440 events are bad (0 %)")
	if c := d.Canary(""); !c.Since.Equal(noon.Add(100*time.Second)) || c.Until.Sub(c.Since) != 10*time.Minute {
		t.Errorf("it goes from %s to %s", c.Since, c.Until)
	}
	// What turns bad after that is denied yet.
	d.run(60, Side{Bad: 5, Total: 100}, Side{Total: 900})
	if d.Decision != slo.GateDeny || !d.Ended {
		t.Errorf("it turned bad: %s, evidence %v", d.Decision, d.Canary("").Evidence)
	}
}

func TestComparisonOfAWorseCandidate(t *testing.T) {
	d := newDuel(t)
	d.run(3, Side{Bad: 1, Total: 50}, Side{Bad: 1, Total: 950})
	d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: 3 of 150 events are bad (2 %), of all others 3 of 2850 events are bad (0.105 %)")
	d.run(60, Side{Bad: 1, Total: 50}, Side{Bad: 1, Total: 950})
	d.want(slo.GateDeny, "v2 is worse: 4 of 200 events are bad (2 %), of all others 4 of 3800 events are bad (0.105 %)")
	c := d.Canary("shop:availability")
	if c.Limit != 100 || c.Evidence < 100 || c.SLO != "shop:availability" || c.By != "version" {
		t.Errorf("%+v", c)
	}
	if d.run(700, Side{Total: 1e6}, Side{Total: 1e6}); d.Candidate.Total != 200 {
		t.Error("a denial does not end it")
	}
}

func TestComparisonThatIsNotDecided(t *testing.T) {
	for _, atEnd := range []slo.GateDecision{slo.GateHold, slo.GateAllow, ""} {
		d := newDuel(t, func(c *slo.GateCanary) { c.AtEnd = atEnd })
		d.run(599, Side{Total: 1}, Side{Total: 9})
		d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: 0 of 599 events are bad (0 %), of all others 0 of 5391 events are bad (0 %)")
		d.run(10, Side{Total: 1}, Side{Total: 9})
		if atEnd == "" {
			atEnd = slo.GateHold
		}
		d.want(atEnd, "it could not be told within 10m whether v2 is worse: 0 of 600 events are bad (0 %), of all others 0 of 5400 events are bad (0 %)")
	}
}

// Without a baseline the objective is what the candidate is held against; not before
// a baseline that is sampled seldom had time to be seen.
func TestComparisonWithoutABaseline(t *testing.T) {
	good := newDuel(t)
	good.run(59, Side{Total: 200}, Side{})
	good.want(slo.GateHold, "it cannot be told yet whether v2 is worse: nothing is seen of all others yet")
	good.run(1, Side{Total: 200}, Side{})
	good.want(slo.GateAllow, "v2 is no worse: 0 of 12000 events are bad (0 %), and nothing is seen of all others: the objective allows 0.1 %")

	bad := newDuel(t)
	bad.run(60, Side{Bad: 2, Total: 200}, Side{})
	bad.want(slo.GateDeny, "v2 is worse: 120 of 12000 events are bad (1 %), and nothing is seen of all others: the objective allows 0.1 %")

	// A baseline that was only late, and is as bad.
	late := newDuel(t)
	late.Settle = time.Minute
	late.run(100, Side{Bad: 2, Total: 200}, Side{})
	late.run(1, Side{Bad: 2, Total: 200}, Side{Bad: 180, Total: 18000})
	late.run(400, Side{Bad: 2, Total: 200}, Side{Bad: 2, Total: 200})
	late.want(slo.GateHold, "it cannot be told yet whether v2 is worse: 1002 of 100200 events are bad (1 %), of all others 980 of 98000 events are bad (1 %)")
}

// What hits both is not held against the one that tells it first, as long as the
// other one tells it in time.
func TestComparisonSettles(t *testing.T) {
	for settle, want := range map[time.Duration]slo.GateDecision{0: slo.GateDeny, 15 * time.Second: slo.GateHold} {
		d := newDuel(t)
		d.Settle = settle
		tell := func(candidate, baseline float64) { // samples every 15 s, those of the baseline 7 s later
			d.run(1, Side{Bad: candidate, Total: 750}, Side{})
			d.run(6, Side{}, Side{})
			d.run(1, Side{}, Side{Bad: baseline, Total: 750})
			d.run(7, Side{}, Side{})
		}
		tell(0, 0)
		tell(250, 0) // an outage of five seconds
		tell(0, 250)
		tell(0, 0)
		if d.Decision != want {
			t.Errorf("settling for %s: %s", settle, d.Decision)
		}
	}
	slow := newDuel(t)
	slow.Settle = 15 * time.Second
	slow.run(15, Side{Bad: 5, Total: 50}, Side{Total: 950})
	if slow.Decision != slo.GateHold {
		t.Errorf("before it has settled: %s", slow.Decision)
	}
	if slow.run(1, Side{}, Side{}) != slo.GateDeny {
		t.Errorf("when it has settled: %s", slow.Decision)
	}
}

// A margin is what a candidate may be worse by: twice the budget is too much for
// most policies, and is not for one that allows three times as much.
func TestComparisonWithAMargin(t *testing.T) {
	for margin, want := range map[float64]slo.GateDecision{0: slo.GateDeny, 3: slo.GateAllow} {
		d := newDuel(t, func(c *slo.GateCanary) { c.Margin = margin })
		for range 600 {
			d.run(1, Side{Bad: 3, Total: 1000}, Side{Bad: 1, Total: 1000})
		}
		if d.Decision != want {
			t.Errorf("a margin of %v: %s", margin, d.Decision)
		}
	}
}

// A candidate that was good for long and turns bad is found out soon after.
func TestComparisonOfACandidateThatTurnsBad(t *testing.T) {
	d := newDuel(t)
	d.run(400, Side{Total: 50}, Side{Bad: 1, Total: 950})
	before := d.now
	for d.now.Sub(before) < time.Minute && d.run(1, Side{Bad: 1, Total: 50}, Side{Bad: 1, Total: 950}) != slo.GateDeny {
	}
	if took := d.now.Sub(before); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What is no count hurts nothing, and is told.
func TestComparisonRefusesWhatIsNoCount(t *testing.T) {
	d := newDuel(t)
	d.run(10, Side{Total: 10}, Side{Total: 90})
	before := *d.Comparison
	for _, wrong := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300} {
		d.Step(Side{Bad: wrong, Total: 10}, Side{Bad: 0, Total: wrong}, d.now)
		d.Step(Side{Bad: 0, Total: wrong}, Side{Bad: wrong, Total: 1}, d.now)
	}
	if d.Refused != 20 {
		t.Errorf("%d were refused", d.Refused)
	}
	before.Refused = d.Refused
	if diff := cmp.Diff(&before, d.Comparison); diff != "" {
		t.Errorf("it changed (-before +after):\n%s", diff)
	}
	d.want(slo.GateHold, "it cannot be told yet whether v2 is worse: 0 of 100 events are bad (0 %), of all others 0 of 900 events are bad (0 %); 20 times what was told was no count, and is left out")
	d.Step(Side{Bad: 30, Total: 20}, Side{}, d.now.Add(-time.Hour))
	if d.Candidate != (Side{Version: "v2", Bad: 20, Total: 120}) || !d.At.Equal(d.now) {
		t.Errorf("more bad events than events, an hour ago: %+v at %s", d.Candidate, d.At)
	}
}

// Kept as JSON and read again, it goes on as if nothing had been.
func TestComparisonIsKept(t *testing.T) {
	one := newDuel(t)
	other := newDuel(t)
	for i := range 300 {
		candidate, baseline := Side{Bad: float64(i % 3 / 2), Total: 40}, Side{Bad: float64(i % 2), Total: float64(i % 5 * 100)}
		one.run(1, candidate, baseline)
		other.run(1, candidate, baseline)
		text, err := json.Marshal(other.Comparison)
		if err != nil {
			t.Fatal(err)
		}
		other.Comparison = new(Comparison)
		if err := json.Unmarshal(text, other.Comparison); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(one.Comparison, other.Comparison); diff != "" {
		t.Errorf("-in memory +kept:\n%s", diff)
	}
}

// How the same events are cut into steps changes nothing but when it is known.
func TestComparisonDoesNotCareForSteps(t *testing.T) {
	whole, parts := newDuel(t), newDuel(t)
	for range 200 {
		whole.run(1, Side{Bad: 0.1, Total: 100}, Side{Bad: 0.5, Total: 500})
		at := whole.now
		parts.Step(Side{Total: 60}, Side{}, at)
		parts.Step(Side{Bad: 0.1, Total: 40}, Side{}, at)
		parts.Step(Side{}, Side{Bad: 0.5, Total: 500}, at)
	}
	a, b := whole.Canary(""), parts.Canary("")
	if math.Abs(a.Evidence-b.Evidence) > 1e-9 || a.Decision != b.Decision || math.Abs(a.Candidate.Bad-b.Candidate.Bad) > 1e-9 {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// An SLO without a budget, and terms that say nothing, decide nothing.
func TestComparisonOfNothing(t *testing.T) {
	for _, budget := range []float64{0, 1, -1, math.NaN(), math.Inf(1)} {
		c := NewComparison(&slo.GateCanary{}, budget, "", "", time.Time{})
		if got := c.Step(Side{Total: 1}, Side{Total: 1}, time.Time{}.Add(time.Second)); got != slo.GateHold {
			t.Errorf("a budget of %v: %s", budget, got)
		}
	}
}
