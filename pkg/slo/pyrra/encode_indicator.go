package pyrra

import (
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// indicator writes the SLI; where there is none it has failed.
func (w *writer) indicator() map[string]any {
	switch s := w.spec.SLI; {
	case w.spec.Composite != nil:
		w.fail("spec.composite", "Pyrra makes no SLO of others", "keep this SLO in the engine")
		return nil
	case s.Ratio != nil && s.Ratio.Bad != "":
		return map[string]any{"ratio": writtenRatio{
			Errors: w.query("spec.sli.ratio.bad", s.Ratio.Bad), Total: w.query("spec.sli.ratio.total", s.Ratio.Total), Grouping: w.spec.GroupBy,
		}}
	case s.Ratio != nil && s.Ratio.Good != "":
		return w.latency(s.Ratio)
	case s.Latency != nil:
		return w.native(s.Latency)
	case s.Threshold != nil:
		return w.gauge(s.Threshold)
	}
	if w.spec.SLI.Ratio == nil && w.spec.SLI != (slo.SLI{}) {
		w.fail("spec.sli", "Pyrra counts metrics by selectors: it has neither queries, nor spans and logs", "keep this SLO in the engine")
		return nil
	}
	w.fail("spec.sli", "Pyrra has no ready error ratios", "write bad and total")
	return nil
}

// latency: Pyrra knows good events only below a bound of a histogram.
func (w *writer) latency(r *slo.Ratio) map[string]any {
	if good, ok := readSelector(r.Good); ok {
		if _, there := good.value("le"); !there {
			w.fail("spec.sli.ratio.good", "Pyrra counts bad events, or good ones below a bound (le) of a histogram", "write bad in place of good")
			return nil
		}
	}
	return map[string]any{"latency": writtenLatency{
		Success: w.query("spec.sli.ratio.good", r.Good), Total: w.query("spec.sli.ratio.total", r.Total), Grouping: w.spec.GroupBy,
	}}
}

func (w *writer) native(l *slo.Latency) map[string]any {
	if l.Errors != "" {
		w.fail("spec.sli.latency.errors", "Pyrra counts slow events only", "remove errors, and write an SLO of them alone")
	}
	if l.Below%time.Millisecond != 0 {
		w.fail("spec.sli.latency.below", "Pyrra knows no parts of a millisecond", "round it")
	}
	if !w.failed && w.spec.Format.APIVersion != APIVersion {
		w.warn("spec.sli.latency", "Pyrra reads native histograms this way; of a classic one it needs the bucket of the threshold", "write a ratio with good: a bucket and total: the count")
	}
	below := slo.FormatDuration(l.Below)
	if l.Unit > 0 && l.Unit != time.Second {
		scaled := time.Duration(float64(l.Below) / float64(l.Unit) * float64(time.Second))
		below = slo.FormatDuration(scaled)
		w.warn("spec.sli.latency.unit", fmt.Sprintf("Pyrra takes the histogram's values for seconds: the same threshold reads %s there", below), "")
	}
	return map[string]any{"latencyNative": writtenNative{
		Total: w.query("spec.sli.latency.histogram", l.Histogram), Latency: below, Grouping: w.spec.GroupBy,
	}}
}

func (w *writer) gauge(t *slo.Threshold) map[string]any {
	if t.Above == nil || *t.Above != 1 || t.Below != nil || t.Exclusive {
		w.fail("spec.sli.threshold", "Pyrra reads gauges that are 1 when all is well and 0 otherwise", "write above: 1 alone")
	}
	if !t.PerSample {
		w.warn("spec.sli.threshold.slice", "Pyrra counts samples, not slices of time", "write perSample: true to count them here too")
	}
	return map[string]any{"bool_gauge": writtenGauge{Metric: w.query("spec.sli.threshold.metric", t.Metric).Metric, Grouping: w.spec.GroupBy}}
}

// query writes a bare selector.
func (w *writer) query(field, text string) writtenQuery {
	s, ok := readSelector(text)
	switch {
	case !ok:
		w.fail(field, "Pyrra takes a bare selector, without functions and arithmetic", "write a metric's name and matchers")
	case s.name == "":
		w.fail(field, "Pyrra needs the metric's name in front of the braces", "write it there")
	}
	return writtenQuery{strings.TrimSpace(text)}
}
