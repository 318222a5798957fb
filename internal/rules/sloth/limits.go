package sloth

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

// limits is what the dialect cannot say of an SLO. Groups it can: series have
// the labels that the queries are by, from the ratios to the alerts.
func limits(s *slo.Spec) (problems []slo.Problem) {
	add := func(severity slo.Severity, field, message, fix string) {
		problems = append(problems, s.Problem(severity, field, message, fix))
	}
	if s.Window.Calendar() {
		add(slo.Warning, "spec.window", fmt.Sprintf("Prometheus's rules have no calendar: the %s is written as the last %s", s.Window.Period, slo.FormatDuration(s.Window.Nominal())),
			"let the engine keep the calendar's budget")
	}
	problems = append(problems, s.OnlyHere("Sloth's rules have")...)
	if s.Budgeting.Method != slo.Occurrences {
		add(slo.Error, "spec.budgeting", "Sloth's rules count occurrences, not "+strings.ReplaceAll(s.Budgeting.Method.String(), "_", " "), "keep this SLO in the engine")
	}
	for _, name := range s.GroupBy {
		if strings.HasPrefix(name, "sloth_") {
			add(slo.Error, "spec.groupBy", fmt.Sprintf("the label %q is one that Sloth's rules set", name), "group by another")
		}
	}
	if len(s.GroupBy) > 0 && s.MaxGroups != slo.DefaultMaxGroups {
		add(slo.Warning, "spec.maxGroups", "Prometheus's rules have no such bound", "bound the label's values where they are made")
	}
	problems = append(problems, rules.AlertLimits(s, "Sloth")...)
	if len(s.Alerting.Severities) > 0 && len(s.Alerting.Terms.Tiers) == 0 {
		add(slo.Warning, "spec.alerting.severities", "Sloth has one severity for quick and slow alerts", "route by sloth_severity")
	}
	if s.Alerting.AbsentName != "" {
		add(slo.Warning, "spec.alerting.absent", "Sloth has no alert about missing samples", "write a rule with absent()")
	}
	return problems
}

// Encode writes Specs as documents of Sloth, as the package pkg/slo/sloth does,
// also those whose SLI is not one of {{.window}} yet.
func Encode(specs []*slo.Spec) ([]byte, []slo.Problem) {
	var sayable []*slo.Spec
	var problems []slo.Problem
	for _, s := range specs {
		t, found := rules.TemplateOf(s)
		if problems = append(problems, found...); slo.AnyError(found) {
			continue
		}
		templated := *s
		templated.SLI = slo.SLI{Ratio: &slo.Ratio{Total: t.Total, Bad: t.Bad, ErrorRatio: t.ErrorRatio}}
		sayable = append(sayable, &templated)
	}
	text, found := sloth.Encode(sayable)
	return text, append(problems, found...)
}
