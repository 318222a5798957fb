package embedded

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
)

// Landing waits for a notification under way, lets none begin, and gives up
// with its context.
func TestFlightsLand(t *testing.T) {
	for name, tt := range map[string]struct{ takes, patience, want time.Duration }{
		"none under way":   {0, time.Second, 0},
		"one that ends":    {3 * time.Second, 5 * time.Second, 3 * time.Second},
		"one that is slow": {9 * time.Second, 5 * time.Second, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFlights()
				stage := f.stage(notify.StageFunc(func(ctx context.Context, _ *slog.Logger, _ ...*alert.Alert) (context.Context, []*alert.Alert, error) {
					time.Sleep(tt.takes)
					return ctx, nil, nil
				}))
				var under sync.WaitGroup
				defer under.Wait()
				under.Go(func() { stage.Exec(t.Context(), nil) })
				synctest.Wait()

				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.patience)
				defer cancel()
				f.land(ctx)
				if took := time.Since(began); took != tt.want {
					t.Errorf("landing took %s, want %s", took, tt.want)
				}
				f.land(ctx)

				late, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				if _, _, err := stage.Exec(late, nil); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a late one: %v, want it to wait for its cancellation", err)
				}
			})
		})
	}
}
