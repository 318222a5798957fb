package slo

// KindAlertPolicy is the kind of documents that say when alerts fire, for all
// SLOs that they select.
const KindAlertPolicy = "AlertPolicy"

// AlertPolicy is a document of that kind.
type AlertPolicy struct {
	Name string
	// Select is over service, slo and the SLO's labels. Empty: none but the
	// SLOs that name the policy.
	Select Matchers
	Terms  AlertTerms
	// Origin says where the document stands.
	Origin Origin
}

func (p *AlertPolicy) located(at Origin) { p.Origin = at }

func (p *AlertPolicy) concerns(s *Spec) bool {
	return len(p.Select) > 0 && p.Select.Match(s.Matchable(nil))
}

// alertPolicies is the format of these documents.
var alertPolicies = Format{APIVersion, KindAlertPolicy}

// policed gives an SLO the terms of the policy it goes by: the one it names,
// or else the first by name that selects it.
//
// A faulty policy must not cost a page: SLOs that would go by it go on with
// what else holds, and both sides are told.
func (l *Library) policed(s *Spec) (problems []Problem) {
	selecting := l.choosers(alertPolicies, s)
	if name := s.Alerting.Policy; name != "" {
		if named, ok := l.use(alertPolicies, name); ok {
			s.goBy(named.(*AlertPolicy))
			return nil
		}
		s.Alerting.Policy = ""
		problems = []Problem{l.unknownPart(alertPolicies, "spec.alerting.policy", name)}
	}
	for _, p := range selecting {
		if !p.faulty {
			s.goBy(p.value.(*AlertPolicy))
			break
		}
		p.passOver(s)
	}
	return problems
}

func (s *Spec) goBy(p *AlertPolicy) {
	s.Alerting.Policy, s.Alerting.Terms = p.Name, s.Alerting.Terms.over(p.Terms)
}
