// Package proportion turns shares of traffic into the whole numbers that gateways
// want, and back.
package proportion

import (
	"math"
	"slices"
)

// Enough is how far from its share a member may be: half a percent of the
// traffic.
const Enough = 0.005

// maxSum bounds the search for weights: a share below a thousandth of it is
// written as one.
const maxSum = 10_000

// Sum of all.
func Sum(weights []int) (sum int) {
	for _, w := range weights {
		sum += w
	}
	return sum
}

// Shares are weights as parts of one; all 0 where they are.
func Shares(weights []int) []float64 {
	shares, sum := make([]float64, len(weights)), float64(max(1, Sum(weights)))
	for i, w := range weights {
		shares[i] = float64(w) / sum
	}
	return shares
}

// Moved has a part of what one member gets go to another, or to all others in
// proportion where to is negative. Somebody beside from must have a share.
func Moved(shares []float64, from, to int, part float64) []float64 {
	shares = slices.Clone(shares)
	moved, rest := part*shares[from], 1-shares[from]
	for i := range shares {
		switch {
		case i == from:
			shares[i] -= moved
		case i == to:
			shares[i] += moved
		case to < 0:
			shares[i] += moved * shares[i] / rest
		}
	}
	if part == 1 {
		shares[from] = 0 // whatever rounding has left
	}
	return shares
}

// Mixed are the shares on the way: 0 is from, 1 is to.
func Mixed(from, to []float64, way float64) []float64 {
	mixed := slices.Clone(from)
	for i := range mixed {
		mixed[i] += way * (to[i] - from[i])
	}
	return mixed
}

// Of are the weights with the smallest sum, from least on, that come close
// enough to shares, of which one is positive. Who has a share has a weight.
func Of(shares []float64, least int) (weights []int) {
	least = min(max(1, least), maxSum)
	for sum := least; sum <= maxSum; sum++ {
		if weights = rounded(shares, sum); fits(shares, weights) {
			return weights
		}
	}
	for i, share := range shares {
		if share > 0 {
			weights[i] = max(1, weights[i])
		}
	}
	return weights
}

func fits(shares []float64, weights []int) bool {
	for i, now := range Shares(weights) {
		if math.Abs(now-shares[i]) > Enough || shares[i] > 0 && weights[i] == 0 {
			return false
		}
	}
	return true
}

// rounded are whole numbers in the proportion of shares that make a sum: those
// that lose most by rounding down get what is left.
func rounded(shares []float64, sum int) []int {
	const exact = 1e-9
	weights, order := make([]int, len(shares)), make([]int, len(shares))
	left := sum
	for i, share := range shares {
		weights[i], order[i] = int(share*float64(sum)+exact), i
		left -= weights[i]
	}
	rest := func(i int) float64 { return shares[i]*float64(sum) - float64(weights[i]) }
	slices.SortStableFunc(order, func(i, j int) int {
		switch x, y := rest(i), rest(j); {
		case x > y+exact:
			return -1
		case y > x+exact:
			return 1
		}
		return 0
	})
	for _, i := range order[:max(0, min(left, len(order)))] {
		weights[i]++
	}
	return weights
}
