package lab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// PrometheusOptions say how a Prometheus is started. The zero value is one
// that scrapes nothing and waits for pushes.
type PrometheusOptions struct {
	// Config is prometheus.yml; empty is a valid one. {{addr}} in it stands
	// for the host:port that the server listens on.
	Config string
	// Files are written beside prometheus.yml, by name: rule files, targets.
	Files map[string]string
	// ExtraArgs are added to the command line.
	ExtraArgs []string
}

// Prometheus is a running server that takes remote write (/api/v1/write) and
// OTLP (/api/v1/otlp/v1/metrics), and scrapes what its configuration says.
type Prometheus struct {
	*Process
	Addr string // host:port
	URL  string // http://Addr
	dir  string
}

// StartPrometheus starts a Prometheus that is ready to answer queries.
func StartPrometheus(tb testing.TB, opts PrometheusOptions) *Prometheus {
	tb.Helper()
	binary, dir := Binary(tb, "prometheus"), tb.TempDir()
	writeFiles(tb, dir, opts.Files)
	process, addr := startListening(tb, func(addr string) Cmd {
		writeFiles(tb, dir, map[string]string{"prometheus.yml": atAddress(opts.Config, addr)})
		return Cmd{
			Name:  binary,
			Args:  append(prometheusArgs(dir, addr), opts.ExtraArgs...),
			Ready: HTTPReady("http://" + addr + "/-/ready"),
		}
	})
	return &Prometheus{Process: process, Addr: addr, URL: "http://" + addr, dir: dir}
}

func prometheusArgs(dir, addr string) []string {
	return []string{
		"--config.file=" + filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path=" + filepath.Join(dir, "data"),
		"--web.listen-address=" + addr,
		"--web.enable-remote-write-receiver",
		"--web.enable-otlp-receiver",
		"--web.enable-lifecycle",
	}
}

// SetConfig replaces prometheus.yml and has the server load it.
func (p *Prometheus) SetConfig(ctx context.Context, config string) error {
	text := []byte(atAddress(config, p.Addr))
	if err := os.WriteFile(filepath.Join(p.dir, "prometheus.yml"), text, 0o644); err != nil {
		return fmt.Errorf("write prometheus.yml: %w", err)
	}
	_, err := do(ctx, http.MethodPost, p.URL+"/-/reload")
	return err
}

// Query evaluates an expression at a time; a zero time is the server's now.
// The expression must give an instant vector.
func (p *Prometheus) Query(ctx context.Context, promql string, at time.Time) (model.Vector, error) {
	var v model.Vector
	err := p.query(ctx, promql, at, "vector", &v)
	return v, err
}

// QueryRangeSamples returns the stored samples of a selector's series in
// (at-window, at], with their own timestamps in ms: what was written, not
// what a step would interpolate. A zero time is the server's now.
func (p *Prometheus) QueryRangeSamples(ctx context.Context, selector string, window time.Duration, at time.Time) (model.Matrix, error) {
	var m model.Matrix
	expr := selector + "[" + model.Duration(window).String() + "]"
	err := p.query(ctx, expr, at, "matrix", &m)
	return m, err
}

// query asks for an instant query whose result has the wanted type.
func (p *Prometheus) query(ctx context.Context, promql string, at time.Time, want string, result any) error {
	values := url.Values{"query": {promql}}
	if !at.IsZero() {
		values.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	answer := struct {
		Data struct {
			ResultType string `json:"resultType"`
			Result     any    `json:"result"`
		} `json:"data"`
	}{}
	answer.Data.Result = result
	if err := getJSON(ctx, p.URL+"/api/v1/query?"+values.Encode(), &answer); err != nil {
		return fmt.Errorf("query %s: %w", promql, err)
	}
	if got := answer.Data.ResultType; got != want {
		return fmt.Errorf("query %s: the result is a %s, not a %s", promql, got, want)
	}
	return nil
}

// atAddress puts the server's own address into a configuration.
func atAddress(config, addr string) string {
	return strings.ReplaceAll(config, "{{addr}}", addr)
}

func writeFiles(tb testing.TB, dir string, files map[string]string) {
	tb.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			tb.Fatalf("write %s: %v", name, err)
		}
	}
}
