package gate

import "github.com/slo-engine/slo-engine/pkg/slo"

// Latch is the memory of a level of a budget, such that a budget on the edge does
// not open and close the gate with every event: it says whether the level holds
// now, given whether it held before. It begins when less than Below is left and
// ends when ResumeAbove is. What is not known changes nothing: silence is no
// recovery.
//
// Who keeps it calls it at every snapshot, for every SLO and for each of the
// policy's levels, and hands what it said to Decide.
func Latch(_ *slo.GatePolicy, b Budget, latched bool, level slo.GateLevel) bool {
	if !known(b.Remaining) {
		return latched
	}
	return *b.Remaining < level.Below || latched && *b.Remaining < level.ResumeAbove
}
