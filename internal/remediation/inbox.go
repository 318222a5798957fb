package remediation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrBusy says that an alert could not be taken now: there is no room for it,
// or the Store does not answer. It is to be told again.
var ErrBusy = errors.New("alerts from elsewhere cannot be taken now")

// InboxStore is what an Inbox needs of a Store.
type InboxStore interface {
	TakeInbound(ctx context.Context, seen int64, alerts []Inbound, forget []string) (int64, error)
	Inbound(ctx context.Context, after int64) ([]Inbound, int64, error)
}

// InboxOptions are what an Inbox works with. Store must be set.
type InboxOptions struct {
	Store InboxStore
	// Max bounds the alerts that are kept, MaxBytes what they take. 0: 20,000 and
	// 64 MiB. Those that ended first are forgotten for new ones; one that fires
	// is not.
	Max, MaxBytes int
	// MaxAge is how long ago an alert may have begun, when it is heard of first,
	// to start an action. 0: a day.
	MaxAge time.Duration
	// StaleAfter is how long one fires that is not repeated, unless it says itself
	// when it ends. It must be longer than Alertmanager's repeat_interval. 0: a
	// day.
	StaleAfter time.Duration
	// Keep is how long one is remembered that has ended. 0: a quarter of an hour.
	Keep time.Duration

	Now        func() time.Time      // nil: time.Now
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

func (o InboxOptions) withDefaults() InboxOptions {
	o.Max, o.MaxBytes = cmp.Or(o.Max, 20_000), cmp.Or(o.MaxBytes, 64<<20)
	o.MaxAge, o.StaleAfter = cmp.Or(o.MaxAge, 24*time.Hour), cmp.Or(o.StaleAfter, 24*time.Hour)
	o.Keep = cmp.Or(o.Keep, 15*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Inbox keeps the alerts that others raise, in memory and in the Store, for all
// engines that share it. What was taken is on disk before its sender hears so.
type Inbox struct {
	o     InboxOptions
	log   *slog.Logger
	m     *inboxMetrics
	began time.Time
	takes chan *taking
	over  chan struct{} // closed when Run has returned
	// troubled says that the last look failed. It is Run's own.
	troubled bool

	// mu guards what follows. Only Run's goroutine, and Load before it, write.
	mu     sync.Mutex
	kept   map[string]Inbound
	bytes  int
	number int64 // of the last write to the Store that is in here

	alerts []Alert   // what Alerts returned last; nil: it is made anew
	made   time.Time // when
	next   time.Time // when it changes by itself; zero: never
}

// taking is a request, and its answer.
type taking struct {
	alerts []Inbound
	taken  Taken
	answer chan error
}

// NewInbox makes one that is empty until Load, or Run, has read the Store.
func NewInbox(o InboxOptions) *Inbox {
	o = o.withDefaults()
	b := &Inbox{
		o: o, log: o.Logger.With("component", "inbox"), began: exact(o.Now()), kept: map[string]Inbound{},
		takes: make(chan *taking), over: make(chan struct{}),
	}
	b.m = newInboxMetrics(o.Registerer, b)
	return b
}

// Load reads what the Store has. It is called before a Runner decides, so that
// what fires is known; where it fails, Run tries again.
func (b *Inbox) Load(ctx context.Context) error {
	if err := b.catchUp(ctx); err != nil {
		return fmt.Errorf("load alerts from elsewhere: %w", err)
	}
	return nil
}

// lookEvery is the time between two looks at what others wrote, and at what may
// be forgotten.
const lookEvery = time.Second

// Run takes what it is given, and forgets what is over, until ctx is done.
func (b *Inbox) Run(ctx context.Context) {
	defer close(b.over)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-b.takes:
			b.take(ctx, b.company(t))
		case <-tick.C:
			b.look(ctx)
		}
	}
}

// Take notes what somebody tells, and returns when that is on disk. Heard is set
// here. ErrBusy: some of it, or all, is to be told again; Taken counts the rest.
func (b *Inbox) Take(ctx context.Context, alerts []Inbound) (Taken, error) {
	t := &taking{alerts: alerts, answer: make(chan error, 1)}
	select {
	case b.takes <- t:
	case <-b.over:
		return nil, fmt.Errorf("%w: the engine stops", ErrBusy)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
	select {
	case err := <-t.answer:
		return t.taken, err
	case <-ctx.Done(): // it may be written all the same, and told again
		return nil, fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
}

func (b *Inbox) now() time.Time { return exact(b.o.Now()) }

func (b *Inbox) phase(a Inbound, now time.Time) phase { return a.phase(now, b.o.StaleAfter, b.o.Keep) }
