package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
)

func (a *api) showService(r *http.Request) (any, error) {
	s, err := a.plainSnapshot(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("service")
	list := sloList{s, filter{services: []string{name}}}
	answer := apitypes.Service{Service: name, SLOs: slices.Collect(list.each)}
	if len(answer.SLOs) == 0 {
		return nil, fail(missing, "no SLO speaks of service %q; /api/v1/slos lists those there are", name)
	}
	answer.State, answer.Gate = worstState(answer.SLOs), string(a.decisions()[name])
	if in := leader(s.Instances, name); in != nil {
		lead(&answer, in)
	}
	return answer, nil
}

// lead takes all figures from one SLO, so that they belong together.
func lead(answer *apitypes.Service, in *engine.Instance) {
	answer.LeadingSLO = in.ID
	answer.SLOCompliance = compliance(in.Period.Counts, 0)
	answer.ErrorBudgetRemaining = apitypes.Optional(in.Remaining)
	answer.ErrorBudgetBurnRate = burnOver(in, time.Hour)
	answer.ErrorBudgetConsumed1h = apitypes.Optional(in.Consumed1h)
}

// leader is the service's instance with the least budget left; of equals the
// one that burns faster, then the first. nil if no budget is known.
func leader(instances []*engine.Instance, service string) *engine.Instance {
	var lead *engine.Instance
	for _, in := range instances {
		if in.Spec.Service != service || apitypes.Optional(in.Remaining) == nil {
			continue
		}
		if lead == nil || worse(in, lead) {
			lead = in
		}
	}
	return lead
}

func worse(a, b *engine.Instance) bool {
	if *a.Remaining != *b.Remaining {
		return *a.Remaining < *b.Remaining
	}
	return known(burnOver(a, time.Hour)) > known(burnOver(b, time.Hour))
}

// known orders a figure that is not known before all that are.
func known(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}

func worstState(slos []apitypes.SLO) string {
	worst := slices.MinFunc(slos, func(a, b apitypes.SLO) int {
		return cmp.Compare(precedence(a.State), precedence(b.State))
	})
	return worst.State
}

func precedence(state string) int { return slices.Index(states, engine.State(state)) }
