package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/test/lab"
)

// arrival is how long a test waits for samples to be scraped, sent, counted.
const arrival = 2 * time.Minute

// scraped are the SLOs of these tests, and the truth about each by the value
// of its group label, "" without one.
var scraped = []struct {
	name, spec string
	truths     map[string]truth
	// driven is what the target knows itself; nil where it cannot.
	driven func(g *target, group string) tally
}{
	{
		name:   "availability",
		spec:   `sli: {ratio: {total: 'requests_total{job="shop"}', bad: 'requests_total{job="shop", code=~"5.."}'}}`,
		truths: map[string]truth{"": of(eachOf("requests_total", "shop", codeIn("5"), nil))},
		driven: func(g *target, _ string) tally { return g.requests },
	},
	{
		name: "by-route",
		spec: `sli: {ratio: {total: 'sum(rate(requests_total{job="shop"}[5m]))', bad: 'sum(rate(requests_total{job="shop", code=~"5.."}[5m]))'}}
  groupBy: [route]`,
		truths: map[string]truth{
			"/":     of(eachOf("requests_total", "shop", codeIn("5"), model.LabelSet{"route": "/"})),
			"/late": of(eachOf("requests_total", "shop", codeIn("5"), model.LabelSet{"route": "/late"})),
			"/gap":  of(eachOf("requests_total", "shop", codeIn("5"), model.LabelSet{"route": "/gap"})),
		},
		driven: func(g *target, route string) tally { return *g.routeTally(route) },
	},
	{
		name:   "slowly-scraped",
		spec:   `sli: {ratio: {total: 'requests_total{job="slow"}', bad: 'requests_total{job="slow", code!~"[234].."}'}}`,
		truths: map[string]truth{"": of(eachOf("requests_total", "slow", codeIn("5"), nil))},
		driven: func(g *target, _ string) tally { return g.requests },
	},
	{
		name: "both-jobs",
		spec: `sli: {ratio: {total: 'requests_total{job=~"shop|slow"}', bad: 'requests_total{job=~"shop|slow", code=~"5.."}'}}`,
		truths: map[string]truth{"": of(
			eachOf("requests_total", "shop", codeIn("5"), nil), eachOf("requests_total", "slow", codeIn("5"), nil),
		)},
		driven: func(g *target, _ string) tally { return tally{2 * g.requests.good, 2 * g.requests.total} },
	},
	{
		name: "jobs",
		spec: `sli: {ratio: {total: 'jobs_begun_total{job="shop"}', good: 'jobs_succeeded_total{job="shop"}'}}`,
		truths: map[string]truth{"": of(
			fixed("jobs_begun_total", "shop", weight{bad: 1, total: 1}, nil),
			fixed("jobs_succeeded_total", "shop", weight{bad: -1}, nil),
		)},
		driven: func(g *target, _ string) tally { return g.jobs },
	},
	{
		name: "latency",
		spec: `sli: {latency: {histogram: 'request_seconds{job="shop"}', below: 250ms}}`,
		truths: map[string]truth{"": of(
			fixed("request_seconds_count", "shop", weight{bad: 1, total: 1}, nil),
			fixed("request_seconds_bucket", "shop", weight{bad: -1}, model.LabelSet{"le": "0.25"}),
		)},
		driven: func(g *target, _ string) tally { return g.latency },
	},
	{
		name:   "native-latency",
		spec:   `sli: {latency: {histogram: 'operation_seconds{job="shop"}', below: 250ms}}`,
		truths: map[string]truth{"": ofNative("operation_seconds", "shop")},
		driven: func(g *target, _ string) tally { return g.native },
	},
	{
		name:   "queue",
		spec:   `sli: {threshold: {metric: 'queue_length{job="shop"}', below: 10, slice: 3s}}`,
		truths: map[string]truth{"": ofGauge("queue_length", "shop", 10, 3*time.Second)},
	},
	{
		name: "prometheus",
		spec: `sli: {ratio: {total: 'prometheus_http_requests_total{job="prometheus"}', bad: 'prometheus_http_requests_total{job="prometheus", code=~"[45].."}'}}`,
		truths: map[string]truth{"": of(
			eachOf("prometheus_http_requests_total", "prometheus", codeIn("45"), nil),
		)},
	},
}

// scrapedSLOs is the text of slos.yaml.
func scrapedSLOs() string {
	var docs []string
	for _, s := range scraped {
		docs = append(docs, fmt.Sprintf(`apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: %s}
spec:
  service: scraped
  objective: 99%%
  window: 30d
  %s
`, s.name, s.spec))
	}
	return strings.Join(docs, "---\n")
}

// watch starts a Prometheus that scrapes itself and the target and sends all
// of it to the engine, spread over several connections and many small requests.
func watch(t *testing.T, g *target, r *running, message, external string, args ...string) *watcher {
	t.Helper()
	prom := lab.StartPrometheus(t, lab.PrometheusOptions{ExtraArgs: args, Config: fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_native_histograms: true, external_labels: {%s}}
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: ['{{addr}}']}]}
  - {job_name: shop, static_configs: [{targets: [%[2]q]}]}
  - {job_name: slow, scrape_interval: 2s, static_configs: [{targets: [%[2]q]}]}
remote_write:
  - url: %s/api/v1/write
    protobuf_message: %s
    send_native_histograms: true
    queue_config: {min_shards: 4, max_shards: 4, max_samples_per_send: 25, capacity: 2000, batch_send_deadline: 1s, min_backoff: 30ms}
`, external, g.Addr, r.URL, message)})
	return &watcher{source: source{Prometheus: prom, tellsStarts: len(args) > 0}, engine: r}
}

const (
	version1 = "prometheus.WriteRequest"
	version2 = "io.prometheus.write.v2.Request"
	// sendStarts has Prometheus keep start times and send them with version 2.
	sendStarts = "--enable-feature=st-storage"
)

// TestCountsEqualWhatPrometheusStored is the promise to users of Prometheus:
// what the engine counts is what the target's counters did, to the last event.
func TestCountsEqualWhatPrometheusStored(t *testing.T) {
	s := &story{t: t, target: startTarget(t)}
	slos := settings{SLOs: scrapedSLOs()}
	engines := []*running{start(t, slos), start(t, slos), start(t, slos)}
	t.Parallel()
	s.watchers = []*watcher{
		watch(t, s.target, engines[0], version1, ""),
		watch(t, s.target, engines[1], version2, ""),
		watch(t, s.target, engines[2], version2, "", sendStarts),
	}
	s.tell()
	for i, name := range []string{"1.0", "2.0", "2.0 with start times"} {
		t.Run(name, func(t *testing.T) {
			s.watchers[i].compareAll(t)
			s.watchers[i].compareDriven(t, s.target)
		})
	}
}
