package gates

import (
	"context"
	"fmt"
	"time"
)

// learn takes in what was kept before this engine began, or while the Store was
// away.
func (k *Keeper) learn(ctx context.Context, store Store) error {
	kept, err := store.Latches(ctx)
	if err != nil {
		return fmt.Errorf("read latches: %w", err)
	}
	if k.latches.learn(kept) {
		k.changed()
	}
	if err := k.readGlasses(ctx, store); err != nil {
		return err
	}
	return k.readDeploys(ctx, store)
}

// writeLatches keeps what began to hold, and forgets what has ended.
func (k *Keeper) writeLatches(ctx context.Context, store Store) error {
	hold, end := k.latches.unwritten()
	if len(hold)+len(end) == 0 {
		return nil
	}
	if err := store.SetLatches(ctx, hold, end); err != nil {
		return fmt.Errorf("write latches: %w", err)
	}
	k.latches.wrote(hold, end)
	return nil
}

// Sweep forgets what was kept for long enough: verdicts, glasses and deploys older
// than Limits.KeptFor, and verdicts beyond Limits.Kept. Run does it now and then; the
// audit of who broke a glass stays.
func (k *Keeper) Sweep(ctx context.Context) error {
	store := k.open()
	if store == nil {
		return fmt.Errorf("sweep gates: %w", ErrStateAway)
	}
	limits := k.options.Limits
	if err := store.SweepGates(ctx, exact(k.options.Now().Add(-limits.KeptFor)), limits.Kept); err != nil {
		return fmt.Errorf("sweep gates: %w", err)
	}
	return nil
}

// exact is a time as the Store keeps it.
func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
