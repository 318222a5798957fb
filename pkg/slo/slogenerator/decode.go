package slogenerator

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// reader makes a Spec of one document.
type reader struct {
	options  Options
	document *document
	found    strictyaml.Problems
	problems []slo.Problem
	fields   map[string]string
}

// at is where a document has what it measures.
const at = "spec.service_level_indicator"

func (r *reader) read(in *slo.Library) *slo.Spec {
	d := r.document
	r.fields = map[string]string{
		"spec.sli": at, "spec.objective": "spec.goal",
		"spec.window": "spec.error_budget_policy", "spec.alerting": "spec.error_budget_policy",
	}
	s := &slo.Spec{
		Description: d.Spec.Description, Objective: r.objective(),
		SLI: r.sli(), MaxGroups: slo.DefaultMaxGroups, Fields: r.fields,
	}
	s.Service, s.Name, s.Labels = r.identity()
	steps := r.policy(in)
	s.Window, s.Alerting.Terms.Tiers = slo.Window{Rolling: steps.longest}, steps.tiers
	r.checkSpec()
	return s
}

// add notes a problem of the document, unless its place is known to be wrong.
func (r *reader) add(severity slo.Severity, field, message, fix string) {
	if !r.found.Cover(field) {
		r.problems = append(r.problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
	}
}

// doubt notes what slo-generator refuses and we can read.
func (r *reader) doubt(field, message, fix string) { r.add(r.options.unknown(), field, message, fix) }

// identity is the service, the name and the labels that are left.
func (r *reader) identity() (service, name string, labels map[string]string) {
	labels = map[string]string{}
	for label, value := range r.document.Metadata.Labels {
		labels[label] = string(value)
		r.fields[strictyaml.Key("metadata.labels", label)] = strictyaml.Key("metadata.labels", label)
	}
	service, name = r.take(labels, "spec.service", "service_name", "service"), r.document.Metadata.Name
	if service == "" {
		r.fields["spec.service"] = "metadata"
		return DefaultService, name, labels
	}
	if labels["slo_name"] != "" {
		name = r.take(labels, "metadata.name", "slo_name")
		if feature := r.take(labels, "", "feature_name", "feature"); feature != "" {
			name = feature + "-" + name
		}
	}
	return service, name, labels
}

// take takes the first label that is there, and says whose place it has.
func (r *reader) take(labels map[string]string, field string, names ...string) string {
	for _, name := range names {
		if value := labels[name]; value != "" {
			delete(labels, name)
			if field != "" {
				r.fields[field] = "metadata.labels." + name
			}
			return value
		}
	}
	return ""
}

func (r *reader) objective() slo.Objective {
	goal := string(r.document.Spec.Goal)
	if goal == "" {
		return slo.Objective{}
	}
	const fix = "write a share between 0 and 1, such as 0.999"
	if strings.Contains(goal, "%") {
		r.add(slo.Error, "spec.goal", fmt.Sprintf("%q is a percentage", goal), fix)
		return slo.Objective{}
	}
	o, err := slo.ParseObjective(goal)
	if err != nil {
		r.add(slo.Error, "spec.goal", err.Error(), fix)
	}
	return o
}

// checkSpec looks at what is slo-generator's own; the Loader validates the Spec.
func (r *reader) checkSpec() {
	s := &r.document.Spec
	if s.Description == "" {
		r.doubt("spec.description", "is missing, and slo-generator wants one", "write one")
	}
	if len(s.Exporters) > 0 {
		r.add(slo.Warning, "spec.exporters", "is where slo-generator pushes its reports and has no effect here",
			"read the engine's results from /metrics/slo or the API")
	}
}
