package openslo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Encoder writes Specs as OpenSLO. The zero value writes all but latencies.
type Encoder struct {
	// Template writes an SLI that is not a ratio as PromQL with {{.window}}:
	// bad and total, or errorRatio alone. nil: there is none, and such SLOs
	// cannot be written.
	Template func(*slo.Spec) (bad, total, errorRatio string, problems []slo.Problem)
}

// Encode is what the zero Encoder writes.
func Encode(specs []*slo.Spec) ([]byte, []slo.Problem) { return Encoder{}.Encode(specs) }

// Encode writes one openslo/v1 document with an inline SLI for each Spec. What
// was read from OpenSLO reads back as equal Specs, but for Origin, Format and
// Fields. The parts of a composite that was are objectives of its document, and
// have none of their own. Problems are said of where each Spec was read: with a warning
// something of it is left out, with an error it is.
func (e Encoder) Encode(specs []*slo.Spec) ([]byte, []slo.Problem) {
	var all bytes.Buffer
	var problems []slo.Problem
	names, known, within := map[string]*slo.Spec{}, byID(specs), map[string]bool{}
	for _, s := range specs {
		if s.Composite != nil && len(unsayable(s, known)) == 0 {
			for _, part := range s.Composite.Parts {
				within[part.SLO] = true
			}
		}
	}
	for _, s := range specs {
		if within[s.ID()] {
			continue // its composite's document says it
		}
		w := writer{Encoder: e, spec: s, known: known, names: names}
		document := w.document()
		if problems = append(problems, w.problems...); w.failed() {
			continue
		}
		text, err := marshal(document)
		if err != nil {
			problems = append(problems, s.Problem(slo.Error, "", fmt.Sprintf("write document: %v", err), ""))
			continue
		}
		if all.Len() > 0 {
			all.WriteString("---\n")
		}
		all.Write(text)
	}
	return all.Bytes(), problems
}

func marshal(document any) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// writer writes one Spec.
type writer struct {
	Encoder
	spec     *slo.Spec
	known    map[string]*slo.Spec // all that are written, by ID
	names    map[string]*slo.Spec // of the documents so far
	problems []slo.Problem
}

func (w *writer) fail(field, message, fix string) { w.add(slo.Error, field, message, fix) }
func (w *writer) warn(field, message, fix string) { w.add(slo.Warning, field, message, fix) }

func (w *writer) add(severity slo.Severity, field, message, fix string) {
	w.problems = append(w.problems, w.spec.Problem(severity, field, message, fix))
}

func (w *writer) failed() bool {
	return slices.ContainsFunc(w.problems, func(p slo.Problem) bool { return p.Severity == slo.Error })
}

// document writes the Spec, and finds what cannot be said.
func (w *writer) document() writtenDocument {
	s := w.spec
	d := writtenDocument{APIVersion: V1, Kind: kindSLO, Metadata: w.metadata()}
	d.Spec = writtenSpec{
		Description: w.description(), Service: s.Service, TimeWindow: []writtenWindow{w.window()},
	}
	if s.Service == "" {
		w.fail("spec.service", "is missing", "write the service's name")
	}
	if s.Objective.Budget() <= 0 {
		w.fail("spec.objective", "is missing", "write a percentage such as 99.9%")
	}
	if s.Composite != nil {
		d.Spec.BudgetingMethod, d.Spec.Objectives = w.composite()
	} else {
		o := writtenObjective{TargetPercent: numeral(strings.TrimSuffix(s.Objective.String(), "%"))}
		d.Spec.BudgetingMethod = w.budgeting(&o)
		d.Spec.Indicator = &writtenInline{Metadata: writtenMetadata{Name: d.Metadata.Name}, Spec: w.sli(&o)}
		d.Spec.Objectives = []writtenObjective{o}
	}
	d.Spec.AlertPolicies = w.policies()
	w.lost()
	return d
}

