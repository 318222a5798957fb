package gates

import (
	"slices"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// selected is a policy that answers a request, and what it looks at of the service.
type selected struct {
	policy    *slo.GatePolicy
	instances []*engine.Instance
	budgets   []gate.Budget // by ID; faulty documents' too
}

// choose are the policies for a request: all of the environment that select an SLO
// that is asked about. The usual one, if there are none, looks at all of them.
func (r *rules) choose(q gate.Request, h *holdings) (chosen []selected) {
	for i, p := range r.policies {
		if !serves(p, q.Environment) {
			continue
		}
		if s := r.pick(i, q, h); len(s.budgets) > 0 {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return []selected{r.pick(-1, q, h)}
	}
	return chosen
}

// pick is what the policy at a place looks at; -1 is the usual one.
func (r *rules) pick(i int, q gate.Request, h *holdings) selected {
	s := selected{policy: r.usual}
	if i >= 0 {
		s.policy = r.policies[i]
	}
	for n, in := range h.instances {
		if asked(q, in.Spec.Name) && (i < 0 || r.selects(i, in)) {
			s.take(h, n)
		}
	}
	known := len(s.budgets)
	for _, b := range h.faulty {
		if asked(q, b.SLO) && (i < 0 || r.mightSelect(i, b.Service, b.SLO)) {
			s.budgets = append(s.budgets, b)
		}
	}
	if len(s.budgets) > known {
		sorted(s.budgets)
	}
	return s
}

// take looks at one more instance. The usual case is that all of them are looked at:
// then nothing is copied.
func (s *selected) take(h *holdings, n int) {
	if m := len(s.budgets); n == m {
		s.instances, s.budgets = h.instances[:n+1:n+1], h.budgets[:n+1:n+1]
		return
	}
	s.instances, s.budgets = append(s.instances, h.instances[n]), append(s.budgets, h.budgets[n])
}

// asked reports whether an SLO is one that a request is about.
func asked(q gate.Request, name string) bool { return q.SLO == "" || q.SLO == name }

// depended are the budgets of the services that a policy counts too.
func depended(p *slo.GatePolicy, service string, of func(string) *holdings) (budgets []gate.Budget) {
	for _, d := range p.Dependencies {
		if d.Service != service {
			h := of(d.Service)
			budgets = slices.Concat(budgets, h.budgets, h.faulty)
		}
	}
	return budgets
}
