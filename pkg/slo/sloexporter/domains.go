package sloexporter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Metric is slo-exporter's counter of events by domain and class.
const Metric = "slo_domain_slo_class:slo_events_total"

// window is what slo-exporter's own rules have.
const window = 4 * 7 * 24 * time.Hour

// specs are the SLOs of a document, in the order of their names.
func (r *reader) specs(d *domainsDocument) (specs []*slo.Spec) {
	for _, name := range slices.Sorted(maps.Keys(d.Domains)) {
		one := d.Domains[name]
		r.checkThresholds(strictyaml.Key("", name), &one)
		for _, class := range slices.Sorted(maps.Keys(one.Classes)) {
			for _, kind := range slices.Sorted(maps.Keys(one.Classes[class])) {
				specs = append(specs, r.spec(&one, name, class, kind))
			}
		}
	}
	return specs
}

func (r *reader) spec(d *domain, name, class, kind string) *slo.Spec {
	domainAt := strictyaml.Key("", name)
	at := strictyaml.Key(strictyaml.Key(domainAt+".classes", class), kind)
	p := d.Classes[class][kind]
	words, made := r.set.failures(name, class, kind, d.Version)
	if !made && len(r.set.rules) > 0 {
		r.add(slo.Warning, at, "no rule makes events of it", "give the rule file that has the slo_type "+kind+", or remove it")
	}
	return &slo.Spec{
		Service: name, Name: class + "-" + kind, Description: words, Labels: r.labels(at, p.Metadata),
		Objective: r.objective(at, p.Threshold), Window: slo.Window{Rolling: window},
		SLI: d.sli(name, class, kind), MaxGroups: slo.DefaultMaxGroups, Alerting: d.alerting(class, kind), At: at,
		Fields: map[string]string{
			"metadata": at, "metadata.labels": at + ".slo_threshold_metadata", "spec": at, "spec.service": domainAt,
			"spec.objective": at + ".slo_threshold", "spec.sli": at, "spec.window": at, "spec.alerting": domainAt + ".alerting",
		},
	}
}

func (r *reader) objective(at string, written text) slo.Objective {
	const fix = "write a share between 0 and 1, such as 0.99"
	at += ".slo_threshold"
	switch o, err := slo.ParseObjective(string(written)); {
	case written == "":
	case strings.Contains(string(written), "%"):
		r.add(slo.Error, at, fmt.Sprintf("%q is a percentage", written), fix)
	case err != nil:
		r.add(slo.Error, at, err.Error(), fix)
	default:
		return o
	}
	return slo.Objective{}
}

// labels are what slo-exporter adds to its threshold's series. Bounds are of
// histograms: le cannot be a label of an SLO.
func (r *reader) labels(at string, written map[string]text) map[string]string {
	var labels map[string]string
	for name, value := range written {
		if name == "le" {
			r.add(slo.Warning, at+".slo_threshold_metadata.le", "is no label of an SLO and is left out", "rename it if you need it")
			continue
		}
		if labels == nil {
			labels = map[string]string{}
		}
		labels[name] = string(value)
	}
	return labels
}

// sli counts slo-exporter's events.
func (d *domain) sli(name, class, kind string) slo.SLI {
	matchers := []string{"slo_domain=" + strconv.Quote(name), "slo_class=" + strconv.Quote(class), "slo_type=" + strconv.Quote(kind)}
	if d.Version != "" {
		matchers = append(matchers, "slo_version="+strconv.Quote(string(d.Version)))
	}
	if d.Namespace != "" {
		matchers = append(matchers, "namespace="+strconv.Quote(string(d.Namespace)))
	}
	total := strings.Join(matchers, ", ")
	return slo.SLI{Ratio: &slo.Ratio{
		Total: Metric + "{" + total + "}",
		Bad:   Metric + "{" + total + `, result="fail"}`,
	}}
}
