package sli

import (
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/budget"
)

// bucket is one _bucket series as part of its histogram.
type bucket struct {
	histogram *classic
	le        float64
	last      increment // what it added last
	offered   bool      // to the histogram
}

// classic is one classic histogram: of its cumulative buckets only the two
// around the threshold count. lower is the greatest bound at or below it, upper the
// smallest at or above it; they are the same where a bound is the threshold.
//
// Buckets become known one by one, so a better one may replace the bucket
// that was taken so far; what that one added for the same sample set is then
// taken back.
type classic struct {
	lower, upper *bucket
}

func parseBound(l labels.Labels) (float64, bool) {
	le, err := strconv.ParseFloat(l.Get(labels.BucketLabel), 64)
	return le, err == nil && !math.IsNaN(le)
}

// offer makes b, the bucket of s, the histogram's lower or upper one if it is the
// best so far. But for le all its buckets' series have the same labels. born is what b counted with its first point; nil for a baseline, and
// then the bucket taken so far keeps what it added.
func (h *classic) offer(s *series, b *bucket, threshold float64, in *Instance, born *increment) {
	at := nearly(b.le, threshold)
	if (at || b.le < threshold) && (h.lower == nil || b.le > h.lower.le) {
		if old := h.lower; old != nil && old.sameSet(born) {
			in.count(s, old.last, budget.Counts{Bad: old.last.value})
			in.countUncertain(old.last, old.last.value)
		}
		h.lower = b
	}
	if (at || b.le > threshold) && (h.upper == nil || b.le < h.upper.le) {
		if old := h.upper; old != nil && old.sameSet(born) {
			in.countUncertain(old.last, -old.last.value)
		}
		h.upper = b
	}
}

// sameSet reports whether the bucket counted in the sample set of i.
func (b *bucket) sameSet(i *increment) bool {
	return i != nil && b.last.value != 0 && max(b.last.to, i.to)-min(b.last.to, i.to) <= int64(jitter)
}

// count adds what the bucket's series counted.
func (b *bucket) count(s *series, in *Instance, i increment) {
	b.last = i
	lower, upper := b.histogram.lower == b, b.histogram.upper == b
	if lower { // surely at or below the threshold: good
		in.count(s, i, budget.Counts{Bad: -i.value})
	}
	switch {
	case lower && !upper:
		in.countUncertain(i, -i.value)
	case upper && !lower:
		in.countUncertain(i, i.value)
	}
}
