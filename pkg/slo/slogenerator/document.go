package slogenerator

import "github.com/slo-engine/slo-engine/pkg/slo/strictyaml"

// document is a ServiceLevelObjective as it is written.
type document struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata" need:"metadata: {name: checkout-availability}"`
	Spec       spec     `yaml:"spec" need:"spec: with goal, backend, method and service_level_indicator"`
}

type metadata struct {
	Name   string          `yaml:"name" need:"a name such as checkout-availability"`
	Labels map[string]text `yaml:"labels"`
}

type spec struct {
	Description string    `yaml:"description"`
	Goal        text      `yaml:"goal" need:"a share of good events such as 0.999"`
	Backend     string    `yaml:"backend" need:"backend: prometheus"`
	Method      string    `yaml:"method" need:"good_bad_ratio, query_sli or distribution_cut"`
	Indicator   indicator `yaml:"service_level_indicator" need:"service_level_indicator: with what the method asks for"`
	Policy      string    `yaml:"error_budget_policy"`
	Exporters   []ignored `yaml:"exporters"`
}

// indicator has what the methods of the Prometheus backend ask for.
type indicator struct {
	Good       string             `yaml:"filter_good"`
	Bad        string             `yaml:"filter_bad"`
	Valid      string             `yaml:"filter_valid"`
	Operators  []string           `yaml:"operators"`
	Expression string             `yaml:"expression"`
	Threshold  text               `yaml:"threshold_bucket"`
	Others     map[string]ignored `yaml:",inline"` // of other backends
}

// sharedDocument is the configuration that documents share.
type sharedDocument struct {
	Backends         map[string]ignored `yaml:"backends"`
	Exporters        ignored            `yaml:"exporters"`
	DefaultExporters ignored            `yaml:"default_exporters"`
	Policies         map[string]policy  `yaml:"error_budget_policies"`
}

type policy struct {
	Steps []step `yaml:"steps" need:"a list of steps"`
}

type step struct {
	Name      text    `yaml:"name" need:"a name such as 1 hour"`
	Window    text    `yaml:"window" need:"seconds, such as 3600"`
	Threshold text    `yaml:"burn_rate_threshold" need:"a burn rate such as 9"`
	Alert     bool    `yaml:"alert"`
	OnAlert   ignored `yaml:"message_alert"`
	OnOK      ignored `yaml:"message_ok"`
}

// text is a string, or a number as it was written.
type text string

// UnmarshalValue reads it.
func (t *text) UnmarshalValue(v strictyaml.Value) {
	if number, ok := v.Number(); ok {
		*t = text(number)
	} else if s, ok := v.String(); ok {
		*t = text(s)
	}
}

type ignored struct{}

// UnmarshalValue takes anything: it is of use to others only.
func (*ignored) UnmarshalValue(strictyaml.Value) {}
