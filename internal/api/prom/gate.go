package prom

import (
	"context"
	"fmt"
)

// gate lets so many requests read the storage at once. It stands before the
// library, not inside its query engine, which would tell whoever waited in
// vain that the query is wrong.
type gate chan struct{}

// enter waits for room until ctx ends.
func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // else a gate with room would let it in by chance
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d other queries are running: %w", cap(g), ctx.Err())
	}
}

// leave makes room.
func (g gate) leave() { <-g }
