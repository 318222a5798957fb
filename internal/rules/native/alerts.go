package native

import (
	"cmp"
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
	a, severity := w.spec.Alerting, t.Severity
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
	enough := ""
	if bad := alerts.GateOf(w.spec.Alerting.Terms).MinBad; bad > 0 {
		enough = fmt.Sprintf("\n  and %s >= %s", w.of(badSum, "window", long), number(bad))
	}
	return fmt.Sprintf(`max without (window) (
  %s * %s > %s
  and ignoring (window) %s > %s%s
)`, w.of(burn, "window", long), w.of(covered, "window", long), factor,
		w.of(burn, "window", short), factor, enough)
}

// noData fires when samples came and stopped.
func (w *writer) noData() []rules.Rule {
	a := w.spec.Alerting
	if a.Disabled || a.NoAbsent || a.Terms.NoData.Policy == slo.IgnoreNoData {
		return nil
	}
	silence := w.silence()
	series := w.of(events)
	// The newest samples are in records for nearly five minutes more.
	expr := fmt.Sprintf("present_over_time(%s[1d]) unless present_over_time(%s[%s])", series, series, text(silence-base+2*step))
	severity := cmp.Or(alerts.SeverityOf(a.Severities[absent]), alerts.Warning)
	return []rules.Rule{w.alert(alerts.NameNoData, severity, expr, 0, map[string]string{
		"summary":     w.subject() + ": no data",
		"description": fmt.Sprintf("No sample of %s arrived for %s, and some did in the day before.", w.spec.ID(), slo.FormatDuration(silence)),
	})}
}

// absent is where Severities have that of the alert about a silence.
const absent = "absent"

// silence is how long samples must stay away: what the SLO says, as far as
// records can tell it.
func (w *writer) silence() time.Duration {
	return max(cmp.Or(w.spec.Alerting.Terms.NoData.After, slo.UsualSilence), base)
}

// checkNoData names what of a silence the rules cannot tell.
func (w *writer) checkNoData() {
	const field = "spec.alerting.noData"
	says := w.spec.Alerting.Terms.NoData
	if says.After != 0 && says.After < base && says.Policy != slo.IgnoreNoData {
		w.problem(slo.Warning, field+".after", "each record looks back over "+slo.FormatDuration(base)+": sooner the rules do not see a silence", "let the engine alert")
	}
	if says.Policy == slo.BadNoData {
		w.problem(slo.Warning, field+".policy", "the rules cannot count a silence as bad traffic: they only tell of it", "let the engine alert")
	}
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
