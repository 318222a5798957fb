package haproxy

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Between is the value on the way. Shares of the traffic go straight from the
// one to the other, whatever the weights are multiples of. Of servers whose
// state differs, whole ones follow: of four at 0.5 the first two by name, and
// one alone at 1. Entries of maps know no middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	switch {
	case share >= 1:
		return to, nil
	case share <= 0 || !strings.HasPrefix(string(from), "{") || !strings.HasPrefix(string(to), "{"):
		return from, nil
	}
	var f, t settings
	for value, into := range map[*actuator.Value]*settings{&from: &f, &to: &t} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("find the value between: %w: %w", actuator.ErrRefused, err)
		}
	}
	names := namesOf(f)
	if !slices.Equal(names, namesOf(t)) {
		return nil, fmt.Errorf("find the value between: %w: not the same servers: %s and %s", actuator.ErrRefused, from, to)
	}
	middle := follow(f, t, names, share)
	mix(middle, f, t, names, share)
	return middle.value()
}

func namesOf(s settings) (names []string) {
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// follow has some of the servers take their new states.
func follow(f, t settings, names []string, share float64) settings {
	middle := settings{}
	var differ []string
	for _, name := range names {
		if middle[name] = f[name]; f[name].State != t[name].State {
			differ = append(differ, name)
		}
	}
	for _, name := range differ[:int(share*float64(len(differ)))] {
		middle[name] = setting{State: t[name].State, Weight: f[name].Weight}
	}
	return middle
}

// mix sets the weights between. Their sum is the larger one of the two, so that
// they are fine enough, unless one would be too large for HAProxy.
func mix(middle, f, t settings, names []string, share float64) {
	sumF, sumT := sumOf(f), sumOf(t)
	if sameWeights(f, t, names) || sumF == 0 || sumT == 0 {
		return
	}
	sum := float64(max(sumF, sumT))
	shares := make([]float64, len(names))
	for i, name := range names {
		shares[i] = (1-share)*float64(f[name].Weight)/float64(sumF) + share*float64(t[name].Weight)/float64(sumT)
	}
	sum = math.Floor(min(sum, maxWeight/slices.Max(shares)))
	for i, weight := range rounded(shares, int(sum)) {
		set := middle[names[i]]
		set.Weight = weight
		middle[names[i]] = set
	}
}

func sumOf(s settings) (sum int) {
	for _, set := range s {
		sum += set.Weight
	}
	return sum
}

func sameWeights(f, t settings, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return f[name].Weight != t[name].Weight })
}

// rounded are whole numbers in the proportion of shares that make a sum: those
// that lose most by rounding down get what is left.
func rounded(shares []float64, sum int) []int {
	weights, order := make([]int, len(shares)), make([]int, len(shares))
	left := sum
	rest := func(i int) float64 { return shares[i]*float64(sum) - float64(weights[i]) }
	for i, share := range shares {
		weights[i], order[i] = int(share*float64(sum)), i
		left -= weights[i]
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch x, y := rest(i), rest(j); {
		case x > y+1e-9:
			return -1
		case y > x+1e-9:
			return 1
		}
		return 0
	})
	for _, i := range order[:min(left, len(order))] {
		weights[i]++
	}
	return weights
}
