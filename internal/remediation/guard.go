package remediation

import (
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// guard looks at what a plan would leave behind.
func guard(p *slo.Remediation, a actuator.Action, plan actuator.Plan, view View) (Reason, string) {
	if actuator.Same(plan.Before.Value, plan.After) {
		return ReasonNothingToDo, ""
	}
	if reason, note := required(p.Guards.RequireHealthy, view); reason != "" {
		return reason, note
	}
	if a.To != "" && sick(plan.Before.Members, a.To) {
		return ReasonTargetSick, a.To
	}
	if left, known := healthy(plan.Members); known && left < p.Guards.MinHealthy {
		return ReasonMinHealthy, fmt.Sprintf("%d would be left", left)
	}
	return "", ""
}

// required asks for SLOs that do not burn. A selector that finds none is no
// sign of health.
func required(m slo.Matchers, view View) (Reason, string) {
	if len(m) == 0 {
		return "", ""
	}
	found := false
	for id, instance := range view.Instances {
		switch {
		case !m.Match(instance.Labels):
			continue
		case !instance.Known:
			return ReasonTargetDark, id
		case instance.Burning:
			return ReasonTargetSick, id
		}
		found = true
	}
	if !found {
		return ReasonTargetDark, m.String()
	}
	return "", ""
}

// sick reports whether the gateway says that a member is not healthy.
func sick(members []actuator.Member, name string) bool {
	return slices.ContainsFunc(members, func(m actuator.Member) bool {
		return m.Name == name && m.Healthy != nil && !*m.Healthy
	})
}

// healthy counts the members that take traffic and are not known to be sick.
func healthy(members []actuator.Member) (n int, known bool) {
	for _, m := range members {
		if m.Share > 0 && (m.Healthy == nil || *m.Healthy) {
			n++
		}
	}
	return n, len(members) > 0
}
