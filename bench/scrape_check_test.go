package bench

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
)

// page serves a /metrics page with a histogram of these bucket counts.
func page(t *testing.T, below1, below2, all int) families {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `# TYPE h histogram
h_bucket{le="1"} %d
h_bucket{le="2"} %d
h_bucket{le="+Inf"} %[3]d
h_sum 0
h_count %[3]d
# TYPE c_total counter
c_total{of="a"} 1
c_total{of="b"} 2
untyped 7
`, below1, below2, all)
	}))
	defer server.Close()
	return scrape(t, server.URL)
}

func TestScrape(t *testing.T) {
	first, second := page(t, 100, 100, 100), page(t, 190, 200, 200)
	if a, b, c := second.sum("c_total"), second.sum("c_total", "of", "b"), second.sum("untyped"); a != 3 || b != 2 || c != 7 {
		t.Errorf("sums %g, %g, %g", a, b, c)
	}
	if n := second.countSince(first, "h"); n != 100 {
		t.Errorf("%g observations", n)
	}
	for q, want := range map[float64]float64{0.5: 1, 0.9: 1, 0.91: 2, 0.99: 2} {
		if got := second.quantileSince(first, "h", q); got != want {
			t.Errorf("quantile %g: %g, want %g", q, got, want)
		}
	}
	if got := page(t, 0, 0, 1).quantileSince(nil, "h", 0.5); !math.IsInf(got, 1) {
		t.Errorf("beyond the last bucket: %g", got)
	}
	if got := first.quantileSince(first, "h", 0.5); !math.IsNaN(got) {
		t.Errorf("without observations: %g", got)
	}
}

func TestQuantile(t *testing.T) {
	var values []float64
	for i := range 100 {
		values = append(values, float64(100-i))
	}
	if p50, p99 := quantile(values, 0.5), quantile(values, 0.99); p50 != 50 || p99 != 99 {
		t.Errorf("%g, %g", p50, p99)
	}
}
