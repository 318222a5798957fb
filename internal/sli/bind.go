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
	var list []binding
	for _, c := range t.candidates(as) {
		view, ok := as.view(c.term)
		if !ok {
			continue
		}
		in := t.instance(c.program, view)
		var part histogramKey
		if c.program.Spec.SLI.Latency != nil {
			part = histogramKeyOf(view, as.target, in)
			if !c.program.form(part, c.term.role) {
				in.notice(NoticeBothForms)
				t.declined(s, rival{c.program, part, c.term.role})
				continue
			}
		}
		var b *binding
		list, b = join(list, binding{cohort: in.cohort(s.family.target), role: c.term.role}, before)
		b.weigh(c.term)
		b.mark(slow, b.is(slow) || c.term.slow)
		if part.hash != 0 {
			b.more().hash = part.hash
		}
		if b.role == roleBucket && b.bucket() == nil {
			b.more().bucket = c.program.bucket(part, view)
			if b.bucket() != nil && s.counter.seen { // its first point is over: a baseline
				b.offer(s, verdict{})
			}
		}
	}
	// A bucket of slow events holds no good ones, and a bucket without a bound is none.
	s.chain(slices.DeleteFunc(list, func(b binding) bool {
		return b.role == roleBucket && (b.is(slow) || b.bucket() == nil) ||
			b.role.weighed() && b.weight() == budget.Counts{}
	}))
}

// join finds or adds a binding; one that was there before goes on.
func join(list []binding, b binding, before []binding) ([]binding, *binding) {
	if i := slices.IndexFunc(list, b.like); i >= 0 {
		return list, &list[i]
	}
	if i := slices.IndexFunc(before, b.like); i >= 0 {
		b.heard, b.marks = before[i].heard, before[i].marks&^slow
		if old := before[i].also; old != nil {
			b.also = &also{hash: old.hash, bucket: old.bucket}
		}
	}
	list = append(list, b)
	return list, &list[len(list)-1]
}

// like reports whether two bindings are one: to the same instance, in the same
// role.
func (b binding) like(other binding) bool { return b.cohort == other.cohort && b.role == other.role }

// chain makes a list the series' bindings, and the series a member of their
// cohorts.
func (s *series) chain(list []binding) {
	s.binding, s.roles = binding{}, 0
	at := &s.binding
	for i, b := range list {
		if i > 0 {
			at.more().next = new(binding)
			at = at.next()
		}
		*at = b
		s.roles |= 1 << b.role
		s.join(at)
	}
}

// unchained are copies of the series' bindings.
func (s *series) unchained() (list []binding) {
	for b := s.bindings(); b != nil; b = b.next() {
		list = append(list, *b)
	}
	return list
}

func histogramKeyOf(view labels.Labels, target string, in *Instance) histogramKey {
	h, _ := view.HashWithoutLabels(nil, labels.BucketLabel)
	return histogramKey{in, max(h^stringHash(target), 1)}
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
