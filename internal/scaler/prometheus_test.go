package scaler_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/test/lab"
)

// A real Prometheus is asked: what it has becomes numbers, and what it has not, or
// has no more, becomes none.
func TestPrometheus(t *testing.T) {
	var away atomic.Bool
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "queue_depth{shard=\"a\"} 300\nqueue_depth{shard=\"b\"} 40\ngoroutines{pod=\"a\"} 4000\ngoroutines{pod=\"b\"} 5000\n")
	}))
	defer target.Close()
	server := lab.StartPrometheus(t, lab.PrometheusOptions{Config: fmt.Sprintf(
		"scrape_configs:\n- job_name: shop\n  scrape_interval: 1s\n  static_configs: [{targets: [%q]}]\n", strings.TrimPrefix(target.URL, "http://"))})
	source, err := scaler.NewServer(scaler.ServerOptions{URL: server.URL, HTTP: promconfig.DefaultHTTPClientConfig, MaxQueriesPerSecond: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	queue := func(name, query string) scaler.Spec {
		q := scaler.Query{Backend: "main", Query: query, Target: 100, Weight: 1}
		return scaler.Spec{Name: name, Service: "shop", Max: 1000, Queue: &scaler.Queue{Query: q}}
	}
	pods := queue("pods", "sum(queue_depth)")
	pods.Load = &scaler.Load{Query: scaler.Query{Backend: "main", Query: "sum(queue_depth)"}}
	pods.Goroutines = &scaler.Goroutines{Query: scaler.Query{Backend: "main", Query: "goroutines", Target: 1000, Weight: 1}, For: 5 * time.Minute, Growth: 0.1}
	s, err := scaler.New(scaler.Options{
		Specs: []scaler.Spec{
			queue("sum", "sum(queue_depth)"), queue("scalar", "scalar(sum(queue_depth))"), pods,
			queue("two", "queue_depth"), queue("none", "queue_dephts"), queue("nan", "sum(queue_depth) / 0 * 0"),
			queue("negative", "-sum(queue_depth)"), queue("wrong", "sum(("),
		},
		Sources: map[string]scaler.Source{"main": source}, PollInterval: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	defer func() { cancel(); <-done }()

	eventually := func(name, want string) {
		t.Helper()
		got := ""
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			n, err := s.Number(name)
			if got = fmt.Sprint(n.Value); err != nil {
				got = err.Error()
			}
			if strings.Contains(got, want) {
				return
			}
		}
		t.Errorf("%s: %s, want %s", name, got, want)
	}
	eventually("sum", "3.4")
	eventually("scalar", "3.4")
	eventually("two", "its query finds 2 series; add them up")
	eventually("none", "main knows no series for its query")
	eventually("nan", "no value now that is a number")
	eventually("negative", "it is -340")
	eventually("wrong", "main does not answer: bad_data")
	eventually("pods", "12.4") // once a step of ten seconds has passed

	away.Store(true)
	eventually("sum", "main knows no series for its query")
	away.Store(false)
	eventually("sum", "3.4")
}
