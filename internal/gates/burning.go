package gates

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// Burning is a marked deploy that burns more than a policy allows.
type Burning struct {
	gate.Deploy
	// Policy is its name.
	Policy string
	// Worst is what it did to the SLO of which most is spent.
	Worst gate.DeployBurn
	// Allowed is the policy's MaxConsumed.
	Allowed float64
}

// BurningDeploys are the newest deploys, one for each service and environment, that
// burn more than a policy allows while it watches them: sorted by service. What was
// followed by another deploy, such as a rollback, is not among them.
func (k *Keeper) BurningDeploys() (list []Burning) {
	m, now := k.moment(), k.options.Now()
	for _, d := range newest(k.deploys.all(), now) {
		for _, p := range m.rules.watching(m.of(d.Service), d.Environment) {
			if worst, burns := p.burnt(d); burns && now.Sub(d.At) <= p.policy.Deploy.Watch {
				list = append(list, Burning{Deploy: *d, Policy: p.policy.Name, Worst: worst, Allowed: p.policy.Deploy.MaxConsumed})
			}
		}
	}
	slices.SortFunc(list, func(a, b Burning) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), newer(&a.Deploy, &b.Deploy), cmp.Compare(a.Policy, b.Policy))
	})
	return list
}

// newest are the newest deploys that have begun, one for each service and
// environment. The list is in order.
func newest(list []*gate.Deploy, now time.Time) (some []*gate.Deploy) {
	type place struct{ service, environment string }
	seen := map[place]bool{}
	for _, d := range list {
		if at := (place{d.Service, d.Environment}); !d.At.After(now) && !seen[at] {
			seen[at] = true
			some = append(some, d)
		}
	}
	return some
}

// burnt is what a deploy did to the SLO of which most is spent, of those that the
// policy looks at, and whether that is more than it allows.
func (s selected) burnt(d *gate.Deploy) (worst gate.DeployBurn, burns bool) {
	limit := s.policy.Deploy
	for _, b := range d.SLOs {
		mine := slices.ContainsFunc(s.instances, func(in *engine.Instance) bool { return in.ID == b.SLO })
		if mine && b.Consumed != nil && *b.Consumed > limit.MaxConsumed && b.Events >= limit.MinEvents &&
			(!burns || *b.Consumed > *worst.Consumed) {
			worst, burns = b, true
		}
	}
	return worst, burns
}
