package slo

import (
	"fmt"
	"strings"
)

// OnlyHere warns of what an SLO says about its budget and the engine alone
// computes: other formats, and rules, have one window, one objective, and no
// time that does not count. who is who cannot say it.
func (s *Spec) OnlyHere(who string) (problems []Problem) {
	warn := func(field, message, fix string) {
		problems = append(problems, s.Problem(Warning, field, message, fix))
	}
	if len(s.Also) > 0 {
		var further []string
		for _, w := range s.Also {
			further = append(further, w.String())
		}
		warn("spec.windows", fmt.Sprintf("%s one window; left out: %s", who, strings.Join(further, " and ")), "let the engine keep the other budgets, or write an SLO for each")
	}
	if len(s.Earlier) > 0 {
		warn("spec.earlierObjectives", fmt.Sprintf("%s one objective: %s is that of all time", who, s.Objective), "let the engine keep the budget until the window has passed the last change")
	}
	var names []string
	for _, a := range s.Adjustments {
		names = append(names, a.Name)
	}
	if len(names) > 0 {
		problems = append(problems, Problem{
			Origin: s.Origin, Severity: Warning, SLO: s.ID(),
			Message: fmt.Sprintf("%s no time that does not count: the adjustments %s are left out", who, strings.Join(names, ", ")),
			Fix:     "silence the alerts of that time; the budget there is without adjustments",
		})
	}
	return problems
}
