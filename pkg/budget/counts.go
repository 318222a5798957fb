package budget

// Counts are numbers of events. They are floats because some counters are;
// whole numbers stay exact up to 2^53.
type Counts struct {
	// Bad events, part of Total.
	Bad float64
	// Total is good and bad events together.
	Total float64
}

// Good is the number of good events.
func (c Counts) Good() float64 { return c.Total - c.Bad }

// Add returns the sum of both.
func (c Counts) Add(d Counts) Counts {
	return Counts{Bad: c.Bad + d.Bad, Total: c.Total + d.Total}
}

// Sub returns c without d.
func (c Counts) Sub(d Counts) Counts {
	return Counts{Bad: c.Bad - d.Bad, Total: c.Total - d.Total}
}

func (c Counts) scale(f float64) Counts {
	return Counts{Bad: c.Bad * f, Total: c.Total * f}
}

// ErrorRatio is Bad/Total, within 0 and 1. ok is false when there are no
// events: then the ratio is not known, and not zero.
//
// Sources that disagree (more bad events than events) read as 1, and less
// than no bad events as 0.
func (c Counts) ErrorRatio() (ratio float64, ok bool) {
	if !(c.Total > 0) { // nor is it known of what is no number
		return 0, false
	}
	return min(max(c.Bad/c.Total, 0), 1), true
}

// BurnRate is the error ratio over the budget (1 - objective): 1 spends
// exactly the budget over the whole SLO window. Worked: budget 0.001 and an
// error ratio of 1.44 % burn at 14.4. ok is false when there are no events.
// Source: Google SRE Workbook, chapter 5.
func (c Counts) BurnRate(budget float64) (burn float64, ok bool) {
	ratio, ok := c.ErrorRatio()
	return ratio / budget, ok
}
