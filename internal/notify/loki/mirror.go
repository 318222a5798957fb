package loki

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/grafana/loki-client-go/pkg/backoff"
	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/common/config"
)

// Options say where lines go. The zero value of a field takes the default that
// is named.
type Options struct {
	// URL is Loki's address, with its path prefix if it has one; the path of
	// the push API is added unless it is there.
	URL string
	// TenantID is the value of X-Scope-OrgID; empty: the header is not sent.
	TenantID string
	// HTTP is how to talk to it.
	HTTP promconfig.HTTPClientConfig
	// Labels are added to those of each line, whose own win. job is slo-engine
	// unless they say otherwise.
	Labels map[string]string
	// BatchWait is how long a line may wait for others to travel with. Default
	// 1 s.
	BatchWait time.Duration
	// BatchSize is about how many bytes of lines travel together. Default 1 MiB.
	BatchSize int
	// Timeout bounds one push. Default 5 s.
	Timeout time.Duration
	// QueueBytes is how many bytes of lines may wait before the oldest go.
	// Default 16 MiB, some thirty thousand lines.
	QueueBytes int
	// MinBackoff and MaxBackoff are the least and the greatest time between two
	// attempts. Defaults 500 ms and 30 s.
	MinBackoff, MaxBackoff time.Duration
	// GiveUp is how long the same lines are tried before they go, lest they are
	// what Loki fails at. Default 1 h.
	GiveUp time.Duration
	// DrainTimeout is how long Run goes on handing over lines after its ctx has
	// ended; after that it takes at most two times Timeout. Default 2 s.
	DrainTimeout time.Duration
	// Logger is told when Loki goes away and comes back. nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
}

func (o *Options) setDefaults() {
	o.BatchWait = cmp.Or(o.BatchWait, time.Second)
	o.BatchSize = cmp.Or(o.BatchSize, 1<<20)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.QueueBytes = cmp.Or(o.QueueBytes, 16<<20)
	o.MinBackoff = cmp.Or(o.MinBackoff, 500*time.Millisecond)
	o.MaxBackoff = cmp.Or(o.MaxBackoff, 30*time.Second)
	o.GiveUp = cmp.Or(o.GiveUp, time.Hour)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 2*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "loki")
}

// Mirror sends lines to a Loki. Put may be called by several goroutines, also
// before Run.
type Mirror struct {
	options Options
	metrics *metrics
	queue   *queue
	pusher  *pusher
	started atomic.Bool
	// dropping says that the log knows of a queue that is full.
	dropping atomic.Bool
}

// New returns a mirror that sends nothing before Run; what is put meanwhile
// waits. It holds nothing that must be closed if Run is never called.
func New(o Options) (*Mirror, error) {
	o.setDefaults()
	m := &Mirror{options: o, queue: newQueue(o.QueueBytes)}
	var err error
	if m.pusher, err = newPusher(o); err != nil {
		return nil, err
	}
	m.metrics, err = newMetrics(o.Registerer, m.queue.len)
	return m, err
}

// Put has entries mirrored, in this order. It waits for nothing.
func (m *Mirror) Put(entries ...Entry) {
	n := m.queue.push(entries)
	if n == 0 {
		return
	}
	m.metrics.dropped.WithLabelValues(queueFull).Add(float64(n))
	if !m.dropping.Swap(true) {
		m.options.Logger.Warn("the queue is full: the oldest lines do not get to Loki", "bytes", m.options.QueueBytes)
	}
}

// Run sends until ctx ends, and then what still waits, for a bounded time. A
// mirror runs once.
func (m *Mirror) Run(ctx context.Context) error {
	if m.started.Swap(true) {
		return errors.New("run Loki mirror: it ran before; create another")
	}
	if err := m.pusher.start(); err != nil {
		return err
	}
	for {
		batch := m.queue.take(ctx, m.options.BatchSize)
		if len(batch) > 0 && m.deliver(ctx, batch) {
			continue
		}
		m.drain(batch)
		return nil
	}
}

// deliver tries until a batch is settled; false: ctx has ended before.
func (m *Mirror) deliver(ctx context.Context, batch []Entry) bool {
	began := time.Now()
	wait := backoff.New(ctx, backoff.BackoffConfig{MinBackoff: m.options.MinBackoff, MaxBackoff: m.options.MaxBackoff})
	for ; wait.Ongoing(); wait.Wait() {
		switch err := m.pusher.push(ctx, batch); {
		case err == nil:
			m.settled(len(batch), wait.NumRetries())
			return true
		case ctx.Err() != nil:
			return false
		case m.hopeless(err, batch, time.Since(began)):
			return true
		case wait.NumRetries() == 0:
			m.options.Logger.Warn("Loki takes no lines, they wait", "error", err)
		}
	}
	return false
}

// settled counts lines that Loki took.
func (m *Mirror) settled(lines, retries int) {
	m.metrics.sent.Add(float64(lines))
	m.dropping.Store(false)
	if retries > 0 {
		m.options.Logger.Info("Loki takes lines again", "attempts", retries+1)
	}
}

// hopeless counts a failure and reports whether a batch is not tried again.
func (m *Mirror) hopeless(err error, batch []Entry, tried time.Duration) bool {
	m.metrics.failures.Inc()
	reason := refused
	if failure := (*failure)(nil); !errors.As(err, &failure) || !failure.final() {
		if tried < m.options.GiveUp {
			return false
		}
		reason = gaveUp
	}
	m.metrics.dropped.WithLabelValues(reason).Add(float64(len(batch)))
	m.options.Logger.Error("lines are not in Loki", "lines", len(batch), "reason", reason, "error", err)
	return true
}

// drain makes a last attempt at what waits, after a batch that may be with the
// client already.
func (m *Mirror) drain(batch []Entry) {
	if m.pusher.handed == 0 {
		m.pusher.hand(batch)
	}
	for deadline := time.Now().Add(m.options.DrainTimeout); time.Now().Before(deadline); {
		rest := m.queue.takeNow(m.options.BatchSize)
		if len(rest) == 0 {
			break
		}
		m.pusher.hand(rest)
	}
	lines := m.pusher.handed + m.queue.len()
	sent := m.pusher.stop()
	m.metrics.sent.Add(float64(sent))
	if lost := lines - sent; lost > 0 {
		m.metrics.dropped.WithLabelValues(stopped).Add(float64(lost))
		m.options.Logger.Warn("ending with lines that are not in Loki", "lines", lost)
	}
}
