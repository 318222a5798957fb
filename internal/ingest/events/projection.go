package events

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// want is a selector for which series are made of the events that it selects.
type want struct {
	pins
	of    condition
	reach int64
	// outputs are the numbers of those that it reads.
	outputs []int
}

// output is a metric that series are made under; of a histogram's buckets, one
// of them.
type output struct {
	metric, le string
	// bound is the longest duration that counts.
	bound time.Duration
	// unit makes a sum of durations, in this unit; 0: events are counted.
	unit time.Duration
	slot int
}

// adds is what an event adds to the output, if it does.
func (o *output) adds(e *event) (float64, bool) {
	if o.unit > 0 {
		return e.weight * e.duration.Seconds() / o.unit.Seconds(), true
	}
	return e.weight, e.duration <= o.bound
}

// newOutput reads a metric's name, one of those in sli.Want, and a bound.
func newOutput(metric, le string) output {
	o := output{metric: metric, le: le, bound: math.MaxInt64}
	unit := time.Second
	if strings.HasPrefix(metric, sli.SpanMilliseconds) {
		unit = time.Millisecond
	}
	if strings.HasSuffix(metric, "_sum") {
		o.unit = unit
	}
	if bound, err := strconv.ParseFloat(le, 64); err == nil && !math.IsInf(bound, 1) {
		o.bound = time.Duration(math.Round(bound * float64(unit)))
	}
	return o
}

// series is that of an output with values of the plan's labels. It has no
// points yet.
func (o *output) series(names, values []string) sli.Series {
	b := labels.NewBuilder(nil)
	for i, name := range names {
		b.Set(name, values[i])
	}
	b.Set(labels.MetricName, o.metric)
	if o.le != "" {
		b.Set(labels.BucketLabel, o.le)
	}
	target := "events"
	if i := slices.Index(names, promServiceName); i >= 0 {
		target += "\xff" + values[i]
	}
	return sli.Series{Labels: b.Labels(), Target: target, Type: sli.TypeCounter}
}

// The labels that series always have; others are made on demand.
var (
	spanLabels = []string{promServiceName, promSpanName, promSpanKind, promStatusCode}
	logLabels  = []string{promServiceName, promSeverity}
)
