package tyk

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// weights are those of targets, by URL.
type weights map[string]int

func (w weights) names() []string { return slices.Sorted(maps.Keys(w)) }

func (w weights) sum() int { return proportion.Sum(w.list()) }

// list are the weights in the order of the names, and shares what they make of
// the traffic.
func (w weights) list() (list []int) {
	for _, name := range w.names() {
		list = append(list, w[name])
	}
	return list
}

func (w weights) shares() []float64 { return proportion.Shares(w.list()) }

// shift is the weights with a share of one target's traffic moved to another, or
// to all others in proportion.
func (w weights) shift(from, to string, share float64) (weights, error) {
	switch {
	case w[from] == 0:
		return nil, fmt.Errorf("shift from %s: %w: it gets no traffic", from, actuator.ErrRefused)
	case to != "" && w[to] == 0:
		return nil, fmt.Errorf("shift to %s: %w: it would get no traffic: its weight is 0", to, actuator.ErrRefused)
	case w[from] == w.sum():
		return nil, fmt.Errorf("shift from %s: %w: no other target gets traffic", from, actuator.ErrRefused)
	case !(share > 0 && share <= 1):
		return nil, fmt.Errorf("shift from %s: %w: %v is not a share", from, actuator.ErrRefused, share)
	}
	names := w.names()
	giver, taker := slices.Index(names, from), slices.Index(names, to) // -1: all others
	return smallest(names, proportion.Moved(w.shares(), giver, taker, share)), nil
}

// between are the weights on the way from one to another.
func between(f, t weights, share float64) weights {
	if f.sum() == 0 || t.sum() == 0 {
		return f
	}
	return smallest(f.names(), proportion.Mixed(f.shares(), t.shares(), share))
}

// smallest are the smallest weights that come close to the shares: Tyk repeats
// each target as often as it weighs.
func smallest(names []string, shares []float64) weights {
	w := weights{}
	for i, weight := range proportion.Of(shares, 1) {
		w[names[i]] = weight
	}
	return w
}

// counted are the weights of a list that repeats, and listed is such a list.
func counted(list []string) weights {
	w := weights{}
	for _, name := range list {
		w[name]++
	}
	return w
}

func listed(w weights) (list []string) {
	for _, name := range w.names() {
		list = append(list, slices.Repeat([]string{name}, w[name])...)
	}
	return list
}
