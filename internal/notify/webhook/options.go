package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Store is what is asked of a remediation.Store.
type Store interface {
	Push(ctx context.Context, messages ...remediation.Message) error
	Pull(ctx context.Context, to string, now time.Time, most int) ([]remediation.Message, error)
	Settle(ctx context.Context, messages ...remediation.Message) error
	Backlog(ctx context.Context) ([]remediation.Backlog, error)
	Setting(ctx context.Context, name string) (json.RawMessage, error)
	Set(ctx context.Context, name string, value json.RawMessage, entries ...remediation.Entry) error
}

var _ Store = remediation.Store(nil)

// What a receiver can be told of.
const (
	Alerts  = "alert"  // transitions of alerts
	Actions = "action" // moves of actions
	Gates   = "gate"   // decisions of gates
)

// Receiver is somebody who is told.
type Receiver struct {
	// Name is unique, and names the receiver in the outbox: under another name
	// its messages are those of somebody who is gone.
	Name string
	// URL is where messages are POSTed. It is shown nowhere: it may be a secret.
	URL string
	// SecretFile holds the signing secret, see hook.ReadSecret; it is read for each
	// message, so that it can be exchanged. Empty: messages are not signed.
	SecretFile string
	// HTTP is how to talk to it. Redirects are not followed, whatever it says.
	HTTP promconfig.HTTPClientConfig
	// Types are what it is told of: alert, action, gate. Empty: all.
	Types []string
	// Timeout bounds one call. 0: 10 s.
	Timeout time.Duration
}

func (r Receiver) wants(kind string) bool {
	return len(r.Types) == 0 || slices.Contains(r.Types, kind)
}

// Options are what a Deliverer works with. Store must be set; the zero value of
// another field takes the default that is named.
type Options struct {
	Store     Store
	Receivers []Receiver
	// Source is that of the events about alerts. Default slo-engine.
	Source string
	// Leads reports whether this engine is the one that tells. nil: it is.
	Leads func() bool
	// Firing are the alerts that fire, and the time of the tick at which they did;
	// a zero time: that is not known yet. nil: what receivers have missed is not
	// looked for.
	Firing func() ([]Alert, time.Time)

	// Parallel bounds the messages that are under way to one receiver. Default 8.
	Parallel int
	// Queue bounds the transitions that wait to be put into the outbox. Default
	// 10,000.
	Queue int
	// Poll is the time between two looks into the outbox. Default 500 ms.
	Poll time.Duration
	// MinBackoff and MaxBackoff bound the time between two attempts. Defaults 1 s
	// and 1 m.
	MinBackoff, MaxBackoff time.Duration
	// GiveUp is how long a message is tried. Default 24 h.
	GiveUp time.Duration
	// Recheck is the time between two looks for what receivers have missed. Default
	// 30 s.
	Recheck time.Duration
	// DrainTimeout is how long Run goes on delivering what is due after its ctx has
	// ended. Default 3 s.
	DrainTimeout time.Duration

	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Rand returns a number in [0, 1); nil: math/rand/v2.
	Rand       func() float64
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

const usualTimeout = 10 * time.Second

func (o *Options) setDefaults() {
	o.Source = cmp.Or(o.Source, "slo-engine")
	o.Parallel, o.Queue = cmp.Or(o.Parallel, 8), cmp.Or(o.Queue, 10_000)
	o.Poll, o.Recheck = cmp.Or(o.Poll, 500*time.Millisecond), cmp.Or(o.Recheck, 30*time.Second)
	o.MinBackoff, o.MaxBackoff = cmp.Or(o.MinBackoff, time.Second), cmp.Or(o.MaxBackoff, time.Minute)
	o.GiveUp, o.DrainTimeout = cmp.Or(o.GiveUp, 24*time.Hour), cmp.Or(o.DrainTimeout, 3*time.Second)
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "webhooks")
}
