package proportion

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Weights are as small as they can be, or have the sum that they had.
func TestOf(t *testing.T) {
	tests := map[string]struct {
		shares []float64
		least  int
		want   []int
	}{
		"as small as can be":    {[]float64{0.75, 0.25}, 0, []int{3, 1}},
		"the sum stays":         {[]float64{0.75, 0.25}, 100, []int{75, 25}},
		"a third":               {[]float64{1. / 3, 1. / 3, 1. / 3}, 0, []int{1, 1, 1}},
		"a sum too coarse":      {[]float64{0.9, 0.1}, 4, []int{9, 1}},
		"nothing for nobody":    {[]float64{1, 0}, 0, []int{1, 0}},
		"little for somebody":   {[]float64{0.999, 0.001}, 0, []int{500, 1}},
		"less than can be":      {[]float64{0.99999999, 0.00000001}, 0, []int{10_000, 1}},
		"more than there is":    {[]float64{0.5, 0.5}, 1 << 40, []int{5000, 5000}},
		"one member, all of it": {[]float64{1}, 0, []int{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Of(tt.shares, tt.least)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is moved, the shares stay all of it, who gives ends with what it
// should, and weights come close.
func TestMoved(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		before := make([]int, 2+random.IntN(6))
		for i := range before {
			before[i] = 1 + random.IntN(1<<random.IntN(10))
		}
		from, to, part := random.IntN(len(before)), random.IntN(len(before)+1)-1, random.Float64()
		if to == from {
			to = -1
		}
		was := Shares(before)
		shares := Moved(was, from, to, part)
		sum := 0.0
		for _, s := range shares {
			sum += s
		}
		if want := was[from] * (1 - part); math.Abs(sum-1) > 1e-9 || math.Abs(shares[from]-want) > 1e-9 {
			t.Fatalf("%v of %d of %v to %d: %v, a sum of %v", part, from, was, to, shares, sum)
		}
		after := Of(shares, Sum(before))
		for i, s := range Shares(after) {
			if math.Abs(s-shares[i]) > Enough {
				t.Fatalf("%v for %v", after, shares)
			}
		}
		if slices.Contains(after, 0) {
			t.Fatalf("%v for %v: somebody gets nothing", after, shares)
		}
	}
}

// All of it is all of it.
func TestMovedAll(t *testing.T) {
	if diff := cmp.Diff([]int{2, 0, 1}, Of(Moved(Shares([]int{1, 1, 1}), 1, 0, 1), 0)); diff != "" {
		t.Errorf("to one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 0, 1}, Of(Moved(Shares([]int{7, 3, 7}), 1, -1, 1), 0)); diff != "" {
		t.Errorf("to all others (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{0.75, 0.25}, Mixed([]float64{1, 0}, []float64{0, 1}, 0.25)); diff != "" {
		t.Errorf("a quarter of the way (-want +got):\n%s", diff)
	}
}
