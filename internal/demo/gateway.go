package demo

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gateway is the shop's front door: a reverse proxy that splits the traffic
// between two versions of checkout, instrumented as Prometheus users do it.
type gateway struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	books    *books

	versions []backend
	pool     *pool // who of them is next
}

// backend is one version behind the gateway.
type backend struct {
	version string
	proxy   *httputil.ReverseProxy
}

// newGateway splits between v1 and v2 at these URLs, as the pool says.
func newGateway(v1, v2 string, p *pool, transport http.RoundTripper, b *books, log *slog.Logger) (*gateway, error) {
	g := &gateway{registry: prometheus.NewRegistry(), books: b, pool: p}
	g.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "gateway_requests_total", Help: "Requests answered by the gateway.",
	}, []string{"route", "version", "code"})
	g.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gateway_request_duration_seconds", Help: "Time to the end of the answer.",
		Buckets: prometheus.DefBuckets,
	}, []string{"route", "version"})
	g.registry.MustRegister(g.requests, g.duration)
	for i, address := range []string{v1, v2} {
		target, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("read the address of a checkout: %w", err)
		}
		version := fmt.Sprintf("v%d", i+1)
		proxy := &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: transport,
			ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		}
		g.versions = append(g.versions, backend{version, proxy})
		g.expect(version)
	}
	return g, nil
}

// expect lets a version's good series exist from the first push on, at zero.
func (g *gateway) expect(version string) {
	for _, route := range routes {
		g.requests.WithLabelValues(route, version, strconv.Itoa(http.StatusOK))
	}
}

// handler serves the routes.
func (g *gateway) handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { g.answer(w, r, route) })
	}
	return mux
}

func (g *gateway) answer(w http.ResponseWriter, r *http.Request, route string) {
	start := time.Now()
	next := g.pool.pick()
	if next < 0 {
		http.Error(w, "no checkout takes requests", http.StatusServiceUnavailable)
		g.count(route, "none", http.StatusServiceUnavailable, start)
		return
	}
	to := g.versions[next]
	recorder := &statusRecorder{ResponseWriter: w, code: http.StatusOK}
	to.proxy.ServeHTTP(recorder, r)
	g.count(route, to.version, recorder.code, start)
}

// count notes one answer, in the telemetry and in the books.
func (g *gateway) count(route, version string, code int, start time.Time) {
	g.requests.WithLabelValues(route, version, strconv.Itoa(code)).Inc()
	g.duration.WithLabelValues(route, version).Observe(time.Since(start).Seconds())
	g.books.gateway.add(code < http.StatusInternalServerError)
}

// statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the final status; informational ones may precede it.
func (s *statusRecorder) WriteHeader(code int) {
	if code >= http.StatusOK {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap gives http.ResponseController the writer below.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
