package sli

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Spans and log records that arrive can be selected as metrics, under the names
// that the OpenTelemetry Collector's spanmetrics connector gives them. Durations
// are histograms: SpanSeconds and SpanMilliseconds are their base names.
const (
	SpanCalls        = "traces_span_metrics_calls_total"
	SpanSeconds      = "traces_span_metrics_duration_seconds"
	SpanMilliseconds = "traces_span_metrics_duration_milliseconds"
	LogRecords       = "log_records_total"
)

// eventMetrics are the counters among the names under which spans and logs can
// be selected.
var eventMetrics = []string{
	SpanCalls, LogRecords,
	SpanSeconds + "_bucket", SpanSeconds + "_count", SpanSeconds + "_sum",
	SpanMilliseconds + "_bucket", SpanMilliseconds + "_count", SpanMilliseconds + "_sum",
}

// Want is a selection of series that are to be made of spans or logs. Its
// strings belong to the program.
type Want struct {
	// Metric is one of the names above, of durations with _bucket, _count or
	// _sum behind it.
	Metric string
	// Matchers are the selector's, without those of the name and of le.
	Matchers []*labels.Matcher
	// Labels are the names that the matchers and the SLO's groupBy mention,
	// sorted.
	Labels []string
	// Bounds are the values of le that are asked for; none but of buckets.
	Bounds []string
	// Reach is how far back the SLO looks.
	Reach time.Duration
}

// Wants are the series that the program would have made of spans and logs. An
// SLO that says where its samples are read has none, nor has one that does not
// list the bounds of its buckets: without them all would be slow.
func (p *Program) Wants() (list []Want) {
	if p.Spec.Source != "" {
		return nil
	}
	for _, t := range p.terms {
		if t.role != roleCounter || p.Spec.SLI.Latency != nil {
			continue
		}
		for _, name := range eventMetrics {
			if !t.asksFor(name) {
				continue
			}
			w := p.want(t, name)
			if strings.HasSuffix(name, "_bucket") && len(w.Bounds) == 0 {
				return nil
			}
			list = append(list, w)
		}
	}
	return list
}

// asksFor reports whether a selector says that it means a metric.
func (t term) asksFor(name string) bool {
	if t.name != "" {
		return t.name == name
	}
	said := false
	for _, m := range t.matchers {
		if m.Name == labels.MetricName {
			said = said || !m.Matches("") // some name, not just any
			if !m.Matches(name) {
				return false
			}
		}
	}
	return said
}

func (p *Program) want(t term, name string) Want {
	w := Want{Metric: name, Labels: slices.Clone(p.Spec.GroupBy), Reach: longest(p.Spec)}
	for _, m := range t.matchers {
		switch m.Name {
		case labels.MetricName:
		case labels.BucketLabel:
			w.Bounds = append(w.Bounds, boundsOf(m)...)
		default:
			w.Matchers = append(w.Matchers, m)
			w.Labels = append(w.Labels, m.Name)
		}
	}
	if !strings.HasSuffix(name, "_bucket") {
		w.Bounds = nil
	}
	slices.Sort(w.Labels)
	w.Labels = slices.Compact(w.Labels)
	return w
}

// boundsOf are the bounds that a matcher lists.
func boundsOf(m *labels.Matcher) (bounds []string) {
	switch m.Type {
	case labels.MatchEqual:
		return []string{canonical(m.Name, m.Value)}
	case labels.MatchRegexp:
		for _, value := range m.SetMatches() {
			bounds = append(bounds, canonical(m.Name, value))
		}
	}
	return bounds
}

// SpanLatency is a latency SLI whose histogram is one of spans. Whoever sees
// the spans need not go by buckets: each is good or bad.
type SpanLatency struct {
	// Matchers select the spans by the labels that they would have as metrics.
	Matchers []*labels.Matcher
	// Errors are matchers of those that are bad however fast; none: no span is.
	Errors []*labels.Matcher
	// Below is the threshold; a span of exactly this duration is good.
	Below time.Duration
}

// SpanLatency is what the program says of spans, nil where it says nothing of
// them. They are told by ClassifiedSeries, as if the SLI were of that kind; the
// histogram counts as well, should it arrive as one.
func (p *Program) SpanLatency() *SpanLatency {
	if p.Spec.SLI.Latency == nil || !slices.ContainsFunc(p.terms, func(t term) bool { return t.name == ClassifiedMetric }) {
		return nil
	}
	l := &SpanLatency{}
	for _, t := range p.terms {
		if t.role != roleNative {
			continue
		}
		l.Below = time.Duration(math.Round(p.limits.below * float64(unitOf(t.name))))
		if t.slow {
			l.Errors = unnamed(t.matchers)
		} else {
			l.Matchers = unnamed(t.matchers)
		}
	}
	return l
}

func unnamed(matchers []*labels.Matcher) []*labels.Matcher {
	return slices.DeleteFunc(slices.Clone(matchers), func(m *labels.Matcher) bool { return m.Name == labels.MetricName })
}

// unitOf is what one unit of a histogram of spans' durations means; 0 for any
// other metric.
func unitOf(name string) time.Duration {
	switch name {
	case SpanSeconds:
		return time.Second
	case SpanMilliseconds:
		return time.Millisecond
	}
	return 0
}
