package sli

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

const (
	// MembersTime is how far back members are told apart.
	MembersTime = 10 * time.Minute
	// mostMembers bounds those of an instance by one label, allMembers those of
	// all together: one that is never quiet takes some fifteen kilobytes.
	mostMembers = 100
	allMembers  = 10_000
	// mostPlaced bounds the series whose member is remembered.
	mostPlaced = 10_000
)

// OverflowMember is for whom the events of members beyond a bound are counted.
const OverflowMember = slo.OverflowValue

// Members tell the events of an instance apart by the values of a label of its
// series: a service's versions, say. They count by the same arithmetic as the
// instance's ledger, by the second. What series without that label count is of
// the member "".
//
// Slices of time have no members, nor has what is made of other SLOs.
type Members struct {
	label string
	begun int64 // event time after which all is told apart; 0: since ever
	named map[string]*budget.Ledger
	// placed are those of series, by the series' number.
	placed map[uint32]*budget.Ledger
	census *census
}

// census counts all members; those that have gone, until the next sweep.
type census struct{ members int }

// Watch tells the events of SLOs apart by labels, by the SLO's id, from now on.
// What is told apart already goes on; what is not named any more is forgotten.
func (t *Tracker) Watch(by map[string][]string, now time.Time) {
	t.watches = by
	for _, p := range t.programs {
		p.by = by[p.Spec.ID()]
		for _, in := range p.instances {
			in.watch(t, now.UnixNano())
		}
	}
	t.takeCensus()
}

// watch tells the instance's events apart as its program asks. What is new
// begins at a time; 0: nothing was counted before.
func (in *Instance) watch(t *Tracker, begun int64) {
	var list []*Members
	for _, label := range in.toldBy() {
		m := in.Members(label)
		if m == nil {
			m = &Members{label: label, named: map[string]*budget.Ledger{}, census: &t.census}
			if begun != 0 { // a sender's clock may be ahead of ours
				m.begun = max(begun, in.newest)
			}
		}
		list = append(list, m)
	}
	in.members = list
}

// toldBy are the labels by which the instance's events are told apart.
func (in *Instance) toldBy() []string {
	threshold := in.program.threshold
	if in.slicer != nil || in.composition != nil || threshold != nil && !threshold.PerSample {
		return nil
	}
	return in.program.by
}

// takeCensus counts the members that there are.
func (t *Tracker) takeCensus() {
	t.census.members = 0
	if len(t.watches) == 0 {
		return
	}
	for _, in := range t.Instances() {
		for _, m := range in.members {
			t.census.members += len(m.named)
		}
	}
}

// Members are the instance's by a label; nil if they are not told apart.
func (in *Instance) Members(label string) *Members {
	i := slices.IndexFunc(in.members, func(m *Members) bool { return m.label == label })
	if i < 0 {
		return nil
	}
	return in.members[i]
}

// count adds events of a series.
func (m *Members) count(s *series, i increment, c budget.Counts) {
	of := m.placed[s.number]
	if of == nil {
		of = m.place(s, i.to)
	}
	post(of, i, c)
}

// place finds the member of a series.
func (m *Members) place(s *series, at int64) *budget.Ledger {
	as := s.called()
	name := as.labels.Get(m.label)
	if name == "" {
		name = as.raw.Get(m.label)
	}
	of := m.member(name, time.Unix(0, at))
	if m.placed == nil || len(m.placed) >= mostPlaced {
		m.placed = map[uint32]*budget.Ledger{}
	}
	m.placed[s.number] = of
	return of
}

// member finds or makes one, or takes that for those beyond a bound.
func (m *Members) member(name string, at time.Time) *budget.Ledger {
	if m.named[name] == nil && m.full() {
		m.forget(at.Add(-MembersTime - time.Minute))
	}
	if m.named[name] == nil && m.full() {
		name = OverflowMember
	}
	if m.named[name] == nil {
		m.named[strings.Clone(name)] = budget.New(MembersTime)
		m.census.members++
	}
	return m.named[name]
}

func (m *Members) full() bool {
	return len(m.named) >= mostMembers || m.census.members >= allMembers
}

// forget drops those who have had no events since a time.
func (m *Members) forget(since time.Time) {
	before := len(m.named)
	maps.DeleteFunc(m.named, func(_ string, l *budget.Ledger) bool { return l.Newest().Before(since) })
	if gone := before - len(m.named); gone > 0 {
		m.census.members -= gone
		m.placed = nil
	}
}

// Begun is the time after which all events are told apart; zero: all ever.
func (m *Members) Begun() time.Time {
	if m.begun == 0 {
		return time.Time{}
	}
	return time.Unix(0, m.begun)
}

// Between are the events of (from, to] by member, of those who had any. Both
// are rounded down to a second; from is not before Begun, nor longer than
// MembersTime before to. It is nil where nobody knows whose events they are: no
// series has the label, or some of the SLI have and others have not, so that good
// and bad events do not belong together.
func (m *Members) Between(from, to time.Time) map[string]budget.Counts {
	list, torn := make(map[string]budget.Counts, len(m.named)), false
	for name, l := range m.named {
		if c := l.Between(from, to).Counts; c != (budget.Counts{}) {
			list[name] = c
			torn = torn || c.Bad < 0 || c.Bad > c.Total
		}
	}
	if _, unnamed := list[""]; unnamed && (torn || len(list) == 1) {
		return nil
	}
	maps.DeleteFunc(list, func(_ string, c budget.Counts) bool { return c.Total <= 0 })
	for name, c := range list { // a sample set may lie across an edge
		list[name] = budget.Counts{Bad: min(max(c.Bad, 0), c.Total), Total: c.Total}
	}
	return list
}

// Blur is by how much earlier than the ledger says an event may have happened:
// a counter tells at a sample what it has counted since the one before, and a
// slice of time is an event at its end.
func (in *Instance) Blur(now time.Time) time.Duration {
	_, blur := in.Pulse(now)
	if in.composition != nil {
		return blur + time.Duration(in.composition.length)
	}
	return blur + in.program.Grain().Slice
}
