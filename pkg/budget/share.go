package budget

import (
	"math"
	"math/bits"
)

// share is an increment and how it lies in time: whole at one instant, or
// evenly over a gap in which nobody looked.
type share struct {
	from, to int64 // nanoseconds; the events lie in (from, to]
	first    int64 // the first instant at which any of them may lie
	counts   Counts
}

// step is an increment that lies whole at one instant.
func step(at int64, c Counts) share { return share{from: at, to: at, first: at, counts: c} }

// ramp is an increment spread evenly over (from, to].
func ramp(from, to int64, c Counts) share {
	return share{from: from, to: to, first: from + 1, counts: c}
}

// at is how much of the increment had happened at time t. Whole counts stay
// whole: they round down, so the rest follows later and the sum is exact.
func (s *share) at(t int64) Counts {
	switch {
	case t >= s.to:
		return s.counts
	case t <= s.from:
		return Counts{}
	}
	num, den := uint64(t-s.from), uint64(s.to-s.from)
	return Counts{Bad: part(s.counts.Bad, num, den), Total: part(s.counts.Total, num, den)}
}

// part is x*num/den, rounded down in magnitude when x is whole; num < den.
func part(x float64, num, den uint64) float64 {
	if x != math.Trunc(x) || math.Abs(x) > 1<<53 {
		return x * (float64(num) / float64(den))
	}
	hi, lo := bits.Mul64(uint64(math.Abs(x)), num)
	whole, _ := bits.Div64(hi, lo, den) // hi < den because num < den
	return math.Copysign(float64(whole), x)
}
