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
	used := map[*family]bool{}
	for key, s := range t.series {
		if s.touched >= seconds(limit) {
			used[s.family] = true
			continue
		}
		s.swept, s.more().symbols = true, t.symbols
		delete(t.series, key)
	}
	t.book.strike(func(k *Known) bool { return k.Ignored() || !k.series.swept })
	maps.DeleteFunc(t.families, func(_ familyKey, f *family) bool { return f.last < limit && !used[f] })
	for _, p := range t.programs {
		p.sweep(now)
	}
	t.renumber()
}

// sweep forgets what silent series were part of.
func (p *program) sweep(now time.Time) {
	used := map[histogramKey]bool{}
	for _, in := range p.instances {
		in.feeds = slices.DeleteFunc(in.feeds, func(s *series) bool { return s.swept })
		members := map[*member]bool{}
		for _, s := range in.feeds {
			for i := range s.bindings {
				b := &s.bindings[i]
				members[b.member] = true
				if b.latency != nil {
					used[b.latency.key] = true
				}
			}
		}
		in.sweep(members)
	}
	maps.DeleteFunc(p.classics, func(k histogramKey, _ *classic) bool { return !used[k] })
	maps.DeleteFunc(p.forms, func(k histogramKey, _ role) bool { return !used[k] })
	limit, before := now.Add(-longest(p.Spec)-keepSeries).UnixNano(), len(p.instances)
	maps.DeleteFunc(p.instances, func(_ string, in *Instance) bool {
		return in.Group != nil && in.newest < limit && len(in.feeds) == 0
	})
	if len(p.instances) != before {
		p.roster.note()
	}
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
	empty := func(c *cohort) bool { return len(c.members) == 0 }
	maps.DeleteFunc(in.cohorts, func(_ string, c *cohort) bool { return empty(c) })
	in.lineUp = slices.DeleteFunc(in.lineUp, empty)
}
