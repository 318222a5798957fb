package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/demo"
)

type demoCmd struct {
	For     time.Duration `default:"3m" help:"Give up after this long."`
	Listen  string        `default:"127.0.0.1:0" help:"Address of the engine's HTTP port; port 0 takes a free one."`
	NoColor bool          `help:"No colours."`
	Log     bool          `help:"Show the engine's log lines too."`
	HAProxy string        `name:"haproxy" and:"haproxy" placeholder:"PROGRAM" help:"Heal a real HAProxy instead of the shop's own gateway: the path of haproxy."`
	Wrk     string        `and:"haproxy" placeholder:"PROGRAM" help:"The path of wrk, which makes the traffic for HAProxy."`
}

// Run starts an engine on free ports in a folder of its own, and the shop
// that sends to it.
func (c *demoCmd) Run(ctx context.Context, std streams) (err error) {
	dir, err := os.MkdirTemp("", "slo-engine-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	premises, err := demo.Rent(dir, c.HAProxy)
	if err != nil {
		return err
	}
	defer premises.Close()
	a, err := c.engine(dir, premises, std)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx) }()
	select {
	case err := <-served:
		return err
	case <-a.Serving():
	}
	err = demo.Run(ctx, demo.Options{
		EngineURL: "http://" + a.Addr(), OTLPGRPC: a.OTLPGRPC(), OTLPHTTP: a.OTLPHTTP(),
		Premises: premises, Wrk: c.Wrk,
		For: c.For, Out: std.out, Color: !c.NoColor && os.Getenv("NO_COLOR") == "" && terminal(std.out),
	})
	stop()
	return errors.Join(err, <-served)
}

// engine makes one on free ports that knows the demo's documents, and may act.
func (c *demoCmd) engine(dir string, premises *demo.Premises, std streams) (*app.App, error) {
	var log io.Writer
	if c.Log {
		log = std.err
	}
	return app.New(app.Options{Log: log, Version: version, Overrides: []func(*config.Config){func(cfg *config.Config) {
		cfg.Listen, cfg.OTLP.GRPC, cfg.OTLP.HTTP = c.Listen, "127.0.0.1:0", "127.0.0.1:0"
		cfg.SLOFiles, cfg.Storage.Path = []string{premises.SLOs}, filepath.Join(dir, "data")
		cfg.Remediation.Mode = config.RemediationEnforce
		if premises.Scrapes != "" {
			cfg.ScrapeConfigFiles = []string{premises.Scrapes}
		}
	}}})
}

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
