package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// The README's "Try it on your Prometheus": a Prometheus that scrapes a shop, and
// an engine that nothing is sent to. What happened before it was started is in
// the budget, and what happens from then on.
func TestPrometheusThatHasTheSamples(t *testing.T) {
	t.Parallel()
	var good, bad atomic.Int64
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %d\nhttp_requests_total{code=\"500\"} %d\n", good.Load(), bad.Load())
	}))
	t.Cleanup(shop.Close)
	prometheus := lab.StartPrometheus(t, lab.PrometheusOptions{Config: fmt.Sprintf(
		"global: {scrape_interval: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: [%q]}]}]\n", shop.Listener.Addr())})
	stored := func(total float64) {
		t.Helper()
		lab.Eventually(t, patience, func() error {
			found, err := prometheus.Query(t.Context(), `sum(http_requests_total)`, time.Now())
			if err != nil || len(found) != 1 || float64(found[0].Value) != total {
				return fmt.Errorf("stored %v, want %v: %w", found, total, err)
			}
			return nil
		})
	}
	stored(0)
	good.Add(990)
	bad.Add(10)
	stored(1000)

	dir := t.TempDir()
	put(t, dir, "slos/slos.yaml", soundSLO)
	put(t, dir, "slo-engine.yaml", freePorts)
	p := lab.Start(t, serveCmd(buildEngine(t), dir, "--prometheus.url="+prometheus.URL))
	awaitOutput(t, p, "msg=serving")
	api, err := client.New("http://"+serving.FindStringSubmatch(p.Output())[1], client.Options{HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	counted := func(wantGood, wantTotal float64) {
		t.Helper()
		lab.Eventually(t, 2*patience, func() error {
			detail, err := api.SLO(t.Context(), shopID)
			if err != nil {
				return err
			}
			if got := shownOf(detail.SLO); got.Good != wantGood || got.Total != wantTotal {
				return fmt.Errorf("good %v of %v, want %v of %v", got.Good, got.Total, wantGood, wantTotal)
			}
			return nil
		})
	}
	counted(990, 1000)
	good.Add(95)
	bad.Add(5)
	counted(1085, 1100)
}
