package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// asked are SLOs that no engine can count: one that is written as a query, and
// those of others that turn out to need a server.
const asked = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: asked}
spec:
  service: shop
  objective: 99%
  window: 7d
  sli:
    promql:
      total: sum(increase(requests_total[{{.window}}]))
      bad: sum(increase(requests_total{code="500"}[{{.window}}]) > 0)
      step: 10s
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: share}
spec:
  service: shop
  objective: 99%
  window: 7d
  sli: {promql: {errorRatio: 'sum(rate(requests_total{code="500"}[10s])) / sum(rate(requests_total[10s]))', step: 10s}}
---
version: prometheus/v1
service: sloth
slos:
- name: joined
  objective: 99
  alerting: {name: Fails}
  sli:
    events:
      error_query: sum(rate(requests_total{code="500"}[{{.window}}]) * on (job, instance) group_left up)
      total_query: sum(rate(requests_total[{{.window}}]) * on (job, instance) group_left up)
`

// TestQueriesOfAPrometheus: what only a server can answer, it is asked for; also
// what happened while the engine was dead.
func TestQueriesOfAPrometheus(t *testing.T) {
	t.Parallel()
	const rate, failing = 100, 10 // a second
	began := time.Now()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		s := time.Since(began).Seconds()
		fmt.Fprintf(w, "# TYPE requests_total counter\nrequests_total{code=\"200\"} %.0f\nrequests_total{code=\"500\"} %.0f\n", (rate-failing)*s, failing*s)
	}))
	t.Cleanup(shop.Close)
	prometheus := lab.StartPrometheus(t, lab.PrometheusOptions{Config: fmt.Sprintf(
		"global: {scrape_interval: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: [%q]}]}]\n", shop.Listener.Addr())})
	dir, binary := t.TempDir(), buildEngine(t)
	put(t, dir, "slos/slos.yaml", asked)
	put(t, dir, "slo-engine.yaml", freePorts+fmt.Sprintf("prometheus: [{url: %q, query_delay: 2s, poll_interval: 1s}]\n", prometheus.URL))
	serve := func() (*lab.Process, *client.Client) {
		p := lab.Start(t, serveCmd(binary, dir))
		awaitOutput(t, p, "msg=serving")
		api, err := client.New("http://"+serving.FindStringSubmatch(p.Output())[1], client.Options{HTTP: web})
		if err != nil {
			t.Fatal(err)
		}
		return p, api
	}
	// counted waits until an SLO has counted what happened up to its last event,
	// which is at least so long after the beginning.
	counted := func(api *client.Client, id string, perSecond float64, least time.Duration) {
		t.Helper()
		lab.Eventually(t, 3*patience, func() error {
			detail, err := api.SLO(t.Context(), id)
			if err != nil {
				return err
			}
			got, upTo := shownOf(detail.SLO), detail.LastEvent.Sub(began)
			want := perSecond * upTo.Seconds()
			switch {
			case upTo < least:
				return fmt.Errorf("%s has counted up to %s", id, upTo)
			case math.Abs(got.Total/want-1) > 0.15 || math.Abs(1-got.SLI-failing/float64(rate)) > 0.01:
				return fmt.Errorf("%s: %v events with an SLI of %v; there were %v", id, got.Total, got.SLI, want)
			}
			return nil
		})
	}
	p, api := serve()
	for _, text := range []string{"cannot count `", "a PromQL backend is asked instead, every 1m", "slos=3"} {
		awaitOutput(t, p, text)
	}
	counted(api, "shop:asked", rate, 30*time.Second)
	counted(api, "shop:share", 0.1, 30*time.Second)
	p.Kill()
	lab.Eventually(t, patience, func() error { // the world goes on
		if time.Since(began) < time.Minute+15*time.Second {
			return fmt.Errorf("it is early")
		}
		return nil
	})
	_, api = serve()
	counted(api, "shop:asked", rate, 80*time.Second)
	counted(api, "shop:share", 0.1, 80*time.Second)
	lab.Eventually(t, 2*patience, func() error { // a minute of which little may have been seen
		detail, err := api.SLO(t.Context(), "sloth:joined")
		if err != nil {
			return err
		}
		if got := shownOf(detail.SLO); got.Total < 30*rate || math.Abs(1-got.SLI-failing/float64(rate)) > 0.01 {
			return fmt.Errorf("%v events with an SLI of %v", got.Total, got.SLI)
		}
		return nil
	})
}
