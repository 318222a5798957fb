package gates

import (
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// watching are the policies that say what a deploy of a service to an environment
// may burn, and what they look at. One that names no environment is a deploy to all.
func (r *rules) watching(h *holdings, environment string) (list []selected) {
	for i, p := range r.policies {
		if p.Deploy == nil || environment != "" && !serves(p, environment) {
			continue
		}
		if s := r.pick(i, gate.Request{}, h); len(s.instances) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// watch is for how long any policy watches a deploy; 0: none does.
func (r *rules) watch() (most time.Duration) {
	for _, p := range r.policies {
		if p.Deploy != nil {
			most = max(most, p.Deploy.Watch)
		}
	}
	return most
}

// Questions about events go to the goroutine that counts them: about so many SLOs at
// one look, three each, and no more once an answer took this long.
const (
	burnsMost  = 130
	answerSlow = 500 * time.Millisecond
)

// burnDeploys looks at what has burned since the deploys that are watched. Where
// there is too much for one look, they take turns.
func (k *Keeper) burnDeploys(m *moment, now time.Time) {
	type pair struct {
		*gate.Deploy
		*engine.Instance
	}
	var pairs []pair
	for _, d := range k.deploys.all() {
		for _, in := range m.rules.watched(m.of(d.Service), d, now) {
			pairs = append(pairs, pair{d, in})
		}
	}
	since := map[string]map[string]gate.DeployBurn{}
	for range min(len(pairs), burnsMost) {
		p, began := pairs[k.cursor%len(pairs)], time.Now()
		k.cursor++
		burned := k.burnedBy(p.Deploy, p.Instance)
		if since[p.Deploy.ID] == nil {
			since[p.Deploy.ID] = map[string]gate.DeployBurn{}
		}
		since[p.Deploy.ID][p.Instance.ID] = burned
		if time.Since(began) > answerSlow {
			break // the engine is busy
		}
	}
	if len(since) > 0 {
		k.deploys.burn(since, now)
		k.changed()
	}
}

// watched are the instances, by ID, that a deploy is watched by.
func (r *rules) watched(h *holdings, d *gate.Deploy, now time.Time) []*engine.Instance {
	all := map[string]*engine.Instance{}
	for _, s := range r.watching(h, d.Environment) {
		if age := now.Sub(d.At); age < 0 || age > s.policy.Deploy.Watch {
			continue
		}
		for _, in := range s.instances {
			all[in.ID] = in
		}
	}
	list := make([]*engine.Instance, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[id])
	}
	return list
}

// burnedBy is what has burned of one SLO since a deploy, and before it over an equal
// time.
func (k *Keeper) burnedBy(d *gate.Deploy, in *engine.Instance) gate.DeployBurn {
	since := k.options.Since(in.ID, d.At, 0, "")
	burned := gate.DeployBurn{SLO: in.ID, Since: rate(since.Counts, since.Budget), Events: since.Total}
	if since.Budget > 0 {
		if share, known := budget.Consumed(since.Bad, in.Period.Counts.Total, in.Period.Coverage, since.Budget); known {
			burned.Consumed = &share
		}
	}
	burned.Before = k.before(d, in.ID, since)
	return burned
}

// before is the burn rate before a deploy, over as long a time as is known since; nil
// when less than half of that is known. Of what was sampled just after it nobody can
// say whether it happened before: that is in neither.
func (k *Keeper) before(d *gate.Deploy, id string, since engine.Recent) *float64 {
	length, blur := since.Until.Sub(since.From), since.From.Sub(d.At)
	if length <= 0 {
		return nil
	}
	all := k.options.Since(id, d.At.Add(-length-blur), 0, "")
	after := k.options.Since(id, d.At.Add(-blur), 0, "")
	if after.From.Sub(all.From) < length/2 {
		return nil
	}
	return rate(without(all.Counts, after.Counts), since.Budget)
}

// rate is the burn rate; nil without events.
func rate(c budget.Counts, share float64) *float64 {
	if c.Total <= 0 || share <= 0 {
		return nil
	}
	r := c.Bad / c.Total / share
	return &r
}

// without are events of which some are taken out.
func without(all, some budget.Counts) budget.Counts {
	return budget.Counts{Bad: max(0, all.Bad-some.Bad), Total: max(0, all.Total-some.Total)}
}
