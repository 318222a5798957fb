package app

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/internal/scaler/keda"
)

// openScalers makes who counts what autoscalers are told. history answers PromQL
// over the engine's own history; nil: there is none.
func (a *App) openScalers(history http.Handler, registry *prometheus.Registry) (err error) {
	cfg := a.begun.Scaling
	sources := map[string]scaler.Source{}
	for _, c := range a.begun.Prometheus {
		sources[c.Name], err = scaler.NewServer(scaler.ServerOptions{
			URL: c.URL.URL.String(), HTTP: c.HTTPClientConfig, Timeout: cfg.QueryTimeout, MaxQueriesPerSecond: c.MaxQueriesPerSecond,
		})
		if err != nil {
			return fmt.Errorf("set up the backend %s for scalers: %w", c.Name, err)
		}
	}
	if history != nil {
		if sources[scaler.History], err = scaler.NewHistory(history, cfg.QueryTimeout); err != nil {
			return fmt.Errorf("set up scalers: %w", err)
		}
	}
	a.scalers, err = scaler.New(scaler.Options{
		Specs: cfg.Scalers, Sources: sources, PollInterval: cfg.PollInterval, StaleAfter: cfg.StaleAfter,
		Snapshot: a.engine.Snapshot, Logger: a.log, Registerer: registry,
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
	defer counting.Wait()
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
