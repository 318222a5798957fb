package actuatortest

import (
	"context"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// away has the gateway unreachable.
func (b *bench) away() {
	p := b.plan()
	before := b.look()
	up := b.Down(b.t)
	_, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After})
	b.is(err, actuator.ErrUnavailable)
	if !b.h.Blind {
		_, err = b.a.Plan(b.ctx(), b.action)
		b.is(err, actuator.ErrUnavailable)
		_, err = b.a.Read(b.ctx(), p.Target)
		b.is(err, actuator.ErrUnavailable)
	}
	up()
	b.same(before, "a gateway that was away")
	b.write(p.Target, p.Before, p.After)
	b.settled(p.Target, p.After)
}

// patience is how long the suite has an adapter wait for a lost answer.
const patience = time.Second

// hangs loses the answer to a write that was carried out.
func (b *bench) hangs() {
	p := b.plan()
	end := b.Hang(b.t)
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	_, err := b.a.Write(ctx, actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After})
	b.is(err, actuator.ErrUncertain)
	end()
	live := b.settled(p.Target, p.After)
	b.write(p.Target, p.Before, p.After) // as one does who does not know
	b.write(p.Target, live, p.Before.Value)
	b.settled(p.Target, p.Before.Value)
}

// faults are the harness's own ways to fail.
func (b *bench) faults() {
	for i, f := range b.Faults {
		b.t.Run(f.Name, func(t *testing.T) {
			one := newBench(t, b.h, b.action)
			one.fault(one.Faults[i])
		})
	}
}

// fault is a write that fails, and the same write once the gateway is well.
func (b *bench) fault(f Fault) {
	p := b.plan()
	before := b.look()
	end := f.Set(b.t)
	_, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After})
	end()
	b.is(err, f.Want)
	b.same(before, f.Name)
	b.write(p.Target, p.Before, p.After)
	b.settled(p.Target, p.After)
}

// restart has the gateway keep what was written, or forget it, as it says. In
// both cases undo ends where it was before.
func (b *bench) restart() {
	before := b.look()
	p := b.plan()
	b.write(p.Target, p.Before, p.After)
	live := b.settled(p.Target, p.After)
	b.Restart(b.t)
	want := p.Before.Value
	if b.a.Guarantees().Survives {
		want = p.After
	}
	b.settled(p.Target, want)
	b.effect(b.a.Guarantees().Survives)
	b.write(p.Target, live, p.Before.Value)
	b.restored(p, before)
}

// notRenewed is a change that the gateway takes back by itself.
func (b *bench) notRenewed() {
	before := b.look()
	p := b.leased()
	b.eventually("the gateway's own undo", func() (bool, any) {
		live := b.read(p.Target)
		return actuator.Same(live.Value, p.Before.Value), live
	})
	b.restored(p, before)
	b.is(b.a.(actuator.Leaser).Renew(b.ctx(), p.Target, b.action.ID, b.now().Add(b.h.lease())), actuator.ErrGone)
	b.same(before, "the renewal of what is gone")
}

// leased writes what ends by itself.
func (b *bench) leased() actuator.Plan {
	b.t.Helper()
	b.action.Expires = b.now().Add(b.h.lease())
	p := b.plan()
	_, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After, Until: b.action.Expires})
	if err != nil {
		b.t.Fatalf("write for %s: %v", b.h.lease(), err)
	}
	b.settled(p.Target, p.After)
	return p
}

// renewed is kept for twice as long as it would have lasted, and undone by hand
// then.
func (b *bench) renewed() {
	before := b.look()
	p := b.leased()
	leaser := b.a.(actuator.Leaser)
	for end := b.now().Add(2 * b.h.lease()); b.now().Before(end); b.pass(b.h.lease() / 10) {
		if err := leaser.Renew(b.ctx(), p.Target, b.action.ID, b.now().Add(b.h.lease())); err != nil {
			b.t.Fatalf("renew: %v", err)
		}
		if live := b.read(p.Target); !actuator.Same(live.Value, p.After) {
			b.t.Fatalf("it was renewed, and %s is live", live.Value)
		}
	}
	b.write(p.Target, b.read(p.Target), p.Before.Value)
	b.restored(p, before)
}
