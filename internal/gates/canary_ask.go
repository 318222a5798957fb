package gates

import (
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// spare is for how long nobody may have asked about a comparison that gives way to
// another one.
const spare = time.Minute

// Of are the comparisons that a request asks for, as the last Step saw them: one for
// each of the instances that the policy compares, or for each set of them that differ
// in its label only. Those that are not there begin, unless the kind of change
// passes anyway. SLOs whose series do not have the label are left out, as long
// as there is one that has it.
func (c *Canaries) Of(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) []gate.Canary {
	return c.of(p, r, instances, false)
}

// Begin has the comparisons that a request asks for begin, and those of them that
// have ended begin anew: the version was deployed.
func (c *Canaries) Begin(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) {
	c.of(p, r, instances, true)
}

func (c *Canaries) of(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance, anew bool) (list []gate.Canary) {
	if p.Canary == nil || r.Version == "" {
		return nil
	}
	var nameless []gate.Canary
	done := make(map[laneKey]bool, len(instances))
	for _, in := range instances {
		lane := laneOf(in, p.Canary.By)
		if done[lane] || !divisible(in.Spec) {
			continue
		}
		done[lane] = true
		t, refused := c.trial(trialKey{lane, *p.Canary, r.Version, r.Baseline}, in, r.Now, !slices.Contains(p.Passes, r.Kind), anew)
		switch {
		case refused != "":
			list = append(list, refusal(p.Canary, r, in.Spec.ID(), refused))
		case t != nil && t.nameless.Load():
			nameless = append(nameless, *t.told.Load())
		case t != nil:
			list = append(list, *t.told.Load())
		}
	}
	if len(list) == 0 {
		return nameless
	}
	return list
}

// trial finds the one of a key, or begins it if it may. Otherwise it says why not.
func (c *Canaries) trial(key trialKey, in *engine.Instance, now time.Time, may, anew bool) (t *trial, refused string) {
	switch {
	case key.candidate == key.baseline:
		return nil, key.candidate + " cannot be compared with itself: name another baseline, or none"
	case in.Interval > seldom:
		return nil, fmt.Sprintf("%s is not compared: samples come every %s only", key.candidate, slo.FormatDuration(in.Interval.Round(time.Second)))
	}
	c.mu.RLock()
	t = c.trials[key]
	c.mu.RUnlock()
	if t != nil {
		t.asked.Store(now.UnixNano())
	}
	if !may || t != nil && !(anew && t.done.Load()) {
		return t, ""
	}
	return c.begin(key, in, now, anew)
}

// begin makes room for a comparison, and begins it.
func (c *Canaries) begin(key trialKey, in *engine.Instance, now time.Time, anew bool) (t *trial, refused string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.trials[key]; t != nil && !(anew && t.done.Load()) {
		return t, "" // somebody else was faster
	}
	delete(c.trials, key)
	if len(c.trials) >= c.o.Most && !c.evict(now) {
		c.metrics.refused.Inc()
		return nil, fmt.Sprintf("%s is not compared: there are %d comparisons already, which is as many as there may be at once; ask again later", key.candidate, len(c.trials))
	}
	t = newTrial(key, in, now)
	c.trials[key] = t
	return t, ""
}

// evict forgets the comparison that nobody has asked about for the longest time, of
// those that are over and those that have seen nothing.
func (c *Canaries) evict(now time.Time) bool {
	var oldest *trial
	for _, t := range c.trials {
		if (t.done.Load() || t.told.Load().Decision == slo.GateUnknown) && (oldest == nil || t.asked.Load() < oldest.asked.Load()) {
			oldest = t
		}
	}
	if oldest == nil || now.Sub(time.Unix(0, oldest.asked.Load())) < spare {
		return false
	}
	delete(c.trials, oldest.trialKey)
	return true
}

// refusal says why something is not compared.
func refusal(p *slo.GateCanary, r gate.Request, id, why string) gate.Canary {
	return gate.Canary{
		SLO: id, By: p.By, Candidate: gate.Side{Version: r.Version}, Baseline: gate.Side{Version: r.Baseline},
		Decision: slo.GateUnknown, Limit: 1 / p.FalseDenials, Since: r.Now, Until: r.Now, Note: why,
	}
}
