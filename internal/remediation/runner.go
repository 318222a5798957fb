package remediation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options are what a Runner works with. Store, Gateways, Events, View and
// Playbooks must be set.
type Options struct {
	Store     Store
	Gateways  Gateways
	Events    Events
	View      func() View
	Playbooks func() []*slo.Remediation
	// Muted may be nil: nothing is muted.
	Muted Muted
	Mode  Mode
	Storm Storm
	// MaxOpen and MaxPerHour bound the actions of all services. 0: 20 and 60.
	MaxOpen, MaxPerHour int
	// Holder names this engine among those that share the Store; it is the same
	// after a restart. Empty: slo-engine.
	Holder string
	// Receivers are told of every move, each through the outbox: the message is on
	// disk with the move.
	Receivers []string
	// Told is called with every move of an action, after it is on record; it must
	// not wait. nil: nobody listens.
	Told func(Event)

	// Interval is the time between two looks. 0: half a second.
	Interval time.Duration
	// CallTimeout bounds one call to a gateway. 0: 5 s.
	CallTimeout time.Duration
	// Settle is how long a gateway may take until what it was told is to be seen,
	// and how long an answer that did not come may still have an effect. 0: 12 s.
	Settle time.Duration
	// LeadFor is how long a leader leads without saying so again. 0: 15 s.
	LeadFor time.Duration
	// Jobs bounds what is done at once. 0: 16.
	Jobs int

	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// NewID makes ids that are unique and sort by time. nil: usual ones.
	NewID      func(now time.Time) string
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

// approvalTime is how long a person may take to say yes.
const approvalTime = 15 * time.Minute

func (o Options) withDefaults() Options {
	o.MaxOpen, o.MaxPerHour = cmp.Or(o.MaxOpen, 20), cmp.Or(o.MaxPerHour, 60)
	o.Holder, o.Jobs = cmp.Or(o.Holder, "slo-engine"), cmp.Or(o.Jobs, 16)
	o.Interval, o.CallTimeout = cmp.Or(o.Interval, 500*time.Millisecond), cmp.Or(o.CallTimeout, 5*time.Second)
	o.Settle, o.LeadFor = cmp.Or(o.Settle, 12*time.Second), cmp.Or(o.LeadFor, 15*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// newID is a time and some chance: a name that every gateway takes.
func newID(now time.Time) string {
	return fmt.Sprintf("%s-%06d-%05x", now.UTC().Format("20060102t150405"), now.Nanosecond()/1000, rand.IntN(1<<20))
}

// Runner carries out what is decided. Each action is advanced by one job at a
// time; what a job knows is on record before it does anything, so that any
// other engine can go on from there.
type Runner struct {
	o       Options
	m       *metrics
	log     *slog.Logger
	started time.Time

	jobs  sync.WaitGroup
	slots chan struct{}

	mu    sync.Mutex
	lead  Leadership
	until time.Time // by our own clock, which only goes forward
	// busy are records and efforts that a job is about.
	busy map[string]bool
	// fresh are records whose last move this process made and knows to be on
	// record: nothing else can be under way for them.
	fresh map[string]bool
	// said is the last reason for each decision; later when it is tried again.
	said  map[string]Reason
	later map[string]time.Time
	// looked is when the gateway was last asked about a record.
	looked map[string]time.Time
	// writes counts what this engine has written.
	writes uint64
	// drilling are those of this process.
	drilling map[string]*stopwatch

	// Tick's own: what is known of the last week.
	recent struct {
		records  []Record
		autonomy map[string]Autonomy
		writes   uint64
		at       time.Time
	}
}

// New makes a Runner.
func New(o Options) *Runner {
	o = o.withDefaults()
	return &Runner{
		o: o, m: newMetrics(o.Registerer), log: o.Logger.With("component", "remediation"), started: exact(o.Now()),
		slots: make(chan struct{}, o.Jobs),
		busy:  map[string]bool{}, fresh: map[string]bool{}, said: map[string]Reason{},
		later: map[string]time.Time{}, looked: map[string]time.Time{}, drilling: map[string]*stopwatch{},
	}
}

// Run works until ctx is done, and then waits for what is under way.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(r.o.Interval)
	defer tick.Stop()
	defer r.jobs.Wait()
	for {
		r.Tick(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Resign gives the lead away at once, after Run has returned: the next engine
// need not wait.
func (r *Runner) Resign(ctx context.Context) error { return r.o.Store.Resign(ctx, r.o.Holder) }

// Tick looks once at everything: it asks for the lead, advances the actions
// that are due, and decides about the alerts. It waits for no gateway.
func (r *Runner) Tick(ctx context.Context) {
	if ctx.Err() != nil || !r.leads(ctx) {
		return
	}
	view := r.o.View()
	open, err := r.o.Store.Find(ctx, Query{Open: true})
	if err != nil {
		r.trouble("look for open actions", err)
		return
	}
	r.m.open.set(open)
	now := r.now()
	for _, rec := range open {
		if due(rec, now) {
			r.job(ctx, rec.ID, func() { r.drive(ctx, rec) })
		}
	}
	r.decide(ctx, view, open)
}

// due reports whether an action is looked at again. One that was written in the
// future is, too: the clock was set back.
func due(rec Record, now time.Time) bool { return !rec.Next.After(now) || rec.Updated.Sub(now) > slack }

// Wait waits for the jobs that are under way.
func (r *Runner) Wait() { r.jobs.Wait() }

// Leads reports whether this engine is the one that acts.
func (r *Runner) Leads() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.o.Now().Before(r.until)
}

// Leader names the engine that acts, as far as this one knows; empty: it has
// not asked yet.
func (r *Runner) Leader() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lead.Holder
}

// leads asks for the lead, and reports whether this engine has it.
func (r *Runner) leads(ctx context.Context) bool {
	now := r.o.Now()
	if r.leadsStill(now) {
		return true
	}
	lead, err := r.o.Store.Lead(ctx, r.o.Holder, exact(now), r.o.LeadFor)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.trouble("ask for the lead", err)
		return now.Before(r.until) // still ours: nobody else got it
	}
	if lead.Epoch != r.lead.Epoch || !lead.Leads {
		clear(r.fresh) // somebody else may have been there
	}
	r.lead = lead
	if r.until = (time.Time{}); lead.Leads {
		r.until = now.Add(r.o.LeadFor)
	}
	return lead.Leads
}

// leadsStill reports whether the lead need not be asked for yet: that is a write
// to the disk.
func (r *Runner) leadsStill(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lead.Leads && r.until.Sub(now) > r.o.LeadFor*2/3 && r.until.Sub(now) <= r.o.LeadFor
}

// standDown gives up what another engine has now.
func (r *Runner) standDown() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = time.Time{}
	clear(r.fresh)
}

// job runs f beside others, unless something is done about the key already.
func (r *Runner) job(_ context.Context, key string, f func()) {
	select {
	case r.slots <- struct{}{}:
	default:
		return // at the next tick
	}
	if !r.claim(key) {
		<-r.slots
		return
	}
	r.jobs.Go(func() {
		defer func() {
			r.release(key)
			<-r.slots
		}()
		f()
	})
}

// claim reports whether nothing is done about a key; then it is the caller's
// until it is released.
func (r *Runner) claim(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[key] {
		return false
	}
	r.busy[key] = true
	return true
}

func (r *Runner) release(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, key)
}

