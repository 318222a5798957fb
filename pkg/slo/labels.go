package slo

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// MaxLabelValueBytes bounds the values of labels and annotations.
const MaxLabelValueBytes = 4096

// reserved are the labels that the engine sets itself.
var reserved = []string{
	"alertname", "service", "slo", "slo_id", "severity", "tier", "window", "period", "result", "state", "le",
}

// groups checks the labels that split the SLO, and how many may come of it.
func (v *validator) groups() {
	seen := map[string]bool{}
	for i, name := range v.spec.GroupBy {
		field := strictyaml.Index("spec.groupBy", i)
		if !v.taken(field, name, "", "group_") {
			v.labelName(field, name)
		}
		if seen[name] {
			v.fail(field, fmt.Sprintf("label %q is there twice", name), "remove one of them")
		}
		seen[name] = true
	}
	if n := v.spec.MaxGroups; n < 1 || n > MaxGroupsLimit {
		v.fail("spec.maxGroups", fmt.Sprintf("must be between 1 and %d, not %d", MaxGroupsLimit, n),
			fmt.Sprintf("remove it for the default of %d", DefaultMaxGroups))
	}
}

// labels checks labels that alerts and exported series carry beside those of
// the group.
func (v *validator) labels(field string, labels map[string]string) {
	for name, value := range labels {
		at := strictyaml.Key(field, name)
		if !v.taken(at, name, value, "label_") {
			v.labelName(at, name)
		}
		v.labelValue(at, value)
		if slices.Contains(v.spec.GroupBy, name) {
			v.fail(at, fmt.Sprintf("label %q is also in groupBy, which gives it another value", name), "remove one of them")
		}
		if value == "" {
			v.problems = append(v.problems, Problem{Severity: Warning, Field: at, Message: "is empty, which is the same as no label", Fix: "remove it"})
		}
	}
}

// taken lets documents of other formats, which know nothing of our labels, use
// their names: alerts and series then carry the engine's.
func (v *validator) taken(field, name, value, prefix string) bool {
	foreign := v.spec.Format.APIVersion != "" && v.spec.Format.APIVersion != APIVersion
	if !foreign || !slices.Contains(reserved, name) {
		return false
	}
	if name == "service" && value == v.spec.Service {
		return true // they say the same
	}
	v.problems = append(v.problems, Problem{
		Severity: Warning, Field: field, Message: fmt.Sprintf("label %q is one that the engine sets itself", name),
		Fix: "where both meet the engine's counts, and /metrics/slo shows yours as " + prefix + name,
	})
	return true
}

func (v *validator) labelName(field, name string) {
	switch {
	case name == "":
		v.fail(field, "a label needs a name", "write one, or remove it")
	case !utf8.ValidString(name):
		v.fail(field, fmt.Sprintf("label %q is not valid UTF-8", name), "rename it")
	case slices.Contains(reserved, name):
		v.fail(field, fmt.Sprintf("label %q is reserved: the engine sets it itself", name), "rename it")
	case strings.HasPrefix(name, "__"):
		v.fail(field, fmt.Sprintf("label %q is internal to Prometheus", name), "take a name without leading underscores")
	case len(name) > MaxNameBytes:
		v.fail(field, fmt.Sprintf("the label's name has %d bytes, more than the %d allowed", len(name), MaxNameBytes), "shorten it")
	}
}

func (v *validator) labelValue(field, value string) {
	switch {
	case !utf8.ValidString(value):
		v.fail(field, "the value is not valid UTF-8", "save the file as UTF-8")
	case len(value) > MaxLabelValueBytes:
		v.fail(field, fmt.Sprintf("the value has %d bytes, more than the %d allowed", len(value), MaxLabelValueBytes), "shorten it")
	}
}

func (v *validator) annotations(field string, annotations map[string]string) {
	for name, value := range annotations {
		at := strictyaml.Key(field, name)
		if name == "" {
			v.fail(at, "an annotation needs a name", "write one, or remove it")
		}
		v.labelValue(at, value)
	}
}
