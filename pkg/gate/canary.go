package gate

import (
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const (
	// aloneAfter is for how long a candidate is seen without its baseline until it is
	// held against the objective instead: a baseline that is sampled seldom must have
	// had time to be seen.
	aloneAfter = time.Minute
	// mostAtOnce bounds what a step may count, so that sums stay exact.
	mostAtOnce = 1e12
)

// Comparison holds a candidate against a baseline, step by step, as a canary's
// policy says. It may be looked at after every step however often that is; each of
// its errors has one bound over all of these looks:
//
//   - A candidate whose error ratio exceeds the baseline's by no more than Margin of
//     the error budget's ratio is denied with a probability of at most FalseDenials.
//   - A candidate whose error ratio exceeds the baseline's by the error budget's
//     ratio, or by Margin of it if that is more, is called no worse with a
//     probability of at most FalseDenials.
//
// The bounds hold for events that are good or bad independently of each other,
// whatever the ratios are, and however they change as long as they change for both.
// They are exact for few events too: nothing is taken for normally distributed.
// Errors that come in bursts, such as the retries of one client, count as more
// evidence than they are.
//
// A candidate without any baseline, such as the first version ever, is held against
// the objective after a minute: as if a baseline had just the error budget's ratio.
//
// It is pure, and may be kept as JSON. It is not safe for concurrent use.
type Comparison struct {
	// Terms are the policy's.
	Terms slo.GateCanary
	// Budget is the error budget's ratio, 1 - objective.
	Budget float64
	// Settle is how much later the events of one side may be told than those of the
	// other that happened at the same time, such as the time between two samples: a
	// decision must have stood that long before it is said, so that what hits both
	// is not held against the one that tells it first. 0: they are told together.
	Settle time.Duration
	// Began is when the last step was that had seen nothing of the candidate; At is
	// that of the last step.
	Began, At time.Time
	// Candidate and Baseline are what was counted since Began.
	Candidate, Baseline Side
	// Waiting are those of them, candidate and baseline, that are not compared yet
	// because there are none of the other side to compare them with. Weighed is when
	// there were.
	Waiting [2]Side
	Weighed time.Time
	// Against and For are the logarithms of what the bets on a worse candidate, and
	// on one that is not, have become.
	Against [len(worse)]float64
	For     [len(noWorse)]float64
	// Exceeded and Cleared are since when the evidence suffices for a denial, and for
	// no worse; zero: it does not.
	Exceeded, Cleared time.Time
	// Decision is what Step said last. Ended says that it stays; Undecided that it does
	// because the time has passed.
	Decision         slo.GateDecision
	Ended, Undecided bool
	// Refused counts what could not be taken for counts.
	Refused int
}

// NewComparison begins one of two versions at a time, in an SLO with that error
// budget (1 - objective). An empty baseline stands for all other versions.
func NewComparison(p *slo.GateCanary, budget float64, candidate, baseline string, at time.Time) *Comparison {
	c := &Comparison{
		Terms: *p, Budget: budget, At: at, Decision: slo.GateUnknown,
		Candidate: Side{Version: candidate}, Baseline: Side{Version: baseline},
	}
	if !(budget > 0 && budget < 1) { // nothing is within it, nor beyond it
		c.Budget = 0
	}
	if math.IsNaN(c.Terms.Margin) {
		c.Terms.Margin = 0
	}
	c.begin()
	return c
}

// Step counts what each side has had since the last step, and says how they compare
// now: GateAllow (no worse), GateDeny (worse), GateHold (cannot tell yet) or
// GateUnknown (nothing is seen of the candidate).
//
// What is no count is left out: a negative one, as after a reset that nobody has set
// right, or no number. More bad events than events are as many. A time before that
// of the last step is taken for it. The sides' versions do not matter here.
//
// The comparison's time begins with the first event of the candidate: what the
// baseline has had before is not compared. A denial ends it. A candidate that is
// called no worse is compared on until the time has passed, and may be denied yet.
func (c *Comparison) Step(candidate, baseline Side, now time.Time) slo.GateDecision {
	if c.Ended {
		return c.Decision
	}
	if now.After(c.At) {
		c.At = now
	}
	c.count(&c.Candidate, &c.Waiting[0], candidate)
	if c.Candidate.Total == 0 {
		c.begin()
		return c.Decision
	}
	c.count(&c.Baseline, &c.Waiting[1], baseline)
	if c.Waiting[0].Total > 0 && c.Waiting[1].Total > 0 {
		c.weigh()
	}
	c.judge()
	return c.Decision
}

// begin lets the comparison's time begin.
func (c *Comparison) begin() {
	c.Began, c.Weighed = c.At, c.At
	c.Against, c.For = stakes()
}

// count adds events to what a side has had, and to what waits of it.
func (c *Comparison) count(all, waiting *Side, s Side) {
	if !(s.Bad >= 0 && s.Total >= 0 && s.Bad <= mostAtOnce && s.Total <= mostAtOnce) {
		c.Refused++
		return
	}
	s.Bad = min(s.Bad, s.Total)
	all.Bad, all.Total = all.Bad+s.Bad, all.Total+s.Total
	waiting.Bad, waiting.Total = waiting.Bad+s.Bad, waiting.Total+s.Total
}

// judge decides what can be decided.
func (c *Comparison) judge() {
	against, favour := c.evidence()
	enough := c.short() == nil
	denied := c.stands(&c.Exceeded, enough && against >= c.limit())
	cleared := c.stands(&c.Cleared, enough && favour >= c.limit())
	over := !c.At.Before(c.until())
	switch {
	case denied:
		c.Decision = slo.GateDeny
	case cleared || c.Decision == slo.GateAllow:
		c.Decision = slo.GateAllow
	case over && c.Terms.AtEnd == slo.GateAllow:
		c.Decision, c.Undecided = slo.GateAllow, true
	default:
		c.Decision, c.Undecided = slo.GateHold, over
	}
	c.Ended = denied || over
}

// stands reports whether something has been so for as long as it takes to settle.
func (c *Comparison) stands(since *time.Time, so bool) bool {
	if !so {
		*since = time.Time{}
		return false
	}
	if since.IsZero() {
		*since = c.At
	}
	return c.At.Sub(*since) >= c.Settle
}

// short is the side that has too few events; nil: neither.
func (c *Comparison) short() *Side {
	switch least := max(c.Terms.MinEvents, 1); {
	case c.Candidate.Total < least:
		return &c.Candidate
	case c.Baseline.Total < least && !c.alone():
		return &c.Baseline
	}
	return nil
}

// alone reports whether there is no baseline, so that the candidate is held against
// the objective.
func (c *Comparison) alone() bool {
	return c.Baseline.Total == 0 && c.At.Sub(c.Began) >= max(aloneAfter, 2*c.Settle)
}

// until is when the comparison's time has passed.
func (c *Comparison) until() time.Time { return c.Began.Add(c.Terms.Within) }

// limit is the evidence that a decision takes.
func (c *Comparison) limit() float64 {
	if f := c.Terms.FalseDenials; f > 0 && f < 1 {
		return 1 / f
	}
	return 100
}
