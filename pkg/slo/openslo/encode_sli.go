package openslo

import (
	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The written… types are the format as Encode writes it, in the order in which
// people read it.
type writtenDocument struct {
	APIVersion string          `yaml:"apiVersion"`
	Kind       string          `yaml:"kind"`
	Metadata   writtenMetadata `yaml:"metadata"`
	Spec       writtenSpec     `yaml:"spec"`
}

type writtenMetadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels,omitempty"`
}

type writtenSpec struct {
	Description     string             `yaml:"description,omitempty"`
	Service         string             `yaml:"service"`
	Indicator       *writtenInline     `yaml:"indicator,omitempty"`
	TimeWindow      []writtenWindow    `yaml:"timeWindow"`
	BudgetingMethod string             `yaml:"budgetingMethod"`
	Objectives      []writtenObjective `yaml:"objectives"`
	AlertPolicies   []writtenPolicy    `yaml:"alertPolicies,omitempty"`
}

type writtenInline struct {
	Metadata writtenMetadata `yaml:"metadata"`
	Spec     writtenSLI      `yaml:"spec"`
}

type writtenSLI struct {
	ThresholdMetric *writtenMetric `yaml:"thresholdMetric,omitempty"`
	RatioMetric     *writtenRatio  `yaml:"ratioMetric,omitempty"`
}

type writtenRatio struct {
	Counter bool           `yaml:"counter,omitempty"`
	Good    *writtenMetric `yaml:"good,omitempty"`
	Bad     *writtenMetric `yaml:"bad,omitempty"`
	Total   *writtenMetric `yaml:"total,omitempty"`
	RawType string         `yaml:"rawType,omitempty"`
	Raw     *writtenMetric `yaml:"raw,omitempty"`
}

type writtenMetric struct {
	MetricSource writtenSource `yaml:"metricSource"`
}

type writtenSource struct {
	Type string            `yaml:"type"`
	Spec map[string]string `yaml:"spec"`
}

type writtenWindow struct {
	Duration  string           `yaml:"duration"`
	IsRolling bool             `yaml:"isRolling"`
	Calendar  *writtenCalendar `yaml:"calendar,omitempty"`
}

type writtenCalendar struct {
	StartTime string `yaml:"startTime"`
	TimeZone  string `yaml:"timeZone"`
}

type writtenObjective struct {
	DisplayName     string         `yaml:"displayName,omitempty"`
	Op              string         `yaml:"op,omitempty"`
	Value           *float64       `yaml:"value,omitempty"`
	TargetPercent   *yaml.Node     `yaml:"targetPercent"`
	TimeSliceTarget float64        `yaml:"timeSliceTarget,omitempty"`
	TimeSliceWindow string         `yaml:"timeSliceWindow,omitempty"`
	Indicator       *writtenInline `yaml:"indicator,omitempty"` // in a composite
	CompositeWeight float64        `yaml:"compositeWeight,omitempty"`
}

// numeral writes a decimal number digit by digit.
func numeral(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// promQL is a metric by its query; nil when there is none.
func promQL(query string) *writtenMetric {
	if query == "" {
		return nil
	}
	return &writtenMetric{writtenSource{Type: "Prometheus", Spec: map[string]string{"query": query}}}
}

// budgeting writes the method, and its slices into the objective.
func (w *writer) budgeting(o *writtenObjective) string {
	b := w.spec.Budgeting
	if t := w.spec.SLI.Threshold; t != nil && !t.PerSample {
		if b.Method != slo.Occurrences {
			w.fail("spec.budgeting", "counts slices of slices, which cannot be said in OpenSLO", "write perSample: true for the threshold")
		}
		b = slo.Budgeting{Method: slo.Timeslices, Slice: t.Slice, Target: 1}
		o.TimeSliceWindow = w.duration("spec.sli.threshold.slice", b.Slice)
	} else if b.Method != slo.Occurrences {
		o.TimeSliceWindow = w.duration("spec.budgeting.slice", b.Slice)
	}
	o.TimeSliceTarget = b.Target
	for name, method := range methods {
		if method == b.Method {
			return name
		}
	}
	return ""
}

// sli writes what is measured, and its bound into the objective.
func (w *writer) sli(o *writtenObjective) writtenSLI {
	s := w.spec.SLI
	switch {
	case s.Ratio != nil:
		return w.ratio(s.Ratio)
	case s.Threshold != nil:
		return w.threshold(s.Threshold, o)
	case s.Latency != nil:
		return w.latency()
	case s.Query != nil && s.Query.Language == slo.PromQL:
		return w.query(s.Query)
	case s != slo.SLI{}:
		w.fail("spec.sli", "is no PromQL, and nothing else is written as OpenSLO", "keep this SLO in the engine")
		return writtenSLI{}
	}
	w.fail("spec.sli", "says nothing to measure", "write one of ratio, latency, threshold, promql")
	return writtenSLI{}
}

// query writes what is asked as a ratio of metrics: there are no others.
func (w *writer) query(q *slo.Query) writtenSLI {
	w.warn("spec.sli.promql.step", "cannot be said in OpenSLO: that it is asked every "+slo.FormatDuration(q.Step)+" is lost", "")
	return w.ratio(&q.Ratio)
}

func (w *writer) ratio(r *slo.Ratio) writtenSLI {
	if r.ErrorRatio != "" {
		return writtenSLI{RatioMetric: &writtenRatio{RawType: "failure", Raw: promQL(r.ErrorRatio)}}
	}
	if r.Total == "" || (r.Good == "") == (r.Bad == "") {
		w.fail("spec.sli.ratio", "is not total with one of good and bad", "write it so")
	}
	return writtenSLI{RatioMetric: &writtenRatio{Counter: bare(r.Total), Good: promQL(r.Good), Bad: promQL(r.Bad), Total: promQL(r.Total)}}
}

func (w *writer) threshold(t *slo.Threshold, o *writtenObjective) writtenSLI {
	switch {
	case t.Metric == "":
		w.fail("spec.sli.threshold.metric", "is empty", "write a gauge")
	case (t.Above == nil) == (t.Below == nil):
		w.fail("spec.sli.threshold", "has not exactly one bound, as OpenSLO wants", "write an SLO for each bound")
	case t.Below != nil:
		o.Op, o.Value = "lte", t.Below
	default:
		o.Op, o.Value = "gte", t.Above
	}
	if t.Exclusive && o.Op != "" {
		o.Op = o.Op[:2]
	}
	return writtenSLI{ThresholdMetric: promQL(t.Metric)}
}

// latency writes a histogram as the ratio of its buckets.
func (w *writer) latency() writtenSLI {
	const field = "spec.sli.latency"
	if w.Template == nil {
		w.fail(field, "cannot be said in OpenSLO", "write it as a ratio of buckets")
		return writtenSLI{}
	}
	bad, total, errorRatio, problems := w.Template(w.spec)
	for _, p := range problems {
		w.add(p.Severity, p.Field, p.Message, p.Fix)
	}
	if w.failed() {
		return writtenSLI{}
	}
	w.warn(field, "cannot be said in OpenSLO: it is written as a ratio of PromQL expressions", "")
	return w.ratio(&slo.Ratio{Bad: bad, Total: total, ErrorRatio: errorRatio})
}
