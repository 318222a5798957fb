package slo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Bounds of a Remediation.
const (
	// MaxRemedies bounds the actions of one document.
	MaxRemedies = 16
	// MaxUndoSteps bounds the steps of an undo.
	MaxUndoSteps = 20
	// MinProofWindow is the shortest time whose events prove anything.
	MinProofWindow = time.Second
	// MinLease is the shortest lease: it must outlast some renewals.
	MinLease = 10 * time.Second
	// maxTerm bounds the durations of a Remediation: what takes longer is not
	// watched by anybody.
	maxTerm = 7 * day
)

// remediation checks what decoding cannot see.
func (v *validator) remediation(r *Remediation) {
	v.name("metadata.name", r.Name)
	v.choosy("spec.on", r.On, true)
	v.choosy("spec.guards.requireHealthy", r.Guards.RequireHealthy, false)
	v.remedies(r.Remedies)
	v.guards(r.Guards)
	v.proof(r)
	v.undo(r.Undo)
	v.term("spec.lease", r.Lease, MinLease)
}

// choosy refuses matchers that select everything: a label that is missing
// is an empty one, so at least one of them must ask for something.
func (v *validator) choosy(field string, m Matchers, needed bool) {
	if len(m) == 0 {
		if needed {
			v.fail(field, "selects nothing", `write matchers such as ['service="checkout"']`)
		}
		return
	}
	if m.Match(nil) {
		v.fail(field, "selects everything", `write a matcher that an empty label does not meet, such as 'service="checkout"'`)
	}
}

func (v *validator) remedies(list []Remedy) {
	switch {
	case len(list) == 0:
		v.fail("spec.actions", "is empty", "write an action")
	case len(list) > MaxRemedies:
		v.fail("spec.actions", fmt.Sprintf("has %d actions, more than the %d allowed", len(list), MaxRemedies), "keep those that help")
		return
	}
	for i, r := range list {
		at := strictyaml.Index("spec.actions", i)
		if r.AfterSuccess && i == 0 {
			v.fail(at+".after", "there is no action before the first", "remove it")
		}
		if r.Weak && r.Kind != RemedyBreaker {
			v.fail(at+".weak", "is said of what is no breaker", "remove it")
		}
		v.deed(strictyaml.Key(at, r.Gateway)+"."+r.Kind, r)
	}
}

// deed checks what is done.
func (v *validator) deed(at string, r Remedy) {
	switch r.Kind {
	case RemedyShift:
		v.one(at, "from", r.From, "fromLabel", r.MemberLabel)
		if r.From != "" && r.From == r.To {
			v.fail(at+".to", "is where the traffic comes from", "write another member, or remove it for all others")
		}
	case RemedyEject, RemedyDrain:
		v.one(at, "member", r.Member, "memberLabel", r.MemberLabel)
	case RemedyRateLimit:
		v.filled(at+".route", r.Route)
		if !(r.PerSecond > 0) || math.IsInf(r.PerSecond, 0) {
			v.fail(at+".perSecond", "must be above 0", "write how many requests a second the route takes; to take none, close it")
		}
	case RemedyClose:
		v.filled(at+".route", r.Route)
		v.status(at+".status", r.Status)
	case RemedyBreaker:
		v.filled(at+".dependency", r.Dependency)
		v.status(at+".status", r.Status)
	}
}

// one asks for exactly one of two fields.
func (v *validator) one(at, a, valueA, b, valueB string) {
	switch {
	case valueA == "" && valueB == "":
		v.fail(at+"."+a, "is missing", "write a member's name, or "+b+": with the label of the alert that has it")
	case valueA != "" && valueB != "":
		v.fail(at+"."+b, "stands beside "+a, "keep one of the two")
	}
}

func (v *validator) filled(field, value string) {
	if strings.TrimSpace(value) == "" {
		v.fail(field, "is empty", "write it as the gateway names it")
	}
}

func (v *validator) status(field string, status int) {
	if status != 0 && (status < 200 || status > 599) {
		v.fail(field, fmt.Sprintf("%d is not a status", status), "write 503, or remove it")
	}
}

func (v *validator) guards(g RemedyGuards) {
	if g.Cooldown > maxTerm {
		v.fail("spec.guards.cooldown", FormatDuration(g.Cooldown)+" is more than the "+FormatDuration(maxTerm)+" allowed", "write less")
	}
	for field, n := range map[string]int{"maxPerHour": g.MaxPerHour, "minHealthy": g.MinHealthy} {
		if n < 0 {
			v.fail("spec.guards."+field, "must be at least 0", "write 0 for no bound")
		}
	}
}

func (v *validator) proof(r *Remediation) {
	p := r.Proof
	if !(p.BurnBelow > 0) || math.IsInf(p.BurnBelow, 0) {
		v.fail("spec.verify.burnBelow", "must be above 0", "write a burn rate such as 1")
	}
	if !(p.MinEvents >= 0) || math.IsInf(p.MinEvents, 0) {
		v.fail("spec.verify.minEvents", "must be a number of events, at least 0", "write 50")
	}
	if p.SLO != "" && strings.Count(p.SLO, ":") == 0 {
		v.fail("spec.verify.slo", fmt.Sprintf("%q is not the id of an SLO", shorten(p.SLO)), "write service/name")
	}
	v.term("spec.verify.window", p.Window, MinProofWindow)
	v.term("spec.verify.within", p.Within, MinProofWindow)
	if p.Within < p.Window {
		v.fail("spec.verify.within", FormatDuration(p.Within)+" is over before a window of "+FormatDuration(p.Window)+" is full", "write at least "+FormatDuration(2*p.Window))
	}
}

func (v *validator) undo(u RemedyUndo) {
	if u.After > maxTerm {
		v.fail("spec.undo.after", FormatDuration(u.After)+" is more than the "+FormatDuration(maxTerm)+" allowed", "write less")
	}
	v.term("spec.undo.every", u.Every, time.Second)
	const field, fix = "spec.undo.steps", "write shares that rise to 100%, such as [25%, 50%, 100%]"
	switch {
	case len(u.Steps) == 0:
		v.fail(field, "is empty", fix)
	case len(u.Steps) > MaxUndoSteps:
		v.fail(field, fmt.Sprintf("has %d steps, more than the %d allowed", len(u.Steps), MaxUndoSteps), fix)
	case u.Steps[len(u.Steps)-1] != 1:
		v.fail(field, "does not end at 100%: something of the action would stay", fix)
	}
	for i := 1; i < len(u.Steps); i++ {
		if u.Steps[i] <= u.Steps[i-1] {
			v.fail(strictyaml.Index(field, i), "is not more than the step before", fix)
		}
	}
}

// term checks a duration that nobody watches for longer than maxTerm.
func (v *validator) term(field string, d, least time.Duration) { v.between(field, d, least, maxTerm) }

// between checks a duration.
func (v *validator) between(field string, d, least, most time.Duration) {
	switch {
	case d < least:
		v.fail(field, FormatDuration(d)+" is shorter than the "+FormatDuration(least)+" that it takes", "write at least "+FormatDuration(least))
	case d > most:
		v.fail(field, FormatDuration(d)+" is more than the "+FormatDuration(most)+" allowed", "write less")
	}
}
