package rules

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// classic writes a latency SLO by the bucket that ends at the threshold: bad is
// what is not in it, and what is in it but failed.
func (w *writer) classic(l *slo.Latency) Template {
	h, failed := w.histograms(l)
	if h == nil || l.Errors != "" && failed == nil {
		return Template{}
	}
	below := thresholdOf(l)
	w.problem(slo.Warning, "spec.sli.latency.below",
		fmt.Sprintf("the rules read the bucket that ends at %s: where the histogram has none, or is a native one, they find nothing", bound(below)),
		"choose a bucket's bound, or write rules for native histograms")
	le := func(v *parser.VectorSelector) string { return w.rate(part(v, "_bucket", bucketAt(below))) }
	total, fast := w.rate(part(h, "_count")), le(h)
	t := Template{Total: total, Bad: total + " - " + w.orNone(fast, total)}
	if failed != nil {
		t.Bad = total + " - (" + w.orNone(fast, total) + " - " + w.orNone(le(failed), total) + ")"
	}
	return t
}

// native writes it by histogram_fraction(), which guesses how the events of
// the bucket that the threshold cuts are spread.
func (w *writer) native(l *slo.Latency) Template {
	h, failed := w.histograms(l)
	if h == nil || l.Errors != "" && failed == nil {
		return Template{}
	}
	number := func(v *parser.VectorSelector) string { return "histogram_count(" + w.rate(v) + ")" }
	fast := func(v *parser.VectorSelector) string {
		return "histogram_fraction(0, " + bound(thresholdOf(l)) + ", " + w.rate(v) + ") * " + number(v)
	}
	t := Template{Total: number(h), Bad: number(h) + " - " + w.orNone(fast(h), number(h))}
	if failed != nil {
		t.Bad = number(h) + " - (" + w.orNone(fast(h), number(h)) + " - " + w.orNone(fast(failed), number(h)) + ")"
	}
	return t
}

// histograms are the selectors of a latency SLO; failed is nil without one.
func (w *writer) histograms(l *slo.Latency) (whole, failed *parser.VectorSelector) {
	w.over = "rate"
	whole = w.selector("spec.sli.latency.histogram", l.Histogram)
	if l.Errors != "" {
		failed = w.selector("spec.sli.latency.errors", l.Errors)
	}
	return whole, failed
}

// rate is the summed rate of a selector over the window.
func (w *writer) rate(v *parser.VectorSelector) string {
	return w.summed(promql.String(promql.Call(w.over, promql.Over(v))))
}

// part selects a part of a histogram, with further matchers.
func part(v *parser.VectorSelector, suffix string, more ...*labels.Matcher) *parser.VectorSelector {
	out := &parser.VectorSelector{OriginalOffset: v.OriginalOffset, Timestamp: v.Timestamp, StartOrEnd: v.StartOrEnd}
	if v.Name != "" {
		out.Name = v.Name + suffix
	}
	for _, m := range v.LabelMatchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			m = labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, m.Value+suffix)
		}
		out.LabelMatchers = append(out.LabelMatchers, m)
	}
	out.LabelMatchers = append(out.LabelMatchers, more...)
	return out
}

// thresholdOf is a latency SLO's threshold in the histogram's own unit.
func thresholdOf(l *slo.Latency) float64 {
	unit := l.Unit
	if unit <= 0 {
		unit = time.Second
	}
	return float64(l.Below) / float64(unit)
}

// bound writes a number as Prometheus writes one in le.
func bound(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// bucketAt matches the bucket's bound. Prometheus 3 writes whole numbers as
// 1.0, others as 1.
func bucketAt(f float64) *labels.Matcher {
	text := bound(f)
	if f != math.Trunc(f) || strings.ContainsAny(text, "e.") {
		return labels.MustNewMatcher(labels.MatchEqual, labels.BucketLabel, text)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, labels.BucketLabel, regexp.QuoteMeta(text)+`(\.0)?`)
}
