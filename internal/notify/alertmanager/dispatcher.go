package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// Options are what a [Dispatcher] is made of; the zero value of each field
// takes the default that is named.
type Options struct {
	// Senders get every alert; their names differ. None: alerts are only held.
	Senders []Sender
	// ResendInterval is how often an unchanged alert is sent; default 1 min.
	ResendInterval time.Duration
	// EvaluationInterval is how often the engine ticks, and how often we look
	// for alerts that are due; default 1 s.
	EvaluationInterval time.Duration
	// ResolvedRetention is how long a resolved alert is resent; default 15 min.
	ResolvedRetention time.Duration
	// QueueCapacity is how many alerts may wait for one sender before the
	// oldest is dropped; default 10,000.
	QueueCapacity int
	// Timeout bounds one request; default 10 s.
	Timeout time.Duration
	// DrainTimeout bounds how long Run goes on sending after it was told to
	// end; default Timeout.
	DrainTimeout time.Duration
	// Logger takes what goes wrong; nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the metrics until Run ends; nil: they are not
	// registered.
	Registerer prometheus.Registerer
	// Now tells the time of a send; nil: time.Now.
	Now func() time.Time
	// Rand returns numbers in [0, 1) for the jitter of retries, to several
	// goroutines at a time; nil: random ones.
	Rand func() float64
}

func (o *Options) setDefaults() {
	o.ResendInterval = cmp.Or(o.ResendInterval, time.Minute)
	o.EvaluationInterval = cmp.Or(o.EvaluationInterval, time.Second)
	o.ResolvedRetention = cmp.Or(o.ResolvedRetention, 15*time.Minute)
	o.QueueCapacity = cmp.Or(o.QueueCapacity, 10_000)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, o.Timeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
}

func (o *Options) validate() error {
	for name, d := range map[string]time.Duration{
		"resend interval": o.ResendInterval, "evaluation interval": o.EvaluationInterval,
		"resolved retention": o.ResolvedRetention, "timeout": o.Timeout, "drain timeout": o.DrainTimeout,
	} {
		if d < 0 {
			return fmt.Errorf("create alert dispatcher: %s is %s, want a positive duration", name, d)
		}
	}
	if o.QueueCapacity < 0 {
		return fmt.Errorf("create alert dispatcher: queue capacity is %d, want a positive number", o.QueueCapacity)
	}
	seen := map[string]bool{}
	for _, s := range o.Senders {
		if seen[s.Name()] {
			return fmt.Errorf("create alert dispatcher: alertmanager %q is named twice; name it once", s.Name())
		}
		seen[s.Name()] = true
	}
	return nil
}

// Dispatcher holds the engine's alerts and keeps every sender informed of them.
// Its methods are safe for concurrent use.
type Dispatcher struct {
	opts    Options
	metrics *metrics
	lanes   []*lane
	started atomic.Bool

	// mu guards book, and the order in which its decisions enter the queues:
	// a resend chosen before a resolve must not be queued after it.
	mu   sync.Mutex
	book *book
}

// New returns a dispatcher that sends nothing before [Dispatcher.Run]; what is
// put meanwhile waits.
func New(opts Options) (*Dispatcher, error) {
	opts.setDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, err
	}
	d := &Dispatcher{opts: opts, metrics: m, book: newBook(opts.ResendInterval, opts.ResolvedRetention)}
	d.book.most = max(1, opts.QueueCapacity/2) // beside what waits already
	for _, s := range opts.Senders {
		d.lanes = append(d.lanes, d.newLane(s))
	}
	return d, nil
}

func (d *Dispatcher) newLane(s Sender) *lane {
	return &lane{
		sender:  s,
		queue:   newQueue(d.opts.QueueCapacity),
		backoff: backoff{rand: d.opts.Rand},
		timeout: d.opts.Timeout,
		// Prometheus's rule: an alert survives three lost sends.
		lifetime: 4 * max(d.opts.ResendInterval, d.opts.EvaluationInterval),
		now:      d.opts.Now,
		logger:   d.opts.Logger.With("component", "notify", "alertmanager", s.Name()),
		metrics:  d.metrics.lane(s.Name()),
	}
}

// Put records the alerts as they are at now. Those that are new or have changed
// (resolved, fired again, other annotations) are sent at once, the rest when
// their resend is due. An alert fires until a Put resolves it; leaving it out
// changes nothing. Put never waits for the network. It keeps the alerts' maps:
// the caller must not change them afterwards.
func (d *Dispatcher) Put(now time.Time, batch ...alerts.Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.push(d.book.put(now, batch))
}

// Active returns every alert held, firing or resolved within the retention,
// sorted by its labels.
func (d *Dispatcher) Active() []alerts.Alert {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.all()
}

// Run sends until ctx ends, then delivers what is still queued, for at most the
// drain timeout and not to a sender that fails. It returns when all its
// goroutines have ended. A dispatcher runs once: to change the senders, end it
// and put its Active alerts into another.
func (d *Dispatcher) Run(ctx context.Context) error {
	if d.started.Swap(true) {
		return errors.New("run alert dispatcher: it ran before; create another")
	}
	defer d.metrics.unregister(d.opts.Registerer)
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var lanes sync.WaitGroup
	for _, l := range d.lanes {
		lanes.Go(func() { l.run(ctx, hard) })
	}
	d.resend(ctx)
	defer time.AfterFunc(d.opts.DrainTimeout, cancel).Stop()
	lanes.Wait()
	return nil
}

// resend queues what is due at each tick until ctx ends.
func (d *Dispatcher) resend(ctx context.Context) {
	ticker := time.NewTicker(min(d.opts.EvaluationInterval, d.opts.ResendInterval))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.mu.Lock()
			d.push(d.book.due(d.opts.Now()))
			d.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// push queues the items for every sender; the caller holds the lock.
func (d *Dispatcher) push(items []item) {
	if len(items) == 0 {
		return
	}
	for _, l := range d.lanes {
		l.push(items)
	}
}
