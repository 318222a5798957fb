package demo

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// plan holds the numbers of the story: what the shop does, and what the
// engine is known to do with it.
type plan struct {
	// limit bounds the whole story.
	limit time.Duration
	// rate is the load in requests per second; workers bounds how many of
	// them are under way at once.
	rate    int
	workers int
	// canary is v2's share of the traffic, failing the share of its answers
	// that are slow server errors while it is broken.
	canary, failing float64
	// warmUp is how long traffic is good before v2 breaks.
	warmUp time.Duration
	// react is how long the team takes to repair v2 once the engine has healed
	// the shop; calm how long all must be well in the end.
	react, calm time.Duration
	// nobody is how long it would take until somebody had done by hand what the
	// engine did: an assumption, and said as one.
	nobody time.Duration
	// push is the interval of all telemetry, poll that of looking at the
	// engine, print that of the timeline's lines.
	push, poll, print time.Duration
	// budget is 1 - objective of the demo's SLOs.
	budget float64
	// heal is the tier that starts the action, page the one that would wake
	// somebody.
	heal, page tier
	// cast is whom the story is about.
	cast cast
}

// tier is what the engine documents about one of its alert tiers.
type tier struct {
	name        string
	factor      float64
	long, short time.Duration
	// confidence is that of the low-traffic bound: b(long) must exceed the
	// factor even at the lower end of what the sample allows.
	confidence float64
}

// minLimit is the least a story needs: warm-up, detection, proof, undo, and the
// patience for a slow machine.
const minLimit = 90 * time.Second

// newPlan is the story for a bound of limit.
func newPlan(limit time.Duration, c cast) (plan, error) {
	if limit < minLimit {
		return plan{}, fmt.Errorf("%s is too short for the demo: give it %s or more", limit, minLimit)
	}
	return plan{
		limit:  limit,
		rate:   120,
		canary: 0.5, failing: 0.8, workers: 64,
		warmUp: 20 * time.Second,
		react:  4 * time.Second,
		calm:   4 * time.Second,
		nobody: 5 * time.Minute,
		push:   time.Second, poll: 250 * time.Millisecond, print: 2 * time.Second,
		budget: 0.005,
		// 2 % of the budget in 1h, factor 14.4; for a window of 1d the
		// lengths shrink by 1/30.
		// 0.2 % in 5m likewise, factor 17.28.
		heal: tier{name: "heal", factor: 17.28, long: 10 * time.Second, short: 2 * time.Second, confidence: 0.99},
		page: tier{name: "page_fast", factor: 14.4, long: 2 * time.Minute, short: 10 * time.Second, confidence: 0.99},
		cast: c,
	}, nil
}

// badShare is the share of all requests that fail while v2 is broken.
func (p plan) badShare() float64 { return p.canary * p.failing }

// The bounds of the phases, from the start of the story.
func (p plan) healedBy() time.Duration { return p.limit * 5 / 10 }
func (p plan) undoneBy() time.Duration { return p.limit * 8 / 10 }
func (p plan) quietBy() time.Duration  { return p.limit * 9 / 10 }

// detection is how long after the failure the heal tier may be expected: not
// before earliest, and as a rule not after latest.
//
// The engine takes what it has not observed yet for good traffic, so a tier
// compares b(w)·coverage(w), and with t seconds of a failing share p at an even
// rate that is p·t/w over the budget. Worked: 0.4·t/10 > 17.28·0.005 at 2.2 s.
// Latest adds the proof asked of little traffic, a push, a tick and a poll.
func (p plan) detection() (earliest, latest time.Duration) {
	earliest = p.heal.after(p)
	for latest = earliest; !p.confident(latest, float64(p.rate)); latest += 100 * time.Millisecond {
	}
	return earliest, latest + p.push + time.Second + p.poll
}

// after is how long v2 must fail until a tier fires.
func (t tier) after(p plan) time.Duration {
	share := t.factor * p.budget / p.badShare() // of each window
	return time.Duration(share * float64(max(t.long, t.short)))
}

// confident reports whether the one-sided Clopper-Pearson bound of the long
// window exceeds the factor as well, for an instance of so many requests per
// second.
func (p plan) confident(t time.Duration, rate float64) bool {
	observed := min(p.warmUp+t, p.heal.long)
	bad := p.badShare() * rate * t.Seconds()
	total := rate * observed.Seconds()
	lower := distuv.Beta{Alpha: bad, Beta: total - bad + 1}.Quantile(1 - p.heal.confidence)
	coverage := observed.Seconds() / p.heal.long.Seconds()
	return lower*coverage > p.heal.factor*p.budget
}
