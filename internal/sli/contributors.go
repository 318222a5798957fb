package sli

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// heatHalfLife is how fast old bad events stop counting as contributions.
const heatHalfLife = 5 * time.Minute

// heat is a count that halves every half-life.
type heat struct {
	value float64
	at    int64
}

func (h *heat) add(n float64, t int64) {
	h.value = h.when(t) + n
	h.at = max(h.at, t)
}

// when is the heat at time t.
func (h *heat) when(t int64) float64 {
	if t <= h.at || h.value == 0 {
		return h.value
	}
	return h.value * math.Exp2(-float64(t-h.at)/float64(heatHalfLife))
}

// Top names the series that contributed most bad events to an instance
// lately, the worst first.
func (in *Instance) Top(n int, now time.Time) []string {
	type contribution struct {
		labels labels.Labels
		heat   float64
	}
	var list []contribution
	for _, s := range in.feeds {
		if s.extra == nil {
			continue
		}
		if h := s.extra.heat.when(now.UnixNano()); h >= 0.5 {
			list = append(list, contribution{in.tracker.symbols.unpack(s.names).labels, h})
		}
	}
	slices.SortFunc(list, func(a, b contribution) int {
		return cmp.Or(cmp.Compare(b.heat, a.heat), labels.Compare(a.labels, b.labels))
	})
	names := make([]string, 0, n)
	for _, c := range list[:min(n, len(list))] {
		names = append(names, c.labels.String())
	}
	return names
}
