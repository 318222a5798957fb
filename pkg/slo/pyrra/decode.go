package pyrra

import (
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// reader makes a Spec of one document.
type reader struct {
	options  Options
	document *document
	// at leads to the document: "" or "items[0].".
	at       string
	found    strictyaml.Problems
	problems []slo.Problem
	fields   map[string]string
}

func (r *reader) read() *slo.Spec {
	d := r.document
	r.fields = map[string]string{
		"metadata": r.at + "metadata", "spec": r.at + "spec", "spec.sli": r.at + "spec.indicator",
		"spec.objective": r.at + "spec.target",
	}
	s := &slo.Spec{
		Name: d.Metadata.Name, Service: r.service(), Description: d.Spec.Description,
		Labels:    r.propagated("metadata.labels", "metadata.labels", d.Metadata.Labels),
		Objective: r.objective(), Window: slo.Window{Rolling: d.Spec.Window},
		MaxGroups: slo.DefaultMaxGroups, Alerting: r.alerting(), Fields: r.fields,
		At: strings.TrimSuffix(r.at, "."),
	}
	s.SLI, s.GroupBy = r.sli()
	r.checkSpec()
	return s
}

// service finds the service's name, and says where it stands.
func (r *reader) service() string {
	m := r.document.Metadata
	for _, label := range []string{Prefix + "service", "app.kubernetes.io/name"} {
		if name := m.Labels[label]; name != "" {
			r.fields["spec.service"] = r.at + strictyaml.Key("metadata.labels", label)
			return name
		}
	}
	r.fields["spec.service"] = r.at + "metadata.namespace"
	if m.Namespace != "" {
		return m.Namespace
	}
	return DefaultService
}

// propagated are the entries that Pyrra hands on, without their prefix.
func (r *reader) propagated(ours, theirs string, written map[string]string) map[string]string {
	var out map[string]string
	for key, value := range written {
		name, ok := strings.CutPrefix(key, Prefix)
		if !ok {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
		r.fields[strictyaml.Key(ours, name)] = r.at + strictyaml.Key(theirs, key)
	}
	return out
}

func (r *reader) objective() slo.Objective {
	t := r.document.Spec.Target
	if t.text == "" {
		return slo.Objective{}
	}
	o, err := slo.ParseObjective(t.text + "%")
	if err != nil {
		r.add(slo.Error, "spec.target", err.Error(), `write a percentage between 0 and 100, such as "99.9"`)
		return slo.Objective{}
	}
	if t.bare {
		r.doubt("spec.target", "is a number, and Pyrra wants a string", `write "`+t.text+`"`)
	}
	if o.Ratio() < 0.01 {
		r.add(slo.Warning, "spec.target", "is a percentage: "+t.text+" promises "+o.String(), "write a number between 1 and 100")
	}
	return o
}

// sli reads the indicator that Pyrra would.
func (r *reader) sli() (slo.SLI, []string) {
	i := &r.document.Spec.Indicator
	switch {
	case i.Ratio != nil:
		r.place("ratio", "ratio", map[string]string{"bad": "errors.metric", "total": "total.metric"})
		r.checkMetric("ratio.errors.metric", i.Ratio.Errors.Metric)
		r.checkMetric("ratio.total.metric", i.Ratio.Total.Metric)
		return slo.SLI{Ratio: &slo.Ratio{Bad: i.Ratio.Errors.Metric, Total: i.Ratio.Total.Metric}}, i.Ratio.Grouping
	case i.Latency != nil:
		r.place("latency", "ratio", map[string]string{"good": "success.metric", "total": "total.metric"})
		r.checkBuckets(i.Latency)
		return slo.SLI{Ratio: &slo.Ratio{Good: i.Latency.Success.Metric, Total: i.Latency.Total.Metric}}, i.Latency.Grouping
	case i.LatencyNative != nil:
		r.place("latencyNative", "latency", map[string]string{"histogram": "total.metric", "below": "latency"})
		r.checkMetric("latencyNative.total.metric", i.LatencyNative.Total.Metric)
		return slo.SLI{Latency: i.LatencyNative.sli()}, i.LatencyNative.Grouping
	case i.BoolGauge != nil:
		r.place("bool_gauge", "threshold", map[string]string{"metric": "metric"})
		r.checkMetric("bool_gauge.metric", i.BoolGauge.Metric)
		return slo.SLI{Threshold: i.BoolGauge.sli()}, i.BoolGauge.Grouping
	}
	return slo.SLI{}, nil
}

// place says where an indicator has what the native format writes below
// spec.sli and in spec.groupBy.
func (r *reader) place(theirs, ours string, parts map[string]string) {
	at := r.at + "spec.indicator." + theirs
	r.fields["spec.sli."+ours] = at
	r.fields["spec.groupBy"] = at + ".grouping"
	for our, their := range parts {
		r.fields["spec.sli."+ours+"."+our] = at + "." + their
	}
}
