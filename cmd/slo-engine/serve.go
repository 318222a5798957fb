package main

import (
	"context"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/config"
)

// defaultConfig is read when it is there and nothing else was named.
const defaultConfig = "slo-engine.yaml"

type serveCmd struct {
	Config      string   `placeholder:"FILE" help:"Configuration file (default: ./slo-engine.yaml if it is there)."`
	SLO         []string `name:"slo" sep:"none" placeholder:"GLOB" help:"SLO files, a pattern in quotes; may be repeated. Replaces slo_files."`
	Listen      string   `placeholder:"HOST:PORT" help:"Address of the HTTP port (default 127.0.0.1:9490)."`
	Prometheus  string   `name:"prometheus.url" placeholder:"URL" help:"Read the samples of the SLOs, and their past, from this Prometheus (or Mimir, Thanos, VictoriaMetrics)."`
	StoragePath string   `name:"storage.path" placeholder:"DIR" help:"Data folder (default data)."`
}

// Run serves until it is told to end. SIGHUP reloads.
func (c *serveCmd) Run(ctx context.Context, std streams) error {
	reload := make(chan os.Signal, 1) // before anything can be asked to reload
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	a, err := app.New(app.Options{
		ConfigFile: c.configFile(), Overrides: []func(*config.Config){c.override},
		Log: std.err, Version: version,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	reloaded := make(chan struct{})
	go func() {
		defer close(reloaded)
		for {
			select {
			case <-reload:
				_ = a.Reload() // logged there; what was loaded stays
			case <-ctx.Done():
				return
			}
		}
	}()
	err = a.Run(ctx)
	cancel()
	<-reloaded
	return err
}

func (c *serveCmd) configFile() string {
	if c.Config != "" {
		return c.Config
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		return defaultConfig
	}
	return ""
}

// override puts flags over the file.
func (c *serveCmd) override(cfg *config.Config) {
	if len(c.SLO) > 0 {
		cfg.SLOFiles = absolute(c.SLO)
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	if c.Prometheus != "" {
		address, err := url.Parse(c.Prometheus)
		if err != nil {
			address = nil // validation says so
		}
		cfg.Prometheus = []config.Backend{{URL: config.URL{URL: address}}}
	}
	if c.StoragePath != "" {
		cfg.Storage.Path = c.StoragePath
	}
}

// absolute makes patterns start at the working folder, whatever the
// configuration file's folder is.
func absolute(patterns []string) []string {
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		out = append(out, p)
	}
	return out
}
