package slo

import (
	"fmt"
	"time"
)

// Composite makes an SLO of others. Time is cut into slices; each slice in
// which a part had events is one event of the composite, as bad as the parts
// make it. Budget, burn and alerts follow from these as from any events.
type Composite struct {
	Method CompositeMethod
	// Slice is the length of a slice, whole minutes; a minute if the document
	// says nothing.
	Slice time.Duration
	// Late says what becomes of a part whose samples are missing.
	Late LatePolicy
	// Parts are the SLOs it is made of, at least one.
	Parts []Part
}

// Part is one of the SLOs of a Composite. Of one with groups all groups count
// together.
type Part struct {
	// SLO is its ID: "service:name".
	SLO string
	// Weight is above 0; 1 if the document says nothing.
	Weight float64
}

// CompositeMethod says how parts make a slice bad. e is a part's error ratio
// within the slice, w its weight.
type CompositeMethod int

const (
	// Weighted: the weighted mean of the parts, Σ(w·e)/Σw over the parts with
	// events.
	Weighted CompositeMethod = iota
	// AnyBad: the slice is bad as a whole when any part missed its own
	// objective within it. Weights are of no use.
	AnyBad
	// SumOfMisses: Σ(w·e), at most 1: what fails in any part fails the whole.
	SumOfMisses
	// WeightedBurn: the weighted mean of the parts' burn rates, as a share of
	// the composite's budget: B·Σ(w·e/b)/Σw, at most 1, b being a part's budget
	// (1 - its objective) and B the composite's. Where all of them promise the
	// same it is Weighted.
	WeightedBurn
)

var compositeNames = map[CompositeMethod]string{
	Weighted: "weighted", AnyBad: "any_bad", SumOfMisses: "sum_of_misses", WeightedBurn: "weighted_burn",
}

// String is the method's name as native specs write it.
func (m CompositeMethod) String() string { return compositeNames[m] }

// ParseCompositeMethod is the reverse of String.
func ParseCompositeMethod(s string) (CompositeMethod, bool) {
	for m, name := range compositeNames {
		if name == s {
			return m, true
		}
	}
	return Weighted, false
}

// LatePolicy says what becomes of a part whose samples are missing when a slice
// is over. Samples that come later, within the engine's lateness, still set it
// right. A part that was never heard of is left out, whatever the policy: what
// nobody has seen yet is not known to be missing.
type LatePolicy struct {
	// After is how long a slice waits for its parts; 0: DefaultLateAfter. A part
	// that has been silent for longer when a slice ends is not waited for until
	// it is heard again.
	After time.Duration
	// As is what the part counts as then.
	As LateAs
}

// LateAs is what a part without samples counts as.
type LateAs int

const (
	// LateLeftOut: as if the composite had no such part.
	LateLeftOut LateAs = iota
	// LateBad: everything failed.
	LateBad
	// LateGood: nothing failed.
	LateGood
)

var lateNames = map[LateAs]string{LateLeftOut: "left_out", LateBad: "bad", LateGood: "good"}

// String is the name as native specs write it.
func (l LateAs) String() string { return lateNames[l] }

// ParseLateAs is the reverse of String.
func ParseLateAs(s string) (LateAs, bool) {
	for l, name := range lateNames {
		if name == s {
			return l, true
		}
	}
	return LateLeftOut, false
}

// DefaultLateAfter is LatePolicy.After where nobody says otherwise.
const DefaultLateAfter = 2 * time.Minute

// Patience is After, or its default.
func (l LatePolicy) Patience() time.Duration {
	if l.After == 0 {
		return DefaultLateAfter
	}
	return l.After
}

// String says in a few words how the parts make the whole: "weighted, slices of
// 1m".
func (c *Composite) String() string {
	text := c.Method.String() + ", slices of " + FormatDuration(c.Slice)
	if c.Late.As != LateLeftOut {
		text += fmt.Sprintf(", a part that is silent for %s counts as %s", FormatDuration(c.Late.Patience()), c.Late.As)
	}
	return text
}
