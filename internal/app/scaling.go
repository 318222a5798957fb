package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/internal/scaler/keda"
)

// openScalers makes who counts what autoscalers are told. history answers PromQL
// over the engine's own history; nil: there is none.
func (a *App) openScalers(history http.Handler, registry *prometheus.Registry) (err error) {
	cfg := a.begun.Scaling
	sources := map[string]scaler.Source{}
	asked := func(name string, s *scaler.Server, err error) error {
		if err == nil {
			sources[name], a.asking = s, append(a.asking, s)
		}
		return err
	}
	for _, c := range a.begun.Prometheus {
		s, err := scaler.NewServer(scaler.ServerOptions{
			URL: c.URL.URL.String(), HTTP: c.HTTPClientConfig, Timeout: cfg.QueryTimeout, MaxQueriesPerSecond: c.MaxQueriesPerSecond,
		})
		if err := asked(c.Name, s, err); err != nil {
			return fmt.Errorf("set up the backend %s for scalers: %w", c.Name, err)
		}
	}
	if history != nil {
		s, err := scaler.NewHistory(history, cfg.QueryTimeout)
		if err := asked(scaler.History, s, err); err != nil {
			return fmt.Errorf("set up scalers: %w", err)
		}
	}
	a.scalers, err = scaler.New(scaler.Options{
		Specs: cfg.Scalers, Sources: sources, PollInterval: cfg.PollInterval, StaleAfter: cfg.StaleAfter,
		Snapshot: a.engine.Snapshot, Members: a.membersInRotation, Logger: a.log, Registerer: registry,
	})
	if err != nil || cfg.KEDA.Listen == "" {
		return err
	}
	a.keda = keda.New(keda.Options{Listen: string(cfg.KEDA.Listen), Scalers: a.scalers, Door: a.door, Logger: a.log, Registerer: registry})
	return nil
}

// scale counts, and answers KEDA, until ctx is done.
func (a *App) scale(ctx context.Context) error {
	var counting sync.WaitGroup
	counting.Go(func() { _ = a.scalers.Run(ctx) }) // its error is always nil
	defer func() {
		counting.Wait()
		for _, s := range a.asking {
			s.Close()
		}
	}()
	if a.keda == nil {
		<-ctx.Done()
		return nil
	}
	if err := a.keda.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.keda.Shutdown(limit)
}

// membersInRotation are those among which a service's traffic is shared, as actions
// that are live at gateways have left them.
func (a *App) membersInRotation(service string) (scaler.Members, error) {
	at := a.healer.at.Load()
	switch {
	case a.healer.off():
		return scaler.Members{}, nil
	case at == nil:
		return scaler.Members{}, errStateAway
	}
	return membersOf(at.attention.lately(), service), nil
}

// membersOf are the members of the gateway at which most of them have gone; none
// where no action is live.
func membersOf(open []remediation.Record, service string) (worst scaler.Members) {
	for _, rec := range open {
		if rec.Service != service || rec.DryRun || !rec.State.Live() || rec.Plan == nil {
			continue
		}
		if m := goneBy(rec.Plan); m.Out*max(worst.All, 1) > worst.Out*m.All {
			worst = m
		}
	}
	return worst
}

// goneBy are the members that had traffic, and those of them that have none after an
// action.
func goneBy(p *actuator.Plan) (m scaler.Members) {
	after := map[string]float64{}
	for _, one := range p.Members {
		after[one.Name] = one.Share
	}
	for _, one := range p.Before.Members {
		if one.Share <= 0 {
			continue
		}
		m.All++
		if share, told := after[one.Name]; told && share <= 0 {
			m.Out++
		}
	}
	return m
}
