package otlp

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// recorder is a sink that keeps copies of what it received.
type recorder struct {
	mu     sync.Mutex
	series []sli.Series
}

func (r *recorder) Ingest(_ context.Context, batch *sli.Batch) (sli.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var receipt sli.Receipt
	for _, s := range batch.Series {
		s.Labels, s.Raw, s.Points = s.Labels.Copy(), s.Raw.Copy(), slices.Clone(s.Points)
		r.series = append(r.series, s)
		receipt.Accepted += len(s.Points)
	}
	return receipt, nil
}

// find returns the series with a name and all the given labels, name after
// value; it fails the test unless there is just one.
func (r *recorder) find(t *testing.T, name string, more ...string) sli.Series {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	want := labels.FromStrings(append([]string{labels.MetricName, name}, more...)...)
	var found []sli.Series
	for _, s := range r.series {
		if has(s.Labels, want) || has(s.Raw, want) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d series match %v in %v", len(found), want, r.series)
	}
	return found[0]
}

func has(ls, want labels.Labels) bool {
	for _, l := range want {
		if ls.Get(l.Name) != l.Value {
			return false
		}
	}
	return true
}

// receivers are the servers that every test of the protocol runs against.
var receivers = []string{ReceiverDirect, ReceiverCollector}

// eachReceiver runs a test against each of them.
func eachReceiver(t *testing.T, test func(t *testing.T, receiver string)) {
	for _, receiver := range receivers {
		t.Run(receiver, func(t *testing.T) { test(t, receiver) })
	}
}

// listen starts a receiver on free ports and stops it with the test.
func listen(t testing.TB, o Options) *Receiver {
	t.Helper()
	o.GRPC, o.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

// answering is a sink that always gives the same answer.
func answering(receipt sli.Receipt, err error) ingest.Sink {
	return ingest.SinkFunc(func(context.Context, *sli.Batch) (sli.Receipt, error) { return receipt, err })
}
