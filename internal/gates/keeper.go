package gates

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Keeper answers what gates ask, and keeps what they must not forget. Its methods
// may be called by several goroutines.
type Keeper struct {
	options Options
	log     *slog.Logger
	metrics *metrics

	rules atomic.Pointer[rules]
	store atomic.Pointer[opened]
	// generation counts what has changed besides the snapshot.
	generation atomic.Uint64
	present    atomic.Pointer[moment]
	turn       sync.Mutex // of whoever makes the next moment

	latches *latches
	glasses glasses
	deploys *deploys
	teller  *teller

	// stepping is held by Step: below is its own.
	stepping  sync.Mutex
	stepped   *engine.Snapshot // the last one whose latches were stepped
	by        *rules           // with these
	cursor    int              // the deploy that is looked at next
	decisions decisions

	// syncing is held by Sync: below is its own.
	syncing sync.Mutex
	learned *opened // the Store that was read
	polled  time.Time
	swept   time.Time
	wrote   int  // verdicts since then
	failed  bool // the last time
}

// opened is a Store that may be used.
type opened struct{ Store }

// New returns a Keeper that goes by the usual policy until Load.
func New(options Options) *Keeper {
	k := &Keeper{options: options.withDefaults(), latches: newLatches()}
	k.log = k.options.Logger
	k.deploys = newDeploys(k.options.Limits)
	k.metrics = newMetrics(k.options.Registerer, func() float64 { return float64(len(k.glasses.at(k.options.Now()))) })
	k.teller = newTeller(k.options.Limits, k.metrics.dropped.Inc)
	k.rules.Store(newRules(nil))
	k.SetStore(k.options.Store)
	return k
}

// Load has other policies hold from now on. Latches of policies that stay go on.
func (k *Keeper) Load(policies []*slo.GatePolicy) {
	k.rules.Store(newRules(slices.Clone(policies)))
	k.changed()
}

// Policies are those that hold, without the usual one.
func (k *Keeper) Policies() []*slo.GatePolicy { return slices.Clone(k.rules.Load().policies) }

// SetStore has the Keeper keep in a Store from now on, or, with nil, in memory alone.
// Who closes a Store says so first. What it has is read at the next Sync.
func (k *Keeper) SetStore(s Store) {
	if s == nil {
		k.store.Store(nil)
		return
	}
	k.store.Store(&opened{s})
}

// open is the Store; nil while there is none.
func (k *Keeper) open() Store {
	if at := k.store.Load(); at != nil {
		return at.Store
	}
	return nil
}

// nobody compares nothing.
type nobody struct{}

func (nobody) Of(*slo.GatePolicy, gate.Request, []*engine.Instance) []gate.Canary { return nil }
func (nobody) Begin(*slo.GatePolicy, gate.Request, []*engine.Instance)            {}
func (nobody) Step(time.Time)                                                     {}
