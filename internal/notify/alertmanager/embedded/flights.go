package embedded

import (
	"context"
	"log/slog"
	"sync"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
)

// flights counts the notifications under way, which the dispatcher itself does
// not wait for when it stops.
type flights struct {
	mu     sync.Mutex
	count  int
	closed bool
	// landed is closed when none is under way and none may begin.
	landed chan struct{}
}

func newFlights() *flights { return &flights{landed: make(chan struct{})} }

// stage counts each run through next. One that comes too late waits for its
// cancellation, which is soon to follow, instead of failing loudly.
func (f *flights) stage(next notify.Stage) notify.Stage {
	return notify.StageFunc(func(ctx context.Context, l *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
		if !f.begin() {
			<-ctx.Done()
			return ctx, nil, ctx.Err()
		}
		defer f.end()
		return next.Exec(ctx, l, alerts...)
	})
}

// land lets no further one begin and waits for those under way, or until ctx
// ends.
func (f *flights) land(ctx context.Context) {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		f.settleLocked()
	}
	f.mu.Unlock()
	select {
	case <-f.landed:
	case <-ctx.Done():
	}
}

func (f *flights) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.count++
	return true
}

func (f *flights) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count--
	f.settleLocked()
}

func (f *flights) settleLocked() {
	if f.closed && f.count == 0 {
		close(f.landed)
	}
}
