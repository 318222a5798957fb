package kong

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// shift is the weights with a share of one target's traffic moved to another, or
// to all others in proportion.
func (u upstream) shift(from, to string, share float64) (weights, error) {
	takers := u.takers(u.weights)
	switch {
	case !slices.Contains(takers, from):
		return nil, fmt.Errorf("shift from %s: %w: it gets no traffic", from, actuator.ErrRefused)
	case to != "" && !slices.Contains(takers, to):
		return nil, fmt.Errorf("shift to %s: %w: it would get no traffic: its weight is %d and its health %q",
			to, actuator.ErrRefused, u.weights[to], u.health[to].Health)
	case len(takers) == 1:
		return nil, fmt.Errorf("shift from %s: %w: no other target gets traffic", from, actuator.ErrRefused)
	case !(share > 0 && share <= 1):
		return nil, fmt.Errorf("shift from %s: %w: %v is not a share", from, actuator.ErrRefused, share)
	}
	if len(takers) == 2 {
		to = "" // the only other one: then one weight changes, and not two
	}
	return finest(u.weights, takers, from, to, share), nil
}

// finest multiplies all weights by the smallest factor that comes closest to the
// share. Half a percent of the traffic is close enough.
func finest(before weights, takers []string, from, to string, share float64) weights {
	const enough = 0.005
	var best weights
	least := math.Inf(1)
	for factor := 1; least > enough; factor++ {
		after := scaled(before, factor)
		off := move(after, takers, from, to, share)
		if largest(after) > maxWeight {
			break
		}
		if off < least-1e-9 {
			best, least = after, off
		}
	}
	if best == nil { // as they are they are too large already
		best = scaled(before, 1)
		move(best, takers, from, to, share)
		shrink(best)
	}
	return best
}

func scaled(w weights, factor int) weights {
	w = maps.Clone(w)
	for name := range w {
		w[name] *= factor
	}
	return w
}

// shrink makes the largest weight the largest there may be.
func shrink(w weights) {
	most := largest(w)
	for name, weight := range w {
		w[name] = int(math.Round(float64(weight) * maxWeight / float64(most)))
	}
}

func largest(w weights) (most int) {
	for _, weight := range w {
		most = max(most, weight)
	}
	return most
}

// move takes weight from one target, and gives it to another if that is named.
// Off is how far from's share of the traffic is from what it should be.
//
// To one: w = w0 - share·w0, and the sum stays. To all others: their weights
// stay, and w/(w+O) must be s = (1-share)·w0/(w0+O), so w = s·O/(1-s). Worked:
// 100 and 100, half of it shifted: s = 0.25, w = 33 beside 100.
func move(w weights, takers []string, from, to string, share float64) (off float64) {
	sum := 0
	for _, name := range takers {
		sum += w[name]
	}
	others := float64(sum - w[from])
	want := (1 - share) * float64(w[from]) / float64(sum)
	if to == "" {
		w[from] = beside(others, want)
		return math.Abs(float64(w[from])/(float64(w[from])+others) - want)
	}
	moved := int(math.Round(share * float64(w[from])))
	w[from] -= moved
	w[to] += moved
	return math.Abs(float64(w[from])/float64(sum) - want)
}

// beside is the weight that has a share, below 1, beside what others have.
func beside(others, share float64) int { return int(math.Round(share * others / (1 - share))) }
