package openslo

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// alphaDocument is an SLO of openslo/v1alpha.
type alphaDocument struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   *alphaMeta `yaml:"metadata"`
	Spec       *alphaSpec `yaml:"spec"`
}

type alphaMeta struct {
	Name        string `yaml:"name"`
	DisplayName string `yaml:"displayName"`
}

type alphaSpec struct {
	TimeWindows     []alphaWindow    `yaml:"timeWindows"`
	BudgetingMethod string           `yaml:"budgetingMethod"`
	Description     string           `yaml:"description"`
	Indicator       *alphaIndicator  `yaml:"indicator"`
	Service         string           `yaml:"service"`
	Objectives      []alphaObjective `yaml:"objectives"`
}

type alphaWindow struct {
	Unit      string    `yaml:"unit"`
	Count     *int      `yaml:"count"`
	IsRolling *bool     `yaml:"isRolling"`
	Calendar  *calendar `yaml:"calendar"`
}

type alphaIndicator struct {
	ThresholdMetric *alphaSource `yaml:"thresholdMetric"`
}

type alphaSource struct {
	Source    string `yaml:"source"`
	QueryType string `yaml:"queryType"`
	Query     string `yaml:"query"`
}

type alphaObjective struct {
	DisplayName     string       `yaml:"displayName"`
	Op              string       `yaml:"op"`
	Value           *number      `yaml:"value"`
	RatioMetrics    *alphaRatios `yaml:"ratioMetrics"`
	Target          *number      `yaml:"target"`
	TimeSliceTarget *number      `yaml:"timeSliceTarget"`
}

type alphaRatios struct {
	Good        *alphaSource `yaml:"good"`
	Total       *alphaSource `yaml:"total"`
	Incremental bool         `yaml:"incremental"`
}

// alphaSLOs decodes an SLO of openslo/v1alpha.
func (r reader) alphaSLOs(doc *strictyaml.Document, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var d alphaDocument
	c := r.checker(doc.Decode(&d))
	c.metadata("metadata", d.Metadata.usual())
	if d.Spec == nil {
		c.fail("spec", "is missing", "write spec: with service, timeWindows and objectives")
		return nil, c.problems
	}
	p := c.alphaPromise(d.Spec, in)
	p.name = d.Metadata.usual().Name
	return p.specs(), c.problems
}

// usual is the metadata of later versions.
func (m *alphaMeta) usual() *metadata {
	if m == nil {
		return &metadata{}
	}
	return &metadata{Name: m.Name, DisplayName: m.DisplayName}
}

func (c *checker) alphaPromise(s *alphaSpec, in *slo.Library) *promise {
	p := &promise{numbered: true, description: s.Description, fields: map[string]string{
		"spec.window": "spec.timeWindows[0]", "spec.budgeting": "spec.budgetingMethod", "spec.budgeting.method": "spec.budgetingMethod",
	}}
	c.description("spec", s.Description)
	p.service, p.fields["spec.service"] = c.serviceName(&sloSpec{Service: s.Service}, in)
	p.window = c.alphaWindow("spec.timeWindows", s.TimeWindows)
	p.method = c.alphaMethod("spec.budgetingMethod", s.BudgetingMethod)
	if len(s.Objectives) == 0 {
		c.fail("spec.objectives", "is missing", "write [{ratioMetrics: …, target: 0.999}]")
	}
	shared, ok := c.alphaThreshold("spec.indicator.thresholdMetric", s.Indicator)
	for n := range s.Objectives {
		c.alphaObjective(strictyaml.Index("spec.objectives", n), &s.Objectives[n], p, s.Indicator, shared, ok)
	}
	return p
}

// alphaMethod: Sloth's documents have none.
func (c *checker) alphaMethod(field, text string) slo.Method {
	if text == "" && !c.Strict {
		return slo.Occurrences
	}
	if text == "RatioTimeslices" {
		c.odd(field, "RatioTimeslices is not in "+V1Alpha, "it is taken", "write Occurrences or Timeslices")
	}
	return c.method(field, text)
}

