package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/scaler"
)

const oneBackend = "prometheus: [{url: 'http://p'}]\n"

func TestScalers(t *testing.T) {
	c, _ := load(t, oneBackend+`
scaling:
  keda: {listen: "127.0.0.1:9491"}
  scalers:
  - name: checkout
    service: checkout
    slo: availability
    queue: {query: sum(queue_depth), target: 100}
    load: {backend: history, query: "scalar(sum(x))", ahead: 2m}
    goroutines: {query: go_goroutines, target: 1000, weight: 0.5, for: 10m, growth: 0.2}
    burn: {window: 1h}
    ahead: true
    min: 2
  - {name: worker, service: worker, burn: {}, max: 5}
`)
	want := Scaling{
		PollInterval: 15 * time.Second, StaleAfter: 2 * time.Minute, QueryTimeout: 10 * time.Second,
		KEDA: KEDA{Listen: "127.0.0.1:9491"},
		Scalers: []scaler.Spec{
			{
				Name: "checkout", Service: "checkout", SLO: "availability", Ahead: true, Min: 2, Max: 1000,
				Queue: &scaler.Queue{Query: scaler.Query{Backend: "main", Query: "sum(queue_depth)", Target: 100, Weight: 1}},
				Load: &scaler.Load{
					Query: scaler.Query{Backend: "history", Query: "scalar(sum(x))", Weight: 1}, Ahead: 2 * time.Minute, Trend: 5 * time.Minute,
				},
				Goroutines: &scaler.Goroutines{
					Query: scaler.Query{Backend: "main", Query: "go_goroutines", Target: 1000, Weight: 0.5}, For: 10 * time.Minute, Growth: 0.2,
				},
				Burn: &scaler.Burn{Window: time.Hour, Above: 1, Weight: 0.1, Most: 2},
			},
			{Name: "worker", Service: "worker", Max: 5, Burn: &scaler.Burn{Window: 5 * time.Minute, Above: 1, Weight: 0.1, Most: 2}},
		},
	}
	if diff := cmp.Diff(want, c.Scaling); diff != "" {
		t.Error(diff)
	}
	again, _ := load(t, c.String())
	if diff := cmp.Diff(c.Scaling, again.Scaling); diff != "" {
		t.Errorf("what is shown is not what is meant: %s", diff)
	}
}

// The example of docs/scaling.md is one.
func TestDocumentedScaler(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "scaling.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```\n")
	example, _, _ = strings.Cut(example, "```\n")
	c, _ := load(t, oneBackend+example)
	if len(c.Scaling.Scalers) != 1 || c.Scaling.Scalers[0].Goroutines.Growth != 0.2 {
		t.Errorf("got %+v", c.Scaling)
	}
}

