package engine

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// ofRatios reports whether the instance's events are slices that are as bad as
// an error ratio.
func (j *judged) ofRatios() bool {
	return j.spec.Composite != nil || j.spec.Budgeting.Method == slo.RatioTimeslices
}

// proven are the counts of slices of the last w, with as many events as lie in
// them: the error ratio stays, and the evidence is theirs. A slice proves
// as little as one event, or as much as a million: no tier should wait for five
// slices that fail as a whole where one in a hundred of a million events does.
// Slices of silence that count as bad have no events, and are evidence all the
// same.
func (j *judged) proven(c budget.Counts, w time.Duration) budget.Counts {
	if c.Total <= 0 {
		return c
	}
	events := max(c.Total, j.instance.Evidence(j.at.Add(-w), j.at))
	return budget.Counts{Bad: c.Bad / c.Total * events, Total: events}
}
