// Command scalertest is the engine's side of test/keda: scalers, polled of one
// Prometheus, on a port for KEDA and one for Kubernetes. It says both on standard
// output, and stops when its standard input ends.
//
//	scalertest SCALERS PROMETHEUS
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/internal/scaler/hpa"
	"github.com/slo-engine/slo-engine/internal/scaler/keda"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

func main() {
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		slog.Error("scalertest", "error", err)
		os.Exit(1)
	}
}

// read reads scalers as slo-engine.yaml has them.
func read(file string) (specs struct {
	Scalers []scaler.Spec `yaml:"scalers"`
}, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return specs, err
	}
	document, problem := strictyaml.ParseFile(data)
	if problem != nil {
		return specs, errors.New(problem.String())
	}
	for _, p := range document.Decode(&specs) {
		err = errors.Join(err, errors.New(p.String()))
	}
	return specs, err
}

func serve(file, prometheus string) error {
	specs, err := read(file)
	if err != nil {
		return err
	}
	source, err := scaler.NewServer(scaler.ServerOptions{URL: prometheus, HTTP: promconfig.DefaultHTTPClientConfig, MaxQueriesPerSecond: 1000})
	if err != nil {
		return err
	}
	defer source.Close()
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	scalers, err := scaler.New(scaler.Options{
		Specs: specs.Scalers, Sources: map[string]scaler.Source{"main": source},
		PollInterval: 50 * time.Millisecond, StaleAfter: 2 * time.Second, Logger: logger,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	polled := make(chan error, 1)
	go func() { polled <- scalers.Run(ctx) }()
	defer func() { cancel(); <-polled }()
	server := keda.New(keda.Options{Listen: "127.0.0.1:0", Scalers: scalers, Every: 20 * time.Millisecond, Logger: logger})
	if err := server.Start(ctx); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	kubernetes := &http.Server{Handler: hpa.New(hpa.Options{Scalers: scalers}), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- kubernetes.Serve(listener) }()
	fmt.Println(server.Addr(), listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	limit, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	err = errors.Join(server.Shutdown(limit), kubernetes.Shutdown(limit))
	<-served
	return err
}
