package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/singleflight"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// Options configure a Classifier.
type Options struct {
	// Sink takes the counts. Required.
	Sink ingest.Sink
	// Limits bound the values of labels. The zero value means
	// ingest.DefaultLimits.
	Limits ingest.Limits
	// Logger: nil discards.
	Logger *slog.Logger
	// Registerer: nil leaves the metrics unregistered.
	Registerer prometheus.Registerer
	// Now is the wall time. Nil means time.Now.
	Now func() time.Time
}

// Classifier says what spans and log records are to SLOs, and counts them. Any
// number of requests may be taken at once.
type Classifier struct {
	options     Options
	logger      *slog.Logger
	metrics     *metrics
	spans, logs signal
	repeats     repeats
	// flights keeps a request and its repetition apart while the first one is
	// not done.
	flights  singleflight.Group
	readings sync.Pool
}

// signal is what is known of spans, or of log records.
type signal struct {
	name   string
	plan   atomic.Pointer[plan]
	memory *memory
}

// The signals' names, in metrics and answers.
const (
	spansSignal = "spans"
	logsSignal  = "logs"
)

// New returns a classifier without SLOs: it looks at nothing before Serve.
func New(o Options) (*Classifier, error) {
	if o.Sink == nil {
		return nil, errors.New("create classifier of events: no sink")
	}
	if o.Limits == (ingest.Limits{}) {
		o.Limits = ingest.DefaultLimits()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Classifier{options: o, logger: o.Logger.With("component", "events")}
	c.spans.name, c.spans.memory = spansSignal, newMemory()
	c.logs.name, c.logs.memory = logsSignal, newMemory()
	c.readings.New = func() any { return &reading{limits: o.Limits} }
	c.metrics = newMetrics(o.Registerer, map[string]func() float64{
		spansSignal: c.spans.memory.size, logsSignal: c.logs.memory.size,
	})
	c.Serve(nil)
	return c, nil
}

// Serve looks at events for these programs from now on. Requests at hand are
// finished for those before.
func (c *Classifier) Serve(programs []*sli.Program) {
	c.spans.serve(newSpanPlan(programs))
	c.logs.serve(newLogPlan(programs))
}

func (s *signal) serve(p *plan) {
	s.plan.Store(p)
	s.memory.keep(p)
}

// Traces takes a request of spans. request are the bytes it is known by when it
// comes again; decode is called once, or not at all where no SLO asks for spans
// or the request was counted before. Its error is returned as it is. Other
// errors mean that nothing was counted: the same request may be sent again.
func (c *Classifier) Traces(ctx context.Context, request []byte, decode func() (ptrace.Traces, error)) (ingest.Outcome, error) {
	return c.take(ctx, &c.spans, request, func(r *reading) error {
		td, err := decode()
		if err == nil {
			r.spans(td)
		}
		return err
	})
}

// Logs is as Traces, for log records.
func (c *Classifier) Logs(ctx context.Context, request []byte, decode func() (plog.Logs, error)) (ingest.Outcome, error) {
	return c.take(ctx, &c.logs, request, func(r *reading) error {
		ld, err := decode()
		if err == nil {
			r.logs(ld)
		}
		return err
	})
}

// take counts a request unless it was counted before.
func (c *Classifier) take(ctx context.Context, s *signal, request []byte, read func(*reading) error) (ingest.Outcome, error) {
	p := s.plan.Load()
	if p.idle() {
		return ingest.Outcome{}, nil
	}
	mine, print := false, fingerprintOf(s.name, request)
	outcome, err, _ := c.flights.Do(print.String(), func() (any, error) {
		if c.repeats.has(print, c.options.Now()) {
			return ingest.Outcome{}, nil
		}
		mine = true
		return c.count(ctx, s, p, print, read)
	})
	if err != nil {
		return ingest.Outcome{}, err
	}
	if !mine {
		c.metrics.repeated.WithLabelValues(s.name).Inc()
	}
	return outcome.(ingest.Outcome), nil
}

// count looks a request through and hands over what it adds.
func (c *Classifier) count(ctx context.Context, s *signal, p *plan, print fingerprint, read func(*reading) error) (ingest.Outcome, error) {
	r := c.readings.Get().(*reading)
	defer c.readings.Put(r)
	defer r.end()
	now := c.options.Now()
	r.begin(p, now)
	if err := read(r); err != nil {
		return ingest.Outcome{}, err
	}
	var receipt sli.Receipt
	if len(r.tally.order) > 0 {
		var err error
		if receipt, err = c.hand(ctx, s.memory.recall(p, r.tally.order, now)); err != nil {
			return ingest.Outcome{}, err
		}
		c.repeats.remember(print, now)
	}
	c.metrics.observe(s.name, r)
	if r.accepted > 0 {
		c.beat(ctx, s.memory.beat(p, r.newest, now))
	}
	return r.refusals.outcome(s.name, r.accepted, receipt), nil
}

// hand hands series to the engine. A sender that has gone away does not cancel
// it: what is counted and not answered would be sent, and counted, again.
func (c *Classifier) hand(ctx context.Context, series []sli.Series) (sli.Receipt, error) {
	receipt, err := c.options.Sink.Ingest(context.WithoutCancel(ctx), &sli.Batch{Series: series})
	if err != nil {
		return sli.Receipt{}, fmt.Errorf("hand over counts of events: %w", err)
	}
	return receipt, nil
}

// beatBatch bounds the series of one batch: others have batches, too.
const beatBatch = 2000

// beat says that nothing happened. It can be missed: it is said again.
func (c *Classifier) beat(ctx context.Context, series []sli.Series) {
	for part := range slices.Chunk(series, beatBatch) {
		if _, err := c.hand(ctx, part); err != nil {
			c.logger.Debug("some series are not told that nothing happened", "error", err)
			return
		}
	}
}
