package events

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// plan is what is done with the events of one signal: immutable, made anew at
// each load of SLOs.
type plan struct {
	columns *columns
	own     []ownColumn
	rules   index[*rule]
	wants   index[*want]
	outputs []output
	// names and places are of the labels of the outputs' series.
	names  []string
	places []int
	slots  []slot
	// reach is the longest one: how far back anybody looks, in nanoseconds.
	reach int64
	// always are the series of good events of SLOs without groups.
	always []sli.Series
}

// slot is where events of one kind are counted: the good or the bad ones of an
// SLO, or those of an output.
type slot struct {
	// id names the slot over reloads, for as long as its series stay the same.
	id string
	// fixed is its only series; nil where there is one for each group.
	fixed *sli.Series
	// series makes that of a group, with the values of the names.
	series func(values []string) sli.Series
}

// idle reports whether no SLO wants any event.
func (p *plan) idle() bool { return len(p.slots) == 0 }

// isSpans and isLogs tell which metrics are made of what.
func isLogs(w sli.Want) bool  { return w.Metric == sli.LogRecords }
func isSpans(w sli.Want) bool { return !isLogs(w) }

// newSpanPlan is the plan for spans. Rules that cannot be read are left out:
// the documents they come from were refused before.
func newSpanPlan(programs []*sli.Program) *plan {
	p := &plan{columns: newColumns()}
	for _, program := range programs {
		spec := program.Spec
		if s := spec.SLI.Spans; s != nil {
			if r, err := newSpanRule(p.columns, s); err == nil {
				p.rule(spec, pins{s.Service, s.Name}, r, int64(program.Reach()))
			}
		}
		if l := program.SpanLatency(); l != nil {
			p.rule(spec, pinned(l.Matchers), newLatencyRule(p.columns, l), int64(program.Reach()))
		}
	}
	p.project(programs, spanLabels, isSpans)
	p.own = spanNames.in(p.columns)
	return p
}

// newLogPlan is the plan for log records.
func newLogPlan(programs []*sli.Program) *plan {
	p := &plan{columns: newColumns()}
	for _, program := range programs {
		if l := program.Spec.SLI.Logs; l != nil {
			if r, err := newLogRule(p.columns, l); err == nil {
				p.rule(program.Spec, pins{service: l.Service}, r, int64(program.Reach()))
			}
		}
	}
	p.project(programs, logLabels, isLogs)
	p.own = logNames.in(p.columns)
	return p
}

// rule takes the rule of an SLO up.
func (p *plan) rule(spec *slo.Spec, at pins, j judge, reach int64) {
	r := &rule{pins: at, judge: j, reach: reach}
	for _, name := range spec.GroupBy {
		r.group = append(r.group, p.columns.label(name))
	}
	r.good, r.bad = p.classified(spec, false), p.classified(spec, true)
	if s := p.slots[r.good].fixed; s != nil {
		p.always = append(p.always, *s)
	}
	p.rules.add(at, r)
	p.reach = max(p.reach, reach)
}

// classified makes the slot of an SLO's good or bad events.
func (p *plan) classified(spec *slo.Spec, bad bool) int {
	s := slot{series: func(values []string) sli.Series {
		b := labels.NewBuilder(nil)
		for i, name := range spec.GroupBy {
			b.Set(name, values[i])
		}
		return sli.ClassifiedSeries(spec, b.Labels(), bad)
	}}
	if len(spec.GroupBy) == 0 {
		series := s.series(nil)
		s.fixed = &series
	}
	result := sli.ClassifiedGood
	if bad {
		result = sli.ClassifiedBad
	}
	s.id = strings.Join(append([]string{sli.ClassifiedMetric, spec.ID(), result}, spec.GroupBy...), "\xff")
	p.slots = append(p.slots, s)
	return len(p.slots) - 1
}

// project takes up what the programs select by PromQL.
func (p *plan) project(programs []*sli.Program, usual []string, mine func(sli.Want) bool) {
	var wants []sli.Want
	for _, program := range programs {
		for _, w := range program.Wants() {
			if mine(w) {
				wants = append(wants, w)
				p.names = append(p.names, w.Labels...)
			}
		}
	}
	if len(wants) == 0 {
		return
	}
	p.names = append(p.names, usual...)
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
	for _, name := range p.names {
		p.places = append(p.places, p.columns.label(name))
	}
	for _, w := range wants {
		p.want(w)
	}
}

func (p *plan) want(w sli.Want) {
	item := &want{pins: pinned(w.Matchers), of: selected(p.columns, w.Matchers), reach: int64(w.Reach)}
	bounds := w.Bounds
	if !strings.HasSuffix(w.Metric, "_bucket") {
		bounds = []string{""}
	}
	for _, le := range bounds {
		item.outputs = append(item.outputs, p.output(w.Metric, le))
	}
	p.wants.add(item.pins, item)
	p.reach = max(p.reach, item.reach)
}

// output finds or makes that of a metric and a bound.
func (p *plan) output(metric, le string) int {
	if i := slices.IndexFunc(p.outputs, func(o output) bool { return o.metric == metric && o.le == le }); i >= 0 {
		return i
	}
	o := newOutput(metric, le)
	o.slot = len(p.slots)
	names := p.names
	p.slots = append(p.slots, slot{
		id:     strings.Join(append([]string{metric, le}, names...), "\xff"),
		series: func(values []string) sli.Series { return o.series(names, values) },
	})
	p.outputs = append(p.outputs, o)
	return len(p.outputs) - 1
}
