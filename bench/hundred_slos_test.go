package bench

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
	"github.com/slo-engine/slo-engine/test/lab"
)

// BenchmarkHundredSLOs runs the engine (1 s ticks), a Prometheus with the rules
// that a rule compiler writes for the same SLOs (17 each, every 30 s), and a
// Prometheus without rules, all fed with the same requests, a hundred series
// for each SLO every 15 s, and reports the share of a core that each uses. One
// iteration takes a minute.
//
// The Prometheus with rules gets off lightly: its long windows hold only the
// minutes of this run, not thirty days.
func BenchmarkHundredSLOs(b *testing.B) {
	const slos, interval = 100, 15 * time.Second
	engine := startEngine(b, settings{slos: documents(slos, byJob)})
	ruled := lab.StartPrometheus(b, lab.PrometheusOptions{
		Config: "global: {evaluation_interval: 30s}\nrule_files: [rules.yml]\n",
		Files:  map[string]string{"rules.yml": ruleFile(slos)},
	})
	plain := lab.StartPrometheus(b, lab.PrometheusOptions{})
	load := payload.New(payload.RemoteWrite1, payload.Fleet{Jobs: slos, PerJob: 100}, 2000)
	var senders []sender
	for _, url := range []string{engine.url, ruled.URL, plain.URL} {
		senders = append(senders, post(b, url+"/api/v1/write", load.Header()))
	}
	feed(b, load, interval, senders...)
	pause(2 * interval)

	shares := sharesOfCore(b, engine.PID(), ruled.PID(), plain.PID())
	for b.Loop() {
		pause(4 * interval)
	}
	share := shares()
	b.ReportMetric(share[0], "engine-%core")
	b.ReportMetric(share[1], "prometheus-rules-%core")
	b.ReportMetric(share[2], "prometheus-plain-%core")
	b.ReportMetric(share[1]/share[0], "prometheus/engine")
	b.ReportMetric((share[1]-share[2])/share[0], "rules/engine")
}

// sharesOfCore begins to watch processes; what it returns says what share of a
// core each has used since, in percent.
func sharesOfCore(tb testing.TB, pids ...int) func() []float64 {
	begun, used := time.Now(), make([]time.Duration, len(pids))
	for i, pid := range pids {
		used[i] = cpu(tb, pid)
	}
	return func() (shares []float64) {
		elapsed := time.Since(begun)
		for i, pid := range pids {
			shares = append(shares, 100*float64(cpu(tb, pid)-used[i])/float64(elapsed))
		}
		return shares
	}
}
