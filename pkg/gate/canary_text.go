package gate

import (
	"fmt"
	"math"
	"strconv"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Canary is how it stands, for a verdict on an SLO with that id.
func (c *Comparison) Canary(id string) Canary {
	against, _ := c.evidence()
	return Canary{
		SLO: id, By: c.Terms.By, Candidate: c.Candidate, Baseline: c.Baseline, Decision: c.Decision,
		Evidence: against, Limit: c.limit(), Since: c.Began, Until: c.until(), Note: c.note(),
	}
}

// note says in words how it stands.
func (c *Comparison) note() string {
	text := c.stand()
	if c.Refused > 0 {
		text += fmt.Sprintf("; %d times what was told was no count, and is left out", c.Refused)
	}
	return text
}

func (c *Comparison) stand() string {
	who, short := c.Candidate.Version, c.short()
	switch {
	case c.Decision == slo.GateUnknown:
		return "nothing is seen of " + who + " yet"
	case c.Decision == slo.GateDeny:
		return who + " is worse: " + c.sides()
	case c.Decision == slo.GateAllow && !c.Undecided:
		return who + " is no worse: " + c.sides()
	case c.Undecided:
		return "it could not be told within " + span(c.Terms.Within) + " whether " + who + " is worse: " + c.sides()
	case short != nil:
		return "it cannot be told yet whether " + who + " is worse: " + c.tooFew(short)
	}
	return "it cannot be told yet whether " + who + " is worse: " + c.sides()
}

// tooFew says what there is of a side.
func (c *Comparison) tooFew(s *Side) string {
	if s == &c.Baseline && s.Total == 0 {
		return "nothing is seen of " + c.versus() + " yet"
	}
	of := c.versus()
	if s == &c.Candidate {
		of = s.Version
	}
	return fmt.Sprintf("there are %s of the %s events of %s that it takes", amount(s.Total), amount(c.Terms.MinEvents), of)
}

// sides are the numbers of both.
func (c *Comparison) sides() string {
	text := c.Candidate.told()
	if c.alone() {
		return text + ", and nothing is seen of " + c.versus() + ": the objective allows " + percent(c.Budget)
	}
	return text + ", of " + c.versus() + " " + c.Baseline.told()
}

// versus is what the baseline is called.
func (c *Comparison) versus() string {
	if c.Baseline.Version == "" {
		return "all others"
	}
	return c.Baseline.Version
}

// told are the numbers of a side.
func (s Side) told() string {
	if s.Total == 0 {
		return "there are no events"
	}
	return fmt.Sprintf("%s of %s events are bad (%s)", amount(s.Bad), amount(s.Total), percent(s.Bad/s.Total))
}

// amount is a number of events.
func amount(events float64) string {
	return strconv.FormatFloat(math.Round(events*10)/10, 'f', -1, 64)
}
