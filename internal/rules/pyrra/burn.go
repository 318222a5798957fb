package pyrra

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
)

// burn is the group <slo>: error ratios over seven ranges, and the alerts.
// Pyrra calls the ratios burn rates.
func (w *writer) burn() rules.Group {
	group := rules.Group{Name: w.name, Interval: 30 * time.Second}
	labels := w.seriesLabels(w.spec.GroupBy)
	for _, d := range ranges(w.windows) {
		group.Rules = append(group.Rules, record(w.burnName(d), w.errorRatio(d), labels))
	}
	if w.spec.Alerting.Disabled {
		return group
	}
	for _, t := range w.windows {
		if severity := w.severity(t.id, t.severity); !w.of(severity).Disabled {
			group.Rules = append(group.Rules, w.alert(t, severity, labels))
		}
	}
	return group
}

func (w *writer) burnName(d time.Duration) string {
	return trimmed(w.indicator.total.name, "_total", "_count") + ":burnrate" + text(d)
}

// alert fires when both ranges of a tier burn too fast.
func (w *writer) alert(t tier, severity string, series map[string]string) rules.Rule {
	labels := w.alertLabels(series, severity)
	maps.Copy(labels, map[string]string{
		"short": text(t.short), "long": text(t.long), "exhaustion": text(exhaustion(w.spec.Window.Nominal(), t.factor)),
	})
	annotations := w.annotations(severity)
	if link, ok := w.link(); ok {
		annotations = maps.Clone(annotations)
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations["pyrra_url"] = link
	}
	return rules.Rule{
		Alert: nameOr(w.spec.Alerting.Name, burnName), Expr: w.above(t.short, t.factor) + " and " + w.above(t.long, t.factor),
		For: t.wait, Labels: labels, Annotations: annotations,
	}
}

// above compares the error ratio of a range with a share of the budget.
func (w *writer) above(d time.Duration, factor float64) string {
	return fmt.Sprintf("%s{%s} > (%s * (1-%s))", w.burnName(d), w.recorded(), float(factor), float(targetOf(w.spec)))
}

// recorded selects the series that burn recorded: what regular expressions
// select is not on them, unless it is grouped by.
func (w *writer) recorded() string {
	matchers := []string{fmt.Sprintf("slo=%q", w.name)}
	for _, m := range w.indicator.total.matchers {
		if slices.Contains(w.spec.GroupBy, m.Name) || !isRegexp(m) {
			matchers = append(matchers, m.String())
		}
	}
	sort.Strings(matchers)
	return strings.Join(matchers, ",")
}

func nameOr(name, usual string) string {
	if name != "" {
		return name
	}
	return usual
}
