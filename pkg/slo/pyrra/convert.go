package pyrra

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// tiers pairs Pyrra's names with ours, and with that of the absent alert.
var tiers = []struct{ theirs, ours string }{
	{"fastBurn", "page_fast"}, {"mediumBurn", "page_slow"}, {"slowBurn", "ticket_fast"}, {"longTermBurn", "ticket_slow"},
	{"absent", SeverityAbsent},
}

// of is the severity by one of Pyrra's names.
func (s *severities) of(tier string) *string {
	return map[string]*string{
		"fastBurn": &s.FastBurn, "mediumBurn": &s.MediumBurn, "slowBurn": &s.SlowBurn, "longTermBurn": &s.LongTermBurn,
		"absent": &s.Absent,
	}[tier]
}

func (l *latencyNative) sli() *slo.Latency {
	return &slo.Latency{Histogram: l.Total.Metric, Below: l.Latency, Unit: time.Second}
}

func (b *boolGauge) sli() *slo.Threshold {
	one := 1.0
	return &slo.Threshold{Metric: b.Metric, Above: &one, PerSample: true}
}

func (r *reader) alerting() slo.Alerting {
	a := r.document.Spec.Alerting
	out := slo.Alerting{
		Disabled: a.Disabled || a.Burnrates != nil && !*a.Burnrates,
		NoAbsent: a.Absent != nil && !*a.Absent,
		Name:     a.Name, AbsentName: a.AbsentName,
		Annotations: r.propagated("spec.alerting.annotations", "metadata.annotations", r.document.Metadata.Annotations),
	}
	r.fields["spec.alerting.absent.name"] = r.at + "spec.alerting.absentName"
	for _, t := range tiers {
		if severity := *a.Severities.of(t.theirs); severity != "" {
			if out.Severities == nil {
				out.Severities = map[string]string{}
			}
			out.Severities[t.ours] = severity
			r.fields["spec.alerting.severities."+t.ours] = r.at + "spec.alerting.severities." + t.theirs
		}
	}
	return out
}
