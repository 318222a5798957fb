package native

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// severity is that of a tier of this SLO; None where nobody is told.
func (w *writer) severity(t alerts.Tier) alerts.Severity {
	a := w.spec.Alerting
	severity := t.Severity
	if own, ok := a.Severities[t.Name]; ok {
		severity = alerts.Severity(own)
	}
	if a.Disabled || severity == alerts.Critical && a.Critical.Disabled || severity == alerts.Warning && a.Warning.Disabled {
		return alerts.None
	}
	return severity
}

// burnAlerts are one for each severity: it fires while any of its tiers does.
func (w *writer) burnAlerts() (list []rules.Rule) {
	tiers := map[alerts.Severity][]alerts.Tier{}
	var order []alerts.Severity
	for _, t := range w.tiers {
		s := w.severity(t)
		if tiers[s] == nil {
			order = append(order, s)
		}
		tiers[s] = append(tiers[s], t)
	}
	for _, severity := range order {
		var conditions, texts []string
		for _, t := range tiers[severity] {
			conditions = append(conditions, w.fires(t))
			texts = append(texts, fmt.Sprintf("%s above %.4g over %s and %s", t.Name, t.Factor, slo.FormatDuration(t.Long), slo.FormatDuration(t.Short)))
		}
		list = append(list, w.alert(alerts.NameBurn, severity, strings.Join(conditions, "\nor\n"), 0, map[string]string{
			"summary": w.subject() + ": error budget burns too fast",
			"burn":    `{{ $value | printf "%.2f" }}`,
			"description": fmt.Sprintf("The error budget (objective %s over %s) burns at {{ $value | printf \"%%.2f\" }}; tiers fire at %s.",
				w.spec.Objective, w.spec.Window, strings.Join(texts, ", or ")),
		}))
	}
	return append(list, w.noData()...)
}

// fires is a tier's condition, as the engine has it: what was not observed
// counts as good, and a few bad events are no evidence.
func (w *writer) fires(t alerts.Tier) string {
	long, short, factor := slo.FormatDuration(t.Long), slo.FormatDuration(t.Short), number(t.Factor)
	return fmt.Sprintf(`max without (window) (
  %s * %s > %s
  and ignoring (window) %s > %s
  and %s >= %d
)`, w.of(burn, "window", long), w.of(covered, "window", long), factor,
		w.of(burn, "window", short), factor,
		w.of(badSum, "window", long), minBad)
}

// silence is how long samples must stay away. The newest ones are in records
// for nearly five minutes more.
const silence = 10 * time.Minute

// noData fires when samples came and stopped.
func (w *writer) noData() []rules.Rule {
	if w.spec.Alerting.Disabled || w.spec.Alerting.NoAbsent {
		return nil
	}
	series := w.of(events)
	expr := fmt.Sprintf("present_over_time(%s[1d]) unless present_over_time(%s[%s])", series, series, text(silence-base+2*step))
	return []rules.Rule{w.alert(alerts.NameNoData, alerts.Warning, expr, 0, map[string]string{
		"summary":     w.subject() + ": no data",
		"description": fmt.Sprintf("No sample of %s arrived for %s, and some did in the day before.", w.spec.ID(), slo.FormatDuration(silence)),
	})}
}

// budgetAlerts say that the budget is spent, or runs low.
func (w *writer) budgetAlerts() (list []rules.Rule) {
	if w.spec.Alerting.Disabled {
		return nil
	}
	left := w.of(remaining)
	say := func(severity alerts.Severity, expr, what string) {
		list = append(list, w.alert(alerts.NameExhausted, severity, expr, 0, map[string]string{
			"summary":   w.subject() + ": error budget " + what,
			"remaining": "{{ $value | humanizePercentage }}",
			"description": fmt.Sprintf("{{ $value | humanizePercentage }} of the error budget (objective %s over %s) is left.",
				w.spec.Objective, w.spec.Window),
		}))
	}
	if !w.spec.Alerting.Warning.Disabled {
		say(alerts.Warning, left+" <= 0", "is spent")
	}
	say(alerts.Info, "0 < "+left+" < "+number(low), "runs low")
	return list
}

// low is the share of the budget below which it runs low.
const low = 0.25

// alert is an alerting rule with the engine's labels and the user's words.
func (w *writer) alert(name string, severity alerts.Severity, expr string, wait time.Duration, annotations map[string]string) rules.Rule {
	a := w.spec.Alerting
	of := map[alerts.Severity]slo.AlertingOf{alerts.Critical: a.Critical, alerts.Warning: a.Warning}[severity]
	labels := map[string]string{}
	maps.Copy(labels, a.Labels)
	maps.Copy(labels, of.Labels)
	maps.Copy(labels, map[string]string{
		"service": w.spec.Service, "slo": w.spec.Name, "slo_id": w.spec.ID(), "severity": string(severity),
	})
	maps.Copy(annotations, a.Annotations)
	maps.Copy(annotations, of.Annotations)
	return rules.Rule{Alert: w.named(name), Expr: expr, For: wait, Labels: labels, Annotations: annotations}
}

// named is the alert's name as the user wants it.
func (w *writer) named(name string) string {
	switch a := w.spec.Alerting; {
	case name == alerts.NameBurn && a.Name != "":
		return a.Name
	case name == alerts.NameNoData && a.AbsentName != "":
		return a.AbsentName
	}
	return name
}

// subject names the instance.
func (w *writer) subject() string {
	words := []string{w.spec.Service, w.spec.Name}
	for _, label := range slices.Sorted(slices.Values(w.spec.GroupBy)) {
		words = append(words, fmt.Sprintf("{{ $labels.%s }}", label))
	}
	return strings.Join(words, " ")
}
