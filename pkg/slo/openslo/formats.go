package openslo

import (
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// The versions of the format.
const (
	V1      = "openslo/v1"
	V2Alpha = "openslo.com/v2alpha"
	V1Alpha = "openslo/v1alpha"
)

// The kinds of documents.
const (
	kindSLO        = "SLO"
	kindSLI        = "SLI"
	kindService    = "Service"
	kindDataSource = "DataSource"
	kindPolicy     = "AlertPolicy"
	kindCondition  = "AlertCondition"
	kindTarget     = "AlertNotificationTarget"
)

// Options say how documents are read. The zero value is lenient.
type Options struct {
	// Strict makes errors of what the official library refuses, unknown fields
	// and references that lead nowhere among them.
	Strict bool
}

// Formats are the decoders of all kinds in all versions.
func Formats(o Options) map[slo.Format]slo.Decoder {
	all := map[slo.Format]slo.Decoder{}
	for _, version := range []string{V1, V2Alpha} {
		r := reader{o, version}
		add := func(kind string, decode func(*strictyaml.Document) (string, any, []slo.Problem)) {
			all[slo.Format{APIVersion: version, Kind: kind}] = slo.Decoder{Part: decode}
		}
		all[slo.Format{APIVersion: version, Kind: kindSLO}] = slo.Decoder{SLOs: r.slos}
		add(kindSLI, part(r, (*checker).sli))
		all[slo.Format{APIVersion: version, Kind: kindService}] = r.services()
		add(kindDataSource, part(r, (*checker).dataSource))
		add(kindPolicy, part(r, (*checker).policy))
		add(kindCondition, part(r, (*checker).condition))
		add(kindTarget, part(r, (*checker).target))
	}
	r := reader{o, V1Alpha}
	all[slo.Format{APIVersion: V1Alpha, Kind: kindSLO}] = slo.Decoder{SLOs: r.alphaSLOs}
	all[slo.Format{APIVersion: V1Alpha, Kind: kindService}] = r.services()
	return all
}

// reader reads the documents of one version.
type reader struct {
	Options
	version string
}

// partDocument is a document that others refer to.
type partDocument[T any] struct {
	header `yaml:",inline"`
	Spec   *T `yaml:"spec"`
}

// part decodes a document that others refer to, and checks it by itself.
func part[T any](r reader, check func(c *checker, base string, spec *T)) func(*strictyaml.Document) (string, any, []slo.Problem) {
	return func(doc *strictyaml.Document) (string, any, []slo.Problem) {
		var d partDocument[T]
		c := r.checker(doc.Decode(&d))
		c.metadata("metadata", d.Metadata)
		if d.Spec == nil {
			d.Spec = new(T)
		}
		check(c, "spec", d.Spec)
		return d.name(), d.Spec, c.problems
	}
}

// services decodes documents of kind Service, of which SLOs have the name only.
func (r reader) services() slo.Decoder {
	return slo.Decoder{Part: part(r, (*checker).service), NameOnly: !r.Strict}
}

// service: there is nothing in it but a description.
func (c *checker) service(base string, s *serviceSpec) { c.description(base, s.Description) }
