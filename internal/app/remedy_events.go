package app

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// remedyEvents is what remediation holds an action against.
type remedyEvents struct{ engine *engine.Engine }

// Since implements remediation.Events.
func (e remedyEvents) Since(id string, from time.Time, window time.Duration, by string) remediation.Reading {
	r := e.engine.Since(id, from, window, by)
	reading := remediation.Reading{From: r.From, Until: r.Until, Count: count(r.Counts), Budget: r.Budget, Left: r.Left}
	if r.Members != nil {
		reading.Members = make(map[string]remediation.Count, len(r.Members))
		for name, c := range r.Members {
			reading.Members[name] = count(c)
		}
	}
	return reading
}

func count(c budget.Counts) remediation.Count {
	return remediation.Count{Bad: c.Bad, Total: c.Total}
}

// watchedBy are the SLOs whose members the playbooks ask about, so that the
// evidence of before an action is there when it is wanted.
func watchedBy(playbooks []*slo.Remediation, programs []*sli.Program) (list []engine.Watched) {
	for _, p := range playbooks {
		for _, remedy := range p.Remedies {
			if remedy.By == "" {
				continue
			}
			for _, program := range programs {
				if proves(p, program.Spec) {
					list = append(list, engine.Watched{SLO: program.Spec.ID(), Label: remedy.By})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b engine.Watched) int {
		return cmp.Or(cmp.Compare(a.SLO, b.SLO), cmp.Compare(a.Label, b.Label))
	})
	return slices.Compact(list)
}

// proves reports whether the events of an SLO may prove an action of a playbook:
// it is the witness, or, where there is none, its alerts may start it.
func proves(p *slo.Remediation, spec *slo.Spec) bool {
	if p.Proof.SLO != "" {
		return p.Proof.SLO == spec.ID()
	}
	set := spec.Matchable(nil)
	for _, m := range p.On {
		// What the alert or the group has beside that is not known yet.
		if value, has := set[m.Name]; has && !m.Matches(value) {
			return false
		}
	}
	return true
}
