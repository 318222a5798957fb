package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options configure an Engine. The zero value is usable.
type Options struct {
	// Shards is the number of owner goroutines. Default GOMAXPROCS, at most 64.
	Shards int
	// Tick is the time between evaluations, in whole seconds. Default 1 s.
	Tick time.Duration
	// Refresh is how often a firing alert's annotations are renewed. Default
	// 1 min.
	Refresh time.Duration
	// Lateness and Remember are those of sli.Options.
	Lateness, Remember time.Duration
	// MaxSeries bounds the series known to all shards together. Default
	// sli.DefaultMaxSeries.
	MaxSeries int
	// QueueLength is how many requests may wait for one shard. Default 64.
	QueueLength int
	// Notify takes alerts that fired, changed or resolved. It must not block.
	// nil: nobody is told.
	Notify func(now time.Time, batch []alerts.Alert)
	// Link is the address of an instance's page; nil: alerts have none.
	Link func(id string) string
	// Logger gets each alert event once. nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the engine's metrics; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Shards <= 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	o.Shards = min(o.Shards, 64) // a route is a 64-bit set of shards
	if o.Tick <= 0 {
		o.Tick = time.Second
	}
	if o.Refresh <= 0 {
		o.Refresh = time.Minute
	}
	if o.QueueLength <= 0 {
		o.QueueLength = 64
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = sli.DefaultMaxSeries
	}
	if o.Notify == nil {
		o.Notify = func(time.Time, []alerts.Alert) {}
	}
	if o.Link == nil {
		o.Link = func(string) string { return "" }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "engine")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// ErrBusy says that the shards' queues are full: nothing was promised, the
// same batch may be sent again.
var ErrBusy = errors.New("ingest queues are full")

// ErrStopped says that the engine does not run any more.
var ErrStopped = errors.New("engine is stopped")

// Engine counts and judges. Run makes it go; all other methods may be called
// from any goroutine.
type Engine struct {
	options Options
	metrics *metrics
	shards  []*shard

	// loading keeps two loads apart; readers do not take it.
	loading  sync.Mutex
	problems atomic.Pointer[[]slo.Problem]
	routes   atomic.Pointer[routes]
	snapshot atomic.Pointer[Snapshot]

	running chan struct{} // closed when Run has begun
	stopped chan struct{} // closed when the shards have ended
}

// New returns an engine without SLOs.
func New(o Options) *Engine {
	o = o.withDefaults()
	e := &Engine{
		options: o, metrics: newMetrics(o.Registerer),
		running: make(chan struct{}), stopped: make(chan struct{}),
	}
	tracker := sli.Options{Lateness: o.Lateness, Remember: o.Remember, Quota: sli.NewQuota(o.MaxSeries)}
	for i := range o.Shards {
		e.shards = append(e.shards, newShard(strconv.Itoa(i), o, tracker, e.metrics))
	}
	e.problems.Store(&[]slo.Problem{})
	e.routes.Store(&routes{})
	return e
}

// Snapshot is the state at the newest tick; nil before the first.
func (e *Engine) Snapshot() *Snapshot { return e.snapshot.Load() }

// Run owns the shards and the tick until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	var shards sync.WaitGroup
	for _, s := range e.shards {
		shards.Go(func() { s.run(ctx) })
	}
	close(e.running)
	e.ticks(ctx)
	shards.Wait()
	close(e.stopped)
	return nil
}

// begun waits until the engine runs: nothing empties the queues before, and
// nothing does once it has stopped.
func (e *Engine) begun(ctx context.Context) error {
	select {
	case <-e.running:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-e.stopped:
		return ErrStopped
	default:
		return nil
	}
}

// ticks evaluates on every edge of Tick. An edge that passes while the last
// evaluation still runs is missed, and counted.
func (e *Engine) ticks(ctx context.Context) {
	tick := e.options.Tick
	next := e.options.Now().Truncate(tick).Add(tick)
	timer := time.NewTimer(next.Sub(e.options.Now()))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		e.evaluate(ctx, next)
		now := e.options.Now()
		for next = next.Add(tick); !next.After(now); next = next.Add(tick) {
			e.metrics.missedTicks.Inc()
		}
		if next.Sub(now) > tick { // the clock was set back: do not wait until it is there again
			next = now.Truncate(tick).Add(tick)
		}
		timer.Reset(next.Sub(now))
	}
}

// evaluate lets every shard judge its instances at one time and publishes
// what they say.
func (e *Engine) evaluate(ctx context.Context, at time.Time) {
	begun := time.Now()
	results := make([][]*Instance, len(e.shards))
	done := make(chan struct{}, len(e.shards)) // room for all: no shard waits for us
	for i, s := range e.shards {
		if !s.do(ctx.Done(), func() { results[i] = s.evaluate(at); done <- struct{}{} }) {
			return
		}
	}
	if !received(done, len(e.shards), ctx.Done()) {
		return
	}
	merged := slices.Concat(results...)
	slices.SortFunc(merged, func(a, b *Instance) int { return strings.Compare(a.ID, b.ID) })
	e.snapshot.Store(&Snapshot{At: at, Instances: merged, Problems: *e.problems.Load()})
	e.metrics.tick.Observe(time.Since(begun).Seconds())
}

// received waits for n values of done; false when ended is closed first: then
// the shards may never come to what was sent to them.
func received(done <-chan struct{}, n int, ended <-chan struct{}) bool {
	for range n {
		select {
		case <-done:
		case <-ended:
			return false
		}
	}
	return true
}

// Load makes the engine count for these SLOs from now on, and show these
// problems. SLOs whose events are defined as before keep what was counted;
// alerts of those that are gone resolve. It returns when every shard has
// taken over. ctx bounds the wait for Run; once begun, a load goes to its end,
// for half of it would be neither the old SLOs nor the new.
func (e *Engine) Load(ctx context.Context, programs []*sli.Program, problems []slo.Problem) error {
	e.loading.Lock()
	defer e.loading.Unlock()
	if err := e.begun(ctx); err != nil {
		return err
	}
	parts := make([][]*sli.Program, len(e.shards))
	for _, p := range programs {
		i := e.shardOf(p.Spec)
		parts[i] = append(parts[i], p)
	}
	next := newRoutes(parts)
	// Samples are routed by the old and the new names until every shard has
	// changed over, so that none falls between.
	e.routes.Store(next.union(e.routes.Load()))
	now := e.options.Now()
	for i, s := range e.shards {
		ready := make(chan struct{}, 1)
		if !s.do(e.stopped, func() { s.load(parts[i], now); ready <- struct{}{} }) || !received(ready, 1, e.stopped) {
			return ErrStopped
		}
	}
	e.routes.Store(next)
	problems = slices.Clone(problems)
	e.problems.Store(&problems)
	return nil
}

// shardOf keeps an SLO on one shard by its service.
func (e *Engine) shardOf(spec *slo.Spec) int {
	return int(xxhash.Sum64String(spec.Service) % uint64(len(e.shards)))
}
