package pyrra

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/rules"
)

// generic is the group <slo>-generic, whose series have the same names for all
// SLOs. ok is false where it is not wanted, and for SLOs with groups; only
// those of native histograms have it then, summed up.
func (w *writer) generic() (group rules.Group, ok bool) {
	if !w.Generic || len(w.spec.GroupBy) > 0 && w.indicator.kind != latencyNative {
		return rules.Group{}, false
	}
	series := w.common()
	if w.DescriptionLabel {
		series["description"] = w.spec.Description
	}
	group = rules.Group{Name: w.name + "-generic", Interval: 30 * time.Second, Rules: []rules.Rule{
		record("pyrra_objective", float(targetOf(w.spec)), series),
		record("pyrra_window", strconv.FormatInt(int64(w.spec.Window.Nominal().Seconds()), 10), series),
		record("pyrra_availability", w.availability(), series),
	}}
	if requests, errors, ok := w.rates(); ok {
		group.Rules = append(group.Rules, record("pyrra_requests:rate5m", requests, series), record("pyrra_errors:rate5m", errors, series))
	}
	return group, true
}

// recordedCount selects what the increase group recorded.
func (w *writer) recordedCount(s selector, name func(time.Duration) string, further ...*labels.Matcher) selector {
	return s.as(name(w.spec.Window.Nominal()), append(further, equal("slo", w.name))...)
}

// availability is the share of good events of the window.
func (w *writer) availability() string {
	i := w.indicator
	total := increaseName(i.total.name)
	switch i.kind {
	case ratio:
		return fmt.Sprintf("1 - sum(%s or vector(0)) / sum(%s)",
			w.recordedCount(i.part, increaseName(i.part.name)), w.recordedCount(i.total, total))
	case latency:
		return fmt.Sprintf("sum(%s or vector(0)) / sum(%s)",
			w.recordedCount(w.bounds(i.part), increaseName(i.part.name)), w.recordedCount(w.bounds(i.total), total, equal(labels.BucketLabel, "")))
	case latencyNative:
		return fmt.Sprintf("sum(%s or vector(0)) / sum(%s)",
			w.recordedCount(i.total, total, equal(labels.BucketLabel, short(i.below))), w.recordedCount(i.total, total, equal(labels.BucketLabel, "")))
	default:
		all, good := w.gauges()
		return fmt.Sprintf("sum(%s) / sum(%s)", good, all)
	}
}

// rates are events and bad events a second; of a gauge, samples of the window.
// There are none for native histograms.
func (w *writer) rates() (requests, errors string, ok bool) {
	i, rate := w.indicator, func(s selector) string { return sum(nil, over("rate", s, 5*time.Minute)) }
	switch i.kind {
	case ratio:
		return rate(i.total), rate(i.part) + " or vector(0)", true
	case latency:
		return rate(w.bounds(i.total)), rate(w.bounds(i.total)) + " - " + rate(w.bounds(i.part)), true
	case boolGauge:
		all, good := w.gauges()
		return fmt.Sprintf("sum(%s)", all), fmt.Sprintf("sum(%s) - sum(%s)", all, good), true
	}
	return "", "", false
}

// gauges select the recorded samples of a gauge: all of them, and the good.
func (w *writer) gauges() (all, good selector) {
	counts := w.gaugeCounts(nil)
	return w.recordedCount(w.indicator.total, counts[0].record), w.recordedCount(w.indicator.total, counts[1].record)
}
