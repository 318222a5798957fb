package sloexporter

import "github.com/slo-engine/slo-engine/pkg/slo/strictyaml"

// rulesDocument is a rule file as it is written.
type rulesDocument struct {
	Rules []rule `yaml:"rules"`
}

// rule says of events which are failures.
type rule struct {
	EventType  text            `yaml:"event_type"`
	Metadata   []condition     `yaml:"metadata_matcher"`
	Matcher    matcher         `yaml:"slo_matcher"`
	Failure    []condition     `yaml:"failure_conditions"`
	Additional map[string]text `yaml:"additional_metadata"`
	HonorsOwn  bool            `yaml:"honor_slo_result"`
}

type matcher struct {
	Domain text `yaml:"domain"`
	Class  text `yaml:"class"`
	App    text `yaml:"app"`
}

type condition struct {
	Operator string `yaml:"operator" need:"an operator such as numberIsHigherThan"`
	Key      string `yaml:"key" need:"a key of the event's metadata"`
	Value    text   `yaml:"value" need:"what it is compared with"`
}

// domainsDocument is a file of slo-rules-generator: domains by their names.
type domainsDocument struct {
	Domains map[string]domain `yaml:",inline"`
}

type domain struct {
	Enabled   bool                          `yaml:"enabled"`
	Namespace text                          `yaml:"namespace"`
	Version   text                          `yaml:"version"`
	Alerting  alerting                      `yaml:"alerting"`
	Classes   map[string]map[string]promise `yaml:"classes" need:"classes: {critical: {availability: {slo_threshold: 0.99}}}"`
}

// promise is what is promised of one slo_type of a class.
type promise struct {
	Threshold text            `yaml:"slo_threshold" need:"a share of good events such as 0.99"`
	Metadata  map[string]text `yaml:"slo_threshold_metadata"`
}

type alerting struct {
	Team       text        `yaml:"team"`
	Escalate   text        `yaml:"escalate"`
	Thresholds []threshold `yaml:"burn_rate_thresholds"`
}

type threshold struct {
	Condition struct {
		Class string `yaml:"class"`
		Type  string `yaml:"slo_type"`
		Range string `yaml:"time_range" need:"1h, 6h, 1d or 3d"`
	} `yaml:"condition" need:"condition: {time_range: 1h}"`
	Value text `yaml:"value" need:"a burn rate such as 13.44"`
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

// UnmarshalValue takes anything.
func (*ignored) UnmarshalValue(strictyaml.Value) {}
