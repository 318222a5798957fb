package pyrra

import (
	"fmt"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// APIVersion and Kind name the format.
const (
	APIVersion = "pyrra.dev/v1alpha1"
	Kind       = "ServiceLevelObjective"
)

// Prefix marks labels and annotations that go to series and alerts.
const Prefix = "pyrra.dev/"

// DefaultService is the service of a document that names none.
const DefaultService = "pyrra"

// SeverityAbsent is where Alerting.Severities has the severity of the alert
// that says that no samples come, beside those of the tiers.
const SeverityAbsent = "absent"

// Options says how documents are read. The zero value is lenient: what Pyrra
// would refuse and we can read is a warning.
type Options struct {
	// Strict makes errors of what Pyrra or its schema refuses.
	Strict bool
}

// Formats returns what reads Pyrra's documents, and Kubernetes lists of them.
func Formats(o Options) map[slo.Format]slo.Decoder {
	return map[slo.Format]slo.Decoder{
		{APIVersion: APIVersion, Kind: Kind}:          {SLOs: o.decode},
		{APIVersion: APIVersion, Kind: Kind + "List"}: {SLOs: o.decodeList},
		{APIVersion: "v1", Kind: "List"}:              {SLOs: o.decodeList},
	}
}

func (o Options) decode(source *strictyaml.Document, _ *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var d document
	r := reader{options: o, document: &d, found: source.Decode(&d)}
	return []*slo.Spec{r.read()}, append(slo.FromYAML(r.found, o.unknown()), r.problems...)
}

func (o Options) decodeList(source *strictyaml.Document, _ *slo.Library) (specs []*slo.Spec, problems []slo.Problem) {
	var l list
	found := source.Decode(&l)
	problems = slo.FromYAML(found, o.unknown())
	for i := range l.Items {
		at := strictyaml.Index("items", i)
		if item := &l.Items[i]; !item.ours() && !found.Cover(at) {
			problems = append(problems, slo.Problem{
				Severity: slo.Warning, Field: at, Fix: "move it to another file",
				Message: fmt.Sprintf("is %q, not a %s, and is passed over", item.apiVersion+" "+item.kind, Kind),
			})
			continue
		}
		r := reader{options: o, document: &l.Items[i].document, at: at + ".", found: found}
		s := r.read()
		specs, problems = append(specs, s), append(problems, named(r.problems, s)...)
	}
	return specs, problems
}

// named says whose problems they are.
func named(problems []slo.Problem, s *slo.Spec) []slo.Problem {
	for i := range problems {
		if s.Name != "" {
			problems[i].SLO = s.ID()
		}
	}
	return problems
}

// unknown is the severity of what Pyrra refuses.
func (o Options) unknown() slo.Severity {
	if o.Strict {
		return slo.Error
	}
	return slo.Warning
}
