package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// openBackends makes the servers whose samples are read.
func (a *App) openBackends(registry *prometheus.Registry) error {
	for _, c := range a.config.Prometheus {
		b, err := promapi.New(promapi.Options{
			Name: c.Name, URL: c.URL.URL.String(), HTTP: c.HTTPClientConfig,
			PollInterval: c.PollInterval, QueryTimeout: c.QueryTimeout, MaxQueriesPerSecond: c.MaxQueriesPerSecond,
			NoPast: c.NoBackfill, Sink: a.sink(false), Engine: a.engine,
			Logger: a.log, Registerer: registry,
		})
		if err != nil {
			return fmt.Errorf("set up the backend %s: %w", c.Name, err)
		}
		a.backends = append(a.backends, b)
	}
	return nil
}

// poll has each backend serve the SLOs that are read from it.
func (a *App) poll(programs []*sli.Program) {
	for _, b := range a.backends {
		var mine []*sli.Program
		for _, p := range programs {
			if p.Spec.Source == b.Name() || p.Spec.Source == "" && len(a.backends) == 1 {
				mine = append(mine, p)
			}
		}
		b.Serve(mine)
	}
}

// fromKnown leaves SLOs out that name a backend which is not there.
func (l *Loaded) fromKnown(backends []config.Backend) {
	var names []string
	for _, b := range backends {
		names = append(names, b.Name)
	}
	fix := "write it under prometheus in slo-engine.yaml"
	if len(names) > 0 {
		fix = "known here: " + strings.Join(names, ", ")
	}
	l.Programs = slices.DeleteFunc(l.Programs, func(p *sli.Program) bool {
		source := p.Spec.Source
		if source == "" || slices.Contains(names, source) {
			return false
		}
		l.Problems = append(l.Problems, p.Spec.Problem(slo.Error, "spec.source", fmt.Sprintf("there is no PromQL backend %q", source), fix))
		return true
	})
}
