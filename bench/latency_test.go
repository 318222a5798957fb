package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/bench/report"
	"github.com/slo-engine/slo-engine/test/lab"
)

// latency is the time from sending the sample that crosses an alert's
// threshold to the Alertmanager having the alert, by one clock. Each SLO has
// its own step, at a random phase of its sample interval.
func latency(t *testing.T, size scale) []report.Row {
	var ours, theirs []float64
	for cycle := range min(size.cycles, 2) {
		t.Run(fmt.Sprintf("slo-engine/%d", cycle+1), func(t *testing.T) { ours = append(ours, stepEngine(t, size)...) })
		t.Run(fmt.Sprintf("Prometheus/%d", cycle+1), func(t *testing.T) { theirs = append(theirs, stepPrometheus(t, size)...) })
	}
	if len(ours) == 0 || len(theirs) == 0 || t.Failed() {
		return nil
	}
	p50, p99 := quantile(ours, 0.5), quantile(ours, 0.99)
	peer := fmt.Sprintf("Prometheus, evaluating every %s", size.detectedEvery)
	what := fmt.Sprintf("added detection latency, sample sent to alert received, %d steps: ", len(ours))
	return []report.Row{
		report.Alone(what+"99th percentile", report.AtMost(1.5, report.Seconds), report.Of(p99), report.Seconds),
		report.Compared("the same", report.AtLeast(10, report.Times).Named("less"), report.Of(p99), peer, report.Of(quantile(theirs, 0.99)), report.Seconds),
		report.Compared("the same, median", report.None, report.Of(p50), peer, report.Of(quantile(theirs, 0.5)), report.Seconds),
	}
}

// quantile is the smallest value that so many are not above.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(math.Ceil(q*float64(len(sorted))))-1]
}

func stepEngine(t *testing.T, size scale) []float64 {
	inbox := startInbox(t)
	e := startEngine(t, settings{
		slos:   documents(size.steps, strictly),
		config: fmt.Sprintf("alerting: {alertmanagers: [{url: %s}]}\n", inbox.url),
	})
	return inbox.steps(t, size, e.url+"/api/v1/write")
}

// stepPrometheus has one alert rule for each SLO, which needs no other: what
// a chain of rules would add is not counted.
func stepPrometheus(t *testing.T, size scale) []float64 {
	inbox := startInbox(t)
	var rules strings.Builder
	rules.WriteString("groups:\n- name: page\n  rules:\n")
	for i := range size.steps {
		burns := func(window string) string {
			return fmt.Sprintf(`(sum(rate(%[1]s{job="%[2]s",code=~"5.."}[%[3]s])) / sum(rate(%[1]s{job="%[2]s"}[%[3]s])) > 14.4 * 0.001)`,
				payload.Metric, payload.Job(i), window)
		}
		fmt.Fprintf(&rules, "  - alert: Page\n    expr: '%s and %s'\n    labels: {service: %s}\n", burns("1h"), burns("5m"), payload.Job(i))
	}
	p := lab.StartPrometheus(t, lab.PrometheusOptions{
		Config: fmt.Sprintf("global: {evaluation_interval: %s}\nrule_files: [rules.yml]\nalerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}\n",
			size.detectedEvery, strings.TrimPrefix(inbox.url, "http://")),
		Files: map[string]string{"rules.yml": rules.String()},
	})
	return inbox.steps(t, size, p.URL+"/api/v1/write")
}

// inbox is an Alertmanager that only notes when it first hears of a service.
type inbox struct {
	url   string
	mu    sync.Mutex
	heard map[string]time.Time
}

func startInbox(t testing.TB) *inbox {
	in := &inbox{heard: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/alerts", in.receive)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) receive(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	var alerts []struct {
		Labels map[string]string `json:"labels"`
	}
	if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, a := range alerts {
		if service := a.Labels["service"]; in.heard[service].IsZero() {
			in.heard[service] = now
		}
	}
}

func (in *inbox) of(service string) time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.heard[service]
}

// steps gives each SLO a healthy past, then one sample that crosses the
// threshold by far, and returns the latencies in seconds.
func (in *inbox) steps(t *testing.T, size scale, url string) []float64 {
	load := payload.New(payload.RemoteWrite1, payload.Fleet{Jobs: size.steps, PerJob: 2}, 2) // a request for each SLO
	send := post(t, url, load.Header())
	past := int(size.historyPerSeries / size.detectedEvery)
	now := time.Now()
	sent := make([]time.Time, size.steps)
	var encoding sync.Mutex // a load is encoded by one at a time
	var all sync.WaitGroup
	for i := range size.steps {
		phase := time.Duration(rand.Int64N(int64(size.detectedEvery)))
		all.Go(func() {
			for k := past; k >= 0; k-- {
				at := now.Add(size.detectedEvery + phase - time.Duration(k)*size.detectedEvery)
				pause(time.Until(at))
				encoding.Lock()
				body := load.Request(i, at, past-k+1, stepAt(load.Fleet, past+1))
				encoding.Unlock()
				sent[i] = time.Now()
				if err := send(body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	var took []float64
	for i, s := range sent {
		lab.Eventually(t, time.Minute, func() error {
			if in.of(payload.Job(i)).IsZero() {
				return fmt.Errorf("no alert for %s", payload.Job(i))
			}
			return nil
		})
		latency := in.of(payload.Job(i)).Sub(s)
		if latency < 0 {
			t.Fatalf("an alert for %s came %s before its step", payload.Job(i), -latency)
		}
		took = append(took, latency.Seconds())
	}
	return took
}

// stepAt is a fleet without errors until the round in which all fails.
func stepAt(fleet payload.Fleet, step int) payload.Rate {
	return func(series, round int) float64 {
		switch {
		case !fleet.Bad(series):
			return float64(1000 * min(round, step-1))
		case round == step:
			return 1_000_000
		}
		return 0
	}
}
