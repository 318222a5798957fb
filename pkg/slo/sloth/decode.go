package sloth

import (
	"maps"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

func (o Options) decodeV1(source *strictyaml.Document, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var d document
	found := source.Decode(&d)
	return o.read(&d, &snake, found, in)
}

func (o Options) decodeResource(source *strictyaml.Document, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	var r resource
	found := source.Decode(&r)
	return o.read(r.Spec.document(), &camel, found, in)
}

// read makes Specs of a document whose fields are called names.
func (o Options) read(d *document, n *names, found strictyaml.Problems, in *slo.Library) ([]*slo.Spec, []slo.Problem) {
	r := reader{options: o, document: d, names: n, found: found}
	r.problems = slo.FromYAML(found, o.unknown())
	r.terms.Tiers = r.tiers(in)
	r.checkDocument()
	for i := range d.SLOs {
		r.slo(i)
	}
	return r.specs, r.problems
}

// reader makes Specs of one document.
type reader struct {
	options  Options
	document *document
	names    *names
	found    strictyaml.Problems
	terms    slo.AlertTerms // of all SLOs
	specs    []*slo.Spec
	problems []slo.Problem
}

// slo reads the SLO at index i.
func (r *reader) slo(i int) {
	written := &r.document.SLOs[i]
	at := strictyaml.Index(r.names.root+r.names.slos, i)
	before := len(r.problems)
	spec := &slo.Spec{
		Service: string(r.document.Service), Name: string(written.Name), Description: string(written.Description),
		Labels: merged(r.document.Labels, written.Labels), Objective: written.Objective.Objective,
		Window: slo.Window{Rolling: r.options.Period}, MaxGroups: slo.DefaultMaxGroups,
		SLI: r.sli(written.SLI, at), Alerting: written.Alerting.spec(),
		Fields: r.fields(written, at), At: at, Dialect: dialect(r.document.Plugins, written.Plugins),
	}
	spec.Alerting.Terms = r.terms
	r.checkSLO(written, at)
	if id := spec.Service + ":" + spec.Name; spec.Service != "" && spec.Name != "" {
		for j := before; j < len(r.problems); j++ {
			r.problems[j].SLO = id
		}
	}
	r.specs = append(r.specs, spec)
}

// sli takes the queries over as they were written.
func (r *reader) sli(written indicator, at string) (out slo.SLI) {
	switch {
	case written.Events != nil:
		out.Ratio = &slo.Ratio{
			Bad:   r.query(written.Events.Error, at+".sli.events."+r.names.errorQuery),
			Total: r.query(written.Events.Total, at+".sli.events."+r.names.totalQuery),
		}
	case written.Raw != nil:
		out.Ratio = &slo.Ratio{ErrorRatio: r.query(written.Raw.ErrorRatio, at+".sli.raw."+r.names.errorRatioQuery)}
	}
	return out
}

func (a *alerting) spec() slo.Alerting {
	return slo.Alerting{
		Disabled: a.Page.Disable && a.Ticket.Disable,
		Name:     string(a.Name), Labels: a.Labels, Annotations: a.Annotations,
		Critical: slo.AlertingOf{Disabled: a.Page.Disable, Labels: a.Page.Labels, Annotations: a.Page.Annotations},
		Warning:  slo.AlertingOf{Disabled: a.Ticket.Disable, Labels: a.Ticket.Labels, Annotations: a.Ticket.Annotations},
	}
}

// merged are the labels of a service and those of an SLO, which count where
// both say one.
func merged(service, own map[string]string) map[string]string {
	if len(service) == 0 {
		return own
	}
	out := maps.Clone(service)
	maps.Copy(out, own)
	return out
}

// names are those of the fields whose path differs between the formats.
type names struct {
	root, plugins, slos                     string // root and slos stand before the index
	errorQuery, totalQuery, errorRatioQuery string
	page, ticket                            string
}

var (
	snake = names{"", "slo_plugins", "slos", "error_query", "total_query", "error_ratio_query", "page_alert", "ticket_alert"}
	camel = names{"spec.", "sloPlugins", "slos", "errorQuery", "totalQuery", "errorRatioQuery", "pageAlert", "ticketAlert"}
)

// fields says where the document has what the native format writes elsewhere.
func (r *reader) fields(written *objectiveOf, at string) map[string]string {
	n := r.names
	fields := map[string]string{
		"metadata": at, "spec": at, "metadata.name": at + ".name", "metadata.labels": at + ".labels",
		"spec.service": n.root + "service",
		"spec.window":  at, "spec.groupBy": at, "spec.maxGroups": at, "spec.budgeting": at,
		"spec.alerting.disabled": at + ".alerting", "spec.alerting.severities": at + ".alerting", "spec.alerting.absent": at + ".alerting", "spec.alerting.tiers": at + ".alerting",
		"spec.alerting.critical": at + ".alerting." + n.page, "spec.alerting.critical.disabled": at + ".alerting." + n.page + ".disable",
		"spec.alerting.warning": at + ".alerting." + n.ticket, "spec.alerting.warning.disabled": at + ".alerting." + n.ticket + ".disable",
		"spec.sli.ratio": at + ".sli.events", "spec.sli.ratio.bad": at + ".sli.events." + n.errorQuery, "spec.sli.ratio.total": at + ".sli.events." + n.totalQuery,
		"spec.sli.ratio.errorRatio": at + ".sli.raw." + n.errorRatioQuery,
	}
	if written.SLI.Events == nil {
		fields["spec.sli.ratio"] = at + ".sli.raw"
	}
	for _, label := range slices.Sorted(maps.Keys(r.document.Labels)) {
		if _, own := written.Labels[label]; !own {
			fields[strictyaml.Key("metadata.labels", label)] = strictyaml.Key(n.root+"labels", label)
		}
	}
	return fields
}