// drive advances an action as long as there is something to do at once.
func (r *Runner) drive(ctx context.Context, rec Record) {
	for ctx.Err() == nil && !rec.State.Over() && due(rec, r.now()) {
		next, err := r.advance(ctx, rec)
		switch {
		case errors.Is(err, ErrNotLeading):
			r.standDown()
			return
		case err != nil:
			r.forget(rec.ID)
			if !errors.Is(err, ErrRevision) && ctx.Err() == nil {
				r.trouble("advance action "+rec.ID, err)
			}
			return
		case next.Revision == rec.Revision:
			return
		}
		rec = next
	}
}

// slack is how far clocks of engines may differ.
const slack = 5 * time.Second

// rebased is a record whose times are as long ago, and as far ahead, as they
// were before the clock was set back.
func rebased(rec Record, by time.Duration) Record {
	for _, t := range []*time.Time{&rec.Entered, &rec.Acted, &rec.Stepped, &rec.Quiet, &rec.Expires, &rec.Next} {
		if !t.IsZero() {
			*t = t.Add(-by)
		}
	}
	return rec
}

// advance makes the next move of an action; the record comes back as it was
// when there is none yet.
func (r *Runner) advance(ctx context.Context, rec Record) (Record, error) {
	if back := rec.Updated.Sub(r.now()); back > slack {
		return r.save(ctx, rebased(rec, back), false, deed{what: "clock_set_back", data: map[string]any{"by": back.String()}})
	}
	switch rec.State {
	case Proposed:
		return r.begin(ctx, rec)
	case Awaiting:
		return r.await(ctx, rec)
	case Applying:
		return r.apply(ctx, rec)
	case Verifying:
		return r.verify(ctx, rec)
	case Holding:
		return r.hold(ctx, rec)
	case Undoing:
		return r.undo(ctx, rec)
	}
	return rec, nil
}

func (r *Runner) now() time.Time { return exact(r.o.Now()) }

// exact is a time as the Store keeps it.
func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// forget makes a record one of which it is not known what is under way.
func (r *Runner) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.fresh, id)
}

func (r *Runner) isFresh(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh[id]
}

// trouble is what the Store does: it is told, and tried again.
func (r *Runner) trouble(doing string, err error) {
	r.m.trouble.Inc()
	r.log.Error("cannot "+doing, "err", err)
}
