package gates

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Comparer compares candidates with their baselines.
type Comparer interface {
	// Of are the comparisons that a request asks for, one for each of the SLOs with
	// these ids that the policy compares. It begins those that it does not have, and
	// waits for nothing.
	Of(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance) []gate.Canary
	// Begin begins them, and those that have ended anew: the version was deployed.
	Begin(p *slo.GatePolicy, r gate.Request, instances []*engine.Instance)
	// Step takes in what has happened since the last one.
	Step(now time.Time)
}

// Options are what a Keeper works with. Snapshot must be set.
type Options struct {
	// Snapshot is the newest one; nil: there is none yet.
	Snapshot func() *engine.Snapshot
	// Since is engine.Engine.Since; nil: what a deploy burns is not known.
	Since func(id string, from time.Time, window time.Duration, by string) engine.Recent
	// Store may be nil, and be set later by SetStore.
	Store Store
	// Canaries may be nil: nothing is compared.
	Canaries Comparer
	// Publish is told when the decision about a service is another than before,
	// by policies for all environments. It must not wait. nil: nobody listens.
	Publish func(gate.Verdict)
	// Limits bound what is kept.
	Limits Limits
	// Interval is the time between two looks at the snapshot. 0: a second.
	Interval time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// NewID makes ids of glasses and deploys. nil: usual ones.
	NewID      func() string
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

// Limits bound what a Keeper holds. 0 is the usual value.
type Limits struct {
	// Glass is how long a glass may stay broken. 24 h, and never more.
	Glass time.Duration
	// Answers are the distinct questions about one snapshot whose answers are used
	// again; beyond that each one is worked out anew. 20,000.
	Answers int
	// Recent are the verdicts that are explained without the Store. 10,000.
	Recent int
	// Queue are the verdicts that wait to be written. 20,000.
	Queue int
	// Kept are the verdicts in the Store, KeptFor is how long they stay there.
	// 200,000, and 60 days.
	Kept    int
	KeptFor time.Duration
	// Watched are the deploys, the newest ones, whose burn is looked at. 200.
	Watched int
	// Services are those whose decision is worked out unasked at one look; where
	// there are more, they take turns. 1,000.
	Services int
}

func (l Limits) withDefaults() Limits {
	l.Glass = min(cmp.Or(l.Glass, mostGlass), mostGlass)
	l.Answers, l.Recent, l.Queue = cmp.Or(l.Answers, 20_000), cmp.Or(l.Recent, 10_000), cmp.Or(l.Queue, 20_000)
	l.Kept, l.KeptFor = cmp.Or(l.Kept, 200_000), cmp.Or(l.KeptFor, 60*24*time.Hour)
	l.Watched, l.Services = cmp.Or(l.Watched, 200), cmp.Or(l.Services, 1_000)
	return l
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	o.Interval = cmp.Or(o.Interval, time.Second)
	if o.Since == nil {
		o.Since = func(string, time.Time, time.Duration, string) engine.Recent { return engine.Recent{} }
	}
	if o.Canaries == nil {
		o.Canaries = nobody{}
	}
	if o.Publish == nil {
		o.Publish = func(gate.Verdict) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "gates")
	return o
}
