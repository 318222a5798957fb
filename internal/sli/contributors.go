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

// heat is a count that halves every half-life. All series have one, and nobody
// reads it to the last digit.
type heat struct {
	value float32
	at    uint32 // event time, in seconds
}

func (h *heat) add(n float64, t int64) {
	h.value = float32(min(h.when(t)+n, math.MaxFloat32))
	h.at = max(h.at, seconds(t))
}

func (h *heat) since() int64 { return int64(h.at) * int64(time.Second) }

// when is the heat at time t.
func (h *heat) when(t int64) float64 {
	if t <= h.since() || h.value == 0 {
		return float64(h.value)
	}
	return float64(h.value) * math.Exp2(-float64(t-h.since())/float64(heatHalfLife))
}

// Top names the series that contributed most bad events to an instance
// lately, the worst first.
func (in *Instance) Top(n int, now time.Time) []string {
	type contribution struct {
		labels labels.Labels
		heat   float64
	}
	var list []contribution
	for s := range in.feeds() {
		if h := s.heat.when(now.UnixNano()); h >= 0.5 {
			list = append(list, contribution{s.called().labels, h})
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
