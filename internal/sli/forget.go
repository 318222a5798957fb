package sli

import (
	"maps"
	"slices"
	"time"
)

// keepSeries is how long a series without samples stays known. One that
// returns later counts from zero, as a process that has been away for so long
// does, unless its whole family was away: then it is a baseline.
const keepSeries = 24 * time.Hour

// Sweep forgets what has been silent for long: series and families after a
// day, instances a day after their window has run empty. Call it now and then.
func (t *Tracker) Sweep(now time.Time) {
	limit := now.Add(-keepSeries).UnixNano()
	silent := func(s *series) bool { return s.touched < limit }
	for h, chain := range t.series {
		before := len(chain)
		chain = slices.DeleteFunc(chain, silent)
		t.options.Quota.give(before - len(chain))
		t.known -= before - len(chain)
		if t.series[h] = chain; len(chain) == 0 {
			delete(t.series, h)
		}
	}
	maps.DeleteFunc(t.families, func(_ familyKey, f *family) bool { return f.last < limit })
	for _, p := range t.programs {
		p.sweep(now, silent)
	}
}

// sweep forgets what silent series were part of.
func (p *program) sweep(now time.Time, silent func(*series) bool) {
	used := map[histogramKey]bool{}
	for _, in := range p.instances {
		in.feeds = slices.DeleteFunc(in.feeds, silent)
		members := map[*member]bool{}
		for _, s := range in.feeds {
			for i := range s.bindings {
				used[s.bindings[i].key] = true
				members[s.bindings[i].member] = true
			}
		}
		in.sweep(members)
	}
	maps.DeleteFunc(p.classics, func(k histogramKey, _ *classic) bool { return !used[k] })
	maps.DeleteFunc(p.forms, func(k histogramKey, _ role) bool { return !used[k] })
	limit := now.Add(-longest(p.Spec) - keepSeries).UnixNano()
	maps.DeleteFunc(p.instances, func(_ string, in *Instance) bool {
		return in.Group != nil && in.newest < limit && len(in.feeds) == 0
	})
}

// sweep forgets the cohorts' members that are in use no more.
func (in *Instance) sweep(used map[*member]bool) {
	for _, c := range in.cohorts {
		c.members = slices.DeleteFunc(c.members, func(m *member) bool {
			if !used[m] {
				m.blinds(false)
				m.leave()
			}
			return !used[m]
		})
	}
	maps.DeleteFunc(in.cohorts, func(_ string, c *cohort) bool { return len(c.members) == 0 })
}
