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

// limits say which events are fast.
type limits struct {
	below float64 // at or below it, in the histogram's own unit
	// positive: those below zero are not.
	positive bool
}

// splitAt counts the events of a histogram within limits. Bounds above zero
// are inclusive above, so a threshold on one is exact.
func splitAt(h *histogram.FloatHistogram, l limits) split {
	s := split{total: h.Count}
	buckets := h.AllBucketIterator()
	for buckets.Next() {
		b := buckets.At()
		switch {
		case l.positive && b.Upper <= 0:
		case l.positive && b.Lower < 0 && len(h.NegativeBuckets) > 0:
			s.unsure += b.Count // the zero bucket holds what lies on either side
		case b.Upper <= l.below || nearly(b.Upper, l.below):
			s.fast += b.Count
		case b.Lower < l.below && !nearly(b.Lower, l.below):
			s.unsure += b.Count
		}
	}
	return s
}

// nearly forgives the last bits in which bounds computed as powers of two, and
// le values read from text, may differ from a threshold in seconds.
func nearly(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// addWeighted counts all events of a native histogram, or the fast ones, by
// the binding's weight. What the threshold's bucket holds is bad, whether fast
// events are the good ones or the bad ones, and uncertain. Where fast events are
// all there are, it is left out.
func (b *binding) addWeighted(s *series, i increment, sp split) {
	n, weight := sp.total, b.weight()
	if b.role == roleFast {
		n = sp.fast
		if weight.Total == 0 {
			b.instance().countUncertain(i, math.Abs(weight.Bad)*sp.unsure)
			if weight.Bad > 0 {
				n += sp.unsure
			}
		}
	}
	if n != 0 {
		b.instance().count(s, i, budget.Counts{Bad: weight.Bad * n, Total: weight.Total * n})
	}
}

// native reads one series of native histograms: a counter of events decides
// about time, starts and repetition, the last histogram is kept to subtract.
type native struct {
	previous *histogram.FloatHistogram
}

// read says which events the next histogram added, nil when the verdict counts
// nothing, and whether its buckets are others than before. Then, unless it
// began anew, nobody knows which of them the events since lie in: it is a
// baseline.
func (n *native) read(c *counter, a *arrival, b birth, remember int64) (v verdict, added *histogram.FloatHistogram, changed bool) {
	restarted := c.seen && a.point.Start != 0 && c.start != 0 && a.point.Start != c.start
	v = c.read(a, b, remember)
	if v.reason != "" && !v.counted {
		return v, nil, false
	}
	current := a.point.Histogram
	if a.temporality == Delta {
		return v, current, false
	}
	current = current.Copy()
	// The hint compares with what its sender saw last, not with what we did.
	current.CounterResetHint = histogram.UnknownCounterReset
	previous := n.previous
	n.previous = current
	if previous == nil || restarted {
		return v, current, false
	}
	now, before, same := aligned(current, previous)
	switch {
	case now.DetectReset(before):
		return v, current, !same
	case !same:
		return verdict{}, nil, true
	}
	added, err := now.Copy().Sub(before)
	if err != nil { // those that are aligned can be subtracted
		return verdict{}, nil, true
	}
	return v, added, false
}

// NoticeBucketsChanged says that a histogram's bounds became others while it
// went on: what was counted between two samples is missing.
const NoticeBucketsChanged Reason = "histogram_buckets_changed"
