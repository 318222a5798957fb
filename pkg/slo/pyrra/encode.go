package pyrra

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Encode writes Specs as documents of Pyrra. An SLO that Pyrra cannot say is
// left out and an Error says why; warnings say what is lost of the others.
// Reading what was written gives equal Specs, but for Origin, Format, Fields
// and what the warnings speak of.
//
// Pyrra takes bare selectors only: let the rules of Pyrra's dialect simplify
// expressions before.
func Encode(specs []*slo.Spec) ([]byte, []slo.Problem) {
	var b bytes.Buffer
	var problems []slo.Problem
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	names := Names(specs)
	for _, s := range specs {
		w := writer{spec: s, name: names[s]}
		document := w.document()
		problems = append(problems, w.problems...)
		if w.failed {
			continue
		}
		if err := encoder.Encode(document); err != nil {
			problems = append(problems, s.Problem(slo.Error, "", err.Error(), ""))
		}
	}
	if b.Len() > 0 {
		_ = encoder.Close() // into memory
	}
	return b.Bytes(), problems
}

// writer writes one Spec.
type writer struct {
	spec     *slo.Spec
	name     string
	problems []slo.Problem
	failed   bool
}

// warn says what is lost; fail says that there is no document.
func (w *writer) warn(field, message, fix string) { w.add(slo.Warning, field, message, fix) }

func (w *writer) fail(field, message, fix string) {
	w.add(slo.Error, field, message, fix)
	w.failed = true
}

func (w *writer) add(severity slo.Severity, field, message, fix string) {
	w.problems = append(w.problems, w.spec.Problem(severity, field, message, fix))
}

func (w *writer) document() writtenDocument {
	s := w.spec
	out := writtenDocument{APIVersion: APIVersion, Kind: Kind, Metadata: w.metadata()}
	out.Spec = writtenSpec{
		Description: s.Description, Target: strings.TrimSuffix(s.Objective.String(), "%"), Window: w.window(),
		Indicator: w.indicator(), Alerting: w.alerting(),
	}
	w.problems = append(w.problems, s.OnlyHere("Pyrra has")...)
	if s.Budgeting.Method != slo.Occurrences {
		w.fail("spec.budgeting", "Pyrra counts occurrences, not "+s.Budgeting.Method.String(), "remove budgeting")
	}
	if s.MaxGroups != slo.DefaultMaxGroups {
		w.warn("spec.maxGroups", "Pyrra does not limit groups", "")
	}
	return out
}

// metadata carries what goes to series and alerts under Prefix.
func (w *writer) metadata() writtenMetadata {
	s := w.spec
	out := writtenMetadata{Name: w.name, Labels: map[string]string{}}
	if w.name != s.Name {
		w.warn("metadata.name", fmt.Sprintf("other SLOs have this name too; Pyrra's document is called %q", w.name), "")
	}
	if !resourceName.MatchString(w.name) {
		w.warn("metadata.name", fmt.Sprintf("%q is not a name that Kubernetes takes", w.name), "write lower-case letters, digits, '-' and '.'")
	}
	for name, value := range s.Alerting.Labels {
		out.Labels[Prefix+name] = value
	}
	if len(s.Alerting.Labels) > 0 {
		w.warn("spec.alerting.labels", "Pyrra has no labels for alerts alone: its series carry them too", "")
	}
	for name, value := range s.Labels {
		out.Labels[Prefix+name] = value
	}
	w.service(out.Labels)
	for name, value := range s.Alerting.Annotations {
		if out.Annotations == nil {
			out.Annotations = map[string]string{}
		}
		out.Annotations[Prefix+name] = value
	}
	return out
}

// service writes the service where it adds no label to series.
func (w *writer) service(labels map[string]string) {
	switch label := labels[Prefix+"service"]; {
	case label == w.spec.Service:
	case label != "":
		w.warn("spec.service", fmt.Sprintf("becomes %q: Pyrra's documents have it in the label service", label), "rename the label")
	case w.spec.Service != DefaultService:
		labels["app.kubernetes.io/name"] = w.spec.Service
	}
}

func (w *writer) window() string {
	if w.spec.Window.Calendar() {
		w.warn("spec.window", fmt.Sprintf("Pyrra has no calendar windows: %s becomes the last %s", w.spec.Window, slo.FormatDuration(w.spec.Window.Nominal())), "")
	}
	return slo.FormatDuration(w.spec.Window.Nominal())
}

func (w *writer) alerting() writtenAlerting {
	a, off := w.spec.Alerting, false
	out := writtenAlerting{Name: a.Name, AbsentName: a.AbsentName}
	if a.Disabled {
		out.Burnrates = &off
	}
	if a.NoAbsent {
		out.Absent = &off
	}
	w.severities(&out)
	if len(a.Terms.Tiers) > 0 {
		w.warn("spec.alerting.tiers", "Pyrra has four tiers, the same for all SLOs: these are lost", "")
	}
	if a.Terms.Confidence != nil || a.Terms.MinBad != nil || a.Terms.NoData != (slo.NoData{}) {
		w.warn("spec.alerting", "Pyrra has no low-traffic gate and one alert about silences: this is lost", "")
	}
	w.lost("spec.alerting.critical", a.Critical)
	w.lost("spec.alerting.warning", a.Warning)
	return out
}

func (w *writer) lost(field string, of slo.AlertingOf) {
	if of.Disabled || len(of.Labels)+len(of.Annotations) > 0 {
		w.warn(field, "Pyrra says nothing of alerts of one severity: this is lost", "")
	}
}

func (w *writer) severities(out *writtenAlerting) {
	left := len(w.spec.Alerting.Severities)
	for _, t := range tiers {
		if severity := w.spec.Alerting.Severities[t.ours]; severity != "" {
			if out.Severities == nil {
				out.Severities = map[string]string{}
			}
			out.Severities[t.theirs] = severity
			left--
		}
	}
	if left > 0 {
		w.warn("spec.alerting.severities", "Pyrra has the four usual tiers only: others are lost", "")
	}
}
