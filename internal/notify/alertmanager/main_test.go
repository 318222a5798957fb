package alertmanager

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sent is one request as a recorder saw it.
type sent struct {
	at    time.Time
	batch []Outgoing
}

// recorder is a Sender that remembers what it got and fails as told.
type recorder struct {
	name string
	// fail answers a batch before it is recorded; nil: it is accepted.
	fail func(ctx context.Context, batch []Outgoing) error

	mu       sync.Mutex
	requests []sent
	attempts []time.Time
}

func (r *recorder) Name() string { return r.name }

func (r *recorder) Send(ctx context.Context, batch []Outgoing) error {
	r.mu.Lock()
	r.attempts = append(r.attempts, time.Now())
	fail := r.fail
	r.mu.Unlock()
	if fail != nil {
		if err := fail(ctx, batch); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, sent{at: time.Now(), batch: append([]Outgoing(nil), batch...)})
	return nil
}

func (r *recorder) failWith(f func(context.Context, []Outgoing) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

// taken returns the requests so far and forgets them.
func (r *recorder) taken() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.requests
	r.requests, r.attempts = nil, nil
	return out
}

func (r *recorder) tries() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]time.Time(nil), r.attempts...)
}

var errDown = errors.New("connection refused")

func down(context.Context, []Outgoing) error { return errDown }

func hang(ctx context.Context, _ []Outgoing) error { <-ctx.Done(); return ctx.Err() }

// start runs a dispatcher over the senders within a synctest bubble and returns
// it with the function that ends it and waits.
func start(t *testing.T, opts Options) (*Dispatcher, func()) {
	t.Helper()
	opts.Rand = func() float64 { return 0.5 }
	d, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	synctest.Wait()
	return d, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// pass lets the bubble's clock advance and everything settle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func page(slo string, startsAt time.Time) alerts.Alert {
	return alerts.Alert{
		Labels: map[string]string{
			"alertname": alerts.NameBurn, "service": "checkout", "slo": slo, "slo_id": "checkout:" + slo, "severity": "critical",
		},
		Annotations: map[string]string{"tier": "page_fast"},
		StartsAt:    startsAt,
	}
}

func resolved(a alerts.Alert, at time.Time) alerts.Alert {
	a.ResolvedAt = at
	return a
}

// with returns the alert with one label changed.
func with(a alerts.Alert, name, value string) alerts.Alert {
	labels := map[string]string{name: value}
	for k, v := range a.Labels {
		if k != name {
			labels[k] = v
		}
	}
	a.Labels = labels
	return a
}
