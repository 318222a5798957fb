package actuatortest

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
)

// everyKind are all kinds that a playbook may ask for.
var everyKind = []actuator.Kind{
	actuator.Shift, actuator.Eject, actuator.Drain, actuator.RateLimit, actuator.CloseRoute, actuator.Breaker, actuator.Notify,
}

// unsupported asks for what the gateway cannot do.
func (h Harness) unsupported(t *testing.T) {
	b := newBench(t, h, h.Actions[0])
	before := b.look()
	for _, kind := range append([]actuator.Kind{"", "somersault"}, everyKind...) {
		if slices.Contains(b.a.Guarantees().Kinds, kind) {
			continue
		}
		_, err := b.a.Plan(b.ctx(), actuator.Action{ID: "act-01", Kind: kind, Member: h.Actions[0].Member, Route: h.Actions[0].Route})
		b.is(err, actuator.ErrUnsupported)
	}
	b.same(before, "what it cannot do")
}

// missing asks for something that the gateway does not have.
func (h Harness) missing(t *testing.T, action actuator.Action) {
	b := newBench(t, h, action)
	before := b.look()
	_, err := b.a.Plan(b.ctx(), b.action)
	b.is(err, actuator.ErrMissing)
	if !h.Blind {
		_, err = b.a.Read(b.ctx(), "no such target")
		b.is(err, actuator.ErrMissing)
	}
	_, err = b.a.Write(b.ctx(), actuator.Write{Action: "act-01", Target: "no such target", From: actuator.Live{Value: actuator.Absent}, To: actuator.Value(`{"a":1}`)})
	b.is(err, actuator.ErrMissing)
	b.same(before, "an action about what is not there")
}

// planWritesNothing, and says what would be written.
func (b *bench) planWritesNothing() {
	before := b.look()
	p := b.plan()
	b.same(before, "a plan")
	b.sound(p)
	if !b.h.Blind {
		if live := b.read(p.Target); !actuator.Same(live.Value, p.Before.Value) {
			b.t.Errorf("the plan found %s, and a read %s", p.Before.Value, live.Value)
		}
	}
	named := b.action
	b.action.ID = "" // as when it is not decided yet
	if q := b.plan(); q.Target != p.Target || !actuator.Same(q.Before.Value, p.Before.Value) {
		b.t.Errorf("without an id it is about %s with %s, with one about %s with %s", q.Target, q.Before.Value, p.Target, p.Before.Value)
	}
	b.action = named
}

// sound looks at a plan by itself.
func (b *bench) sound(p actuator.Plan) {
	b.t.Helper()
	b.noSecrets("plan", p)
	b.canonical(p.Before.Value)
	b.canonical(p.After)
	switch {
	case p.Target == "":
		b.t.Error("the plan names no target")
	case len(p.Requests) == 0 || len(p.Undo) == 0:
		b.t.Errorf("the plan has %d requests and %d to undo them", len(p.Requests), len(p.Undo))
	case actuator.Same(p.Before.Value, p.After):
		b.t.Errorf("the plan changes nothing: %s", p.After)
	}
	b.shares(p.Before.Members)
	b.shares(p.Members)
	b.moved(p)
}

// canonical wants a value in its only spelling.
func (b *bench) canonical(v actuator.Value) {
	b.t.Helper()
	if want, err := actuator.Canonical(v); err != nil || !actuator.Same(v, want) {
		b.t.Errorf("value %s is not canonical: %s (%v)", v, want, err)
	}
}

// shares of all members are all of the traffic, or none of it.
func (b *bench) shares(members []actuator.Member) {
	b.t.Helper()
	sum := 0.0
	for _, m := range members {
		if m.Share < 0 || m.Share > 1 || m.Name == "" {
			b.t.Errorf("member %+v", m)
		}
		sum += m.Share
	}
	if len(members) > 0 && sum != 0 && math.Abs(sum-1) > 1e-6 {
		b.t.Errorf("the members' shares make %v: %+v", sum, members)
	}
}

// moved wants a shift to move what it was asked to, and a member that is taken
// out to have nothing.
func (b *bench) moved(p actuator.Plan) {
	b.t.Helper()
	share := func(members []actuator.Member, name string) float64 {
		for _, m := range members {
			if m.Name == name {
				return m.Share
			}
		}
		b.t.Errorf("member %s is not among %+v", name, members)
		return math.NaN()
	}
	switch a := b.action; a.Kind {
	case actuator.Shift:
		before, after := share(p.Before.Members, a.From), share(p.Members, a.From)
		if want := before * (1 - a.Share); math.Abs(after-want) > 0.02 {
			b.t.Errorf("%s goes from %.3f to %.3f of the traffic, want %.3f", a.From, before, after, want)
		}
		if a.To != "" && share(p.Members, a.To) <= share(p.Before.Members, a.To) {
			b.t.Errorf("%s gets nothing: %+v", a.To, p.Members)
		}
	case actuator.Eject, actuator.Drain:
		if len(p.Members) > 0 && share(p.Members, a.Member) != 0 {
			b.t.Errorf("%s keeps traffic: %+v", a.Member, p.Members)
		}
	}
}

// sameMembers wants the shares that were planned.
func (b *bench) sameMembers(planned, live []actuator.Member) {
	b.t.Helper()
	shares := func(members []actuator.Member) map[string]int {
		m := map[string]int{}
		for _, one := range members {
			m[one.Name] = int(math.Round(one.Share * 1000))
		}
		return m
	}
	if diff := cmp.Diff(shares(planned), shares(live)); diff != "" {
		b.t.Errorf("members' shares in thousandths (-planned +live):\n%s", diff)
	}
}
