package prom

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/test/lab"
)

// A Prometheus that has nothing itself answers from what it reads here.
func TestAPrometheusReadsFromUs(t *testing.T) {
	base := serving(t, Options{Storage: filled(t)})
	reader := lab.StartPrometheus(t, lab.PrometheusOptions{
		Config: fmt.Sprintf("remote_read: [{url: %q, read_recent: true}]", base+"/api/v1/read"),
	})
	at := start.Add(60 * time.Minute)
	got, err := reader.Query(t.Context(), "sum(increase(slo_events_total[30m]))", at)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	want := single(asked(t, "GET", base, "/api/v1/query", url.Values{"query": {"sum(increase(slo_events_total[30m]))"}, "time": {unix(60)}}))
	if got[0].Value.String() != want {
		t.Errorf("the reader says %s, we say %s", got[0].Value, want)
	}
}

// A Prometheus that federates has our figures under our own labels.
func TestAPrometheusFederatesFromUs(t *testing.T) {
	base := serving(t, Options{Storage: now(t, filled(t))})
	config := fmt.Sprintf(`
scrape_configs:
- {job_name: slo, honor_labels: true, scrape_interval: 1s, metrics_path: /prometheus/federate,
   params: {"match[]": ['{__name__=~"slo_.+"}']}, static_configs: [{targets: [%q]}]}
`, strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/prometheus"))
	federating := lab.StartPrometheus(t, lab.PrometheusOptions{Config: config})
	lab.Eventually(t, time.Minute, func() error {
		got, err := federating.Query(t.Context(), `slo_events_total{slo="availability",result="good"}`, time.Time{})
		if err != nil {
			return err
		}
		if len(got) != 1 || got[0].Value != 87000 || got[0].Metric["instance"] != "" {
			return errors.New(model.Vector(got).String())
		}
		return nil
	})
}
