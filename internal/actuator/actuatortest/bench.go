package actuatortest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
)

// within bounds each wait for something to become visible.
const within = 30 * time.Second

// bench is one check at work: a gateway, an adapter and an action.
type bench struct {
	*Gateway
	t      *testing.T
	h      Harness
	a      actuator.Actuator
	action actuator.Action
}

func newBench(t *testing.T, h Harness, action actuator.Action) *bench {
	t.Helper()
	g := h.Start(t)
	action.ID = "act-01"
	return &bench{Gateway: g, t: t, h: h, a: g.Open(t), action: action}
}

// ctx is that of one call, as the engine gives it.
func (b *bench) ctx() context.Context {
	ctx, cancel := context.WithTimeout(b.t.Context(), within)
	b.t.Cleanup(cancel)
	return ctx
}

func (b *bench) compares() bool { return b.a.Guarantees().Precondition == actuator.Compare }

// plan is the action's, sound in itself.
func (b *bench) plan() actuator.Plan {
	b.t.Helper()
	p, err := b.a.Plan(b.ctx(), b.action)
	if err != nil {
		b.t.Fatalf("plan %s: %v", nameOf(b.action), err)
	}
	return recorded(b.t, p)
}

// read is what is live at a target.
func (b *bench) read(target string) actuator.Live {
	b.t.Helper()
	live, err := b.a.Read(b.ctx(), target)
	if err != nil {
		b.t.Fatalf("read %s: %v", target, err)
	}
	return recorded(b.t, live)
}

// write puts a value in place of another, and must succeed.
func (b *bench) write(target string, from actuator.Live, to actuator.Value) actuator.Exchange {
	b.t.Helper()
	x, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Epoch: b.action.Epoch, Target: target, From: from, To: to})
	if err != nil {
		b.t.Fatalf("write %s over %s: %v", to, from.Value, err)
	}
	b.noSecrets("exchange", x)
	return x
}

// refused is a write that must fail in one way and change nothing.
func (b *bench) refused(target string, from actuator.Live, to actuator.Value, want error) {
	b.t.Helper()
	before := b.look()
	_, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Epoch: b.action.Epoch, Target: target, From: from, To: to})
	b.is(err, want)
	b.same(before, "a write that was refused")
}

// settled waits until a value is live everywhere, and returns that.
func (b *bench) settled(target string, want actuator.Value) actuator.Live {
	b.t.Helper()
	if b.h.Blind {
		_, err := b.a.Read(b.ctx(), target)
		b.is(err, actuator.ErrUnsupported)
		return actuator.Live{Value: want}
	}
	var live actuator.Live
	b.eventually("value "+string(want), func() (bool, any) {
		live = b.read(target)
		return actuator.Same(live.Value, want) && len(live.Unsettled) == 0, live
	})
	return live
}

// look is what the gateway has, by other means.
func (b *bench) look() string {
	b.t.Helper()
	text, err := b.Look(b.ctx())
	if err != nil {
		b.t.Fatalf("look at the gateway: %v", err)
	}
	return text
}

// same wants the gateway as it was.
func (b *bench) same(before, what string) {
	b.t.Helper()
	if diff := cmp.Diff(before, b.look()); diff != "" {
		b.t.Errorf("%s changed the gateway (-before +after):\n%s", what, diff)
	}
}

// effect wants traffic to show that the action is in force, or is not.
func (b *bench) effect(want bool) {
	b.t.Helper()
	if b.Effect == nil {
		return
	}
	b.eventually("effect", func() (bool, any) {
		got, err := b.Effect(b.ctx(), b.action)
		if err != nil {
			return false, err
		}
		return got == want, got
	})
}

// eventually polls until done, letting the gateway's time pass.
func (b *bench) eventually(what string, done func() (bool, any)) {
	b.t.Helper()
	deadline := time.Now().Add(within)
	for {
		ok, seen := done()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s not within %s; at last: %+v", what, within, seen)
		}
		b.pass(20 * time.Millisecond)
	}
}

// pass lets time pass: the gateway's own, and some of the wall's.
func (b *bench) pass(d time.Duration) {
	if b.Advance != nil {
		b.Advance(5 * d)
		d = min(d, 5*time.Millisecond)
	}
	pause := time.NewTimer(d)
	defer pause.Stop()
	<-pause.C
}

func (b *bench) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}
