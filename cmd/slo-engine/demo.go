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
}

// Run starts an engine on free ports in a folder of its own, and the shop
// that sends to it.
func (c *demoCmd) Run(ctx context.Context, std streams) (err error) {
	dir, err := os.MkdirTemp("", "slo-engine-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	slos := filepath.Join(dir, "slos.yaml")
	if err := os.WriteFile(slos, demo.Specs(), 0o600); err != nil {
		return fmt.Errorf("write the demo's SLOs: %w", err)
	}
	var log io.Writer
	if c.Log {
		log = std.err
	}
	a, err := app.New(app.Options{Log: log, Version: version, Overrides: []func(*config.Config){func(cfg *config.Config) {
		cfg.Listen, cfg.OTLP.GRPC, cfg.OTLP.HTTP = c.Listen, "127.0.0.1:0", "127.0.0.1:0"
		cfg.SLOFiles, cfg.Storage.Path = []string{slos}, filepath.Join(dir, "data")
	}}})
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
		For: c.For, Out: std.out, Color: !c.NoColor && os.Getenv("NO_COLOR") == "" && terminal(std.out),
	})
	stop()
	return errors.Join(err, <-served)
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
