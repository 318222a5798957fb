package sli

import (
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// bind finds the instances that count a series. What the series already is to
// an instance, before, it stays over a rebinding.
func (t *Tracker) bind(s *series, before []binding) {
	for _, c := range t.candidates(s) {
		view, ok := s.view(c.term)
		if !ok {
			continue
		}
		in := c.program.instance(view)
		key := s.histogramKey(view, in)
		if !c.program.form(key, c.term.role) {
			in.notice(NoticeBothForms)
			continue
		}
		b := s.binding(c, in, before)
		b.key = key
		b.weight = b.weight.Add(c.term.weight)
		b.slow = b.slow || c.term.slow
		if b.role == roleBucket && b.bucket == nil {
			b.bucket = c.program.bucket(key, view)
			if b.bucket != nil && s.counter.seen { // its first point is over: a baseline
				b.offer(verdict{})
			}
		}
	}
	// A bucket of slow events holds no good ones, and a bucket without a bound is none.
	s.bindings = slices.DeleteFunc(s.bindings, func(b binding) bool {
		return b.role == roleBucket && (b.slow || b.bucket == nil) ||
			b.role == roleCounter && b.weight == budget.Counts{}
	})
	s.measure()
}

// measure notes how far back the series' SLOs look.
func (s *series) measure() {
	s.reach = 0
	for i := range s.bindings {
		s.reach = max(s.reach, longest(s.bindings[i].program.Spec))
	}
}

// candidates are the terms that may select the series, by its metric's name.
func (t *Tracker) candidates(s *series) []selected {
	name := s.labels.Get(labels.MetricName)
	list := slices.Concat(t.index.byName[name], t.index.unnamed)
	if raw := s.raw.Get(labels.MetricName); len(s.raw) > 0 && raw != name {
		list = append(list, t.index.byName[raw]...)
	}
	return list
}

// NoticeBothForms marks an instance whose histogram arrives both classic and
// native: the form seen first is counted.
const NoticeBothForms Reason = "both_histogram_forms"

// form reports whether a part of a histogram is counted: a histogram that is
// sent both as classic and as native counts once, as what was seen first.
func (p *program) form(key histogramKey, r role) bool {
	if p.Spec.SLI.Latency == nil {
		return true
	}
	if r == roleCounter {
		r = roleBucket // _count belongs to the classic form
	}
	if _, known := p.forms[key]; !known {
		p.forms[key] = r
	}
	return p.forms[key] == r
}

func (s *series) histogramKey(view labels.Labels, in *Instance) histogramKey {
	h, _ := view.HashWithoutLabels(nil, labels.BucketLabel)
	return histogramKey{in, h ^ stringHash(s.target)}
}

// view is the labels under which a term selects the series, if it does.
func (s *series) view(t *term) (labels.Labels, bool) {
	if t.matches(s.labels) {
		return s.labels, true
	}
	if len(s.raw) > 0 && t.matches(s.raw) {
		return s.raw, true
	}
	return nil, false
}

// binding finds or adds the series' binding to an instance.
func (s *series) binding(c selected, in *Instance, before []binding) *binding {
	fed := false
	for i := range s.bindings {
		if s.bindings[i].instance != in {
			continue
		}
		if s.bindings[i].role == c.term.role {
			return &s.bindings[i]
		}
		fed = true
	}
	b := binding{program: c.program, instance: in, role: c.term.role}
	for _, old := range before {
		if old.instance == in && old.role == b.role {
			b.member, b.bucket = old.member, old.bucket
		}
	}
	if b.member == nil {
		b.member = in.cohort(s.target).join()
	}
	s.bindings = append(s.bindings, b)
	if !fed {
		in.feeds = append(in.feeds, s)
	}
	return &s.bindings[len(s.bindings)-1]
}

// instance finds or makes the instance of a series' group.
func (p *program) instance(view labels.Labels) *Instance {
	if len(p.Spec.GroupBy) == 0 {
		return p.instanceOf("", nil)
	}
	values := make([]string, len(p.Spec.GroupBy))
	for i, name := range p.Spec.GroupBy {
		values[i] = view.Get(name)
	}
	return p.instanceOf(strings.Join(values, "\xff"), values)
}

func (p *program) instanceOf(key string, values []string) *Instance {
	if in := p.instances[key]; in != nil {
		return in
	}
	if values != nil && len(p.instances) >= p.maxGroups() {
		overflow := slices.Repeat([]string{slo.OverflowValue}, len(values))
		key, values = strings.Join(overflow, "\xff"), overflow
		if in := p.instances[key]; in != nil {
			return in
		}
	}
	in := &Instance{Spec: p.Spec, Ledger: newLedger(p.Spec), cohorts: map[string]*cohort{}, patience: settle}
	if p.subtracts {
		in.patience = longSettle
	}
	if values != nil {
		in.Group = make(map[string]string, len(values))
		for i, name := range p.Spec.GroupBy {
			in.Group[name] = strings.Clone(values[i])
		}
		if values[0] == slo.OverflowValue {
			in.notice(NoticeOverflow)
		}
	}
	in.ID = instanceID(p.Spec, in.Group)
	p.instances[strings.Clone(key)] = in
	return in
}

// NoticeOverflow marks the instance that collects the groups beyond the cap.
const NoticeOverflow Reason = "group_limit"

func (p *program) maxGroups() int {
	if p.Spec.MaxGroups > 0 {
		return p.Spec.MaxGroups
	}
	return slo.DefaultMaxGroups
}

// bucket makes a series part of its classic histogram, all whose labels but
// le are the same. nil when its le is no number.
func (p *program) bucket(key histogramKey, view labels.Labels) *bucket {
	le, ok := parseBound(view)
	if !ok {
		return nil
	}
	histogram := p.classics[key]
	if histogram == nil {
		histogram = &classic{}
		p.classics[key] = histogram
	}
	return &bucket{histogram: histogram, le: le}
}

func stringHash(s string) uint64 { return xxhash.Sum64String(s) }
