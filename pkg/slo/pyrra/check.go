package pyrra

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// add notes a problem of the document, unless its place is known to be wrong.
func (r *reader) add(severity slo.Severity, field, message, fix string) {
	if field = r.at + field; !r.found.Cover(field) {
		r.problems = append(r.problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
	}
}

// doubt notes what Pyrra refuses and we can read.
func (r *reader) doubt(field, message, fix string) { r.add(r.options.unknown(), field, message, fix) }

// resourceName is what Kubernetes takes for the name of a resource.
var resourceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// checkSpec looks at what is Pyrra's own; the Loader validates the Spec.
func (r *reader) checkSpec() {
	s := &r.document.Spec
	if name := r.document.Metadata.Name; name != "" && r.options.Strict && !resourceName.MatchString(name) {
		r.add(slo.Error, "metadata.name", fmt.Sprintf("%q is not a name that Kubernetes takes", name), "write lower-case letters, digits, '-' and '.'")
	}
	r.checkIndicators(&s.Indicator)
	switch s.PartialResponseStrategy {
	case "", "abort":
	case "warn":
		r.rulesOnly("spec.partial_response_strategy", "it is for a Thanos ruler")
	default:
		r.doubt("spec.partial_response_strategy", "is neither abort nor warn", "remove it")
	}
	if s.PerformanceOverAccuracy {
		r.rulesOnly("spec.performanceOverAccuracy", "the engine counts exactly at no such cost")
	}
	if s.RuleOutput != nil {
		r.rulesOnly("spec.ruleOutput", "the engine needs no PrometheusRule resources")
	}
	if s.Alerting.Disabled {
		r.add(slo.Warning, "spec.alerting.disabled", "is deprecated by Pyrra", "write burnrates: false")
	}
}

// rulesOnly warns of what shapes Pyrra's rules and no SLO.
func (r *reader) rulesOnly(field, why string) {
	r.add(slo.Warning, field, "shapes the rules that Pyrra writes and has no effect here: "+why, "")
}

// checkIndicators: of several indicators Pyrra reads the first.
func (r *reader) checkIndicators(i *indicator) {
	var set []string
	for _, one := range []struct {
		name  string
		there bool
	}{{"ratio", i.Ratio != nil}, {"latency", i.Latency != nil}, {"latencyNative", i.LatencyNative != nil}, {"bool_gauge", i.BoolGauge != nil}} {
		if one.there {
			set = append(set, one.name)
		}
	}
	switch {
	case i.Ratio != nil && i.Latency != nil:
		r.add(slo.Error, "spec.indicator", "has ratio and latency", "keep one of them; write a document for the other")
	case len(set) > 1:
		r.add(slo.Warning, "spec.indicator", "has "+strings.Join(set, " and ")+"; only "+set[0]+" is read, as Pyrra does",
			"keep one of them; write a document for each other")
	}
}

// checkMetric warns of what is not the bare selector that Pyrra wants; what
// the expression means is for the Loader's Check.
func (r *reader) checkMetric(field, text string) {
	field = "spec.indicator." + field
	switch s, ok := readSelector(text); {
	case strings.TrimSpace(text) == "":
	case !ok:
		r.doubt(field, "is not a bare selector, which is all that Pyrra takes", "write a metric's name and matchers, without functions and arithmetic")
	case s.name == "":
		r.doubt(field, "has no metric name in front of the braces, without which Pyrra makes no rules", "write the name there")
	}
}

// checkBuckets checks that success selects the events below one bound.
func (r *reader) checkBuckets(l *latency) {
	const success, total = "latency.success.metric", "latency.total.metric"
	r.checkMetric(success, l.Success.Metric)
	r.checkMetric(total, l.Total.Metric)
	if s, ok := readSelector(l.Total.Metric); ok && !strings.HasSuffix(s.name, "_count") {
		r.add(slo.Warning, "spec.indicator."+total, "is not the count of a histogram", "write its name with _count")
	}
	s, ok := readSelector(l.Success.Metric)
	if !ok {
		return
	}
	if !strings.HasSuffix(s.name, "_bucket") {
		r.add(slo.Warning, "spec.indicator."+success, "is not the bucket of a histogram", "write its name with _bucket")
	}
	switch bound, there := s.value("le"); {
	case !there:
		r.add(slo.Error, "spec.indicator."+success, "has no le matcher: it selects all buckets", `add the threshold in seconds, such as le="0.3"`)
	case !isFloat(bound):
		r.doubt("spec.indicator."+success, fmt.Sprintf("le is %q, and Pyrra wants one number", bound), `write the threshold in seconds, such as le="0.3"`)
	}
}

func isFloat(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
