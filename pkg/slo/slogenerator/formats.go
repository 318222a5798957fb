package slogenerator

import (
	"fmt"
	"regexp"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// APIVersion and Kind name the format.
const (
	APIVersion = "sre.google.com/v2"
	Kind       = "ServiceLevelObjective"
)

// DefaultService is the service of a document without the label service_name.
const DefaultService = "slo-generator"

// Options says how documents are read. The zero value is lenient: what
// slo-generator would refuse and we can read is a warning.
type Options struct {
	// Strict makes errors of what slo-generator refuses, and of unknown fields.
	Strict bool
}

// shared is the format of the shared configuration: it does not say one.
var shared = slo.Format{}

// Formats returns what reads SLOs and the shared configuration. The latter is
// asked about every document without an apiVersion, and says of those that are
// none of it that the apiVersion is missing.
func Formats(o Options) map[slo.Format]slo.Decoder {
	return map[slo.Format]slo.Decoder{
		{APIVersion: APIVersion, Kind: Kind}: {SLOs: o.decode},
		shared:                               {Part: o.decodeShared},
	}
}

func (o Options) decode(source *strictyaml.Document, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var d document
	r := reader{options: o, document: &d, found: source.Decode(&d)}
	s := r.read(in)
	problems := append(slo.FromYAML(r.found, o.unknown()), r.problems...)
	if r.measured() {
		problems = append(problems, slo.FromYAML(source.Expand(unset), slo.Error)...)
	}
	return []*slo.Spec{s}, problems
}

// unknown is the severity of what slo-generator refuses.
func (o Options) unknown() slo.Severity {
	if o.Strict {
		return slo.Error
	}
	return slo.Warning
}

var variable = regexp.MustCompile(`\$\{\w+\}`)

// unset finds what slo-generator would take from its environment. Left as it
// is, it could be a matcher that matches nothing.
func unset(text string) (expanded, problem, fix string) {
	if name := variable.FindString(text); name != "" {
		return text, fmt.Sprintf("%s stands for a variable of slo-generator's environment, which is not known here", name), "write its value"
	}
	return text, "", ""
}
