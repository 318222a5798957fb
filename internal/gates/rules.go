package gates

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// rules are the policies of one load. What each selects is worked out once for each
// document: a snapshot has a hundred thousand instances of a few of them.
type rules struct {
	policies []*slo.GatePolicy
	usual    *slo.GatePolicy // where none of them selects
	known    sync.Map        // *slo.Spec to []choice
	size     atomic.Int64    // of known
}

// choice says whether a policy selects an SLO.
type choice byte

const (
	no choice = iota
	yes
	byGroup // it depends on the group's labels
)

func newRules(policies []*slo.GatePolicy) *rules {
	return &rules{policies: policies, usual: slo.DefaultGatePolicy()}
}

// choices are what the policies, in their order, make of an SLO.
func (r *rules) choices(spec *slo.Spec) []choice {
	if found, ok := r.known.Load(spec); ok {
		return found.([]choice)
	}
	made := make([]choice, len(r.policies))
	set := spec.Matchable(nil)
	for i, p := range r.policies {
		made[i] = choose(p.Select, set, spec.GroupBy)
	}
	if _, had := r.known.LoadOrStore(spec, made); !had {
		r.size.Add(1)
	}
	return made
}

// choose asks the matchers about all that a document says by itself.
func choose(m slo.Matchers, set map[string]string, groupBy []string) choice {
	verdict := yes
	for _, one := range m {
		switch {
		case slices.Contains(groupBy, one.Name):
			verdict = byGroup
		case !one.Matches(set[one.Name]):
			return no
		}
	}
	return verdict
}

// selects reports whether the policy at a place selects an instance.
func (r *rules) selects(i int, in *engine.Instance) bool {
	switch r.choices(in.Spec)[i] {
	case yes:
		return true
	case byGroup:
		return r.policies[i].Select.Match(in.Spec.Matchable(in.Group))
	}
	return false
}

// mightSelect reports whether the policy at a place selects an SLO of which only
// the name is known: a matcher on anything else is taken to match, since to leave
// out what is faulty would be to call it good.
func (r *rules) mightSelect(i int, service, name string) bool {
	for _, one := range r.policies[i].Select {
		if one.Name == "service" && !one.Matches(service) || one.Name == "slo" && !one.Matches(name) {
			return false
		}
	}
	return true
}

// serves reports whether a policy answers requests from an environment; empty are
// those that name none.
func serves(p *slo.GatePolicy, environment string) bool {
	return len(p.Environments) == 0 || environment != "" && slices.Contains(p.Environments, environment)
}

// bloated reports whether documents of earlier loads, or of other objectives, are
// most of what is remembered.
func (r *rules) bloated(s *engine.Snapshot) bool {
	return r.size.Load() > 4*int64(len(s.Instances))+1024
}

// latching is a policy with levels.
type latching struct {
	*slo.GatePolicy
	place int // among the policies; -1: the usual one
}

// latching are the policies with levels, the usual one too.
func (r *rules) latching() (list []latching) {
	for i, p := range append(r.policies[:len(r.policies):len(r.policies)], r.usual) {
		if p.Budget.Hold != nil || p.Budget.Deny != nil {
			list = append(list, latching{p, i})
		}
	}
	if n := len(list) - 1; n >= 0 && list[n].GatePolicy == r.usual {
		list[n].place = -1
	}
	return list
}

// of reports whether the policy looks at an instance. The usual one does where it
// may be asked: beside policies for some environments only.
func (l latching) of(r *rules, in *engine.Instance) bool {
	if l.place >= 0 {
		return r.selects(l.place, in)
	}
	for i, p := range r.policies {
		if len(p.Environments) == 0 && r.selects(i, in) {
			return false
		}
	}
	return true
}

// names are those of the policies, and that of the usual one.
func (r *rules) names() map[string]bool {
	names := map[string]bool{r.usual.Name: true}
	for _, p := range r.policies {
		names[p.Name] = true
	}
	return names
}