func TestScalerProblems(t *testing.T) {
	queue := func(fields string) string {
		return "scaling:\n  scalers:\n  - name: a\n    service: a\n    " + fields + "\n"
	}
	many := strings.Repeat("  - {name: NAME, service: a, queue: {query: q, target: 1}}\n", 3)
	for i := range 3 {
		many = strings.Replace(many, "NAME", fmt.Sprint("a", i), 1)
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"times": {"scaling: {poll_interval: 10m, stale_after: 1m, query_timeout: 2m}", []string{
			"1: scaling.poll_interval: 10m is too long; write at most 5m",
			"1: scaling.query_timeout: 2m is too long; write at most 1m",
			"1: scaling.stale_after: 1m is too short; write at least 20m",
		}},
		"names": {"scaling:\n  scalers:\n  - {name: A_b, service: a, burn: {}}\n  - {name: b, service: a, burn: {}}\n  - {name: b, service: a, burn: {}}\n  - {burn: {}}", []string{
			`3: scaling.scalers[0].name: "A_b" is not a name that Kubernetes can ask for; write lower-case letters, digits, - and ., such as checkout`,
			`5: scaling.scalers[2].name: "b" is there twice; give each a name of its own`,
			"6: scaling.scalers[3].name: is missing; write a name of your own, such as checkout",
			"6: scaling.scalers[3].service: is missing; write the service that is scaled, such as checkout",
		}},
		"nothing adds up": {oneBackend + queue("queue: {query: q}"), []string{
			"4: scaling.scalers[0]: adds nothing up; write a target for queue, load or goroutines, or write burn",
		}},
		"no backend": {queue("queue: {query: q, target: 1}"), []string{
			"5: scaling.scalers[0].queue.backend: is missing, and there is no PromQL backend to ask; write one under prometheus, or history for the engine's own",
		}},
		"another backend": {oneBackend + queue("queue: {backend: b, query: q, target: 1}"), []string{
			`6: scaling.scalers[0].queue.backend: there is no PromQL backend "b"; known here: main, history`,
		}},
		"which backend": {"prometheus: [{url: 'http://p'}, {name: b, url: 'http://q'}]\n" + queue("queue: {query: q, target: 1}"), []string{
			"6: scaling.scalers[0].queue.backend: is missing; known here: main, b, history",
		}},
		"no history": {"storage: {retention: 0s}\n" + queue("queue: {backend: history, query: q, target: 1}"), []string{
			"6: scaling.scalers[0].queue.backend: there is no history: storage.retention is 0; write a Prometheus, or a retention",
		}},
		"no load": {oneBackend + queue("goroutines: {query: q, target: 1, for: 1m, growth: 0}"), []string{
			"6: scaling.scalers[0].goroutines: rise with load, and which load is not said; write load beside them",
			"6: scaling.scalers[0].goroutines.for: 1m is too short; write at least 5m",
			"6: scaling.scalers[0].goroutines.growth: must be between 0.01 and 10, not 0; remove it for the default",
		}},
		"bounds": {oneBackend + queue("queue: {query: 'q[5m]', target: -1, weight: 0}\n    burn: {window: 7m, weight: -1}\n    min: 5\n    max: 3"), []string{
			"6: scaling.scalers[0].queue.query: has no value at a time; write what gives a number, such as sum(queue_depth)",
			"6: scaling.scalers[0].queue.target: must be between 1e-09 and 1e+15, not -1; remove it for the default",
			"6: scaling.scalers[0].queue.weight: must be between 1e-06 and 1e+06, not 0; remove it for the default",
			"7: scaling.scalers[0].burn.weight: must be between 1e-06 and 1e+06, not -1; remove it for the default",
			"7: scaling.scalers[0].burn.window: there is no burn rate of 7m; write one of 1m, 5m, 30m, 1h, 2h, 6h, 1d, 3d",
			"8: scaling.scalers[0].min: 5 is more than max, which is 3; write a smaller one",
		}},
		"too many": {"prometheus: [{url: 'http://p', max_queries_per_second: 0.1}]\nscaling:\n  scalers:\n" + many, []string{
			"1: prometheus[0].max_queries_per_second: 0.1 is too little for the 3 queries of scalers each 15s; raise it, or scaling.poll_interval",
		}},
		"nobody to tell": {"scaling: {keda: {listen: 127.0.0.1:9491}}", []string{
			"1: scaling.keda.listen: answers KEDA, and there is nothing to tell it; write scalers, or remove it",
		}},
		"an open port": {"scaling:\n  keda: {listen: ':9491'}\n  scalers: [{name: a, service: a, burn: {}}]", []string{
			"2: scaling.keda.listen: :9491 can be reached from other machines, and nobody has to log in; name a tokens_file or a web_config_file under auth, write auth: {allow_unauthenticated: [viewer]} if that is meant, or listen on 127.0.0.1",
		}},
		"a taken port": {"scaling:\n  keda: {listen: '127.0.0.1:9490'}\n  scalers: [{name: a, service: a, burn: {}}]", []string{
			"2: scaling.keda.listen: 127.0.0.1:9490 is taken by listen; write another port",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := write(t, c.text)
			_, err := Load(path)
			want := path + ":" + strings.Join(c.want, "\n"+path+":")
			if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
