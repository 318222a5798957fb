package actuatortest

import (
	"errors"
	"sync"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// contestedBefore has a person change the target after it was planned.
func (b *bench) contestedBefore() {
	p := b.plan()
	b.disturb(p)
	b.refused(p.Target, p.Before, p.After, actuator.ErrConflict)
}

// contestedHeld has a person change it while the action holds: neither an undo
// nor a step of one may touch that.
func (b *bench) contestedHeld() {
	p := b.plan()
	b.write(p.Target, p.Before, p.After)
	live := b.settled(p.Target, p.After)
	b.disturb(p)
	b.refused(p.Target, live, p.Before.Value, actuator.ErrConflict)
	if middle := b.between(p, 0.5); !actuator.Same(middle, p.After) {
		b.refused(p.Target, live, middle, actuator.ErrConflict)
	}
}

// disturb changes the target as a person does, and sees that it is seen.
func (b *bench) disturb(p actuator.Plan) {
	b.t.Helper()
	b.Disturb(b.t, b.action)
	b.eventually("a person's change", func() (bool, any) {
		live := b.read(p.Target)
		return !actuator.Same(live.Value, p.Before.Value) && !actuator.Same(live.Value, p.After), live
	})
}

// preconditionLost has a person change it when the adapter has looked already
// and the write is under way: the gateway itself must refuse.
func (b *bench) preconditionLost() {
	if b.BeforeWrite == nil {
		b.t.Fatal("the gateway says that it compares: the harness needs BeforeWrite")
	}
	p := b.plan()
	theirs := ""
	b.BeforeWrite(b.t, func() {
		b.Disturb(b.t, b.action)
		theirs = b.look()
	})
	_, err := b.a.Write(b.ctx(), actuator.Write{Action: b.action.ID, Target: p.Target, From: p.Before, To: p.After})
	b.is(err, actuator.ErrConflict)
	if theirs == "" {
		b.t.Fatal("the write never left the adapter")
	}
	b.same(theirs, "a write that came too late")
}

// rival is another action on the same target.
func (b *bench) rival() actuator.Action {
	other := b.action
	other.ID = "act-02"
	switch other.Kind {
	case actuator.Shift:
		other.Share /= 2
	case actuator.RateLimit:
		other.PerSecond *= 2
	case actuator.CloseRoute, actuator.Breaker:
		other.Status = 429
	}
	return other
}

// hasRival reports whether that would write something else.
func (b *bench) hasRival() bool {
	q, err := b.a.Plan(b.ctx(), b.rival())
	return err == nil && !actuator.Same(q.After, b.plan().After)
}

// twoWriters write over the same value at once: one of them wins.
func (b *bench) twoWriters() {
	mine := b.plan()
	theirs, err := b.a.Plan(b.ctx(), b.rival())
	if err != nil {
		b.t.Fatal(err)
	}
	writes := []actuator.Write{
		{Action: b.action.ID, Target: mine.Target, From: mine.Before, To: mine.After},
		{Action: b.rival().ID, Target: theirs.Target, From: theirs.Before, To: theirs.After},
	}
	adapters := []actuator.Actuator{b.a, b.Open(b.t)}
	errs := make([]error, len(writes))
	var all sync.WaitGroup
	for i, w := range writes {
		all.Go(func() { _, errs[i] = adapters[i].Write(b.t.Context(), w) })
	}
	all.Wait()
	won := 0
	if errs[0] != nil {
		won = 1
	}
	if errs[won] != nil || !errors.Is(errs[1-won], actuator.ErrConflict) {
		b.t.Fatalf("want one success and one conflict, got %v and %v", errs[0], errs[1])
	}
	b.settled(writes[won].Target, writes[won].To)
}

// fenced has an engine write that led before the one that wrote last.
func (b *bench) fenced() {
	before := b.look()
	b.action.Epoch = 8
	p := b.plan()
	b.write(p.Target, p.Before, p.After)
	live := b.settled(p.Target, p.After)
	b.action.Epoch = 7
	b.refused(p.Target, live, p.Before.Value, actuator.ErrFenced)
	b.action.Epoch = 9
	b.write(p.Target, live, p.Before.Value)
	b.restored(p, before)
	b.action.Epoch = 8
	b.refused(p.Target, b.read(p.Target), p.After, actuator.ErrFenced)
}
