package gates

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// deploys are those that may be held against something, the newest first. They are
// never changed, only replaced: whoever reads them keeps what he has read.
type deploys struct {
	limits Limits

	mu   sync.RWMutex
	list []*gate.Deploy
	// burned are those whose burn the Store does not know, since when.
	burned map[string]time.Time
}

func newDeploys(limits Limits) *deploys {
	return &deploys{limits: limits, burned: map[string]time.Time{}}
}

// all are those that are known.
func (d *deploys) all() []*gate.Deploy {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.list
}

// of is the newest deploy that a policy holds against a request; nil: none.
func (d *deploys) of(p *slo.GatePolicy, r gate.Request) *gate.Deploy {
	if p.Deploy == nil {
		return nil
	}
	for _, one := range d.all() {
		if one.Service == r.Service && concerns(one, r.Environment) && !one.At.After(r.Now) {
			if r.Now.Sub(one.At) > p.Deploy.Watch {
				return nil
			}
			return one
		}
	}
	return nil
}

// concerns reports whether a deploy is one of an environment. Where either is not
// said, it is.
func concerns(d *gate.Deploy, environment string) bool {
	return d.Environment == "" || environment == "" || d.Environment == environment
}

// learn takes in deploys, and returns those that are new. What is known to have
// burned since stays.
func (d *deploys) learn(more ...gate.Deploy) (fresh []gate.Deploy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.list)
	for _, one := range more {
		if !slices.ContainsFunc(list, func(had *gate.Deploy) bool { return had.ID == one.ID }) {
			fresh, list = append(fresh, one), append(list, &one)
		}
	}
	slices.SortFunc(list, newer)
	d.list = list[:min(len(list), d.limits.Watched)]
	return fresh
}

// newer orders deploys, the newest first.
func newer(a, b *gate.Deploy) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) }

// forget drops deploys of before a time.
func (d *deploys) forget(before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = slices.DeleteFunc(slices.Clone(d.list), func(one *gate.Deploy) bool {
		_, waits := d.burned[one.ID]
		return one.At.Before(before) && !waits
	})
}

// burn notes what has burned since deploys, by their ids and those of the SLOs.
func (d *deploys) burn(since map[string]map[string]gate.DeployBurn, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.Clone(d.list)
	for i, one := range list {
		more := since[one.ID]
		if more == nil {
			continue
		}
		next := *one
		next.SLOs = renewed(one.SLOs, more)
		list[i] = &next
		if _, waits := d.burned[one.ID]; !waits {
			d.burned[one.ID] = now
		}
	}
	d.list = list
}

// renewed is what was known, by SLO, with what is known now in its place.
func renewed(before []gate.DeployBurn, now map[string]gate.DeployBurn) []gate.DeployBurn {
	all := make(map[string]gate.DeployBurn, len(before)+len(now))
	for _, b := range before {
		all[b.SLO] = b
	}
	maps.Copy(all, now)
	return slices.SortedFunc(maps.Values(all), func(a, b gate.DeployBurn) int { return cmp.Compare(a.SLO, b.SLO) })
}

// burnsEach is how often what a deploy burns is written down.
const burnsEach = time.Minute

// unwritten is what has burned and is to be written.
func (d *deploys) unwritten(now time.Time) map[string][]gate.DeployBurn {
	d.mu.Lock()
	defer d.mu.Unlock()
	out, rest := map[string][]gate.DeployBurn{}, map[string]time.Time{}
	for _, one := range d.list {
		since, waits := d.burned[one.ID]
		switch {
		case waits && now.Sub(since).Abs() >= burnsEach:
			out[one.ID] = worst(one.SLOs, nil)
		case waits:
			rest[one.ID] = since
		}
	}
	d.burned = rest
	return out
}

// again has what could not be written written another time.
func (d *deploys) again(burned map[string][]gate.DeployBurn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range maps.Keys(burned) {
		d.burned[id] = time.Time{}
	}
}
