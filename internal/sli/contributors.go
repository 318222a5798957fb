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

// when is the heat at time t. Within a second it stays as it is.
func (h *heat) when(t int64) float64 {
	cold := int64(seconds(t)) - int64(h.at)
	if cold <= 0 || h.value == 0 {
		return float64(h.value)
	}
	return float64(h.value) * math.Exp2(-float64(cold)/heatHalfLife.Seconds())
}

// Top names the series that contributed most bad events to an instance
// lately, at most n of them, which is not 0: the worst first, and those that
// contributed alike by their labels.
func (in *Instance) Top(n int, now time.Time) []string {
	type contribution struct {
		of   *series
		heat float64
	}
	// Few are kept and only those compared by name: it takes longer to unpack a
	// series' labels than to look at it, and thousands may be burning.
	top := make([]contribution, 0, n+1)
	for s := range in.feeds() {
		c := contribution{s, s.heat.when(now.UnixNano())}
		if c.heat < 0.5 || len(top) == n && c.heat < top[n-1].heat {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, c, func(a, b contribution) int {
			return cmp.Or(cmp.Compare(b.heat, a.heat), labels.Compare(a.of.called().labels, b.of.called().labels))
		})
		top = slices.Insert(top, i, c)[:min(n, len(top)+1)]
	}
	names := make([]string, len(top))
	for i, c := range top {
		names[i] = c.of.called().labels.String()
	}
	return names
}
