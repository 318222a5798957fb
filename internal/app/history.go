package app

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/api/prom"
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/store/history"
)

// keepHistory makes the history of the SLO instances, and who answers PromQL
// over it; nil where there is to be none.
func (a *App) keepHistory(options api.Options, registry *prometheus.Registry) (http.Handler, error) {
	cfg := a.config
	if cfg.Storage.Retention == 0 {
		return nil, nil
	}
	var err error
	a.history, err = history.NewKeeper(filepath.Join(cfg.Storage.Path, "history"), viewed(api.SLOViews(options)), cfg.Storage.HistoryInterval,
		history.Options{Retention: cfg.Storage.Retention, MaxBytes: cfg.Storage.HistoryMaxBytes, Logger: a.log, Registerer: registry})
	if err != nil {
		return nil, err
	}
	a.sendHistory(cfg)
	return prom.New(prom.Options{
		Storage: a.history, Metadata: a.history.Metadata,
		Rules: prom.Rules(a.engine.Snapshot, a.dispatcher.Active, cfg.EvaluationInterval),
		// A figure stands until the next one is due, and the one after it.
		Lookback: max(5*time.Minute, 3*cfg.Storage.HistoryInterval),
		Targets:  a.scraper,
		Version:  a.options.Version, Logger: a.log, Registerer: registry,
	})
}

// viewed is a source of what is viewed; nil before there is anything.
func viewed(now func() *api.SLOView) history.Source {
	return func() history.View {
		if v := now(); v != nil {
			return v
		}
		return nil
	}
}

// sendHistory sends the history on, where a configuration says. It is a
// convenience: what is wrong with it stops nothing else.
func (a *App) sendHistory(cfg *config.Config) {
	switch {
	case a.history == nil && len(cfg.RemoteWrite.Targets()) > 0:
		a.log.Error("nothing is sent on: there is no history to send", "fix", "write a storage.retention above 0")
	case a.history != nil:
		if err := a.history.SendTo(cfg.RemoteWrite.RemoteWrite); err != nil {
			a.log.Error("the history goes on to where it went before", "error", err)
		}
	}
}
