package pyrra

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// A count is one number of events that is recorded over the whole window.
type count struct {
	function string
	selector selector
	// record names the series over a range.
	record func(time.Duration) string
	labels map[string]string
	// again selects what record(5m) has, where two counts share that name.
	again []*labels.Matcher
	// absent writes an alert that the metric is gone.
	absent bool
}

// increase is the group <slo>-increase: the events of the whole window, and
// the alerts that metrics are absent.
func (w *writer) increase() []rules.Group {
	name, long := w.name+"-increase", interval(w.spec.Window.Nominal())
	if w.indicator.kind == latencyNative {
		return []rules.Group{{Name: name, Interval: long, Rules: w.nativeCounts()}}
	}
	counts, by := w.counts()
	if w.PerformanceOverAccuracy {
		return []rules.Group{
			{Name: name, Interval: 30 * time.Second, Rules: w.written(counts, by, recordedOver(5*time.Minute))},
			{Name: name + "-long", Interval: long, Rules: summed(counts, by, w.spec.Window.Nominal())},
		}
	}
	return []rules.Group{{Name: name, Interval: long, Rules: w.written(counts, by, recordedOver(w.spec.Window.Nominal()))}}
}

// recordedOver is how a count becomes a rule.
func recordedOver(d time.Duration) func(count, []string) rules.Rule {
	return func(c count, by []string) rules.Rule {
		return record(c.record(d), sum(by, over(c.function, c.selector, d)), c.labels)
	}
}

// written are the rules of counts with their absent alerts, where Pyrra has
// them: behind each count of a ratio, behind all others.
func (w *writer) written(counts []count, by []string, rule func(count, []string) rules.Rule) (out []rules.Rule) {
	var alerts []rules.Rule
	for _, c := range counts {
		out = append(out, rule(c, by))
		if alert, ok := w.absent(c); ok {
			alerts = append(alerts, alert)
		}
		if w.indicator.kind == ratio {
			out, alerts = append(out, alerts...), nil
		}
	}
	return append(out, alerts...)
}

// summed are the rules that add up what was recorded every 5 minutes.
func summed(counts []count, by []string, window time.Duration) (out []rules.Rule) {
	for _, c := range counts {
		short := c.selector.as(c.record(5*time.Minute), c.again...)
		out = append(out, record(c.record(window), sum(by, fmt.Sprintf("sum_over_time(%s[%s:5m])", short, text(window))), c.labels))
	}
	return out
}

// counts are those of an indicator that counts series, and the labels that
// their sums keep: the SLO's groups, and what tells the parts of total apart.
func (w *writer) counts() ([]count, []string) {
	i := w.indicator
	by := slices.Concat(w.spec.GroupBy, i.total.regexps())
	for _, name := range i.part.names() {
		if !i.total.has(name) && name != labels.BucketLabel {
			by = append(by, name)
		}
	}
	switch i.kind {
	case ratio:
		by = sorted(by)
		return w.ratioCounts(w.seriesLabels(by)), by
	case latency:
		by = sorted(by)
		return w.latencyCounts(w.seriesLabels(by)), by
	default:
		by = sorted(slices.Concat(by, i.total.names(), []string{labels.MetricName}))
		return w.gaugeCounts(w.seriesLabels(by)), by
	}
}

// ratioCounts: a metric that counts both is recorded once.
func (w *writer) ratioCounts(series map[string]string) []count {
	i := w.indicator
	total := count{function: "increase", selector: i.total, record: increaseName(i.total.name), labels: series, absent: true}
	if i.part.name == i.total.name {
		return []count{total}
	}
	return []count{total, {function: "increase", selector: i.part, record: increaseName(i.part.name), labels: series, absent: true}}
}

// latencyCounts: _count and _bucket are recorded under one name; le tells them
// apart.
func (w *writer) latencyCounts(series map[string]string) []count {
	i := w.indicator
	fast := maps.Clone(series)
	fast[labels.BucketLabel], _ = i.part.bound()
	return []count{
		{
			function: "increase", selector: w.bounds(i.total), record: increaseName(i.total.name), labels: series,
			again: []*labels.Matcher{equal(labels.BucketLabel, "")}, absent: true,
		},
		{function: "increase", selector: w.bounds(i.part), record: increaseName(i.part.name), labels: fast, absent: true},
	}
}

// gaugeCounts: all samples, and those that are 1; one alert will do.
func (w *writer) gaugeCounts(series map[string]string) []count {
	s := w.indicator.total
	named := func(what string) func(time.Duration) string {
		return func(d time.Duration) string { return s.name + ":" + what + text(d) }
	}
	return []count{
		{function: "count_over_time", selector: s, record: named("count"), labels: series, absent: true},
		{function: "sum_over_time", selector: s, record: named("sum"), labels: series},
	}
}

func increaseName(metric string) func(time.Duration) string {
	return func(d time.Duration) string {
		return trimmed(metric, "_total", "_count", "_bucket") + ":increase" + text(d)
	}
}

// nativeCounts reads all events and the fast ones from one histogram. Pyrra
// has no absent alert for it.
func (w *writer) nativeCounts() []rules.Rule {
	i, window := w.indicator, w.spec.Window.Nominal()
	events := sum(w.spec.GroupBy, over("increase", i.total, window))
	name, series := increaseName(i.total.name)(window), w.seriesLabels(nil)
	fast := maps.Clone(series)
	fast[labels.BucketLabel] = short(i.below)
	return []rules.Rule{
		record(name, "histogram_count("+events+")", series),
		record(name, fmt.Sprintf("histogram_fraction(0, %s, %s) * histogram_count(%s)", float(i.below), events, events), fast),
	}
}

// short writes a number as labels have it: 1e-05.
func short(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// absent fires when a metric is gone as long as a total outage would take to
// be noticed. An SLO of Pyrra's has it even where its burn alerts are off.
func (w *writer) absent(c count) (rules.Rule, bool) {
	a, severity := w.spec.Alerting, w.severity(pyrra.SeverityAbsent, "critical")
	silent := a.NoAbsent || a.Disabled && w.spec.Format.APIVersion != pyrra.APIVersion
	if !c.absent || silent || w.of(severity).Disabled {
		return rules.Rule{}, false
	}
	return rules.Rule{
		Alert: nameOr(a.AbsentName, absentName), Expr: fmt.Sprintf("absent(%s) == 1", c.selector),
		For: absentFor(w.windows[0], targetOf(w.spec)), Labels: w.alertLabels(c.labels, severity), Annotations: w.annotations(severity),
	}, true
}
