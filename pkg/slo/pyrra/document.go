package pyrra

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// document is a ServiceLevelObjective as it is written.
type document struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata" need:"metadata: {name: checkout-errors}"`
	Spec       spec     `yaml:"spec" need:"spec: with target, window and indicator"`
	Status     ignored  `yaml:"status"`
}

// list is what kubectl prints for several documents.
type list struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Metadata   ignored    `yaml:"metadata"`
	Items      []listItem `yaml:"items" need:"a list of ServiceLevelObjective documents"`
}

// listItem is a document, or one of another kind, which is none of ours.
type listItem struct {
	document
	apiVersion, kind string
}

type metadata struct {
	Name        string             `yaml:"name" need:"a name such as checkout-errors"`
	Namespace   string             `yaml:"namespace"`
	Labels      map[string]string  `yaml:"labels"`
	Annotations map[string]string  `yaml:"annotations"`
	Kubernetes  map[string]ignored `yaml:",inline"` // uid, creationTimestamp, managedFields …
}

type spec struct {
	Description             string        `yaml:"description"`
	Target                  target        `yaml:"target" need:"a percentage in quotes, such as \"99.9\""`
	Window                  time.Duration `yaml:"window" need:"a duration such as 4w"`
	Indicator               indicator     `yaml:"indicator" need:"ratio, latency, latencyNative or bool_gauge"`
	Alerting                alerting      `yaml:"alerting"`
	PartialResponseStrategy string        `yaml:"partial_response_strategy"`
	PerformanceOverAccuracy bool          `yaml:"performanceOverAccuracy"`
	RuleOutput              *ruleOutput   `yaml:"ruleOutput"`
}

type ruleOutput struct {
	ShortRulesLabels         map[string]string `yaml:"shortRulesLabels"`
	LongRulesLabels          map[string]string `yaml:"longRulesLabels"`
	EnableDescriptionAsLabel bool              `yaml:"enableDescriptionAsLabel"`
}

type indicator struct {
	Ratio         *ratio         `yaml:"ratio"`
	Latency       *latency       `yaml:"latency"`
	LatencyNative *latencyNative `yaml:"latencyNative"`
	BoolGauge     *boolGauge     `yaml:"bool_gauge"`
}

type query struct {
	Metric string `yaml:"metric" need:"a selector such as http_requests_total{job=\"checkout\"}"`
}

type ratio struct {
	Errors   query    `yaml:"errors" need:"errors: {metric: a selector of bad events}"`
	Total    query    `yaml:"total" need:"total: {metric: a selector of all events}"`
	Grouping []string `yaml:"grouping"`
}

type latency struct {
	Success  query    `yaml:"success" need:"success: {metric: a selector of one bucket}"`
	Total    query    `yaml:"total" need:"total: {metric: a selector of the histogram's count}"`
	Grouping []string `yaml:"grouping"`
}

type latencyNative struct {
	Total    query         `yaml:"total" need:"total: {metric: a selector of the histogram}"`
	Latency  time.Duration `yaml:"latency" need:"a duration such as 300ms"`
	Grouping []string      `yaml:"grouping"`
}

type boolGauge struct {
	Metric   string   `yaml:"metric" need:"a selector such as up{job=\"checkout\"}"`
	Grouping []string `yaml:"grouping"`
}

type alerting struct {
	Disabled   bool       `yaml:"disabled"`
	Burnrates  *bool      `yaml:"burnrates"`
	Absent     *bool      `yaml:"absent"`
	Name       string     `yaml:"name"`
	AbsentName string     `yaml:"absentName"`
	Severities severities `yaml:"severities"`
}

type severities struct {
	Absent       string `yaml:"absent"`
	FastBurn     string `yaml:"fastBurn"`
	MediumBurn   string `yaml:"mediumBurn"`
	SlowBurn     string `yaml:"slowBurn"`
	LongTermBurn string `yaml:"longTermBurn"`
}

// target is a percentage. Pyrra wants it in quotes.
type target struct {
	text string
	bare bool
}

type ignored struct{}

// UnmarshalValue takes anything: it is of use to others only.
func (*ignored) UnmarshalValue(strictyaml.Value) {}

// UnmarshalValue reads a number, in quotes or not.
func (t *target) UnmarshalValue(v strictyaml.Value) {
	if text, bare := v.Number(); bare {
		*t = target{text, true}
	} else if text, ok := v.String(); ok {
		*t = target{text, false}
	}
}

// UnmarshalValue reads no more of another kind's document than what it is.
func (i *listItem) UnmarshalValue(v strictyaml.Value) {
	var kind struct {
		APIVersion string             `yaml:"apiVersion"`
		Kind       string             `yaml:"kind"`
		Rest       map[string]ignored `yaml:",inline"`
	}
	v.Decode(&kind)
	i.apiVersion, i.kind = kind.APIVersion, kind.Kind
	if i.ours() {
		v.Decode(&i.document)
	}
}

func (i *listItem) ours() bool { return i.apiVersion == APIVersion && i.kind == Kind }
