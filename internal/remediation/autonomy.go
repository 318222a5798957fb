package remediation

import (
	"slices"
	"time"
)

// Level is how much is done for a service without asking.
type Level string

// The levels, from much to little.
const (
	Auto   Level = "auto"
	Ask    Level = "approve" // a person says yes to each action
	Advise Level = "advise"  // nothing is done, only said
)

// Autonomy is what a person has set for a service: the Setting of that name.
type Autonomy struct {
	Level Level     `json:"level"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// How many actions in a row change a level.
const (
	failuresDown = 2
	successesUp  = 3
)

var levels = []Level{Auto, Ask, Advise}

// After is the level that is left of it after a service's records: two in a
// row that did not help take one, three in a row that helped give one back.
// That follows from what is on record alone, so no crash can lose it.
func (a Autonomy) After(records []Record) Level {
	at := max(0, slices.Index(levels, a.Level))
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(x, y Record) int { return x.Created.Compare(y.Created) })
	failures, successes := 0, 0
	for _, r := range records {
		switch {
		case r.DryRun || !r.Created.After(a.At):
		case r.Effect == ReasonHelped:
			failures, successes = 0, successes+1
		case r.Effect == ReasonNotHelped || r.Effect == ReasonWorse:
			failures, successes = failures+1, 0
		}
		switch {
		case failures == failuresDown:
			at, failures = min(at+1, len(levels)-1), 0
		case successes == successesUp:
			at, successes = max(at-1, 0), 0
		}
	}
	return levels[at]
}
