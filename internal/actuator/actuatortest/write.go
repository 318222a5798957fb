package actuatortest

import (
	"context"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
)

// writeAndUndo is the usual life of an action.
func (b *bench) writeAndUndo() {
	before := b.look()
	b.effect(false)
	p := b.plan()
	x := b.write(p.Target, p.Before, p.After)
	if diff := cmp.Diff(p.Requests, x.Requests); diff != "" {
		b.t.Errorf("requests (-planned +sent):\n%s", diff)
	}
	live := b.settled(p.Target, p.After)
	if b.look() == before {
		b.t.Error("by other means nothing is seen of the write")
	}
	b.effect(true)
	if !b.h.Blind {
		b.sameMembers(p.Members, live.Members)
	}
	if live.Owner != "" && live.Owner != b.action.ID {
		b.t.Errorf("the owner is %q", live.Owner)
	}
	x = b.write(p.Target, live, p.Before.Value)
	if diff := cmp.Diff(lines(p.Undo), lines(x.Requests)); diff != "" {
		b.t.Errorf("requests to undo (-planned +sent):\n%s", diff)
	}
	b.restored(p, before)
}

// restored wants what was there before, to the byte.
func (b *bench) restored(p actuator.Plan, before string) {
	b.t.Helper()
	b.settled(p.Target, p.Before.Value)
	if !b.h.Blind {
		b.same(before, "an action and its undo")
	}
	b.effect(false)
}

func lines(requests []actuator.Request) (list []string) {
	for _, r := range requests {
		list = append(list, r.Line)
	}
	return list
}

// writeTwice asks for what is live already, as after a lost answer.
func (b *bench) writeTwice() {
	p := b.plan()
	b.write(p.Target, p.Before, p.After)
	live := b.settled(p.Target, p.After)
	once := b.look()
	b.write(p.Target, p.Before, p.After)
	b.write(p.Target, live, p.After)
	b.settled(p.Target, p.After)
	b.same(once, "a second write of the same value")
}

// undoStepwise goes back as a playbook's undo does.
func (b *bench) undoStepwise() {
	before := b.look()
	p := b.plan()
	for share, want := range map[float64]actuator.Value{0: p.After, 1: p.Before.Value} {
		if v := b.between(p, share); !actuator.Same(v, want) {
			b.t.Errorf("at %v of the way back it is %s, want %s", share, v, want)
		}
	}
	b.write(p.Target, p.Before, p.After)
	live := b.settled(p.Target, p.After)
	for _, share := range []float64{0.25, 0.5, 0.9, 1} {
		v := b.between(p, share)
		b.canonical(v)
		b.write(p.Target, live, v)
		live = b.settled(p.Target, v)
		b.shares(live.Members)
	}
	b.restored(p, before)
}

// between is a value on the way back.
func (b *bench) between(p actuator.Plan, share float64) actuator.Value {
	b.t.Helper()
	v, err := b.a.Between(p.After, p.Before.Value, share)
	if err != nil {
		b.t.Fatalf("find the value at %v between %s and %s: %v", share, p.After, p.Before.Value, err)
	}
	return v
}

// crash has another process make each step, which knows what was recorded, and
// makes each once more, because it cannot know whether it was made.
func (b *bench) crash() {
	before := b.look()
	reborn := func() { b.a = b.Open(b.t) }
	p := b.plan()
	for range 2 {
		reborn()
		b.write(p.Target, p.Before, p.After)
	}
	reborn()
	live := b.settled(p.Target, p.After)
	middle := b.between(p, 0.5)
	for _, to := range []actuator.Value{middle, p.Before.Value} {
		for range 2 {
			reborn()
			b.write(p.Target, live, to)
		}
		live = b.settled(p.Target, to)
	}
	b.restored(p, before)
}

// manyReaders use one adapter at once, as the engine does.
func (b *bench) manyReaders() {
	p := b.plan()
	before := b.look()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			q, err := b.a.Plan(b.t.Context(), b.action)
			if err != nil {
				b.t.Errorf("plan: %v", err)
			} else if !actuator.Same(q.After, p.After) {
				b.t.Errorf("planned %s, and %s", p.After, q.After)
			}
			if _, err := b.a.Read(b.t.Context(), p.Target); err != nil && !b.h.Blind {
				b.t.Errorf("read: %v", err)
			}
		})
	}
	all.Wait()
	b.same(before, "readers")
}

// noTime calls when there is no time left to.
func (b *bench) noTime() {
	p := b.plan()
	before := b.look()
	over, cancel := context.WithCancel(b.t.Context())
	cancel()
	if !b.h.Blind {
		_, err := b.a.Plan(over, b.action)
		b.is(err, actuator.ErrUnavailable)
		_, err = b.a.Read(over, p.Target)
		b.is(err, actuator.ErrUnavailable)
	}
	_, err := b.a.Write(over, actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After})
	b.is(err, actuator.ErrUnavailable)
	b.same(before, "a call without time")
}
