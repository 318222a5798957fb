package sloexporter

import (
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Options says how files are read. The zero value is lenient: what slo-exporter
// would refuse and we can read is a warning.
type Options struct {
	// Strict makes errors of what slo-exporter refuses.
	Strict bool
}

// Read reads rule files and files of slo-rules-generator that belong together,
// in any order. load hands the same files to a Loader twice: an SLO is made of
// what several of them say. What is wrong is said where it stands; of a sound
// SLO the Spec is returned. The error is that of load.
func Read(o Options, load func(slo.Loader) ([]*slo.Spec, []slo.Problem, error)) ([]*slo.Spec, []slo.Problem, error) {
	set := &set{options: o}
	if _, _, err := load(set.loader(set.note)); err != nil {
		return nil, nil, err
	}
	return load(set.loader(set.decode))
}

// set is what all the files say together.
type set struct {
	options Options
	rules   []rule
	domains map[string]domain
}

// unsaid is the format of documents that do not say what they are.
var unsaid = slo.Format{}

// loader hands each document to a function.
func (s *set) loader(decode func(*strictyaml.Document, *slo.Library) ([]*slo.Spec, []slo.Problem)) slo.Loader {
	return slo.Loader{Strict: s.options.Strict, Formats: map[slo.Format]slo.Decoder{unsaid: {SLOs: decode}}}
}

// note collects what there is, and leaves what is wrong to decode.
func (s *set) note(source *strictyaml.Document, _ *slo.Library) ([]*slo.Spec, []slo.Problem) {
	switch kind(source) {
	case rulesFile:
		var d rulesDocument
		source.Decode(&d)
		s.rules = append(s.rules, d.Rules...)
	case domainsFile:
		var d domainsDocument
		source.Decode(&d)
		if s.domains == nil {
			s.domains = map[string]domain{}
		}
		maps.Copy(s.domains, d.Domains)
	}
	return nil, nil
}

func (s *set) decode(source *strictyaml.Document, _ *slo.Library) ([]*slo.Spec, []slo.Problem) {
	switch kind(source) {
	case rulesFile:
		var d rulesDocument
		r := reader{set: s, found: source.Decode(&d)}
		r.checkRules(&d)
		return nil, r.all()
	case exporterFile:
		return nil, []slo.Problem{{
			Severity: slo.Warning, Message: "is the configuration of slo-exporter itself, which goes on to make events",
			Fix: "leave it out: rule files and those of slo-rules-generator are read",
		}}
	}
	var d domainsDocument
	r := reader{set: s, found: source.Decode(&d)}
	return r.specs(&d), r.all()
}

// The files of slo-exporter.
const (
	domainsFile = iota
	rulesFile
	exporterFile
)

// kind tells a document by its fields.
func kind(source *strictyaml.Document) int {
	var d struct {
		Fields map[string]ignored `yaml:",inline"`
	}
	source.Decode(&d)
	names := slices.Collect(maps.Keys(d.Fields))
	switch {
	case slices.Contains(names, "rules"):
		return rulesFile
	case slices.Contains(names, "pipeline") || slices.Contains(names, "modules"):
		return exporterFile
	}
	return domainsFile
}

// reader reads one document.
type reader struct {
	set      *set
	found    strictyaml.Problems
	problems []slo.Problem
}

// all are the problems of the document.
func (r *reader) all() []slo.Problem {
	return append(slo.FromYAML(r.found, r.set.options.unknown()), r.problems...)
}

// add notes a problem, unless its place is known to be wrong.
func (r *reader) add(severity slo.Severity, field, message, fix string) {
	if !r.found.Cover(field) {
		r.problems = append(r.problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
	}
}

// unknown is the severity of what slo-exporter refuses.
func (o Options) unknown() slo.Severity {
	if o.Strict {
		return slo.Error
	}
	return slo.Warning
}
