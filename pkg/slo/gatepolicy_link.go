package slo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// gatePolicies is the format of these documents.
var gatePolicies = Format{APIVersion, KindGatePolicy}

func (p *GatePolicy) located(at Origin) { p.Origin = at }

// concerns reports whether it selects the SLO, or may select a group of it.
func (p *GatePolicy) concerns(s *Spec) bool { return p.Select.maySelect(s) }

// Selects reports whether it is about a group of an SLO; nil for an SLO without
// groups. A label that neither has is an empty one.
func (p *GatePolicy) Selects(s *Spec, group map[string]string) bool {
	return len(p.Select) > 0 && p.Select.Match(s.Matchable(group))
}

// misfits are the SLOs of which thresholds on burn rates make no sense, by the
// places of these.
type misfits struct {
	unknown map[int][]string // the window is not shorter than that of the SLO
	never   map[int][]string // nothing burns that fast
}

// look notes what a policy's thresholds are to an SLO that it selects.
func (m *misfits) look(p *GatePolicy, s *Spec) {
	window, budget := s.Window.Nominal(), s.Objective.Budget()
	if s.identity() == "" || window == 0 || budget <= 0 {
		return // faulty
	}
	for i, b := range p.Burn {
		switch {
		case b.Window >= window:
			m.unknown = noted(m.unknown, i, s.ID())
		case b.Above*budget >= 1:
			m.never = noted(m.never, i, s.ID())
		}
	}
}

func noted(m map[int][]string, i int, id string) map[int][]string {
	if m == nil {
		m = map[int][]string{}
	}
	m[i] = append(m[i], id)
	return m
}

// suits says what is wrong with a policy beside the SLOs that are loaded.
func (p *GatePolicy) suits(m *misfits, l *Library) (problems []Problem) {
	warn := func(field, message, fix string) {
		problems = append(problems, Problem{Severity: Warning, Field: field, Message: message, Fix: fix})
	}
	for i, d := range p.Dependencies {
		if !l.services[d.Service] {
			warn(strictyaml.Index("spec.dependencies", i)+".service", fmt.Sprintf("no SLO is of a service %q: what it means for others is never known", d.Service), l.suggestService(d.Service))
		}
	}
	for i, b := range p.Burn {
		at := strictyaml.Index("spec.burn", i)
		if ids := m.unknown[i]; ids != nil {
			warn(at+".window", FormatDuration(b.Window)+" is not shorter than the window of "+several(ids)+": the burn rate is not known, and neither is the answer",
				"write a shorter window, or a policy of their own for them")
		}
		if ids := m.never[i]; ids != nil {
			warn(at+".above", fmt.Sprintf("nothing burns faster than %g with the objective of %s", b.Above, several(ids)), "write less, or a policy of their own for them")
		}
	}
	return problems
}

// suggestService names a service that may be meant.
func (l *Library) suggestService(name string) string {
	known := slices.Sorted(maps.Keys(l.services))
	if fix := strictyaml.Suggest(name, known); len(known) <= 10 || strings.HasPrefix(fix, "did you mean") {
		return fix
	}
	return "write the service of an SLO, or remove it"
}
