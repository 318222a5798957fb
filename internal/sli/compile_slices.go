package sli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// budgeting looks whether events can become slices of time.
func (c *compiler) budgeting() {
	b, t := c.program.Spec.Budgeting, c.program.Spec.SLI.Threshold
	switch {
	case b.Method == slo.Occurrences:
	case b.Slice < time.Second || b.Slice%time.Second != 0:
		c.problem("spec.budgeting.slice", "is not a whole number of seconds", "write a length such as 1m")
	case t != nil && !t.PerSample:
		c.problem("spec.budgeting.method", "counts slices of slices: the events of a threshold are slices already",
			"write perSample: true for the threshold, or remove budgeting")
	}
}

// budgeted says what becomes of events.
func budgeted(b slo.Budgeting) string {
	slices := "; budget by slices of " + slo.FormatDuration(b.Slice)
	switch b.Method {
	case slo.Timeslices:
		return fmt.Sprintf("%s, good with at least %s%% good events", slices, strconv.FormatFloat(b.Target*100, 'g', 12, 64))
	case slo.RatioTimeslices:
		return slices + ", by the mean of their error ratios"
	}
	return ""
}
