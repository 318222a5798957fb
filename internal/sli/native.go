package sli

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// split is a number of events by their duration against a threshold.
type split struct {
	total float64
	// fast lie surely at or below the threshold; unsure lie in the bucket
	// that the threshold cuts.
	fast, unsure float64
}

// splitAt counts the events of a histogram at or below a threshold. Bucket
// bounds are inclusive above, so a threshold on a bound is exact.
func splitAt(h *histogram.FloatHistogram, threshold float64) split {
	s := split{total: h.Count}
	buckets := h.AllBucketIterator()
	for buckets.Next() {
		b := buckets.At()
		switch {
		case b.Upper <= threshold || nearly(b.Upper, threshold):
			s.fast += b.Count
		case b.Lower < threshold && !nearly(b.Lower, threshold):
			s.unsure += b.Count
		}
	}
	return s
}

// nearly forgives the last bits in which bounds computed as powers of two, and
// le values read from text, may differ from a threshold in seconds.
func nearly(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// addWeighted counts all events of a native histogram, or the fast ones, by
// the binding's weight. What the threshold's bucket holds is not fast; where
// fast events are good, it is uncertain.
func (b *binding) addWeighted(i increment, sp split) {
	n, weight := sp.total, b.weight()
	if b.role == roleFast {
		n = sp.fast
		b.instance().countUncertain(i, -weight.Bad*sp.unsure)
	}
	if n != 0 {
		b.instance().count(i, budget.Counts{Bad: weight.Bad * n, Total: weight.Total * n})
	}
}

// native reads one series of native histograms: a counter of events decides
// about time, starts and repetition, the last histogram is kept to subtract.
type native struct {
	previous *histogram.FloatHistogram
}

// read says which events the next histogram added; nil when the verdict
// counts nothing.
func (n *native) read(c *counter, a *arrival, b birth, remember int64) (verdict, *histogram.FloatHistogram) {
	restarted := c.seen && a.point.Start != 0 && c.start != 0 && a.point.Start != c.start
	v := c.read(a, b, remember)
	if v.reason != "" && !v.counted {
		return v, nil
	}
	current := a.point.Histogram
	if a.temporality == Delta {
		return v, current
	}
	current = current.Copy()
	// The hint compares with what its sender saw last, not with what we did.
	current.CounterResetHint = histogram.UnknownCounterReset
	previous := n.previous
	n.previous = current
	if previous == nil || restarted || current.DetectReset(previous) {
		return v, current
	}
	added, err := current.Copy().Sub(previous)
	if err != nil { // incompatible buckets: the stream began anew
		return v, current
	}
	return v, added
}
