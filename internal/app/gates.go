package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/syncwindow"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// gatekeeper is the gates as they are served.
type gatekeeper struct {
	*gates.Keeper
	app      *App
	canaries *gates.Canaries
	deploys  *deployAlerts
	windows  []*syncwindow.Reconciler

	mu     sync.Mutex
	wanted []engine.Watched // the labels that remediation wants told apart
}

func (a *App) newGatekeeper(registry prometheus.Registerer) (*gatekeeper, error) {
	g := &gatekeeper{app: a, deploys: newDeployAlerts(a)}
	g.canaries = gates.NewCanaries(gates.CanaryOptions{
		Snapshot: a.engine.Snapshot, Since: a.engine.Since, Watch: func([]engine.Watched) { g.watch() },
		Logger: a.log, Registerer: registry,
	})
	g.Keeper = gates.New(gates.Options{
		Snapshot: a.engine.Snapshot, Since: a.engine.Since, Canaries: g.canaries, Publish: a.watchGate,
		Logger: a.log, Registerer: registry,
	})
	return g, g.openWindows(registry)
}

// openWindows makes who keeps the sync windows of Argo CD's projects.
func (g *gatekeeper) openWindows(registry prometheus.Registerer) error {
	for i, c := range g.app.begun.Gates.ArgoCD {
		client, err := syncwindow.Connect(c.Kubeconfig)
		if err != nil {
			return fmt.Errorf("set up gates.argocd[%d]: %w", i, err)
		}
		one, err := syncwindow.New(c, syncwindow.Options{
			Client: client, Gates: g.Ask, Leads: g.app.healer.leads, Logger: g.app.log, Registerer: registry,
		})
		if err != nil {
			return fmt.Errorf("set up gates.argocd[%d]: %w", i, err)
		}
		g.windows = append(g.windows, one)
	}
	return nil
}

// want takes what remediation wants told apart.
func (g *gatekeeper) want(list []engine.Watched) {
	g.mu.Lock()
	g.wanted = list
	g.mu.Unlock()
	g.watch()
}

// watch tells the engine what is to be told apart: what remediation wants, and
// what is compared.
func (g *gatekeeper) watch() {
	g.mu.Lock() // so that the newest list is told last
	defer g.mu.Unlock()
	g.app.engine.Watch(slices.Concat(g.wanted, g.canaries.Watched()))
}

// run keeps the gates until ctx is done.
func (g *gatekeeper) run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { g.Run(ctx) })
	parts.Go(func() { g.attend(ctx) })
	failed := make([]error, len(g.windows))
	for i, one := range g.windows {
		parts.Go(func() { failed[i] = one.Run(ctx) })
	}
	parts.Wait()
	return errors.Join(failed...)
}

// attend calls people to deploys that burn, and starts the playbooks for them.
func (g *gatekeeper) attend(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			g.deploys.look(g.BurningDeploys(), now)
		case <-ctx.Done():
			return
		}
	}
}

// watchGate shows that the decision about a service is another than before.
func (a *App) watchGate(v gate.Verdict) {
	line, err := json.Marshal(api.VerdictOf(v, a.externalURL().String()))
	if err != nil { // of plain values: cannot fail
		return
	}
	a.stream.Publish(api.StreamGate, v.At, v.Request.Service, line)
}
