package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// TestScrapedCountsEqualWhatPrometheusStored has the engine and a Prometheus
// scrape one target as the same configuration says, at times of their own: in
// the end both have seen the same events, and the target knows them.
func TestScrapedCountsEqualWhatPrometheusStored(t *testing.T) {
	s := &story{t: t, target: startTarget(t)}
	configs := fmt.Sprintf(`
scrape_configs:
  - {job_name: shop, static_configs: [{targets: [%[1]q]}]}
  - {job_name: slow, scrape_interval: 2s, static_configs: [{targets: [%[1]q]}]}
  - {job_name: prometheus, static_configs: [{targets: ['{{addr}}']}]}
`, s.target.Addr)
	prometheus := lab.StartPrometheus(t, lab.PrometheusOptions{Config: "global: {scrape_interval: 1s, scrape_native_histograms: true, always_scrape_classic_histograms: true}\n" + configs})
	engine := start(t, settings{SLOs: scrapedSLOs(), Config: "scrape: {scrape_interval: 1s, scrape_timeout: 1s}\n" + strings.ReplaceAll(configs, "{{addr}}", prometheus.Addr)})
	t.Parallel()
	w := &watcher{source: source{Prometheus: prometheus}, engine: engine}
	s.watchers = []*watcher{w}
	s.tell()
	w.compareDriven(t, s.target)
	lab.Eventually(t, 20*time.Second, func() error { return w.compareStored(t, s.target) })
}

// compareStored wants the engine to have counted what Prometheus stored, of the
// target's metrics.
func (w *watcher) compareStored(t *testing.T, g *target) error {
	t.Helper()
	truths, err := w.known(t.Context())
	if err != nil {
		return err
	}
	got := map[string]tally{}
	for name, es := range truths {
		got[name] = es.between(0, model.Latest)
	}
	return differencesDriven(g, got)
}

// httpShop is a target that counts requests.
type httpShop struct {
	*httptest.Server
	good, bad atomic.Int64
	down      atomic.Bool
}

func openShop(t *testing.T) *httpShop {
	t.Helper()
	s := &httpShop{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.down.Load() {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %d\nhttp_requests_total{code=\"500\"} %d\n", s.good.Load(), s.bad.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *httpShop) addr() string { return s.Listener.Addr().String() }

// scrapingDocs are the YAML blocks of docs/scraping.md, by their first line.
func scrapingDocs(t *testing.T) (config, slos string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "scraping.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return yamlOf(t, blocks, "# slo-engine.yaml"), yamlOf(t, blocks, "# slos.yaml")
}

// docs/scraping.md, with the real binary: a target is counted, dies, comes
// back; a reload finds another by a file, and one that is faulty is refused.
func TestScrapingAsTheDocsSay(t *testing.T) {
	t.Parallel()
	shop, other := openShop(t), openShop(t)
	config, slos := scrapingDocs(t)
	if !strings.Contains(config, "127.0.0.1:8080") {
		t.Fatalf("the configuration has no target:\n%s", config)
	}
	config = freePorts + strings.ReplaceAll(config, "127.0.0.1:8080", shop.addr()) + "scrape: {scrape_interval: 1s, scrape_timeout: 1s}\n"
	slos = strings.ReplaceAll(slos, "window: 30d", "window: 30d\n  alerting: {noData: {after: 1m}}")
	dir := t.TempDir()
	put(t, dir, "slo-engine.yaml", config)
	put(t, dir, "slos.yaml", slos)
	p := lab.Start(t, serveCmd(buildEngine(t), dir, "--config", "slo-engine.yaml"))
	awaitOutput(t, p, "msg=serving")
	url := "http://" + serving.FindStringSubmatch(p.Output())[1]
	api, err := client.New(url, client.Options{HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Client: api, URL: url, Dir: dir}
	targets := func(health string) {
		t.Helper()
		lab.Eventually(t, patience, func() error { return targetIs(t, url, shop.addr(), health) })
	}

	targets("up")
	shop.good.Add(990)
	shop.bad.Add(10)
	r.awaitCount(t, "availability", count{990, 10})

	shop.down.Store(true)
	shop.good.Add(5) // seen when it is back
	targets("down")
	r.awaitState(t, "availability", "no_data")
	shop.down.Store(false)
	r.awaitCount(t, "availability", count{995, 10})

	put(t, dir, "slo-engine.yaml", config+"scrape_config_files: [jobs.yml]\n")
	put(t, dir, "jobs.yml", "scrape_configs: [{job_name: other, consul_sd_configs: [{}]}]\n")
	p.Signal(syscall.SIGHUP)
	awaitOutput(t, p, "consul_sd_configs: is not there in this build")
	shop.bad.Add(1)
	r.awaitCount(t, "availability", count{995, 11}) // it goes on

	put(t, dir, "jobs.yml", "scrape_configs: [{job_name: other, file_sd_configs: [{files: [targets.yml]}], relabel_configs: [{target_label: job, replacement: checkout}]}]\n")
	put(t, dir, "targets.yml", fmt.Sprintf("- targets: [%q]\n", other.addr()))
	p.Signal(syscall.SIGHUP)
	lab.Eventually(t, patience, func() error { return targetIs(t, url, other.addr(), "up") })
	other.good.Add(100)
	r.awaitCount(t, "availability", count{1095, 11})
	if !strings.Contains(look(t, url+"/metrics"), `slo_engine_scrape_targets{health="up",job="other"} 1`) {
		t.Error("/metrics does not count the targets")
	}
}

// targetIs wants a target to be as the last scrape is to have found it.
func targetIs(t *testing.T, url, addr, health string) error {
	t.Helper()
	var answer struct {
		Data struct {
			ActiveTargets []struct {
				ScrapeURL, Health, LastError string
			}
		}
	}
	text := look(t, url+"/prometheus/api/v1/targets")
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	for _, target := range answer.Data.ActiveTargets {
		if target.ScrapeURL == "http://"+addr+"/metrics" && target.Health == health && (target.LastError == "") == (health == "up") {
			return nil
		}
	}
	return fmt.Errorf("%s is not %s: %s", addr, health, text)
}

// awaitCount wants one SLO to have counted exactly this.
func (r *running) awaitCount(t *testing.T, name string, want count) {
	t.Helper()
	lab.Eventually(t, 2*patience, func() error {
		got, err := counts(t.Context(), r.Client)
		if err == nil && got[name] != want {
			err = fmt.Errorf("%s has counted %v, want %v", name, got[name], want)
		}
		return err
	})
}

func (r *running) awaitState(t *testing.T, name, want string) {
	t.Helper()
	lab.Eventually(t, 2*patience, func() error {
		list, err := r.SLOs(t.Context(), client.Filter{})
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.Name == name && s.State == want {
				return nil
			}
			err = errors.Join(err, fmt.Errorf("%s is %s", s.Name, s.State))
		}
		return err
	})
}
