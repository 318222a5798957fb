package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// observer counts, times and logs requests, and turns a panic into an answer:
// a bad request hurts only itself.
type observer struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	logger   *slog.Logger
}

func newObserver(reg prometheus.Registerer, logger *slog.Logger) *observer {
	return &observer{
		requests: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "slo_engine_http_requests_total",
			Help: "HTTP requests answered, by route and status code.",
		}, []string{"handler", "code"}),
		seconds: promauto.With(reg).NewHistogramVec(prometheus.HistogramOpts{
			Name:    "slo_engine_http_request_seconds",
			Help:    "Time to answer HTTP requests, by route.",
			Buckets: []float64{.001, .005, .025, .1, .25, 1, 2.5, 10},
		}, []string{"handler"}),
		logger: logger,
	}
}

func (o *observer) observe(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		start := time.Now()
		defer func() { o.note(name, r, rec, time.Since(start)) }()
		defer o.catch(rec, r)
		next.ServeHTTP(rec, r)
	})
}

func (o *observer) note(name string, r *http.Request, rec *recorder, took time.Duration) {
	o.requests.WithLabelValues(name, strconv.Itoa(rec.status())).Inc()
	o.seconds.WithLabelValues(name).Observe(took.Seconds())
	if !o.logger.Enabled(r.Context(), slog.LevelDebug) {
		return // what is said would be made all the same
	}
	o.logger.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "code", rec.status(),
		"bytes", rec.bytes, "seconds", took.Seconds(), "remote", r.RemoteAddr)
}

// catch must be deferred itself: recover works nowhere else.
func (o *observer) catch(rec *recorder, r *http.Request) {
	v := recover()
	switch {
	case v == nil:
		return
	case v == http.ErrAbortHandler:
		panic(v)
	}
	o.logger.Error("panic while answering", "method", r.Method, "path", r.URL.Path,
		"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if rec.code != 0 {
		// Half an answer must not look like a whole one: cut the connection.
		panic(http.ErrAbortHandler)
	}
	writeProblem(rec, fail(internal, "the engine failed on this request; its log says where"))
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	code  int // 0: nothing was sent
	bytes int64
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 && code >= 200 {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// status is what the client got: a handler that says nothing says 200.
func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// promLog lets promhttp speak through slog.
type promLog struct{ logger *slog.Logger }

func (l promLog) Println(v ...any) { l.logger.Error("metrics not served", "err", fmt.Sprint(v...)) }