// lost warns of what OpenSLO has no words for.
func (w *writer) lost() {
	s := w.spec
	w.problems = append(w.problems, s.OnlyHere("OpenSLO has")...)
	if len(s.GroupBy) > 0 {
		w.warn("spec.groupBy", "cannot be said in OpenSLO: all groups share one budget there", "write an SLO for each group that needs its own")
	}
	a := s.Alerting
	for _, said := range []struct {
		field string
		set   bool
	}{
		{"disabled", a.Disabled}, {"name", a.Name != ""}, {"labels", len(a.Labels) > 0}, {"annotations", len(a.Annotations) > 0},
		{"critical", !empty(a.Critical)}, {"warning", !empty(a.Warning)},
		{"severities", len(a.Severities) > 0 && len(a.Terms.Tiers) == 0}, {"absent", a.NoAbsent || a.AbsentName != ""},
		{"confidence", a.Terms.Confidence != nil}, {"minBad", a.Terms.MinBad != nil}, {"noData", a.Terms.NoData != slo.NoData{}},
	} {
		if said.set {
			w.warn("spec.alerting."+said.field, "cannot be said in OpenSLO", "say it where the alerts are made")
		}
	}
}

func empty(a slo.AlertingOf) bool { return !a.Disabled && len(a.Labels)+len(a.Annotations) == 0 }

func (w *writer) description() string {
	text := []rune(w.spec.Description)
	if len(text) > maxDescription {
		w.warn("spec.description", fmt.Sprintf("has %d characters, more than the %d of OpenSLO: it is cut", len(text), maxDescription), "shorten it")
		text = text[:maxDescription]
	}
	return string(text)
}

// metadata writes the name as RFC 1123 has it, and the labels OpenSLO takes.
func (w *writer) metadata() writtenMetadata {
	m := writtenMetadata{Name: w.spec.Name}
	if len(m.Name) > maxNameBytes || !dnsLabel.MatchString(m.Name) {
		m.Name = w.renamed()
		w.warn("metadata.name", fmt.Sprintf("%q is not a name of OpenSLO: it is written as %q", w.spec.Name, m.Name), "rename it")
	}
	if first := w.names[m.Name]; first != nil {
		w.warn("metadata.name", fmt.Sprintf("%q is also an SLO of service %q: in OpenSLO that is one name twice", m.Name, first.Service), "rename one of them")
	}
	w.names[m.Name] = w.spec
	for name, value := range w.spec.Labels {
		if !labelKey.MatchString(name) {
			w.warn(strictyaml.Key("metadata.labels", name), "is not the name of a label in OpenSLO: it is left out", "rename it")
			continue
		}
		if m.Labels == nil {
			m.Labels = map[string]string{}
		}
		m.Labels[name] = value
	}
	return m
}

func (w *writer) renamed() string {
	name := slug(w.spec.Name)
	if name == "" {
		w.fail("metadata.name", fmt.Sprintf("%q cannot be written as a name of OpenSLO", w.spec.Name), "rename it")
		return name
	}
	whole := name
	for n := 2; ; n++ {
		name = strings.Trim(name[:min(len(name), maxNameBytes)], "-")
		if w.names[name] == nil {
			return name
		}
		end := fmt.Sprintf("-%d", n)
		name = whole[:min(len(whole), maxNameBytes-len(end))] + end
	}
}

func (w *writer) window() writtenWindow {
	s := w.spec.Window
	if !s.Calendar() {
		return writtenWindow{Duration: w.duration("spec.window", s.Rolling), IsRolling: true}
	}
	zone := "UTC"
	if s.Location != nil {
		zone = s.Location.String()
	}
	names := map[slo.Period]string{slo.Day: "1d", slo.Week: "1w", slo.Month: "1M", slo.Quarter: "1Q", slo.Year: "1Y"}
	return writtenWindow{Duration: names[s.Period], Calendar: &writtenCalendar{StartTime: anyEdge, TimeZone: zone}}
}

// anyEdge is a Monday and the first of a year, where all periods begin.
const anyEdge = "2024-01-01 00:00:00"

// duration writes whole minutes: there is no smaller unit.
func (w *writer) duration(field string, d time.Duration) string {
	switch {
	case d <= 0 || d%time.Minute != 0:
		w.fail(field, slo.FormatDuration(d)+" cannot be said in OpenSLO, whose smallest unit is a minute", "write whole minutes")
		return ""
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
