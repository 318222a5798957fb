package kube

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
	"github.com/slo-engine/slo-engine/test/lab"
)

// shop is a service that is scraped, and has customers in between.
type shop struct {
	*httptest.Server
	good, bad atomic.Int64
}

func openShop(t *testing.T) *shop {
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE requests_total counter\nrequests_total{code=\"200\"} %d\nrequests_total{code=\"500\"} %d\n", s.good.Add(20), s.bad.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

const shopDocuments = `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: pay
  objective: 99%
  window: 1h
  sli: {ratio: {total: requests_total, bad: 'requests_total{code="500"}'}}
---
apiVersion: slo-engine.dev/v1
kind: GatePolicy
metadata: {name: pay}
spec:
  select: ['service="pay"']
  budget: {deny: {below: 0%, resumeAbove: 10%}}
  consumedIn1h: {}
`

const shopConfig = `listen: 127.0.0.1:0
otlp: {grpc: 127.0.0.1:0, http: 127.0.0.1:0}
slo_files: [slos.yaml]
auth: {web_config_file: web.yml, tokens_file: tokens.yml, allow_unauthenticated: [viewer]}
scrape: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: pay, static_configs: [{targets: [%q]}]}]
gates:
  argocd:
    - {kubeconfig: %q, project: shop, interval: 1s, settle: 1s, windows: [{service: pay, applications: [pay]}]}
`

const operator = "slo_operator_of_this_test"

// startReal runs a whole engine, as its users configure it.
func startReal(t *testing.T, s *shop, kubeconfig string) *engine {
	t.Helper()
	dir := t.TempDir()
	authority := authtest.NewAuthority(t, dir, "authority")
	authority.Issue(t, dir, "engine")
	authtest.Write(t, dir, "web.yml", "tls_server_config: {cert_file: engine.crt, key_file: engine.key}\n")
	authtest.Write(t, dir, "tokens.yml", "tokens:\n"+authtest.Token("operator", "operator", operator))
	authtest.Write(t, dir, "slos.yaml", shopDocuments)
	file := authtest.Write(t, dir, "slo-engine.yaml", fmt.Sprintf(shopConfig, s.Listener.Addr(), kubeconfig))
	log := filepath.Join(dir, "log")
	a := run(t, file, log)
	caBundle, err := os.ReadFile(authority.File)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: authority.Trust(t, "", "")}}
	return &engine{url: "https://" + a.Addr(), caBundle: caBundle, client: client, token: operator}
}

// run runs an engine until the test ends.
func run(t *testing.T, file, logFile string) *app.App {
	t.Helper()
	log, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(app.Options{ConfigFile: file, Log: log, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the engine ended with: %v", err)
		}
		log.Close()
		if text, _ := os.ReadFile(logFile); t.Failed() {
			t.Logf("the engine's log:\n%s", text)
		}
	})
	select {
	case <-a.Serving():
	case <-time.After(patience):
		t.Fatal("the engine does not serve")
	}
	return a
}

// A budget is spent: the cluster refuses the service's Deployment, and Argo CD does
// not sync its application, until an operator breaks the glass.
func TestRealEngine(t *testing.T) {
	a, s := startArgo(t), openShop(t)
	a.project(t, "shop")
	d := &door{cluster: a.cluster, engine: startReal(t, s, a.server.Kubeconfig)}
	d.configure(t)
	windows := func(n int) error {
		if all := a.windows(t, "shop"); len(all) != n {
			return fmt.Errorf("there are %d sync windows, not %d: %v", len(all), n, all)
		}
		return nil
	}

	lab.Eventually(t, patience, func() error {
		err := d.create(t, "pay", "try", dryRun)
		if said := d.warnings.take(); err != nil || len(said) > 0 {
			return fmt.Errorf("it is said %v, %q", err, said)
		}
		return nil
	})
	if err := d.create(t, "pay", "pay"); err != nil {
		t.Fatal(err)
	}
	if err := d.create(t, "nobody-measures-it", "other"); err != nil {
		t.Error(err)
	}
	d.wantWarnings(t, "nobody-measures-it")
	if err := windows(1); err != nil {
		t.Error(err)
	}

	s.bad.Add(500)
	ship := "{" + image("v2") + "}"
	lab.Eventually(t, patience, func() error { return isDenied(d.patch(t, "pay", ship, "All")) })
	if err := d.patch(t, "pay", ship); err == nil || !strings.Contains(err.Error(), "pay:availability") {
		t.Errorf("the refusal says %v", err)
	}
	if err := d.patch(t, "pay", `{"spec": {"replicas": 9}}`); err != nil {
		t.Errorf("more of what is there: %v", err)
	}
	lab.Eventually(t, patience, func() error { return windows(2) })
	if text := a.windows(t, "shop")[1]["description"].(string); !strings.HasPrefix(text, "slo-engine pay deny until ") {
		t.Errorf("the window says %q", text)
	}

	d.engine.breakGlass(t, "pay")
	lab.Eventually(t, patience, func() error { return d.patch(t, "pay", ship) })
	lab.Eventually(t, patience, func() error { return windows(1) })
}
