package slo

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// chooser is a part that no SLO needs to name: it says itself which SLOs it is
// about.
type chooser interface {
	// concerns reports whether it is about an SLO, or may be about a group of
	// it. The SLO may be faulty.
	concerns(s *Spec) bool
	// located is told where the document stands.
	located(at Origin)
}

// choosers are the parts of a format that are about an SLO, by name, faulty
// ones among them.
func (l *Library) choosers(f Format, s *Spec) (list []*part) {
	for _, p := range l.sorted(f) {
		if p.value.(chooser).concerns(s) {
			p.used = true
			list = append(list, p)
		}
	}
	return list
}

// use finds the part that an SLO names, which is one way to be about it.
func (l *Library) use(f Format, name string) (any, bool) {
	value, ok := l.Find(f, name)
	if ok {
		l.parts[f][name].used = true
	}
	return value, ok
}

// join gives an SLO what other documents say of the SLOs they select. Problems
// have the paths of the native format.
func (l *Library) join(s *Spec) []Problem {
	l.services[s.Service] = true
	for _, p := range l.choosers(budgetAdjustments, s) {
		if p.faulty {
			p.passOver(s)
			continue
		}
		s.Adjustments = append(s.Adjustments, p.value.(*Adjustment))
	}
	for _, p := range l.choosers(remediations, s) {
		if p.faulty {
			p.passOver(s)
		}
	}
	for _, p := range l.choosers(gatePolicies, s) {
		if p.faulty {
			p.passOver(s)
			continue
		}
		p.misfits.look(p.value.(*GatePolicy), s)
	}
	return l.policed(s)
}

// budgetAdjustments is the format of these documents.
var budgetAdjustments = Format{APIVersion, KindBudgetAdjustment}

// passOver notes that an SLO goes on without a faulty part.
func (p *part) passOver(s *Spec) {
	if id := s.identity(); id != "" {
		p.missed = append(p.missed, id)
	}
}

// verdict is what there is to say of a chooser when all SLOs were read.
func (p *part) verdict(l *Library) []Problem {
	switch {
	case len(p.missed) > 0:
		return []Problem{{Severity: Warning, Message: goOn(p.missed), Fix: "correct the errors"}}
	case !p.faulty && !p.used:
		if r, ok := p.value.(*Remediation); ok {
			return r.idle()
		}
		return []Problem{{
			Severity: Warning, Field: "spec.select", Message: "selects no SLO",
			Fix: "write matchers that the service, the name (slo) or the labels of an SLO meet, or remove the document",
		}}
	case !p.faulty:
		if policy, ok := p.value.(*GatePolicy); ok {
			return policy.suits(&p.misfits, l)
		}
	}
	return nil
}

// goOn names the SLOs that do without a faulty part.
func goOn(ids []string) string {
	return "SLOs go on as if the document were not there: " + several(ids)
}

// several names the first of many SLOs.
func several(ids []string) string {
	const most = 10
	list := strings.Join(ids[:min(len(ids), most)], ", ")
	if more := len(ids) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// unknownPart says that an SLO names a part that is not there. It is a Warning
// where the part may be there and could not be read.
func (l *Library) unknownPart(f Format, field, name string) Problem {
	p := Problem{Field: field, Message: fmt.Sprintf("no %s is called %q", f.Kind, shorten(name))}
	switch found := l.parts[f][name]; {
	case found != nil: // faulty, or it would have been used
		p.Severity, p.Message = Warning, fmt.Sprintf("the %s %q, at %s, is faulty: the SLO goes on without it", f.Kind, name, found.origin)
		p.Fix = "correct the " + f.Kind
	case l.unread:
		p.Severity, p.Fix = Warning, "correct the documents that cannot be read, where it may be; the SLO goes on without it"
	default:
		p.Fix = strictyaml.Suggest(name, l.Names(f))
		if len(l.Names(f)) == 0 {
			p.Fix = "write one, or remove the name"
		}
	}
	return p
}
