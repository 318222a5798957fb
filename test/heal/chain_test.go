package heal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// chainConfig, chainRules and chainRoute are the classic chain as people have it: scraped
// and evaluated every 15 s, grouped for 30 s, and told to a webhook.
const chainConfig = `
global: {scrape_interval: 15s, evaluation_interval: 15s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
- job_name: gateway
  static_configs: [{targets: [%q]}]
`

// chainRules is the workbook's fast page. The hour is as young as the test, so it
// fires up to 52 s earlier than where an hour of good answers came before.
const chainRules = `
groups:
- name: page
  rules:
  - alert: ErrorBudgetBurn
    expr: |
      sum(rate(requests_total{code=~"5.."}[1h])) / sum(rate(requests_total[1h])) > 14.4 * 0.001
      and sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m])) > 14.4 * 0.001
    labels: {severity: critical}
`

const chainRoute = `
route: {receiver: healer, group_wait: 30s, group_interval: 5m, repeat_interval: 4h, group_by: [alertname]}
receivers: [{name: healer, webhook_configs: [{url: %q}]}]
`

// The classic chain heals the same shop: Prometheus, Alertmanager and a webhook
// that moves the weight, real ones all of them. It is here to be compared with.
func TestClassicChain(t *testing.T) {
	if !proving() {
		return // minutes of waiting for a figure that is only compared
	}
	t.Parallel()
	w := &world{shop: newShop(t, 1)}
	one := w.lanes[0]
	w.admit()
	healer := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		for _, command := range []string{"set weight c0/v1 255", "set weight c0/v2 0"} {
			if answer, err := say(w.Socket, command); err != nil || answer != "" {
				t.Errorf("%s: %s %v", command, answer, err)
			}
		}
	}))
	t.Cleanup(healer.Close)
	exporter := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { one.expose(out) }))
	t.Cleanup(exporter.Close)
	pager := lab.StartAlertmanager(t, fmt.Sprintf(chainRoute, healer.URL))
	prom := lab.StartPrometheus(t, lab.PrometheusOptions{
		Config: fmt.Sprintf(chainConfig, pager.Addr, exporter.Listener.Addr()),
		Files:  map[string]string{"rules.yml": chainRules},
	})
	lab.Eventually(t, patience, func() error { // three scrapes, so that rates are known
		samples, err := prom.Query(t.Context(), `count_over_time(requests_total{code="200",version="v2"}[5m]) >= 3`, time.Time{})
		if err == nil && len(samples) == 0 {
			err = fmt.Errorf("not scraped three times yet")
		}
		return err
	})
	w.shatter(one)
	lab.Eventually(t, 2*patience, func() error {
		if one.healed() <= 0 || !one.calm(10*time.Second) {
			return fmt.Errorf("it is still bad")
		}
		return nil
	})
	t.Logf("1 fault by the classic chain (Prometheus 15 s, Alertmanager 30 s, webhook): fault to healthy %v", one.healed().Round(10*time.Millisecond))
}

// expose writes the counters of a lane as a scrape wants them.
func (l *lane) expose(out http.ResponseWriter) {
	for _, s := range l.series(0) {
		labels := map[string]string{}
		for _, one := range s.Labels {
			labels[one.Name] = one.Value
		}
		_, _ = fmt.Fprintf(out, "requests_total{code=%q,version=%q} %g\n", labels["code"], labels["version"], s.Samples[0].Value)
	}
}
