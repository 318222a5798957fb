package e2e

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// ofNative counts the events of a native histogram by the threshold. It is
// reset as a whole, so its two counts drop together or not at all; the test's
// restarts are such.
func ofNative(metric, job string) truth {
	return func(ctx context.Context, from source) (events, error) {
		streams, err := stored(ctx, from.Prometheus, fmt.Sprintf("%s{job=%q}", metric, job))
		if err != nil {
			return nil, err
		}
		if len(streams) != 1 || len(streams[0].Histograms) == 0 {
			return nil, fmt.Errorf("%d series of %s, want one of native histograms", len(streams), metric)
		}
		var es events
		all := samplesOf(streams[0], func(h *model.SampleHistogram) float64 { return float64(h.Count) })
		fast := samplesOf(streams[0], countBelow)
		for _, i := range increments(all, all[0].at) {
			es = append(es, landed{i.at, i.value, i.value})
		}
		for _, i := range increments(fast, fast[0].at) {
			es = append(es, landed{i.at, -i.value, 0})
		}
		return es, nil
	}
}

func countBelow(h *model.SampleHistogram) float64 {
	n := 0.0
	for _, b := range h.Buckets {
		if float64(b.Upper) <= fastWithin*(1+1e-9) {
			n += float64(b.Count)
		}
	}
	return n
}

// ofGauge makes every slice of time with a sample an event, at the first
// sample, and a bad one at its first sample above most.
func ofGauge(metric, job string, most float64, slice time.Duration) truth {
	return func(ctx context.Context, from source) (events, error) {
		streams, err := stored(ctx, from.Prometheus, fmt.Sprintf("%s{job=%q}", metric, job))
		if err != nil {
			return nil, err
		}
		if len(streams) != 1 {
			return nil, fmt.Errorf("%d series of %s, want one", len(streams), metric)
		}
		var es events
		seen, bad := int64(math.MinInt64), int64(math.MinInt64)
		for _, s := range samplesOf(streams[0], nil) {
			number := int64(s.at) / slice.Milliseconds()
			if number != seen {
				seen = number
				es = append(es, landed{at: s.at, total: 1})
			}
			if s.value > most && number != bad {
				bad = number
				es = append(es, landed{at: s.at, bad: 1})
			}
		}
		return es, nil
	}
}

// eachOf makes every event of a job count, as bad where bad says so.
func eachOf(metric, job string, bad func(model.Metric) bool, group model.LabelSet) part {
	return part{metric, func(m model.Metric) weight {
		if string(m["job"]) != job || !has(m, group) {
			return weight{}
		}
		if bad(m) {
			return weight{bad: 1, total: 1}
		}
		return weight{total: 1}
	}}
}

// has reports whether a series has all the labels of a group.
func has(m model.Metric, group model.LabelSet) bool {
	for name, value := range group {
		if m[name] != value {
			return false
		}
	}
	return true
}

// fixed gives every series of a job that has some labels one weight.
func fixed(metric, job string, w weight, labels model.LabelSet) part {
	return part{metric, func(m model.Metric) weight {
		if string(m["job"]) != job || !has(m, labels) {
			return weight{}
		}
		return w
	}}
}

// codeIn is true for series whose code begins with one of the digits.
func codeIn(digits string) func(model.Metric) bool {
	return func(m model.Metric) bool {
		code := m["code"]
		return code != "" && slices.Contains([]byte(digits), code[0])
	}
}
