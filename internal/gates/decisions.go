package gates

import (
	"maps"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// decisions are what each service would be told that asks for a deploy, without a
// version and from no environment.
type decisions struct {
	mu sync.Mutex
	of map[string]*standing
	// Step's own: the service that comes next, and the number of the round.
	next  string
	round int
}

// standing is the decision about a service.
type standing struct {
	decision slo.GateDecision
	round    int // in which it was worked out last
}

// Decisions are those by the policies for all environments, by service.
func (k *Keeper) Decisions() map[string]slo.GateDecision {
	d := &k.decisions
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make(map[string]slo.GateDecision, len(d.of))
	for service, s := range d.of {
		all[service] = s.decision
	}
	return all
}

// judge works out the decisions about the services whose turn it is.
func (k *Keeper) judge(m *moment, now time.Time) {
	if m.snapshot == nil {
		return
	}
	services, last := k.decisions.turn(m.snapshot, k.options.Limits.Services)
	for _, service := range services {
		v := k.decide(m, k.plain(gate.Request{Service: service, Now: now}))
		if k.decisions.note(service, v.Decision) {
			k.publish(v)
		}
	}
	if last {
		k.decisions.endRound()
	}
}

// publish tells of a decision that is another than before. It is explained like one
// that was asked for.
func (k *Keeper) publish(v gate.Verdict) {
	a := k.teller.known(newAnswer(v))
	k.teller.tell(a, v.Request.Now)
	k.options.Publish(a.verdict)
}

// turn are the services that come next, and whether they are the last ones.
func (d *decisions) turn(s *engine.Snapshot, most int) (services []string, last bool) {
	all := s.Instances
	for i := from(s, d.next); i < len(all); i++ {
		service := all[i].Spec.Service
		if n := len(services); n > 0 && services[n-1] == service {
			continue
		}
		if len(services) == most {
			d.next = all[i].ID
			return services, false
		}
		services = append(services, service)
	}
	d.next = ""
	return services, true
}

// note keeps a decision, and reports whether it is another than before. The first
// one is none.
func (d *decisions) note(service string, decision slo.GateDecision) (other bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.of[service]
	if before == nil {
		if d.of == nil {
			d.of = map[string]*standing{}
		}
		d.of[service] = &standing{decision, d.round}
		return false
	}
	other = before.decision != decision
	before.decision, before.round = decision, d.round
	return other
}

// endRound forgets the services that are gone.
func (d *decisions) endRound() {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.of, func(_ string, s *standing) bool { return s.round != d.round })
	d.round++
}
