package gate

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// by is the verdict of a policy of that name.
func (w *world) by(name string, change func(p *slo.GatePolicy)) Verdict {
	p := slo.DefaultGatePolicy()
	p.Name = name
	change(p)
	return Decide(p, w.request, w.evidence, w.latched)
}

func TestJoin(t *testing.T) {
	w := newWorld()
	w.evidence.Budgets[0].ConsumedIn1h = number(0.03)
	mild := w.by("mild", func(p *slo.GatePolicy) { p.ConsumedIn1h.Hold = 0.04 })
	usual := w.by("usual", func(*slo.GatePolicy) {})
	hard := w.by("hard", func(p *slo.GatePolicy) {
		p.ConsumedIn1h.Deny = 0.025
		p.ValidFor, p.IfUnknown = 5*time.Second, slo.GateDeny
	})

	const held = "hold budget_consumed_1h: 3 % of checkout:availability's error budget was spent in the last hour, more than 2 %\n"
	const denied = "deny budget_consumed_1h: 3 % of checkout:availability's error budget was spent in the last hour, more than 2.5 %\n"
	for _, c := range []struct {
		list   []Verdict
		policy string
		want   string
	}{
		{nil, "", "unknown\n"},
		{[]Verdict{mild}, "mild", told(mild)},
		{[]Verdict{mild, mild}, "mild", told(mild)},
		{[]Verdict{usual, mild}, "mild, usual", "hold\n" + held},
		{[]Verdict{usual, mild, hard}, "hard, mild, usual", "deny\n" + denied + held},
		{[]Verdict{hard, usual, mild}, "hard, mild, usual", "deny\n" + denied + held},
	} {
		v := Join(c.list...)
		if v.Policy != c.policy || told(v) != c.want {
			t.Errorf("%q told\n%s\nwant %q\n%s", v.Policy, told(v), c.policy, c.want)
		}
	}
	usual.At, usual.ValidUntil, usual.IfUnknown = noon.Add(-time.Second), noon.Add(4*time.Second), slo.GateHold
	if v := Join(mild, usual); !v.At.Equal(usual.At) || !v.ValidUntil.Equal(usual.ValidUntil) || v.IfUnknown != slo.GateHold {
		t.Errorf("got %+v", v)
	}
	v := Join(mild, hard)
	if v.IfUnknown != slo.GateDeny || !v.ValidUntil.Equal(noon.Add(5*time.Second)) || v.Leading != "checkout:availability" || len(v.Evidence.Budgets) != 2 {
		t.Errorf("got %+v", v)
	}
}

// What passes by one policy and not by another does not pass, and nobody is told
// that it does.
func TestJoinOfPasses(t *testing.T) {
	w := newWorld()
	w.request.Kind = slo.ChangeScaleUp
	w.evidence.Budgets[0].Remaining = number(-0.1)
	lets := w.by("lets", func(*slo.GatePolicy) {})
	not := w.by("not", func(p *slo.GatePolicy) { p.Passes = nil })
	const want = `deny
deny budget_remaining: -10 % of checkout:availability's error budget is left, less than 0 %
allow change_passes (overruled): a scale-up passes whatever is left of the error budget
`
	if diff := cmp.Diff(want, told(Join(lets, not))); diff != "" {
		t.Error(diff)
	}
	if told(lets) != told(Join(lets, lets)) {
		t.Errorf("told %s", told(Join(lets, lets)))
	}
}

// Policies that select different SLOs: the one with the least left leads.
func TestJoinLeads(t *testing.T) {
	w := newWorld()
	all := w.evidence.Budgets
	w.evidence.Budgets = all[:1]
	all[0].Remaining = nil
	first := w.by("a", func(p *slo.GatePolicy) { p.Budget = slo.GateLevels{} })
	all[1].Remaining = number(0.5)
	w.evidence.Budgets = all[1:]
	second := w.by("b", func(*slo.GatePolicy) {})
	v := Join(first, second)
	if v.Leading != "checkout:latency" || *v.Remaining != 0.5 || len(v.Evidence.Budgets) != 2 || v.Decision != slo.GateAllow {
		t.Errorf("leads %s, %+v", v.Leading, v)
	}
	if len(first.Evidence.Budgets) != 1 || len(second.Evidence.Budgets) != 1 {
		t.Error("what was joined has changed")
	}
}

// What is joined is not changed: others hold it.
func TestJoinLeavesVerdictsAlone(t *testing.T) {
	w := newWorld()
	w.request.Kind = slo.ChangeRollback
	a, b := w.by("a", func(*slo.GatePolicy) {}), w.by("b", func(p *slo.GatePolicy) { p.Passes, p.MaxAge = nil, time.Millisecond })
	a.Reasons = slices.Grow(a.Reasons, 10) // room that is not Join's
	before := told(a) + told(b)
	Join(a, b)
	Join(b, a)
	if diff := cmp.Diff(before, told(a)+told(b)); diff != "" {
		t.Error(diff)
	}
}
