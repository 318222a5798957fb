package bench

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/test/lab"
)

// The shape of the load: a hundred SLOs, each over a hundred series of its own,
// sampled every fifteen seconds.
const (
	services        = 100
	seriesOfService = 100
	interval        = 15 * time.Second
	perRequest      = 2000
	warmUp          = 2 // rounds
	measured        = 4 // rounds
)

// BenchmarkHundredSLOs runs the engine (1 s ticks), a Prometheus with the rules
// that a rule compiler writes for the same SLOs (17 each, every 30 s), and a
// Prometheus without rules, all fed with the same requests, and reports the
// share of a core that each uses. One iteration takes a minute.
//
// The Prometheus with rules gets off lightly: its long windows hold only the
// minutes of this run, not thirty days.
func BenchmarkHundredSLOs(b *testing.B) {
	ruled := lab.StartPrometheus(b, lab.PrometheusOptions{
		Config: "global: {evaluation_interval: 30s}\nrule_files: [rules.yml]\n",
		Files:  map[string]string{"rules.yml": rules()},
	})
	plain := lab.StartPrometheus(b, lab.PrometheusOptions{})
	peers := []*peer{
		startEngine(b, documents()),
		{name: "prometheus-rules", pid: ruled.PID(), write: ruled.URL + "/api/v1/write"},
		{name: "prometheus-plain", pid: plain.PID(), write: plain.URL + "/api/v1/write"},
	}
	value := 0.0
	round := func() {
		begun := time.Now()
		value += 100
		for _, request := range requests(begun, value) {
			for _, p := range peers {
				send(b, p.write, request)
			}
		}
		<-time.After(time.Until(begun.Add(interval)))
	}
	for range warmUp {
		round()
	}
	for _, p := range peers {
		p.begin(b)
	}
	begun := time.Now()
	for b.Loop() {
		for range measured {
			round()
		}
	}
	elapsed := time.Since(begun)
	engine := peers[0].report(b, elapsed)
	withRules := peers[1].report(b, elapsed)
	without := peers[2].report(b, elapsed)
	b.ReportMetric(withRules/engine, "prometheus/engine")
	b.ReportMetric((withRules-without)/engine, "rules/engine")
}

func documents() string {
	var text strings.Builder
	for i := range services {
		fmt.Fprintf(&text, `---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: service-%[1]d
  objective: 99.9%%
  window: 30d
  sli: {ratio: {total: 'http_requests_total{job="service-%[1]d"}', bad: 'http_requests_total{job="service-%[1]d",code=~"5.."}'}}
`, i)
	}
	return text.String()
}

// rules writes what a rule compiler makes of one SLO: an error ratio for each
// of eight windows, seven constants and derived series, two alerts.
func rules() string {
	var text strings.Builder
	text.WriteString("groups:\n")
	for i := range services {
		errors := fmt.Sprintf(`sum(rate(http_requests_total{job="service-%d",code=~"5.."}[%%s]))`, i)
		total := fmt.Sprintf(`sum(rate(http_requests_total{job="service-%d"}[%%s]))`, i)
		id := fmt.Sprintf("service-%d-availability", i)
		record := func(name, expr, window string) {
			fmt.Fprintf(&text, "  - record: %s\n    expr: '%s'\n    labels: {slo_id: %s, window: '%s'}\n", name, expr, id, window)
		}
		fmt.Fprintf(&text, "- name: sli-%d\n  rules:\n", i)
		windows := []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"}
		for _, w := range windows {
			record("sli_error:ratio_rate"+w, fmt.Sprintf("("+errors+") / ("+total+")", w, w), w)
		}
		record("sli_error:ratio_rate30d", fmt.Sprintf(`sum_over_time(sli_error:ratio_rate5m{slo_id="%[1]s"}[30d]) / count_over_time(sli_error:ratio_rate5m{slo_id="%[1]s"}[30d])`, id), "30d")
		fmt.Fprintf(&text, "- name: meta-%d\n  rules:\n", i)
		record("objective:ratio", "vector(0.999)", "")
		record("error_budget:ratio", "vector(0.001)", "")
		record("time_period:days", "vector(30)", "")
		record("current_burn_rate:ratio", fmt.Sprintf(`sli_error:ratio_rate5m{slo_id="%s"} / 0.001`, id), "")
		record("period_burn_rate:ratio", fmt.Sprintf(`sli_error:ratio_rate30d{slo_id="%s"} / 0.001`, id), "")
		record("period_error_budget_remaining:ratio", fmt.Sprintf(`1 - period_burn_rate:ratio{slo_id="%s"}`, id), "")
		record("slo_info", "vector(1)", "")
		fmt.Fprintf(&text, "- name: alerts-%d\n  rules:\n", i)
		alert := func(name string, pairs ...string) {
			var terms []string
			for p := 0; p < len(pairs); p += 3 {
				terms = append(terms, fmt.Sprintf(`(max(sli_error:ratio_rate%[2]s{slo_id="%[1]s"} > (%[4]s * 0.001)) and max(sli_error:ratio_rate%[3]s{slo_id="%[1]s"} > (%[4]s * 0.001)))`, id, pairs[p], pairs[p+1], pairs[p+2]))
			}
			fmt.Fprintf(&text, "  - alert: %s\n    expr: '%s'\n    labels: {slo_id: %s}\n", name, strings.Join(terms, " or "), id)
		}
		alert("Page", "5m", "1h", "14.4", "30m", "6h", "6")
		alert("Ticket", "2h", "1d", "3", "6h", "3d", "1")
	}
	return text.String()
}

// requests are one round of samples: every series once, in remote write 1.0.
func requests(at time.Time, value float64) [][]byte {
	var all [][]byte
	var batch prompb.WriteRequest
	for s := range services {
		for i := range seriesOfService {
			batch.Timeseries = append(batch.Timeseries, prompb.TimeSeries{
				Labels: []prompb.Label{
					{Name: "__name__", Value: "http_requests_total"},
					{Name: "code", Value: []string{"200", "201", "404", "500", "503"}[i%5]},
					{Name: "instance", Value: fmt.Sprintf("10.0.%d.%d:8080", s, i/20)},
					{Name: "job", Value: fmt.Sprintf("service-%d", s)},
					{Name: "method", Value: []string{"GET", "POST"}[i/5%2]},
					{Name: "route", Value: fmt.Sprintf("/route/%d", i/10%2)},
				},
				Samples: []prompb.Sample{{Timestamp: at.UnixMilli(), Value: value + float64(i)}},
			})
			if len(batch.Timeseries) == perRequest {
				data, err := batch.Marshal()
				if err != nil {
					panic(err)
				}
				all = append(all, snappy.Encode(nil, data))
				batch.Reset()
			}
		}
	}
	return all
}

func send(b *testing.B, url string, body []byte) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode/100 != 2 {
		b.Fatalf("%s answers %s: %s", url, response.Status, answer)
	}
}

// freeAddress is an address that was free a moment ago.
func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
