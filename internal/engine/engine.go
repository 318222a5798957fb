package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options configure an Engine. The zero value is usable.
type Options struct {
	// Tick is the time between evaluations, in whole seconds. Default 1 s.
	Tick time.Duration
	// Refresh is how often a firing alert's annotations are renewed. Default
	// 1 min.
	Refresh time.Duration
	// Reread is how old an instance's figures may become while nothing is
	// counted for it. Its alerts are judged at every tick all the same: figures
	// stand only as long as it is proven that no decision can differ, and each
	// reading says when its window ended. Default 0: all is read at every tick.
	Reread time.Duration
	// Lateness and Remember are those of sli.Options.
	Lateness, Remember time.Duration
	// MaxSeries bounds the known series. Default sli.DefaultMaxSeries.
	MaxSeries int
	// QueueLength is how many requests may wait to be counted. Default 256.
	QueueLength int
	// Notify takes alerts that fired, changed or resolved. It must not block.
	// nil: nobody is told.
	Notify func(now time.Time, batch []alerts.Alert)
	// Watch sees each alert event once, as the log does, also of those alerts
	// that wake nobody. It must not block. nil: nobody does.
	Watch func(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts)
	// Link is the address of an instance's page; nil: alerts have none.
	Link func(id string) string
	// Logger gets each alert event once. nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the engine's metrics; nil: they are not registered.
	Registerer prometheus.Registerer
	// Journal keeps what was counted, for Recover; nil: nobody does.
	Journal Journal
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Tick <= 0 {
		o.Tick = time.Second
	}
	if o.Refresh <= 0 {
		o.Refresh = time.Minute
	}
	if o.QueueLength <= 0 {
		o.QueueLength = 256
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = sli.DefaultMaxSeries
	}
	if o.Notify == nil {
		o.Notify = func(time.Time, []alerts.Alert) {}
	}
	if o.Watch == nil {
		o.Watch = func(time.Time, alerts.Subject, alerts.Event, alerts.Facts) {}
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

// ErrBusy says that the queue is full: nothing was promised, the same batch
// may be sent again.
var ErrBusy = errors.New("ingest queue is full")

// ErrStopped says that the engine does not run any more.
var ErrStopped = errors.New("engine is stopped")

// Engine makes a Core go: it owns the goroutine that owns the core, and the
// tick. Run makes it go; all other methods may be called from any goroutine.
type Engine struct {
	options  Options
	core     *Core       // touched by what is sent to its owner only
	inbox    chan func() // batches
	calls    calls       // what goes there
	orders   chan func() // ticks, loads, snapshots: they go before batches
	snapshot atomic.Pointer[Snapshot]
	watched  atomic.Pointer[[]Watched] // what Watch was told; nil once it is done

	wanted chan struct{} // asks for a snapshot
	// Owner only: what a snapshot must not meet, and how many records were lost
	// at the last cut.
	mark    mark
	cutLost uint64
	// recount is how long it took to count what no snapshot holds, in
	// nanoseconds: a restart must count it again.
	recount atomic.Int64

	running chan struct{} // closed when Run has begun
	stopped chan struct{} // closed when the owner has ended
}

// New returns an engine without SLOs.
func New(o Options) *Engine {
	o = o.withDefaults()
	return &Engine{
		options: o, core: newCore(o), inbox: make(chan func(), o.QueueLength), orders: make(chan func(), 1),
		wanted:  make(chan struct{}, 1),
		running: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Snapshot is the state at the newest tick; nil before the first.
func (e *Engine) Snapshot() *Snapshot { return e.snapshot.Load() }

// Book is where receivers look up the series that are known.
func (e *Engine) Book() *sli.Book { return e.core.Book() }

// Run owns the core and the tick until ctx ends. Then it spares the next start
// what would take it long, within lastSnapshotWithin.
func (e *Engine) Run(ctx context.Context) error {
	owned, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	var owner, saver sync.WaitGroup
	owner.Go(func() { e.own(owned) })
	saver.Go(func() { e.snapshots(ctx) })
	close(e.running)
	e.ticks(ctx)
	saver.Wait()
	e.lastSnapshot(owned)
	release()
	owner.Wait()
	close(e.stopped)
	return nil
}

// own executes what is sent to the owner until ctx ends.
func (e *Engine) own(ctx context.Context) {
	for {
		select {
		case f := <-e.orders: // however many batches wait
			f()
			continue
		default:
		}
		select {
		case f := <-e.orders:
			f()
		case f := <-e.inbox:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// do lets the owner execute a function and waits until it has; false when
// ended is closed first: then the owner may never come to it.
func (e *Engine) do(ended <-chan struct{}, f func()) bool {
	done := make(chan struct{}, 1) // the owner does not wait for us
	select {
	case e.orders <- func() { f(); done <- struct{}{} }:
	case <-ended:
		return false
	}
	select {
	case <-done:
		return true
	case <-ended:
		return false
	}
}

// begun waits until the engine runs: nothing empties the queue before, and
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
		next = next.Add(tick)
		if late := now.Sub(next); late >= 0 { // a clock that jumps by years must not be followed step by step
			missed := late/tick + 1
			e.core.metrics.missedTicks.Add(float64(missed))
			next = next.Add(missed * tick)
		}
		if next.Sub(now) > tick { // the clock was set back: do not wait until it is there again
			next = now.Truncate(tick).Add(tick)
		}
		timer.Reset(next.Sub(now))
	}
}

// evaluate judges every instance at one time and publishes what was seen.
func (e *Engine) evaluate(ctx context.Context, at time.Time) {
	begun := time.Now()
	e.do(ctx.Done(), func() {
		e.watch()
		e.snapshot.Store(e.core.Evaluate(at))
		e.keep(e.core.alertRecord()) // nobody waits for it
	})
	e.core.metrics.tick.Observe(time.Since(begun).Seconds())
}

// Load makes the engine count for these SLOs from now on, and show these
// problems: see Core.Load. ctx bounds the wait for Run; once begun, a load
// goes to its end.
func (e *Engine) Load(ctx context.Context, programs []*sli.Program, problems []slo.Problem) error {
	if err := e.begun(ctx); err != nil {
		return err
	}
	if !e.do(e.stopped, func() {
		e.core.Load(programs, problems, e.options.Now())
		e.mark.loads++
		e.keep(e.core.tracker.AppendLoad([]byte{kindLoad}))
	}) {
		return ErrStopped
	}
	e.askSnapshot()
	return nil
}
