package sloth

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// UsualAlertName is the alertname of SLOs that say none. Sloth needs one.
const UsualAlertName = "ErrorBudgetBurn"

// Encode writes Specs as prometheus/v1 documents, one for each service, in the
// order in which services and SLOs come. Errors name Specs that Sloth cannot
// say, which are left out; warnings say what it cannot say of one.
//
// SLIs must be ratios, or queries in PromQL, whose expressions hold {{.window}} where the range goes.
func Encode(specs []*slo.Spec) ([]byte, []slo.Problem) {
	var e encoder
	for _, s := range specs {
		e.add(s)
	}
	if len(e.documents) == 0 {
		return nil, e.problems
	}
	var b bytes.Buffer
	out := yaml.NewEncoder(&b)
	out.SetIndent(2)
	for _, d := range e.documents {
		if err := out.Encode(d); err != nil { // texts and numbers: it cannot fail
			panic(fmt.Sprintf("sloth: encode a document: %v", err))
		}
	}
	_ = out.Close() // ends a buffer
	return b.Bytes(), e.problems
}

// The written… types are a document as Encode writes it.
type writtenDocument struct {
	Version string       `yaml:"version"`
	Service string       `yaml:"service"`
	SLOs    []writtenSLO `yaml:"slos"`
}

type writtenSLO struct {
	Name        string            `yaml:"name"`
	Objective   *yaml.Node        `yaml:"objective"`
	Description string            `yaml:"description,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	SLI         writtenSLI        `yaml:"sli"`
	Alerting    writtenAlerting   `yaml:"alerting"`
}

type writtenSLI struct {
	Events writtenEvents `yaml:"events,omitempty"`
	Raw    writtenRaw    `yaml:"raw,omitempty"`
}

type writtenEvents struct {
	Error string `yaml:"error_query"`
	Total string `yaml:"total_query"`
}

type writtenRaw struct {
	ErrorRatio string `yaml:"error_ratio_query"`
}

type writtenAlerting struct {
	Name        string            `yaml:"name,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
	Page        writtenAlert      `yaml:"page_alert,omitempty"`
	Ticket      writtenAlert      `yaml:"ticket_alert,omitempty"`
}

