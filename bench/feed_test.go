package bench

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
)

// feed sends a round of the fleet to all senders, and when they have taken it
// goes on with one every interval, until the test ends.
func feed(t testing.TB, load *payload.Load, every time.Duration, senders ...sender) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	send := func(round int) bool {
		for _, request := range load.Round(time.Now(), round, load.Fleet.Steady) {
			for _, send := range senders {
				if err := send(request); err != nil && ctx.Err() == nil {
					t.Error(err)
					return false
				}
			}
		}
		return true
	}
	if !send(1) {
		return
	}
	done.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for round := 2; ; round++ {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			if !send(round) {
				return
			}
		}
	})
}
