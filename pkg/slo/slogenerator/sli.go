package slogenerator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

const ours = "prometheus"

// others are the backends that slo-generator has beside it.
var others = []string{
	"cloud_monitoring", "cloud_monitoring_mql", "cloud_service_monitoring", "datadog", "dynatrace",
	"elasticsearch", "open_search", "splunk",
}

// asks says which fields each method reads.
var asks = map[string][]string{
	"good_bad_ratio":   {"filter_good", "filter_bad", "filter_valid", "operators"},
	"query_sli":        {"expression"},
	"distribution_cut": {"expression", "threshold_bucket"},
}

// backend is the type of a backend, which may have a suffix of one's own.
func (r *reader) backend() string {
	kind, _, _ := strings.Cut(r.document.Spec.Backend, "/")
	return kind
}

// measured reports whether the data is where we can see it.
func (r *reader) measured() bool { return r.backend() == ours }

// sli reads what the method asks for.
func (r *reader) sli() slo.SLI {
	if !r.measured() {
		r.elsewhere()
		return slo.SLI{}
	}
	r.checkFields()
	var ratio *slo.Ratio
	switch r.document.Spec.Method {
	case "good_bad_ratio":
		ratio = r.goodBad()
	case "query_sli":
		ratio = r.query()
	case "distribution_cut":
		ratio = r.cut()
	}
	if ratio == nil {
		return slo.SLI{}
	}
	return slo.SLI{Ratio: ratio}
}

// elsewhere says that the data is in another product: a class of one's own has
// a dot in its name, and what is no backend at all is a slip.
func (r *reader) elsewhere() {
	const field = "spec.backend"
	r.fields["spec.sli"] = field
	name := r.document.Spec.Backend
	if kind := r.backend(); slices.Contains(others, kind) || strings.Contains(kind, ".") {
		r.add(slo.Unserved, field, fmt.Sprintf("the backend %q is not Prometheus: its data does not come here", name),
			"let slo-generator report it, or send its events here and select them")
		return
	}
	r.add(slo.Error, field, fmt.Sprintf("backend %q is not known", name), strictyaml.Suggest(name, append([]string{ours}, others...)))
}

// checkFields looks for what the method does not read.
func (r *reader) checkFields() {
	method, i := r.document.Spec.Method, &r.document.Spec.Indicator
	known, ok := asks[method]
	if !ok {
		r.fields["spec.sli"] = "spec.method"
		r.add(slo.Error, "spec.method", fmt.Sprintf("method %q is not known", method), strictyaml.Suggest(method, slices.Sorted(maps.Keys(asks))))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(i.Others)) {
		r.doubt(strictyaml.Key(at, name), strictyaml.UnknownField, strictyaml.Suggest(name, known))
	}
	for name, there := range map[string]bool{
		"filter_good": i.Good != "", "filter_bad": i.Bad != "", "filter_valid": i.Valid != "", "operators": len(i.Operators) > 0,
		"expression": i.Expression != "", "threshold_bucket": i.Threshold != "",
	} {
		if there && !slices.Contains(known, name) {
			r.add(slo.Warning, at+"."+name, "has no effect with the method "+method, "remove it")
		}
	}
}

// wants reports whether a field is there, and says when it is not.
func (r *reader) wants(name, value, fix string) bool {
	if value == "" {
		r.fields["spec.sli"] = at + "." + name
		r.add(slo.Error, at+"."+name, "is missing", fix)
	}
	return value != ""
}

func (r *reader) goodBad() *slo.Ratio {
	i := &r.document.Spec.Indicator
	if !r.wants("filter_good", i.Good, "write a selector of good events") {
		return nil
	}
	good := r.filter("filter_good", i.Good)
	r.fields["spec.sli.ratio.good"] = at + ".filter_good"
	switch {
	case i.Bad != "" && i.Valid != "":
		r.add(slo.Warning, at+".filter_valid", "is not read where there is filter_bad, as slo-generator has it", "keep one of the two")
	case i.Bad == "" && i.Valid == "":
		r.fields["spec.sli"] = at
		r.add(slo.Error, at, "has neither filter_bad nor filter_valid", "write filter_valid: with a selector of all events that count")
		return nil
	case i.Bad == "":
		r.fields["spec.sli.ratio.total"] = at + ".filter_valid"
		return &slo.Ratio{Good: good.text(), Total: r.filter("filter_valid", i.Valid).text()}
	}
	r.fields["spec.sli.ratio.total"], r.fields["spec.sli.ratio.bad"] = at+".filter_bad", at+".filter_bad"
	bad := r.filter("filter_bad", i.Bad)
	return &slo.Ratio{Bad: bad.text(), Total: good.query + " + " + bad.query}
}

// filter applies the operators to a filter.
func (r *reader) filter(field, text string) filter {
	operators := r.document.Spec.Indicator.Operators
	if len(operators) == 0 {
		operators = []string{"increase", "sum"}
	}
	f := newFilter(text, operators)
	if f.selector != "" && !plainOperators(operators) {
		f.selector = ""
	}
	return f
}

// query reads a share of good events.
func (r *reader) query() *slo.Ratio {
	text := strings.TrimSpace(r.document.Spec.Indicator.Expression)
	if !r.wants("expression", text, "write a share of good events, such as sum(rate(good[window])) / sum(rate(all[window]))") {
		return nil
	}
	r.fields["spec.sli.ratio"] = at + ".expression"
	for _, part := range []string{"errorRatio", "good", "total"} {
		r.fields["spec.sli.ratio."+part] = at + ".expression"
	}
	if !strings.Contains(text, "[window") {
		r.add(slo.Warning, at+".expression", "has no [window]: every step of the policy looks at the same range", "write [window] for the range")
	}
	good, total, summed, ok := divided(text)
	if !ok {
		return &slo.Ratio{ErrorRatio: "1 - (" + ranged(text) + ")"}
	}
	if !summed {
		r.add(slo.Warning, at+".expression", "does not say sum: slo-generator takes the first series of the result, and here all are counted", "write sum(…) around both sides")
	}
	return &slo.Ratio{Good: good, Total: total}
}

// cut counts the bucket of the threshold.
func (r *reader) cut() *slo.Ratio {
	i := &r.document.Spec.Indicator
	r.fields["spec.sli.ratio"] = at + ".expression"
	r.fields["spec.sli.ratio.good"], r.fields["spec.sli.ratio.total"] = at+".expression", at+".expression"
	const fix = `write a selector of the buckets, such as http_request_duration_seconds_bucket{job="checkout"}`
	threshold := r.wants("threshold_bucket", string(i.Threshold), "write a bound of the histogram, such as 0.25")
	if !r.wants("expression", i.Expression, fix) || !threshold {
		return nil
	}
	good, total, problem := buckets(i.Expression, string(i.Threshold))
	if problem != "" {
		r.fields["spec.sli"] = at + ".expression"
		r.add(slo.Error, at+".expression", problem, fix)
		return nil
	}
	return &slo.Ratio{Good: good, Total: total}
}
