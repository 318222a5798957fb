package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/prompb"
)

// decodeWrite reads a remote write request as a receiver would.
func decodeWrite(t *testing.T, r *http.Request) *prompb.WriteRequest {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
		"X-Prometheus-Remote-Write-Version": "0.1.0",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("header %s = %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	raw, err := snappy.Decode(nil, body)
	if err != nil {
		t.Error(err)
	}
	request := new(prompb.WriteRequest)
	if err := request.Unmarshal(raw); err != nil {
		t.Error(err)
	}
	return request
}

// text writes a series as Prometheus does.
func text(s prompb.TimeSeries) string {
	var name string
	var pairs []string
	for _, l := range s.Labels {
		if l.Name == "__name__" {
			name = l.Value
			continue
		}
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	return fmt.Sprintf("%s{%s} %g", name, strings.Join(pairs, ","), s.Samples[0].Value)
}

func TestPushSendsWhatWasGathered(t *testing.T) {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"code"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "open"})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", Buckets: []float64{0.25, 1}})
	registry.MustRegister(counter, gauge, histogram)
	counter.WithLabelValues("200").Add(3)
	counter.WithLabelValues("503")
	gauge.Set(-1.5)
	for _, v := range []float64{0.25, 0.5, 2} {
		histogram.Observe(v)
	}

	var requests []*prompb.WriteRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, decodeWrite(t, r))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	w := &remoteWriter{url: server.URL, client: server.Client(), gatherer: registry, job: "gateway", instance: "here:1"}
	for range 2 {
		if err := w.push(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	var got []string
	for _, s := range requests[0].Timeseries {
		got = append(got, text(s))
	}
	want := []string{
		`open{instance="here:1",job="gateway"} -1.5`,
		`requests_total{code="200",instance="here:1",job="gateway"} 3`,
		`requests_total{code="503",instance="here:1",job="gateway"} 0`,
		`took_seconds_bucket{instance="here:1",job="gateway",le="0.25"} 1`,
		`took_seconds_bucket{instance="here:1",job="gateway",le="1"} 2`,
		`took_seconds_bucket{instance="here:1",job="gateway",le="+Inf"} 3`,
		`took_seconds_sum{instance="here:1",job="gateway"} 2.75`,
		`took_seconds_count{instance="here:1",job="gateway"} 3`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series of the first push (-want +got):\n%s", diff)
	}
	first, second := stamp(requests[0]), stamp(requests[1])
	if second <= first {
		t.Errorf("second push has time %d, first %d: a receiver would ignore it", second, first)
	}
}

func stamp(r *prompb.WriteRequest) int64 { return r.Timeseries[0].Samples[0].Timestamp }

func TestPushTellsWhatTheEngineSaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "queue is full", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	w := &remoteWriter{url: server.URL, client: server.Client(), gatherer: prometheus.NewRegistry()}
	err := w.push(t.Context())
	if err == nil || !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), "queue is full") {
		t.Errorf("push = %v, want the status and the engine's words", err)
	}
}
