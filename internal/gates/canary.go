package gates

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// mostCanaries is how many comparisons there are at once, unless told otherwise.
const mostCanaries = 200

// CanaryOptions are what Canaries work with. Snapshot and Since must be set.
type CanaryOptions struct {
	// Snapshot is the newest one; nil: there is none yet.
	Snapshot func() *engine.Snapshot
	// Since is engine.Engine.Since.
	Since func(id string, from time.Time, window time.Duration, by string) engine.Recent
	// Watch is told by Step what Watched has become. nil: nobody.
	Watch func([]engine.Watched)
	// Most bounds the comparisons; each asks the engine once a second. 0: 200.
	Most int
	// Now is the clock; nil: time.Now.
	Now        func() time.Time
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

// Canaries compare candidates with baselines while they run. A comparison begins with
// the first question that names the candidate, and counts what happens from then
// on: each event once, when the engine has learned of it, and none from before. It is
// in memory only; after a restart it begins anew.
//
// A comparison that has ended is kept as long as somebody asks about it; a denial for
// as long again as a comparison may take. One that was asked about once is brought
// to its end. Of and Begin may be called by anybody, Step by one at a time.
type Canaries struct {
	o       CanaryOptions
	log     *slog.Logger
	metrics *canaryMetrics

	stepping sync.Mutex // of Step
	watched  []engine.Watched

	mu     sync.RWMutex
	trials map[trialKey]*trial
}

var _ Comparer = (*Canaries)(nil)

// NewCanaries returns some that compare nothing yet.
func NewCanaries(o CanaryOptions) *Canaries {
	o.Most = cmp.Or(o.Most, mostCanaries)
	if o.Watch == nil {
		o.Watch = func([]engine.Watched) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Canaries{o: o, log: o.Logger.With("component", "canaries"), trials: map[trialKey]*trial{}}
	c.metrics = newCanaryMetrics(o.Registerer, func() float64 {
		c.mu.RLock()
		defer c.mu.RUnlock()
		return float64(len(c.trials))
	})
	return c
}

// Watched are the SLOs whose events the engine must tell apart, sorted: what
// engine.Engine.Watch wants to hear, beside what others watch.
func (c *Canaries) Watched() []engine.Watched {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list []engine.Watched
	for _, t := range c.trials {
		if !t.grouped && !t.done.Load() {
			list = append(list, engine.Watched{SLO: t.slo, Label: t.terms.By})
		}
	}
	slices.SortFunc(list, func(a, b engine.Watched) int {
		return cmp.Or(cmp.Compare(a.SLO, b.SLO), cmp.Compare(a.Label, b.Label))
	})
	return slices.Compact(list)
}
