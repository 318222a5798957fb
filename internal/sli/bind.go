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
func (t *Tracker) bind(s *series, as called, before []binding) {
	for _, c := range t.candidates(as) {
		view, ok := as.view(c.term)
		if !ok {
			continue
		}
		in := t.instance(c.program, view)
		var latency *part
		if c.program.Spec.SLI.Latency != nil {
			latency = &part{key: histogramKeyOf(view, as.target, in)}
			if !c.program.form(latency.key, c.term.role) {
				in.notice(NoticeBothForms)
				continue
			}
		}
		b := s.binding(c, in, before)
		if b.latency == nil {
			b.latency = latency
		}
		b.weight = b.weight.Add(c.term.weight)
		b.slow = b.slow || c.term.slow
		if b.role == roleBucket && b.latency.bucket == nil {
			b.latency.bucket = c.program.bucket(b.latency.key, view)
			if b.latency.bucket != nil && s.counter.seen { // its first point is over: a baseline
				b.offer(verdict{})
			}
		}
	}
	// A bucket of slow events holds no good ones, and a bucket without a bound is none.
	s.bindings = slices.DeleteFunc(s.bindings, func(b binding) bool {
		return b.role == roleBucket && (b.slow || b.latency.bucket == nil) ||
			b.role == roleCounter && b.weight == budget.Counts{}
	})
	s.bindings = slices.Clip(s.bindings)
	s.roles = 0
	for i := range s.bindings {
		s.roles |= 1 << s.bindings[i].role
	}
}

// NoticeBothForms marks an instance whose histogram arrives both classic and
// native: the form seen first is counted.
const NoticeBothForms Reason = "both_histogram_forms"

// form reports whether a part of a histogram is counted: a histogram that is
// sent both as classic and as native counts once, as what was seen first.
func (p *program) form(key histogramKey, r role) bool {
	if r == roleCounter {
		r = roleBucket // _count belongs to the classic form
	}
	if _, known := p.forms[key]; !known {
		p.forms[key] = r
	}
	return p.forms[key] == r
}

func histogramKeyOf(view labels.Labels, target string, in *Instance) histogramKey {
	h, _ := view.HashWithoutLabels(nil, labels.BucketLabel)
	return histogramKey{in, h ^ stringHash(target)}
}

// view is the labels under which a term selects the series, if it does.
func (c called) view(t *term) (labels.Labels, bool) {
	if t.matches(c.labels) {
		return c.labels, true
	}
	if len(c.raw) > 0 && t.matches(c.raw) {
		return c.raw, true
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
	b := binding{instance: in, role: c.term.role}
	for _, old := range before {
		if old.instance == in && old.role == b.role {
			b.member, b.latency = old.member, old.latency
		}
	}
	if b.member == nil {
		b.member = in.cohort(s.family.target).join()
	}
	s.bindings = append(s.bindings, b)
	if !fed {
		in.feeds = append(in.feeds, s)
	}
	return &s.bindings[len(s.bindings)-1]
}

// instance finds or makes the instance of a series' group.
func (t *Tracker) instance(p *program, view labels.Labels) *Instance {
	if len(p.Spec.GroupBy) == 0 {
		return t.instanceOf(p, nil)
	}
	values := make([]string, len(p.Spec.GroupBy))
	for i, name := range p.Spec.GroupBy {
		values[i] = view.Get(name)
	}
	return t.instanceOf(p, values)
}

// instanceOf is the instance of a group; nil values where there are no groups.
func (t *Tracker) instanceOf(p *program, values []string) *Instance {
	key := strings.Join(values, "\xff")
	if in := p.instances[key]; in != nil {
		return in
	}
	if values != nil && len(p.instances) >= p.maxGroups() {
		values = slices.Repeat([]string{slo.OverflowValue}, len(values))
		key = strings.Join(values, "\xff")
		if in := p.instances[key]; in != nil {
			return in
		}
	}
	in := newInstance(p, t, values)
	p.instances[strings.Clone(key)] = in
	t.roster.note()
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
