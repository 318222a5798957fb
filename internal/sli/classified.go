package sli

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Some SLIs are no selection of series: somebody else looks at each event, or
// asks a server, and says how many were good and how many bad. They say it by
// series of this name, which the SLO's program selects.
const (
	// ClassifiedMetric is the series' name.
	ClassifiedMetric = "slo_engine_classified_events_total"
	// ClassifiedSLO is the label that holds the SLO's id.
	ClassifiedSLO = "slo_engine_slo"
	// ClassifiedResult is the label that says good or bad.
	ClassifiedResult = "slo_engine_result"
	// ClassifiedGood and ClassifiedBad are its values.
	ClassifiedGood, ClassifiedBad = "good", "bad"
)

// Classified reports whether the program's events are told by somebody who
// looks at each, or asks for them.
func (p *Program) Classified() bool { return classified(p.Spec.SLI) }

func classified(s slo.SLI) bool { return s.Spans != nil || s.Logs != nil || s.Query != nil }

// ClassifiedSeries is the series that tells of a spec's events; group holds the
// groupBy labels, by name. It has no points yet.
func ClassifiedSeries(spec *slo.Spec, group labels.Labels, bad bool) Series {
	result := ClassifiedGood
	if bad {
		result = ClassifiedBad
	}
	b := labels.NewBuilder(group)
	b.Set(labels.MetricName, ClassifiedMetric).Set(ClassifiedSLO, spec.ID()).Set(ClassifiedResult, result)
	return Series{Labels: b.Labels(), Target: spec.ID(), Type: TypeCounter}
}

// classified selects the series that tell of the SLO's events.
func (c *compiler) classified() {
	part := func(result string, weight budget.Counts) {
		c.add(term{name: ClassifiedMetric, role: roleCounter, weight: weight, matchers: []*labels.Matcher{
			labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, ClassifiedMetric),
			labels.MustNewMatcher(labels.MatchEqual, ClassifiedSLO, c.program.Spec.ID()),
			labels.MustNewMatcher(labels.MatchEqual, ClassifiedResult, result),
		}})
	}
	part(ClassifiedGood, budget.Counts{Total: 1})
	part(ClassifiedBad, budget.Counts{Bad: 1, Total: 1})
}
