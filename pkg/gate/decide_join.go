package gate

import (
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Join makes one verdict of those of several policies about the same request, of
// which all hold: the gravest decision, all reasons, each once, and the shortest
// validity. It does not depend on their order. ID is not set. Of none it is
// unknown.
func Join(verdicts ...Verdict) Verdict {
	if len(verdicts) == 0 {
		return Verdict{Decision: slo.GateUnknown}
	}
	list := slices.Clone(verdicts)
	slices.SortStableFunc(list, func(a, b Verdict) int { return strings.Compare(a.Policy, b.Policy) })
	out := list[0]
	out.ID, out.Reasons, out.Evidence = "", slices.Clone(out.Reasons), out.Evidence.with(Evidence{})
	for _, v := range list[1:] {
		out.add(&v)
	}
	out.settle()
	return out
}

// settle puts the reasons of several verdicts in order. Where one policy does not
// let a change pass, it counts for nothing that others do or are content.
func (v *Verdict) settle() {
	if v.Decision != slo.GateAllow {
		v.Reasons = slices.DeleteFunc(v.Reasons, func(r Reason) bool { return r.Code == CodeGood })
		for i := range v.Reasons {
			v.Reasons[i].Overruled = v.Reasons[i].Overruled || v.Reasons[i].Code == CodePasses
		}
	}
	v.Reasons = once(ordered(v.Reasons, v.Request.Service))
}

// add joins another verdict.
func (v *Verdict) add(o *Verdict) {
	if o.Policy != v.Policy {
		v.Policy = strings.TrimPrefix(v.Policy+", "+o.Policy, ", ")
	}
	v.Decision = gravest(v.Decision, o.Decision)
	v.IfUnknown = gravest(v.IfUnknown, o.IfUnknown)
	v.Reasons = append(v.Reasons, o.Reasons...)
	if o.At.Before(v.At) {
		v.At = o.At
	}
	if o.ValidUntil.Before(v.ValidUntil) {
		v.ValidUntil = o.ValidUntil
	}
	if o.tighter(v) {
		v.Leading, v.Remaining, v.ConsumedIn1h, v.Burns = o.Leading, o.Remaining, o.ConsumedIn1h, o.Burns
	}
	v.Evidence = v.Evidence.with(o.Evidence)
}

// tighter reports whether less is left of its leading budget than of another's.
func (v *Verdict) tighter(o *Verdict) bool {
	switch {
	case !known(v.Remaining):
		return false
	case !known(o.Remaining):
		return true
	}
	return less(&Budget{ID: v.Leading, Remaining: v.Remaining}, &Budget{ID: o.Leading, Remaining: o.Remaining})
}

// with is what is known of both, by ID.
func (e Evidence) with(o Evidence) Evidence {
	e.Budgets = union(e.Budgets, o.Budgets, func(b Budget) string { return b.ID })
	e.Canaries = union(e.Canaries, o.Canaries, func(c Canary) string {
		return strings.Join([]string{c.SLO, c.By, c.Candidate.Version, c.Baseline.Version}, "\x00")
	})
	if e.Deploy == nil {
		e.Deploy = o.Deploy
	}
	if e.Glass == nil {
		e.Glass = o.Glass
	}
	return e
}

// union are the values of both lists, each once, sorted.
func union[T any](a, b []T, id func(T) string) []T {
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(x, y T) int { return strings.Compare(id(x), id(y)) })
	return slices.CompactFunc(all, func(x, y T) bool { return id(x) == id(y) })
}

// once drops reasons that are told twice; one that counts is told rather than the
// same one overruled. The list is in order: those that count come first.
func once(reasons []Reason) []Reason {
	type key struct {
		code      Code
		decision  slo.GateDecision
		slo, text string
	}
	seen := make(map[key]bool, len(reasons))
	return slices.DeleteFunc(reasons, func(r Reason) bool {
		k := key{r.Code, r.Decision, r.SLO, r.Text}
		again := seen[k]
		seen[k] = true
		return again
	})
}
