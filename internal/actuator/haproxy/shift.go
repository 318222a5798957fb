package haproxy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// maxWeight is the largest that HAProxy takes.
const maxWeight = 256

// shift is the settings with a share of one server's traffic moved to another,
// or to all others in proportion.
func (b *backend) shift(from, to string, share float64) (settings, error) {
	before := b.settings()
	takers := b.takers(before)
	switch {
	case !slices.Contains(takers, from):
		return nil, fmt.Errorf("shift from %s: %w: it gets no traffic", from, actuator.ErrRefused)
	case to != "" && !slices.Contains(takers, to):
		return nil, fmt.Errorf("shift to %s: %w: it would get no traffic: it is %s, with weight %d, or its checks fail",
			to, actuator.ErrRefused, before[to].State, before[to].Weight)
	case len(takers) == 1:
		return nil, fmt.Errorf("shift from %s: %w: no other server gets traffic", from, actuator.ErrRefused)
	case !(share > 0 && share <= 1):
		return nil, fmt.Errorf("shift from %s: %w: %v is not a share", from, actuator.ErrRefused, share)
	}
	if len(takers) == 2 {
		to = "" // the only other one
	}
	if err := b.allows(share, to); err != nil {
		return nil, err
	}
	return finest(before, takers, from, to, share), nil
}

// allows reports what the algorithm makes of weights.
func (b *backend) allows(share float64, to string) error {
	switch {
	case b.balance == "first":
		return fmt.Errorf("shift in %s: %w: balance first looks at no weights", b.name, actuator.ErrUnsupported)
	case strings.HasPrefix(b.balance, "static") && (share < 1 || to != ""):
		return fmt.Errorf("shift in %s: %w: balance %s moves all of a server's traffic to all others, or none: shift 100%% without to",
			b.name, actuator.ErrUnsupported, b.balance)
	}
	return nil
}

// finest multiplies all weights by the smallest factor that comes closest to the
// share. Half a percent of the traffic is close enough.
func finest(before settings, takers []string, from, to string, share float64) settings {
	const enough = 0.005
	var best settings
	least := math.Inf(1)
	for factor := 1; ; factor++ {
		after := scaled(before, factor)
		off := move(after, takers, from, to, share)
		if largest(after) > maxWeight {
			break
		}
		if off < least-1e-9 {
			best, least = after, off
		}
		if least <= enough {
			break
		}
	}
	if best == nil { // as they are they are too large already
		best = scaled(before, 1)
		move(best, takers, from, to, share)
		shrink(best)
	}
	return best
}

// scaled multiplies all weights.
func scaled(s settings, factor int) settings {
	s = maps.Clone(s)
	for name, set := range s {
		set.Weight *= factor
		s[name] = set
	}
	return s
}

// shrink makes the largest weight the largest there may be.
func shrink(s settings) {
	most := largest(s)
	for name, set := range s {
		set.Weight = int(math.Round(float64(set.Weight) * maxWeight / float64(most)))
		s[name] = set
	}
}

func largest(s settings) (weight int) {
	for _, set := range s {
		weight = max(weight, set.Weight)
	}
	return weight
}

// move takes weight from one server, and gives it to another if that is named.
// Off is how far from's share of the traffic is from what it should be.
//
// To one: w = w0 - share·w0, and the sum stays. To all others: their weights
// stay, and w/(w+O) must be s = (1-share)·w0/(w0+O), so w = s·O/(1-s). Worked:
// 50 and 50, half of it shifted: s = 0.25, w = 17 beside 50.
func move(s settings, takers []string, from, to string, share float64) (off float64) {
	sum := 0
	for _, name := range takers {
		sum += s[name].Weight
	}
	giver := s[from]
	others := float64(sum - giver.Weight)
	want := (1 - share) * float64(giver.Weight) / float64(sum)
	if to == "" {
		giver.Weight = int(math.Round(want * others / (1 - want)))
		s[from] = giver
		return math.Abs(float64(giver.Weight)/(float64(giver.Weight)+others) - want)
	}
	taker := s[to]
	moved := int(math.Round(share * float64(giver.Weight)))
	giver.Weight -= moved
	taker.Weight += moved
	s[from], s[to] = giver, taker
	return math.Abs(float64(giver.Weight)/float64(sum) - want)
}
