package gate

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Decide answers a request by one policy (nil: the default one) from what is
// known. latched says which levels of the budget held before, see Latch; nil:
// none did.
//
// Every reason that can be found is told, and the gravest decides: deny, unknown,
// hold, allow. What a gate was told it goes on knowing: an SLO whose samples have
// stopped is denied as long as what was known of it says so, and is unknown
// otherwise. Reasons and numbers do not depend on the order of the evidence.
func Decide(p *slo.GatePolicy, r Request, e Evidence, latched func(slo string, d slo.GateDecision) bool) Verdict {
	if p == nil {
		p = slo.DefaultGatePolicy()
	}
	if r.Kind == "" {
		r.Kind = slo.ChangeDeploy
	}
	j := judge{policy: p, request: r, evidence: &e, latched: latched}
	j.look()
	j.overrule()
	v := Verdict{
		Request: r, Policy: p.Name, Decision: decisionOf(j.reasons), Reasons: ordered(j.reasons, r.Service),
		At: e.At, ValidUntil: j.validUntil(), IfUnknown: p.IfUnknown, Evidence: e,
	}
	v.lead(j.leading)
	return v
}

// judge collects reasons.
type judge struct {
	policy   *slo.GatePolicy
	request  Request
	evidence *Evidence
	latched  func(slo string, d slo.GateDecision) bool

	reasons []Reason
	// own counts the SLOs of the service itself, busy those of all that were looked
	// at and had events.
	own, busy int
	leading   *Budget // of its own, with the least left; nil: of none it is known
}

// look finds all reasons there are. Evidence that is out of date is not looked at.
func (j *judge) look() {
	if why, ok := j.outOfDate(); ok {
		j.reasons = append(j.reasons, why)
		for i := range j.evidence.Budgets {
			j.follow(&j.evidence.Budgets[i])
		}
		return
	}
	for i := range j.evidence.Budgets {
		b := &j.evidence.Budgets[i]
		if j.follow(b) {
			j.own++
			j.budget(b, "")
		}
	}
	if j.own == 0 {
		j.reasons = append(j.reasons, j.nobody())
	}
	j.dependencies()
	j.canaries()
	j.deploy()
	if decisionOf(j.reasons) == slo.GateAllow && j.busy > 0 {
		j.reasons = append(j.reasons, j.good())
	}
}

// follow reports whether a budget is one of the service itself that is asked
// about, and remembers the one with the least left.
func (j *judge) follow(b *Budget) bool {
	if b.Service != j.request.Service || j.request.SLO != "" && b.SLO != j.request.SLO {
		return false
	}
	if known(b.Remaining) && (j.leading == nil || less(b, j.leading)) {
		j.leading = b
	}
	return true
}

// less orders budgets by what is left.
func less(a, b *Budget) bool {
	return *a.Remaining < *b.Remaining || *a.Remaining == *b.Remaining && a.ID < b.ID
}

// outOfDate says that nothing is known, or nothing that is still true.
func (j *judge) outOfDate() (Reason, bool) {
	at, now, most := j.evidence.At, j.request.Now, j.policy.MaxAge
	switch {
	case at.IsZero():
		return unknown(CodeNoEvidence, "the engine has only begun: it has not looked at any budget yet"), true
	case now.Sub(at) > most:
		return unknown(CodeStale, "what is known is of %s, %s ago: more than %s", stamp(at), span(now.Sub(at)), span(most)), true
	case at.Sub(now) > most:
		return unknown(CodeStale, "what is known is of %s, %s ahead of the clock: more than %s", stamp(at), span(at.Sub(now)), span(most)), true
	}
	return Reason{}, false
}

// nobody says that no SLO speaks of the service.
func (j *judge) nobody() Reason {
	r := unknown(CodeUnknownService, "no SLO of %s is known", j.request.Service)
	if j.request.SLO != "" {
		r = unknown(CodeUnknownService, "%s has no SLO that is called %s", j.request.Service, j.request.SLO)
	}
	r.Service = j.request.Service
	return r
}

// dependencies looks at the services that count too. Of those nothing is graver
// than the policy says.
func (j *judge) dependencies() {
	for _, d := range j.policy.Dependencies {
		if d.Service == j.request.Service {
			continue // looked at already
		}
		seen := false
		for i := range j.evidence.Budgets {
			if b := &j.evidence.Budgets[i]; b.Service == d.Service {
				seen = true
				j.budget(b, d.As)
			}
		}
		if !seen {
			r := unknown(CodeUnknownService, "no SLO of %s is known", d.Service)
			r.Service = d.Service
			j.say(r, d.As)
		}
	}
}

// say adds a reason. as is the gravest decision that may come of it; empty: any.
func (j *judge) say(r Reason, as slo.GateDecision) {
	if as != "" {
		r.Text += "; " + j.request.Service + " depends on " + r.Service
		if gravity(r.Decision) > gravity(as) {
			r.Decision = as
		}
	}
	j.reasons = append(j.reasons, r)
}

// validUntil is how long the answer may be used: not beyond the time when
// something is known to change.
func (j *judge) validUntil() time.Time {
	now, until := j.request.Now, j.evidence.At
	if until.IsZero() || until.After(now) {
		until = now
	}
	if until = until.Add(j.policy.ValidFor); until.Before(now) {
		until = now // what is old enough is asked for again at once
	}
	for i := range j.evidence.Canaries {
		if c := &j.evidence.Canaries[i]; j.compares(c) && c.Until.After(now) && c.Until.Before(until) {
			until = c.Until
		}
	}
	if g := j.evidence.Glass; j.glassHolds() && g.Until.Before(until) {
		until = g.Until
	}
	return until
}

// lead writes the numbers of the SLO with the least left.
func (v *Verdict) lead(b *Budget) {
	if b == nil {
		return
	}
	v.Leading, v.Remaining, v.ConsumedIn1h, v.Burns = b.ID, b.Remaining, b.ConsumedIn1h, b.Burns
}
