package app

import (
	"context"
	"time"
)

// remembered is how long actions that have ended, and what was told of them,
// are kept: longer than any alert fires. The audit is kept for ever.
const remembered = 60 * 24 * time.Hour

// sweep forgets once an hour what is older, until ctx is done.
func (h *healing) sweep(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if h.runner.Leads() {
			if err := h.store.Sweep(ctx, time.Now().Add(-remembered)); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
