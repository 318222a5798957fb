package pyrra

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// sum is sum by (…) of an inner expression; empty: of everything.
func sum(by []string, inner string) string {
	if len(by) == 0 {
		return "sum(" + inner + ")"
	}
	quoted := make([]string, len(by))
	for i, name := range by {
		quoted[i] = grouped(name)
	}
	return fmt.Sprintf("sum by (%s) (%s)", strings.Join(quoted, ", "), inner)
}

// over is function(selector[range]).
func over(function string, s selector, d time.Duration) string {
	return fmt.Sprintf("%s(%s[%s])", function, s, text(d))
}

// errorRatio is the share of bad events over a range.
func (w *writer) errorRatio(d time.Duration) string {
	by := w.groupBy()
	switch i := w.indicator; i.kind {
	case ratio:
		return sum(by, over("rate", i.part, d)) + " / " + sum(by, over("rate", i.total, d))
	case latency:
		total := sum(by, over("rate", w.bounds(i.total), d))
		return fmt.Sprintf("(%s - %s) / %s", total, sum(by, over("rate", w.bounds(i.part), d)), total)
	case latencyNative:
		return fmt.Sprintf("1 - histogram_fraction(0, %s, %s)", float(i.below), sum(by, over("rate", i.total, d)))
	default:
		total := sum(by, over("count_over_time", i.total, d))
		return fmt.Sprintf("(%s - %s) / %s", total, sum(by, over("sum_over_time", i.total, d)), total)
	}
}

// groupBy is the SLO's, in order.
func (w *writer) groupBy() []string { return sorted(w.spec.GroupBy) }

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// bounds lets a selector of buckets match both spellings of whole numbers.
func (w *writer) bounds(s selector) selector {
	if w.ExactBounds {
		return s
	}
	return s.anyFloat()
}