type writtenAlert struct {
	Disable     bool              `yaml:"disable,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type encoder struct {
	documents []*writtenDocument
	problems  []slo.Problem
}

// add writes one Spec, if Sloth can say it.
func (e *encoder) add(s *slo.Spec) {
	problems := unsayable(s)
	e.problems = append(e.problems, problems...)
	if slo.AnyError(problems) {
		return
	}
	i := slices.IndexFunc(e.documents, func(d *writtenDocument) bool { return d.Service == s.Service })
	if i < 0 {
		i = len(e.documents)
		e.documents = append(e.documents, &writtenDocument{Version: V1.APIVersion, Service: s.Service})
	}
	e.documents[i].SLOs = append(e.documents[i].SLOs, write(s))
}

func write(s *slo.Spec) writtenSLO {
	return writtenSLO{
		Name:        s.Name,
		Objective:   &yaml.Node{Kind: yaml.ScalarNode, Value: number(s.Objective)},
		Description: s.Description,
		Labels:      nonEmpty(s.Labels),
		SLI:         writeSLI(ratioOf(s.SLI)),
		Alerting:    writeAlerting(s.Alerting),
	}
}

// ratioOf are the queries of an SLI; nil where it has none.
func ratioOf(s slo.SLI) *slo.Ratio {
	if q := s.Query; q != nil && q.Language == slo.PromQL {
		return &q.Ratio
	}
	return s.Ratio
}

func writeSLI(r *slo.Ratio) (out writtenSLI) {
	switch {
	case r.ErrorRatio != "":
		out.Raw.ErrorRatio = r.ErrorRatio
	case r.Bad != "":
		out.Events = writtenEvents{Error: r.Bad, Total: r.Total}
	default:
		out.Events = writtenEvents{Error: fmt.Sprintf("(%s) - (%s)", r.Total, r.Good), Total: r.Total}
	}
	return out
}

func writeAlerting(a slo.Alerting) writtenAlerting {
	out := writtenAlerting{
		Name: a.Name, Labels: nonEmpty(a.Labels), Annotations: nonEmpty(a.Annotations),
		Page: writeAlert(a.Critical, a.Disabled), Ticket: writeAlert(a.Warning, a.Disabled),
	}
	if out.Name == "" && !(out.Page.Disable && out.Ticket.Disable) {
		out.Name = UsualAlertName
	}
	return out
}

func writeAlert(of slo.AlertingOf, disabled bool) writtenAlert {
	return writtenAlert{Disable: of.Disabled || disabled, Labels: nonEmpty(of.Labels), Annotations: nonEmpty(of.Annotations)}
}

// nonEmpty leaves out empty values, which Sloth refuses and which mean nothing.
func nonEmpty(texts map[string]string) map[string]string {
	out := maps.Clone(texts)
	maps.DeleteFunc(out, func(_, text string) bool { return text == "" })
	return out
}

// unsayable is what Sloth cannot say of a Spec.
func unsayable(s *slo.Spec) (problems []slo.Problem) {
	add := func(severity slo.Severity, field, message, fix string) {
		problems = append(problems, s.Problem(severity, field, message, fix))
	}
	for field, name := range map[string]string{"metadata.name": s.Name, "spec.service": s.Service} {
		if !namePattern.MatchString(name) {
			add(slo.Error, field, fmt.Sprintf("%q is not a name that Sloth takes", name), "begin and end with a letter or digit, and write two at least")
		}
	}
	unsayableSLI(s, add)
	switch w := s.Window; {
	case w.Calendar():
		add(slo.Warning, "spec.window", "Sloth has rolling windows only: the calendar "+w.String()+" is lost", "run it with --default-slo-period="+slo.FormatDuration(w.Nominal()))
	case w.Rolling != DefaultPeriod:
		add(slo.Warning, "spec.window", "Sloth has one window for all SLOs, and no field for it", "run it with --default-slo-period="+slo.FormatDuration(w.Rolling))
	}
	problems = append(problems, s.OnlyHere("Sloth has")...)
	if s.Budgeting.Method != slo.Occurrences {
		add(slo.Error, "spec.budgeting", "Sloth counts occurrences, not "+strings.ReplaceAll(s.Budgeting.Method.String(), "_", " "), "keep this SLO in the engine")
	}
	if len(s.GroupBy) > 0 {
		add(slo.Warning, "spec.groupBy", "Sloth does not know instances: its rules have one series for each "+strings.Join(s.GroupBy, ", ")+" only as far as the queries are by them",
			"look at the queries")
	}
	if terms := s.Alerting.Terms; len(terms.Tiers) > 0 {
		add(slo.Warning, "spec.alerting.tiers", "Sloth's SLOs have no tiers of their own", "write an AlertWindows for all SLOs of "+slo.FormatDuration(s.Window.Nominal()))
	}
	if terms := s.Alerting.Terms; terms.Confidence != nil || terms.MinBad != nil || terms.NoData != (slo.NoData{}) {
		add(slo.Warning, "spec.alerting", "Sloth has no low-traffic gate and says nothing of missing samples", "let the engine alert")
	}
	if len(s.Alerting.Severities) > 0 {
		add(slo.Warning, "spec.alerting.severities", "Sloth has one severity for quick and slow alerts", "route by sloth_severity")
	}
	if s.Alerting.AbsentName != "" {
		add(slo.Warning, "spec.alerting.absent", "Sloth has no alert about missing samples", "write a rule with absent()")
	}
	return problems
}

// unsayableSLI is what of an SLI cannot be a query of Sloth.
func unsayableSLI(s *slo.Spec, add func(severity slo.Severity, field, message, fix string)) {
	r, at := ratioOf(s.SLI), "spec.sli.ratio."
	if s.SLI.Query != nil {
		at = "spec.sli.promql."
	}
	if s.Composite != nil {
		add(slo.Error, "spec.composite", "Sloth makes no SLO of others", "keep this SLO in the engine")
		return
	}
	if r == nil {
		add(slo.Error, "spec.sli", "Sloth has queries only", "write a ratio of PromQL expressions")
		return
	}
	for field, query := range map[string]string{"total": r.Total, "good": r.Good, "bad": r.Bad, "errorRatio": r.ErrorRatio} {
		if query == "" {
			continue
		}
		if _, err := readTemplate(query); err != nil {
			add(slo.Error, at+field, err.Error(), "write {{.window}} where the range goes, and no other {{")
		} else if !window.MatchString(query) {
			add(slo.Error, at+field, "does not contain {{.window}}, as Sloth needs it", "write [{{.window}}] as range")
		}
	}
}
