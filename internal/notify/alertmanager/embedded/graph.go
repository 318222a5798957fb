package embedded

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"
)

// graph is what runs for one configuration: the inhibitor and the dispatcher
// with its groups. A reload replaces it.
type graph struct {
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
	flights    *flights
	running    sync.WaitGroup
}

// activate starts a graph for the plan and puts it into force; it cannot fail.
// A graph that ran before must have been stopped: two would both notify.
func (a *Alertmanager) activate(p *plan) {
	g := &graph{
		inhibitor: inhibit.NewInhibitor(inhibitorView{a.alerts}, p.config.InhibitRules, a.opts.Logger, a.recorder),
		flights:   newFlights(),
	}
	stages := a.pipelines.New(p.receivers, noWait, g.inhibitor, a.silencer,
		timeinterval.NewIntervener(p.intervals), a.groups, a.notifications, nil)
	g.dispatcher = dispatch.NewDispatcher(dispatcherView{a.alerts}, p.routes, g.flights.stage(stages), a.groups,
		notifyTimeout, dispatchGCInterval, nil, a.opts.Logger, a.recorder, a.dispatchMetrics, p.templates)
	a.api.Update(p.config, a.markMuted)

	// The inhibitor comes first: a dispatcher that looked at an alert before
	// what inhibits it is known would page for it.
	g.running.Go(g.inhibitor.Run)
	g.inhibitor.WaitForLoading()
	g.running.Go(func() { g.dispatcher.Run(time.Now()) })
	g.dispatcher.WaitForLoading()
	a.graph.Store(g)
}

// stop ends the graph. Notifications under way may finish until ctx ends: one
// cut off between its delivery and its entry in the log would be sent again.
func (g *graph) stop(ctx context.Context) {
	g.flights.land(ctx)
	g.inhibitor.Stop()
	g.dispatcher.Stop()
	// What ctx cut short has been cancelled by now and ends at once.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	g.flights.land(last)
	g.running.Wait()
}

// markMuted tells the API which silences and alerts mute a label set, through
// the marker in ctx.
func (a *Alertmanager) markMuted(ctx context.Context, labels model.LabelSet) {
	if g := a.graph.Load(); g != nil {
		g.inhibitor.Mutes(ctx, labels)
	}
	a.silencer.Mutes(ctx, labels)
}

// noWait is how long to wait for peers that come first: there are none.
func noWait() time.Duration { return 0 }

// notifyTimeout bounds a notification by its group's interval, as Alertmanager
// does, but leaves short intervals enough for one request.
func notifyTimeout(groupInterval time.Duration) time.Duration {
	return max(groupInterval, notify.MinTimeout)
}
