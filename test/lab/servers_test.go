package lab

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is the deadline of what takes a second or two on an idle machine.
const patience = 2 * time.Minute

const scrapesItself = `
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs:
  - {job_name: self, static_configs: [{targets: ['{{addr}}']}]}
`

// One Prometheus scrapes itself, raises an alert about it, and an
// Alertmanager receives that alert.
func TestPrometheusAlertReachesAlertmanager(t *testing.T) {
	t.Parallel()
	am := StartAlertmanager(t, "")
	prom := StartPrometheus(t, PrometheusOptions{
		Config: scrapesItself + fmt.Sprintf(`
rule_files: [rules.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: [%q]}]}]
`, am.Addr),
		Files: map[string]string{"rules.yml": `
groups:
  - name: lab
    rules:
      - {alert: LabIsUp, expr: up == 1, labels: {severity: info}, annotations: {summary: "{{ $labels.job }}"}}
`},
	})
	Eventually(t, patience, func() error {
		alerts, err := am.Alerts(t.Context())
		if err != nil {
			return err
		}
		return wantAlert(alerts, "LabIsUp", prom.Addr)
	})
}

func wantAlert(alerts []Alert, name, instance string) error {
	for _, a := range alerts {
		if a.Labels["alertname"] == name && a.Labels["instance"] == instance &&
			a.Annotations["summary"] == "self" && a.Status.State == "active" && !a.StartsAt.IsZero() {
			return nil
		}
	}
	return fmt.Errorf("no active alert %s of %s among %+v", name, instance, alerts)
}

func TestPrometheusAnswersQueries(t *testing.T) {
	t.Parallel()
	prom := StartPrometheus(t, PrometheusOptions{Config: scrapesItself})
	var raw int
	Eventually(t, patience, func() error {
		series, err := prom.QueryRangeSamples(t.Context(), `up{job="self"}`, time.Hour, time.Time{})
		if err != nil {
			return err
		}
		if len(series) != 1 || len(series[0].Values) < 3 {
			return fmt.Errorf("want one series with three samples, have %v", series)
		}
		raw = len(series[0].Values)
		for i, s := range series[0].Values {
			if s.Value != 1 || i > 0 && s.Timestamp <= series[0].Values[i-1].Timestamp {
				t.Errorf("sample %d is %v after %v", i, s, series[0].Values[:i])
			}
		}
		return nil
	})
	vector, err := prom.Query(t.Context(), `count_over_time(up[1h])`, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(vector) != 1 || int(vector[0].Value) < raw {
		t.Errorf("count_over_time is %v, want one value of %d or more", vector, raw)
	}
	if _, err := prom.Query(t.Context(), `up[1h]`, time.Time{}); err == nil {
		t.Error("a matrix passed for a vector")
	}
	if _, err := prom.Query(t.Context(), `up{`, time.Time{}); err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("a bad expression gave %v, want the server's parse error", err)
	}
}

func TestPrometheusLoadsNewConfig(t *testing.T) {
	t.Parallel()
	prom := StartPrometheus(t, PrometheusOptions{})
	if err := prom.SetConfig(t.Context(), scrapesItself); err != nil {
		t.Fatal(err)
	}
	Eventually(t, patience, func() error {
		up, err := prom.Query(t.Context(), `up{job="self"} == 1`, time.Time{})
		if err == nil && len(up) != 1 {
			err = errors.New("the new target is not scraped yet")
		}
		return err
	})
	if err := prom.SetConfig(t.Context(), "nonsense: true"); err == nil {
		t.Error("a bad configuration was loaded")
	}
}

func TestTelemetrygenSendsMetrics(t *testing.T) {
	t.Parallel()
	prom := StartPrometheus(t, PrometheusOptions{})
	Telemetrygen(t, "metrics", "--otlp-http", "--otlp-insecure",
		"--otlp-endpoint", prom.Addr,
		"--otlp-http-url-path", "/api/v1/otlp/v1/metrics",
		"--metrics", "5", "--otlp-metric-name", "lab_otlp")
	Eventually(t, patience, func() error {
		got, err := prom.Query(t.Context(), `{__name__=~"lab_otlp.*"}`, time.Time{})
		if err == nil && len(got) == 0 {
			err = errors.New("nothing arrived")
		}
		return err
	})
}

func TestToolsRun(t *testing.T) {
	for _, tool := range []string{"promtool", "amtool"} {
		if out := Run(t, tool, "--version"); !strings.Contains(out, "version") {
			t.Errorf("%s --version says %q", tool, out)
		}
	}
}

// Loki takes telemetrygen's logs and still has them after a restart.
func TestLokiKeepsLines(t *testing.T) {
	t.Parallel()
	since := time.Now()
	loki := StartLoki(t)
	Telemetrygen(t, "logs", "--otlp-http", "--otlp-insecure", "--otlp-endpoint", loki.Addr,
		"--otlp-http-url-path", "/otlp/v1/logs", "--logs", "3", "--service", "shop")
	lines := func() error {
		streams, err := loki.QueryRange(t.Context(), `{service_name="shop"}`, since)
		if err == nil && (len(streams) != 1 || len(streams[0].Values) != 3) {
			err = fmt.Errorf("want one stream of three lines, have %+v", streams)
		}
		return err
	}
	Eventually(t, patience, lines)
	loki.Stop()
	loki.Restart(t)
	Eventually(t, patience, lines)
	if _, err := loki.QueryRange(t.Context(), `count_over_time({service_name="shop"}[1m])`, since); err == nil {
		t.Error("a matrix passed for streams")
	}
}

func TestLokiOfTenants(t *testing.T) {
	t.Parallel()
	loki := StartLokiOfTenants(t)
	if _, err := loki.QueryRange(t.Context(), `{a="b"}`, time.Now()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a query of nobody: %v", err)
	}
}

func TestVictoriaMetricsAnswersQueries(t *testing.T) {
	t.Parallel()
	victoria := StartVictoriaMetrics(t)
	victoria.Stop()
	victoria.Restart(t)
	if answer, err := get(t.Context(), victoria.URL+"/api/v1/query?query=1"); err != nil || !strings.Contains(string(answer), `"success"`) {
		t.Errorf("%s, %v", answer, err)
	}
}
