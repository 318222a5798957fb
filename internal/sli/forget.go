package sli

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// keepSeries is how long a series without samples stays known. One that
// returns later counts from zero, as a process that has been away for so long
// does, unless its whole family was away: then it is a baseline.
const keepSeries = 24 * time.Hour

// Sweep forgets what has been silent for long: series and families after a
// day, instances a day after their window has run empty. Call it now and then.
func (t *Tracker) Sweep(now time.Time) {
	limit := now.Add(-keepSeries).UnixNano()
	families, histograms, swept := map[*family]bool{}, map[histogramKey]bool{}, 0
	for s := range t.series.all() {
		if s.touched < seconds(limit) {
			s.depart()
			s.leave()
			swept++
			continue
		}
		families[s.family] = true
		for b := s.bindings(); b != nil; b = b.next() {
			if b.also != nil {
				histograms[b.histogram()] = true
			}
		}
	}
	maps.DeleteFunc(t.families, func(_ familyKey, f *family) bool { return f.last < limit && !families[f] })
	if swept > 0 {
		t.tidy(swept)
	}
	t.book.strike(t.current)
	for _, p := range t.programs {
		p.sweep(now, histograms)
	}
	t.succeed(now)
	t.takeCensus()
	t.compareOrigins()
}

// tidy gives back the room of so many series that were swept.
func (t *Tracker) tidy(swept int) {
	t.symbols.left += swept
	worn := t.symbols.left > t.series.len()-swept
	if worn {
		t.symbols = newSymbols()
	}
	t.series.compact(t.symbols)
	if worn {
		t.rename()
	}
	for _, f := range t.families {
		f.forget()
	}
	t.gather()
}

// gather makes the cohorts' lists of members anew, after series have moved.
func (t *Tracker) gather() {
	for _, in := range t.Instances() {
		for _, c := range in.lineUp {
			c.members = nil
		}
	}
	for s := range t.series.all() {
		for b := s.bindings(); b != nil; b = b.next() {
			s.join(b)
		}
	}
}

// forget drops the births of series that were swept.
func (f *family) forget() {
	w := f.waiting
	if w == nil {
		return
	}
	f.waiting = nil
	for _, u := range w.unborn {
		if u.series = u.series.current(); !u.series.swept {
			f.wait(u)
		}
	}
}

// current is where a series is known now that was known before; nil if it was
// swept.
func (t *Tracker) current(k *Known) *Known {
	if k.Ignored() {
		return k
	}
	old := k.series()
	s := old.current()
	switch {
	case s.swept:
		return nil
	case s == old:
		return k
	case k == &old.Known:
		return &s.Known
	}
	return &Known{slab: s.slab, place: s.place, tag: k.tag}
}

// rename gives families and cohorts names out of the symbols: out of old ones,
// these would stay for their sake.
func (t *Tracker) rename() {
	families := make(map[familyKey]*family, len(t.families))
	for key, f := range t.families {
		key = t.symbols.familyKey(key.name, key.target)
		f.target = key.target
		families[key] = f
	}
	t.families = families
	for _, in := range t.Instances() {
		cohorts := make(map[string]*cohort, len(in.cohorts))
		for target, c := range in.cohorts {
			cohorts[t.symbols.hold("", target)] = c
		}
		in.cohorts = cohorts
	}
}

// familyKey is a key that may be kept.
func (y *symbols) familyKey(name, target string) familyKey {
	return familyKey{y.hold(labels.MetricName, name), y.hold("", target)}
}

// sweep forgets what silent series were part of; used are the histograms that
// are not.
func (p *program) sweep(now time.Time, used map[histogramKey]bool) {
	for _, in := range p.instances {
		in.sweep()
	}
	maps.DeleteFunc(p.classics, func(k histogramKey, _ *classic) bool { return !used[k] })
	maps.DeleteFunc(p.forms, func(k histogramKey, _ role) bool { return !used[k] })
	limit, before := now.Add(-longest(p.Spec)-keepSeries).UnixNano(), len(p.instances)
	maps.DeleteFunc(p.instances, func(_ string, in *Instance) bool {
		return in.Group != nil && in.newest < limit && len(in.lineUp) == 0
	})
	if len(p.instances) != before {
		p.roster.note()
	}
}

// sweep forgets the cohorts that have no members.
func (in *Instance) sweep() {
	empty := func(c *cohort) bool { return c.members == nil }
	maps.DeleteFunc(in.cohorts, func(_ string, c *cohort) bool { return empty(c) })
	in.lineUp = slices.DeleteFunc(in.lineUp, empty)
}
