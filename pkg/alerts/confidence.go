package alerts

import (
	"gonum.org/v1/gonum/mathext"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Gate is the low-traffic gate: how much evidence a tier needs to fire.
type Gate struct {
	// Confidence is that of the lower bound of the error ratio, one-sided;
	// 0 switches the bound off.
	Confidence float64
	// MinBad is the least number of bad events in the long window.
	MinBad float64
}

// DefaultGate is on: ten requests an hour and one failure page nobody.
func DefaultGate() Gate { return Gate{Confidence: 0.99, MinBad: 5} }

// GateOf is the gate that an SLO asks for: the default one where it says
// nothing.
func GateOf(terms slo.AlertTerms) Gate {
	g := DefaultGate()
	if terms.Confidence != nil {
		g.Confidence = *terms.Confidence
	}
	if terms.MinBad != nil {
		g.MinBad = *terms.MinBad
	}
	return g
}

// indifference is how far below the factor the true burn rate may lie when a
// tier fires. Without it the bound would hold back a burst of errors at
// any traffic, for a lower bound always trails its estimate: at 1,000 requests
// a second and 2 % errors by 26 s on page_fast, although nobody doubts what is
// going on. Five per cent is less than the choice of the factors means.
const indifference = 0.05

// enough reports whether the evidence shows that the error ratio exceeds
// limit (less the indifference): the lower end of the one-sided
// Clopper-Pearson interval of bad out of total lies above it.
//
// The interval itself is not needed. Its lower end exceeds p exactly when at
// least bad events out of total would be rarer than 1-confidence if p were
// true, and that tail is the regularised incomplete beta function
// I_p(bad, total-bad+1). Source: Clopper and Pearson 1934; Brown, Cai and
// DasGupta 2001.
func (g Gate) enough(bad, total, limit float64) bool {
	if bad < g.MinBad {
		return false
	}
	p := limit * (1 - indifference)
	switch {
	case g.Confidence <= 0:
		return true
	case bad <= 0 || p >= 1:
		return false
	case bad >= total:
		bad = total
	}
	return mathext.RegIncBeta(bad, total-bad+1, p) < 1-g.Confidence
}
