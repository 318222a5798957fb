package openslo

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The written… types of an SLO's tiers: a policy with one condition for each.
type writtenPolicy struct {
	Kind     string            `yaml:"kind"`
	Metadata writtenMetadata   `yaml:"metadata"`
	Spec     writtenPolicySpec `yaml:"spec"`
}

type writtenPolicySpec struct {
	Conditions []writtenCondition `yaml:"conditions"`
	Targets    []writtenTarget    `yaml:"notificationTargets"`
}

type writtenCondition struct {
	Kind     string               `yaml:"kind"`
	Metadata writtenMetadata      `yaml:"metadata"`
	Spec     writtenConditionSpec `yaml:"spec"`
}

type writtenConditionSpec struct {
	Severity  string      `yaml:"severity"`
	Condition writtenRule `yaml:"condition"`
}

type writtenRule struct {
	Kind           string     `yaml:"kind"`
	Op             string     `yaml:"op"`
	Threshold      *yaml.Node `yaml:"threshold"`
	LookbackWindow string     `yaml:"lookbackWindow"`
	AlertAfter     string     `yaml:"alertAfter,omitempty"`
}

type writtenTarget struct {
	Kind     string            `yaml:"kind"`
	Metadata writtenMetadata   `yaml:"metadata"`
	Spec     map[string]string `yaml:"spec"`
}

// policies write an SLO's own tiers. The usual ones go without saying.
func (w *writer) policies() (list []writtenPolicy) {
	a := w.spec.Alerting
	for _, t := range a.Terms.Tiers {
		if own := a.Severities[t.Name]; own != "" {
			t.Severity = own
		}
		if rule, ok := w.rule(t); ok {
			list = append(list, w.policy(t, rule))
		}
	}
	return list
}

// theirs are OpenSLO's usual severities for the engine's.
var theirs = map[string]string{"critical": "page", "warning": "ticket", "": "none"}

func (w *writer) policy(t slo.Tier, rule writtenRule) writtenPolicy {
	named := writtenMetadata{Name: strings.Trim(strings.ReplaceAll(t.Name, "_", "-"), "-")}
	severity, ok := theirs[t.Severity]
	if !ok {
		severity = t.Severity
	}
	return writtenPolicy{Kind: kindPolicy, Metadata: named, Spec: writtenPolicySpec{
		Conditions: []writtenCondition{{Kind: kindCondition, Metadata: named, Spec: writtenConditionSpec{severity, rule}}},
		Targets: []writtenTarget{{ // OpenSLO needs one
			Kind: kindTarget, Metadata: writtenMetadata{Name: "alertmanager"}, Spec: map[string]string{"target": "alertmanager"},
		}},
	}}
}

// rule writes when a tier fires. Windows are whole minutes in OpenSLO; the short
// one goes without saying where it is a twelfth.
func (w *writer) rule(t slo.Tier) (rule writtenRule, ok bool) {
	const field = "spec.alerting.tiers"
	factor := t.Factor
	if t.Budget != 0 {
		factor = t.Budget * float64(w.spec.Window.Nominal()) / float64(t.Long)
	}
	if t.Long%time.Minute != 0 || t.Short != twelfth(t.Long) && t.Short%time.Minute != 0 {
		w.warn(field, "tier "+t.Name+" cannot be said in OpenSLO, whose smallest unit is a minute", "write whole minutes")
		return rule, false
	}
	rule = writtenRule{
		Kind: "burnrate", Op: "gt", Threshold: numeral(strconv.FormatFloat(factor, 'f', -1, 64)), LookbackWindow: w.duration(field, t.Long),
	}
	if t.Short != twelfth(t.Long) {
		rule.AlertAfter = w.duration(field, t.Short)
	}
	return rule, true
}
