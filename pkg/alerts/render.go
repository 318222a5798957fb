package alerts

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Subject is whom an alert is about: one instance of one SLO.
type Subject struct {
	// ID is the instance id.
	ID   string
	Spec *slo.Spec
	// Group holds the groupBy labels.
	Group map[string]string
	// URL leads to the instance; may be empty.
	URL string
}

// Facts are the figures that an alert's annotations tell. They may change
// while it fires.
type Facts struct {
	// Tier is the one that holds the alert, with the windows in force.
	Tier Tier
	// LongBurn and ShortBurn are the burn rates of its windows; nil without
	// events.
	LongBurn, ShortBurn *float64
	Remaining           *float64
	// Exhaustion is nil when the budget lasts, or is not known to run out.
	Exhaustion *time.Duration
	// Top names the series that contributed most bad events, the worst first.
	Top []string
	// Traces are ids of traces of bad events, the newest first.
	Traces []string
	// LastSample is the time of the newest sample.
	LastSample time.Time
}

// Render writes the alert of a status. Its labels depend on nothing that
// changes while it fires, so Alertmanager sees one alert from its beginning
// to its end.
func Render(who Subject, status Status, facts Facts) Alert {
	return Alert{
		Labels:       labelsOf(who, status),
		Annotations:  annotationsOf(who, status, facts),
		StartsAt:     status.Since,
		GeneratorURL: who.URL,
	}
}

// labelsOf merges, the later winning: the SLO's labels, its alert labels and
// those of the severity, the group, and the engine's own, which specs may not
// use.
func labelsOf(who Subject, status Status) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, who.Spec.Labels)
	maps.Copy(labels, who.Spec.Alerting.Labels)
	maps.Copy(labels, ofSeverity(who.Spec, status.Severity).Labels)
	maps.Copy(labels, who.Group)
	maps.Copy(labels, map[string]string{
		"alertname": NameOf(who.Spec, status.Name),
		"service":   who.Spec.Service,
		"slo":       who.Spec.Name,
		"slo_id":    who.ID,
		"severity":  string(status.Severity),
	})
	return labels
}

func annotationsOf(who Subject, status Status, facts Facts) map[string]string {
	a := map[string]string{"tier": status.Tier}
	set := func(key, value string) {
		if value != "" {
			a[key] = value
		}
	}
	set("burn", number(facts.LongBurn))
	set("remaining", percent(facts.Remaining))
	if facts.Exhaustion != nil {
		set("exhaustion", facts.Exhaustion.Round(time.Second).String())
	}
	set("top_contributors", strings.Join(facts.Top, "; "))
	set("trace_ids", strings.Join(facts.Traces, ", "))
	set("dashboard_url", who.URL)
	if status.Frozen {
		set("frozen", "no samples since "+facts.LastSample.UTC().Format(time.RFC3339)+": the alert neither fires nor resolves")
	}
	set("summary", summary(who, status))
	switch status.Name {
	case NameBurn:
		set("long", slo.FormatDuration(facts.Tier.Long))
		set("short", slo.FormatDuration(facts.Tier.Short))
		set("factor", strconv.FormatFloat(facts.Tier.Factor, 'g', 6, 64))
		set("short_burn", number(facts.ShortBurn))
		set("description", burnDescription(who, facts))
	case NameExhausted:
		set("description", budgetDescription(who, facts))
	case NameNoData:
		set("description", fmt.Sprintf("No sample of %s arrived since %s. %s",
			who.ID, facts.LastSample.UTC().Format(time.RFC3339), meanwhile[who.Spec.Alerting.Terms.NoData.Policy]))
	}
	maps.Copy(a, who.Spec.Alerting.Annotations) // the user's words win
	maps.Copy(a, ofSeverity(who.Spec, status.Severity).Annotations)
	return a
}

// meanwhile is what becomes of budget and alerts in a silence.
var meanwhile = map[slo.NoDataPolicy]string{
	slo.UsualNoData:  "Its budget stands still and its alerts neither fire nor resolve.",
	slo.FreezeNoData: "Its budget stands still and its alerts neither fire nor resolve.",
	slo.BadNoData:    "The silence counts as bad traffic, at the rate of events before it.",
	slo.GoodNoData:   "The silence counts as good traffic, so that its burn alerts end.",
}

// ofSeverity is what the SLO says of alerts of one severity.
func ofSeverity(spec *slo.Spec, severity Severity) slo.AlertingOf {
	switch severity {
	case Critical:
		return spec.Alerting.Critical
	case Warning:
		return spec.Alerting.Warning
	}
	return slo.AlertingOf{}
}

// Silenced reports whether the SLO wants no alert about a status: none of its
// severity, or none about missing samples.
func Silenced(spec *slo.Spec, status Status) bool {
	return ofSeverity(spec, status.Severity).Disabled || status.Name == NameNoData && spec.Alerting.NoAbsent
}

// NameOf is what the SLO calls its alerts of an alertname of the engine's.
func NameOf(spec *slo.Spec, name string) string {
	switch {
	case name == NameBurn && spec.Alerting.Name != "":
		return spec.Alerting.Name
	case name == NameNoData && spec.Alerting.AbsentName != "":
		return spec.Alerting.AbsentName
	}
	return name
}

func summary(who Subject, status Status) string {
	subject := who.Spec.Service + " " + who.Spec.Name
	if len(who.Group) > 0 {
		subject = who.ID
	}
	switch {
	case status.Name == NameNoData:
		return subject + ": no data"
	case status.Name == NameExhausted && status.Severity == Warning:
		return subject + ": error budget is spent"
	case status.Name == NameExhausted:
		return subject + ": error budget runs low"
	}
	return subject + ": error budget burns too fast"
}

func burnDescription(who Subject, facts Facts) string {
	return fmt.Sprintf("The error budget (objective %s over %s) burns at %s over %s and %s over %s; tier %s fires above %.4g.",
		who.Spec.Objective, who.Spec.Window,
		orUnknown(number(facts.LongBurn)), slo.FormatDuration(facts.Tier.Long),
		orUnknown(number(facts.ShortBurn)), slo.FormatDuration(facts.Tier.Short),
		facts.Tier.Name, facts.Tier.Factor)
}

func budgetDescription(who Subject, facts Facts) string {
	text := fmt.Sprintf("%s of the error budget (objective %s over %s) is left.",
		orUnknown(percent(facts.Remaining)), who.Spec.Objective, who.Spec.Window)
	if facts.Exhaustion != nil && *facts.Exhaustion > 0 {
		text += fmt.Sprintf(" At the burn of the last six hours it is gone in %s.", facts.Exhaustion.Round(time.Minute))
	}
	return text
}

func number(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}

func percent(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f*100, 'f', 1, 64) + "%"
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