// alphaObjective reads one objective, as one of later versions.
func (c *checker) alphaObjective(base string, o *alphaObjective, p *promise, all *alphaIndicator, i indicator, ok bool) {
	if n := utf8.RuneCountInString(o.DisplayName); n > maxDescription {
		c.odd(base+".displayName", "is too long", "", "shorten it")
	}
	switch {
	case o.RatioMetrics != nil && all != nil:
		c.fail(base+".ratioMetrics", "stands beside spec.indicator", "keep one of the two")
		return
	case o.RatioMetrics != nil:
		i, ok = c.alphaRatio(base+".ratioMetrics", o.RatioMetrics)
	case all == nil:
		c.fail(base+".ratioMetrics", "is missing, and so is spec.indicator", "write ratioMetrics: with good and total")
	}
	later := &objective{DisplayName: o.DisplayName, Op: o.Op, Value: o.Value, Target: o.Target, TimeSliceTarget: o.TimeSliceTarget}
	if o.RatioMetrics != nil {
		c.alphaValue(base, later)
	}
	if p.method != slo.Occurrences {
		later.TimeSliceWindow = duration{text: "1m"}
	}
	if p.method == slo.RatioTimeslices || p.method == slo.Timeslices && o.TimeSliceTarget != nil {
		c.warn(base+".timeSliceTarget", "says nothing of how long a slice is: 1m is taken", "use "+V1+", which has timeSliceWindow")
	}
	c.objective(base, later, p, i, ok)
}

// alphaValue: with ratioMetrics the official library wants a value, and no op;
// it means nothing.
func (c *checker) alphaValue(base string, o *objective) {
	if o.Value == nil && c.Strict {
		c.fail(base+".value", "is missing", "write any number: it means nothing beside ratioMetrics")
	}
	o.Value = nil
}

var alpha = regexp.MustCompile(`^[a-zA-Z]+$`)

func (c *checker) alphaThreshold(field string, i *alphaIndicator) (indicator, bool) {
	if i == nil {
		return indicator{}, false
	}
	text, ok := c.alphaSource(field, i.ThresholdMetric)
	fields := map[string]string{"spec.sli": "spec.indicator", "spec.sli.threshold": field, "spec.sli.threshold.metric": field + ".query"}
	return indicator{metric: text, fields: fields}, ok
}

func (c *checker) alphaRatio(field string, r *alphaRatios) (indicator, bool) {
	good, ok := c.alphaSource(field+".good", r.Good)
	total, also := c.alphaSource(field+".total", r.Total)
	fields := map[string]string{"spec.sli": field, "spec.sli.ratio": field, "spec.sli.ratio.good": field + ".good.query", "spec.sli.ratio.total": field + ".total.query"}
	return indicator{ratio: &slo.Ratio{Good: good, Total: total}, fields: maps.Clone(fields)}, ok && also
}

// alphaSource is the PromQL of a source.
func (c *checker) alphaSource(field string, s *alphaSource) (text string, ok bool) {
	if s == nil {
		c.fail(field, "is missing", "write {source: prometheus, queryType: promql, query: …}")
		return "", false
	}
	spoken := c.kind(field+".source", s.Source)
	c.word(field+".source", s.Source, "prometheus")
	c.word(field+".queryType", s.QueryType, "promql")
	if spoken == inOther {
		return standIn(field), true
	}
	if text = strings.TrimSpace(s.Query); text == "" {
		c.fail(field+".query", "is missing", "write a PromQL expression")
	}
	return text, true
}

func (c *checker) word(field, text, usual string) {
	switch {
	case text == "":
		c.odd(field, "is missing", usual+" is taken", "write "+usual)
	case !alpha.MatchString(text):
		c.odd(field, fmt.Sprintf("%q is not a word of letters", shorten(text)), "", "write "+usual)
	}
}
