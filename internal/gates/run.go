package gates

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lastWord bounds what is written when Run ends.
const lastWord = 5 * time.Second

// Run looks at each new snapshot, and speaks with the Store, until ctx is done. Then
// it writes what waits.
func (k *Keeper) Run(ctx context.Context) {
	var parts sync.WaitGroup
	parts.Go(func() { k.every(ctx, k.Step) })
	parts.Go(func() { k.every(ctx, k.Sync) })
	parts.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	k.Sync(last)
}

// every does something at each interval, at once at first, until ctx is done.
func (k *Keeper) every(ctx context.Context, do func(context.Context)) {
	tick := time.NewTicker(k.options.Interval)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step looks at the newest snapshot: latches, comparisons, what deploys burn and the
// decisions about services. It waits for no disk.
func (k *Keeper) Step(context.Context) {
	k.stepping.Lock()
	defer k.stepping.Unlock()
	now := k.options.Now()
	if k.options.Canaries != Comparer(nobody{}) {
		k.options.Canaries.Step(now)
		k.changed()
	}
	k.stepLatches(now)
	k.burnDeploys(k.moment(), now)
	k.judge(k.moment(), now)
}

// stepLatches steps them once for each snapshot, and once when the policies are
// others.
func (k *Keeper) stepLatches(now time.Time) {
	s, r := k.options.Snapshot(), k.rules.Load()
	if s == nil || s == k.stepped && r == k.by {
		return
	}
	if r.bloated(s) {
		k.rules.CompareAndSwap(r, newRules(r.policies))
	}
	k.stepped, k.by = s, r
	if k.latches.step(r, s, now) {
		k.changed()
	}
}

// How often the Store is asked what other engines have written, and is tidied up.
const (
	pollEach  = 2 * time.Second
	sweepEach = 10 * time.Minute
)

// Sync reads from the Store what others have written, and writes what waits. What
// fails is tried again with the next one.
func (k *Keeper) Sync(ctx context.Context) {
	k.syncing.Lock()
	defer k.syncing.Unlock()
	at := k.store.Load()
	if at == nil {
		k.learned = nil
		return
	}
	err := k.sync(ctx, at)
	if err != nil && ctx.Err() == nil {
		k.metrics.failures.Inc()
	}
	switch failed := err != nil && ctx.Err() == nil; {
	case failed && !k.failed:
		k.log.Error("what gates must not forget cannot be kept: it is tried again each second", "error", err)
		k.failed = true
	case !failed && k.failed:
		k.log.Info("what gates must not forget is kept again")
		k.failed = false
	}
}

// sync does all it can: what one thing fails with may not concern the others.
func (k *Keeper) sync(ctx context.Context, at *opened) error {
	now := k.options.Now()
	if k.learned != at {
		if err := k.learn(ctx, at.Store); err != nil {
			return err
		}
		k.learned, k.polled = at, time.Time{}
	}
	err := k.writeLatches(ctx, at.Store)
	if now.Sub(k.polled).Abs() >= pollEach {
		k.polled = now
		err = errors.Join(err, k.readGlasses(ctx, at.Store), k.readDeploys(ctx, at.Store))
	}
	err = errors.Join(err, k.writeVerdicts(ctx, at.Store), k.writeBurns(ctx, at.Store, now))
	if err == nil && (now.Sub(k.swept).Abs() >= sweepEach || k.wrote > k.options.Limits.Kept/4) {
		k.swept, k.wrote = now, 0
		err = k.Sweep(ctx)
	}
	return err
}
