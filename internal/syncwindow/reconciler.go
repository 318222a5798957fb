package syncwindow

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/dynamic"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options are what a Reconciler works with. Client and Gates must be set.
type Options struct {
	// Client is that of the cluster: see Connect.
	Client dynamic.Interface
	// Gates says whether a service may ship.
	Gates func(context.Context, gate.Request) gate.Verdict
	// Leads says whether it is this engine, of those that share a state, that writes.
	// nil: it is.
	Leads      func() bool
	Now        func() time.Time      // nil: time.Now
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

// Reconciler keeps the windows of one project. Its methods may be called from any
// goroutine.
type Reconciler struct {
	config  Config
	options Options
	metrics *metrics
	log     *slog.Logger

	mu       sync.Mutex // held over a whole look
	memories map[string]*memory

	shown  sync.Mutex
	states []State
}

// New makes one. What is wrong with the configuration is the error.
func New(c Config, o Options) (*Reconciler, error) {
	if err := c.problems(); err != nil {
		return nil, fmt.Errorf("configure sync windows: %w", err)
	}
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c = c.WithDefaults()
	r := &Reconciler{config: c, options: o, memories: map[string]*memory{}}
	r.log = o.Logger.With("component", "syncwindow", "namespace", c.Namespace, "project", c.Project)
	for _, w := range c.Windows {
		r.memories[w.key()] = &memory{decision: slo.GateUnknown}
	}
	r.metrics = newMetrics(c, o.Registerer)
	return r, nil
}

// Run looks at once and then at each interval, until the context ends. Windows stay
// where they are then, and end by themselves; see Remove. A Reconciler runs once.
func (r *Reconciler) Run(ctx context.Context) error {
	defer r.metrics.unregister()
	ticker := time.NewTicker(r.config.Interval)
	defer ticker.Stop()
	for {
		r.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// look is a Step whose trouble is told when it begins, changes, or ends.
func (r *Reconciler) look(ctx context.Context) {
	before := r.trouble()
	err := r.Step(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && err.Error() != before:
		r.log.Warn("sync windows cannot be kept", "err", err)
	case err == nil && before != "":
		r.log.Info("sync windows are kept again")
	}
}

// Step asks the gates, reads the project, and brings its windows in line. An error
// says why it could not; nothing has changed then.
func (r *Reconciler) Step(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.options.Now()
	for _, w := range r.config.Windows {
		v := r.options.Gates(ctx, gate.Request{Service: w.Service, Environment: w.Environment, Kind: slo.ChangeDeploy, Now: now})
		r.memories[w.key()].hear(v.Decision, why(v), now, r.config.Settle)
	}
	if !r.options.Leads() {
		r.rest()
		return nil
	}
	err := r.apply(ctx, func(windows []any) []change { return r.plan(windows, now) })
	r.show(err)
	return err
}

// Remove takes all windows of the owner out of the project, as when the keeping of
// windows is switched off.
func (r *Reconciler) Remove(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.apply(ctx, func(windows []any) []change { return removal(ownWindows(r.config.Owner, windows)) })
}

// why says it in words: the gravest reason, and where there is more.
func why(v gate.Verdict) string {
	text := ""
	if len(v.Reasons) > 0 {
		text = v.Reasons[0].Text
	}
	if v.ID != "" {
		text += " (verdict " + v.ID + ")"
	}
	return text
}
