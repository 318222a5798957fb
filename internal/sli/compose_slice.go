package sli

import (
	"math"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// outcome is what the slice that ends at a time counts, as far as its parts
// are known now.
func (in *Instance) outcome(end int64) (o outcome) {
	c, made := in.composition, in.Spec.Composite
	start := end - c.length
	var b blend
	for i := range c.parts {
		part := &c.parts[i]
		ratio, events := part.between(start, end).ErrorRatio()
		switch {
		case events:
		case part.idle(start, end):
			o.known = true
			continue
		case made.Late.As == slo.LateLeftOut || !part.heard(end):
			continue
		case made.Late.As == slo.LateBad:
			ratio = 1
		}
		o.known, o.event = true, true
		b.add(part, ratio, end)
	}
	if o.event {
		o.bad = grained(b.bad(made.Method, budgetAt(in.Spec, end)))
	}
	return o
}

// blend adds parts up.
type blend struct {
	weights, ratios, burns float64
	missed                 bool
}

func (b *blend) add(p *constituent, ratio float64, at int64) {
	budget := budgetAt(p.program.Spec, at)
	b.weights += p.Weight
	b.ratios += p.Weight * ratio
	b.burns += p.Weight * ratio / budget
	b.missed = b.missed || ratio > budget+dust
}

// bad is how bad a slice is as a whole, 0 to 1: see slo.CompositeMethod.
func (b *blend) bad(method slo.CompositeMethod, budget float64) float64 {
	switch method {
	case slo.AnyBad:
		if b.missed {
			return 1
		}
		return 0
	case slo.SumOfMisses:
		return min(1, b.ratios)
	case slo.WeightedBurn:
		return min(1, b.burns/b.weights*budget)
	}
	return min(1, b.ratios/b.weights)
}

// grain is the unit in which slices are bad. Sums of such numbers are exact for
// the first two million slices that fail as a whole, so they do not depend on
// the order, and a slice that is corrected leaves no crumb.
const grain = 0x1p-32

func grained(x float64) float64 { return math.Round(x/grain) * grain }
