package rules

import "github.com/slo-engine/slo-engine/pkg/slo"

// AlertLimits warns of what an SLO says about its alerts and a product's rules
// have no words for: the low-traffic gate and silences.
func AlertLimits(s *slo.Spec, product string) (problems []slo.Problem) {
	says := s.Alerting.Terms
	for _, one := range []struct {
		field string
		said  bool
		what  string
	}{
		{"confidence", says.Confidence != nil, "has no low-traffic gate"},
		{"minBad", says.MinBad != nil, "has no low-traffic gate"},
		{"noData", says.NoData != slo.NoData{}, "says nothing of a silence that is neither good nor bad"},
	} {
		if one.said {
			problems = append(problems, s.Problem(slo.Warning, "spec.alerting."+one.field, product+" "+one.what, "let the engine alert"))
		}
	}
	return problems
}
