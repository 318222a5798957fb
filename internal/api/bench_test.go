package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/slo-engine/slo-engine/internal/engine"
)

// manySLOs is a snapshot as large as a busy platform's.
func manySLOs(n int) *engine.Snapshot {
	s := &engine.Snapshot{At: noon}
	for i := range n {
		in := burning()
		in.ID = fmt.Sprintf("checkout:checkout-latency:%016x", i)
		in.Group = map[string]string{"route": fmt.Sprintf("/route/%d", i)}
		s.Instances = append(s.Instances, in)
	}
	return s
}

func benchmark(b *testing.B, target string) {
	h := New(Options{Snapshot: at(manySLOs(5000))})
	b.ReportAllocs()
	for b.Loop() {
		w := discard{http.Header{}, new(int64)}
		h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		b.ReportMetric(float64(*w.bytes), "body-bytes")
	}
}

func BenchmarkList5000(b *testing.B) { benchmark(b, "/api/v1/slos") }

func BenchmarkDetailOf5000(b *testing.B) {
	benchmark(b, "/api/v1/slos/checkout:checkout-latency:0000000000000fff")
}

func BenchmarkMetrics5000(b *testing.B) { benchmark(b, "/metrics/slo") }

// discard counts what it is sent.
type discard struct {
	header http.Header
	bytes  *int64
}

func (d discard) Header() http.Header { return d.header }
func (d discard) WriteHeader(int)     {}
func (d discard) Write(p []byte) (int, error) {
	*d.bytes += int64(len(p))
	return len(p), nil
}
