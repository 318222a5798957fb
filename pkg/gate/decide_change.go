package gate

import (
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// asked reports whether the id of an SLO, or of a group of one, is what the request
// is about.
func (j *judge) asked(id string) bool {
	rest, ok := strings.CutPrefix(id, j.request.Service+":")
	if !ok || j.request.SLO == "" {
		return ok
	}
	name, _, _ := strings.Cut(rest, ":")
	return name == j.request.SLO
}

// compares reports whether a comparison is what the policy and the request ask for.
func (j *judge) compares(c *Canary) bool {
	return j.policy.Canary != nil && j.request.Version != "" && j.asked(c.SLO)
}

// canaries says how the candidate compares. Who asks for a comparison waits for
// it: where nothing is seen of the candidate, that is a hold.
func (j *judge) canaries() {
	if j.policy.Canary == nil || j.request.Version == "" || j.own == 0 {
		return
	}
	compared := false
	for i := range j.evidence.Canaries {
		if c := &j.evidence.Canaries[i]; j.compares(c) {
			compared = true
			j.reasons = append(j.reasons, j.canary(c))
		}
	}
	if !compared {
		r := reason(CodeCanary, slo.GateHold, "%s is not compared in any SLO of %s yet", j.request.Version, j.request.Service)
		r.Service = j.request.Service
		j.reasons = append(j.reasons, r)
	}
}

// canary says how the candidate compares in one SLO.
func (j *judge) canary(c *Canary) Reason {
	r := Reason{Code: CodeCanary, SLO: c.SLO, Service: j.request.Service}
	if known(&c.Evidence) && known(&c.Limit) {
		r.Value, r.Threshold = number(c.Evidence), number(c.Limit)
	}
	what := "it cannot be told yet whether " + j.request.Version + " is worse"
	switch c.Decision {
	case slo.GateAllow:
		r.Decision, what = slo.GateAllow, j.request.Version+" is no worse"
	case slo.GateDeny:
		r.Decision, what = slo.GateDeny, j.request.Version+" is worse"
	case slo.GateHold:
		r.Decision = slo.GateHold
	default:
		r.Decision, what = slo.GateHold, "nothing is seen of "+j.request.Version+" yet"
	}
	if c.Note != "" {
		what = c.Note
	}
	r.Text = "canary in " + c.SLO + ": " + what
	return r
}

// deploy holds what has burned since the newest deploy against what it may: of that
// version, and of whoever does not say which one is to ship.
func (j *judge) deploy() {
	p, d := j.policy.Deploy, j.evidence.Deploy
	if p == nil || d == nil || j.request.Now.Sub(d.At) > p.Watch {
		return
	}
	if j.request.Version != "" && j.request.Version != d.Version {
		return
	}
	for _, burn := range d.SLOs {
		if !j.asked(burn.SLO) || !known(burn.Consumed) || *burn.Consumed <= p.MaxConsumed || !(burn.Events >= p.MinEvents) {
			continue
		}
		value, threshold := apart(*burn.Consumed, p.MaxConsumed)
		r := reason(CodeDeploy, slo.GateDeny, "%s of %s's error budget was spent since %s was deployed at %s, more than %s",
			value, burn.SLO, named(d.Version), stamp(d.At), threshold)
		r.SLO, r.Service, r.Value, r.Threshold = burn.SLO, j.request.Service, burn.Consumed, number(p.MaxConsumed)
		j.reasons = append(j.reasons, r)
	}
}

// named is how a version is spoken of that may not be known.
func named(version string) string {
	if version == "" {
		return "something"
	}
	return version
}
