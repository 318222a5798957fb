package slo

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// decodeNative is the Decoder of kind SLO.
func decodeNative(doc *strictyaml.Document, _ *Library) ([]*Spec, []Problem) {
	var n nativeDocument
	found := doc.Decode(&n)
	problems := append(FromYAML(found, Error), n.problems()...)
	s := n.spec()
	if n.Spec.SLI == nil && s.Composite == nil && !found.Cover("spec.sli") {
		problems = append(problems, Problem{Field: "spec.sli", Message: "is missing", Fix: "write " + sliKinds})
	}
	if found.Cover("spec.windows") {
		s.Window, s.Also = Window{Period: Month}, nil // reported: nothing more to say about it
	}
	return []*Spec{s}, problems
}

// FromYAML makes problems of the decoder ours. unknown is the severity of
// fields that are not known.
func FromYAML(found strictyaml.Problems, unknown Severity) []Problem {
	var problems []Problem
	for _, p := range found {
		ours := fromYAML(p)
		if p.Message == strictyaml.UnknownField {
			ours.Severity = unknown
		}
		problems = append(problems, ours)
	}
	return problems
}

func fromYAML(p strictyaml.Problem) Problem {
	return Problem{Origin: Origin{Line: p.Line}, Field: p.Path, Message: p.Message, Fix: p.Fix}
}

// problems are those a Spec no longer shows, because it has one place for
// what a document can say in several.
func (n *nativeDocument) problems() []Problem {
	var ps []Problem
	add := func(field, message, fix string) {
		ps = append(ps, Problem{Field: field, Message: message, Fix: fix})
	}
	s := &n.Spec
	switch {
	case s.Window != nil && !s.Window.Calendar() && s.Window.Rolling == 0:
		add("spec.window", "must not be 0", "write at least "+FormatDuration(MinRolling))
	case s.Window != nil && s.Windows != nil:
		add("spec.windows", "stands beside spec.window", "keep one of the two")
	}
	if s.MaxGroups != nil && *s.MaxGroups == 0 {
		add("spec.maxGroups", "must be between 1 and 100000, not 0", fmt.Sprintf("remove it for the default of %d", DefaultMaxGroups))
	}
	i := valueOr(s.SLI, nativeSLI{})
	if l := i.Latency; l != nil && l.Errors != nil && *l.Errors == "" {
		add("spec.sli.latency.errors", "is empty", "write a selector, or remove it")
	}
	i.problems(add)
	if t := i.Threshold; t != nil && t.Slice != nil && *t.Slice == 0 {
		add("spec.sli.threshold.slice", "must be at least 1s", "remove it for the default of 1m")
	}
	ps = append(ps, s.Composite.problems()...)
	return append(ps, s.Alerting.problems("spec.alerting")...)
}

// spec says the same as a Spec, with defaults.
func (n *nativeDocument) spec() *Spec {
	window, also := n.Spec.window()
	return &Spec{
		Service:     n.Spec.Service,
		Name:        n.Metadata.Name,
		Description: n.Spec.Description,
		Labels:      n.Metadata.Labels,
		Objective:   n.Spec.Objective.Objective,
		Earlier:     n.Spec.earlier(),
		Window:      window,
		Also:        also,
		SLI:         n.Spec.SLI.sli(),
		Composite:   n.Spec.Composite.composite(n.Spec.Service),
		Source:      n.Spec.Source,
		GroupBy:     n.Spec.GroupBy,
		MaxGroups:   valueOr(n.Spec.MaxGroups, DefaultMaxGroups),
		Budgeting:   n.Spec.Budgeting.budgeting(),
		Alerting:    n.Spec.Alerting.alerting(),
		Fields:      n.Spec.fields(),
	}
}

func (b *nativeBudgeting) budgeting() Budgeting {
	out := Budgeting{Method: b.Method.Method, Slice: b.Slice, Target: b.Target.ratio}
	if out.Method != Occurrences && out.Slice == 0 {
		out.Slice = time.Minute
	}
	return out
}

func (a *nativeAlerting) alerting() Alerting {
	return Alerting{
		Disabled: a.Disabled, Name: a.Name, Labels: a.Labels, Annotations: a.Annotations,
		Critical: AlertingOf(a.Critical), Warning: AlertingOf(a.Warning), Severities: a.Severities,
		NoAbsent: a.Absent.Disabled, AbsentName: a.Absent.Name, Policy: a.Policy, Terms: a.terms(),
	}
}

func (n *nativeSLI) sli() SLI {
	var s SLI
	if n == nil {
		return s
	}
	s.Ratio, s.Spans, s.Logs = n.Ratio.ratio(), n.Spans.spans(), n.Logs.logs()
	switch {
	case n.PromQL != nil:
		s.Query = n.PromQL.query(PromQL)
	case n.LogQL != nil:
		s.Query = n.LogQL.query(LogQL)
	}
	if l := n.Latency; l != nil {
		s.Latency = &Latency{Histogram: l.Histogram, Below: l.Below, Unit: time.Duration(l.Unit), Errors: valueOr(l.Errors, "")}
		if l.Unit == 0 {
			s.Latency.Unit = time.Second
		}
	}
	if t := n.Threshold; t != nil {
		s.Threshold = &Threshold{
			Metric: t.Metric, Above: t.Above, Below: t.Below, Exclusive: t.Exclusive,
			Slice: valueOr(t.Slice, time.Minute), PerSample: t.PerSample,
		}
		if t.PerSample {
			s.Threshold.Slice = valueOr(t.Slice, 0)
		}
	}
	return s
}

// valueOr is the value p points to, or fallback.
func valueOr[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
