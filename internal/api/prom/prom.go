package prom

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

const (
	defaultTimeout    = time.Minute
	defaultMaxSamples = 20_000_000 // 16 bytes each
	defaultConcurrent = 4
	defaultLookback   = 5 * time.Minute
	// maxRequest bounds an URL's query, a form, and a remote read, in bytes: a
	// query is taken apart by recursion, and a stack that is too deep would end
	// the process.
	maxRequest = 32 << 10
)

// Options are what the handler is made of. Only Storage is required.
type Options struct {
	// Storage is what is asked.
	Storage storage.SampleAndChunkQueryable
	// Metadata says what the metrics are. nil: nothing is known of them.
	Metadata func() []scrape.MetricMetadata
	// Rules are the alerting rules and what fires. nil: none.
	Rules func() []Group
	// Targets are those that the engine scrapes. nil: none.
	Targets v1.TargetRetriever
	// Timeout bounds one answer, waiting included. 0: a minute.
	Timeout time.Duration
	// MaxSamples bounds what one query holds in memory. 0: 20 million, 320 MB.
	MaxSamples int
	// MaxConcurrent is how many queries run at once. 0: 4.
	MaxConcurrent int
	// Lookback is how old a sample may be and still be the value of now; more
	// than twice the interval at which samples are stored. 0: 5 minutes.
	Lookback time.Duration
	// Version is that of the engine; the API's own is Prometheus's.
	Version string
	// Logger is told of what is wrong with the storage. nil: silent.
	Logger *slog.Logger
	// Registerer takes the metrics of Prometheus's query engine. nil: none.
	Registerer prometheus.Registerer
}

func (o Options) withDefaults() Options {
	if o.Metadata == nil {
		o.Metadata = func() []scrape.MetricMetadata { return nil }
	}
	if o.Rules == nil {
		o.Rules = func() []Group { return nil }
	}
	if o.Targets == nil {
		o.Targets = noTargets{}
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxSamples == 0 {
		o.MaxSamples = defaultMaxSamples
	}
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = defaultConcurrent
	}
	if o.Lookback == 0 {
		o.Lookback = defaultLookback
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "prom")
	return o
}

// handler is the API. It has no state but the queries that run.
type handler struct {
	Options
	gate   gate
	engine *promql.Engine
}

// New makes the handler. It answers below /api/v1/ and at /federate: whoever
// mounts it elsewhere strips the prefix. Nothing that it answers changes
// anything, POST requests included.
func New(options Options) (http.Handler, error) {
	h := &handler{Options: options.withDefaults()}
	h.gate = make(gate, h.MaxConcurrent)
	inner := prometheus.NewRegistry()
	h.engine = promql.NewEngine(languageOf(h.Options, inner))
	library, targets := h.library(inner, described(h.Metadata)), h.library(nil, h.Targets)
	if h.Registerer != nil {
		if err := h.Registerer.Register(inner); err != nil {
			return nil, fmt.Errorf("register metrics of queries: %w", err)
		}
	}
	return h.routes(library, targets), nil
}

// languageOf sets the language up as Prometheus does.
func languageOf(o Options, reg prometheus.Registerer) promql.EngineOpts {
	return promql.EngineOpts{
		Logger: o.Logger, Reg: reg,
		MaxSamples: o.MaxSamples, Timeout: o.Timeout, LookbackDelta: o.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true,
	}
}

// routes lets through what the engine has, and what can be bounded: a query
// that is formatted or taken apart for show may take minutes, and cannot be
// stopped. Who reads the storage passes the gate.
func (h *handler) routes(library, targets http.Handler) http.Handler {
	mux, reader, query := http.NewServeMux(), h.waiting(library), h.waiting(shallow(library))
	for path, h := range map[string]http.Handler{
		"query": query, "query_range": query, "query_exemplars": query, "labels": reader, "series": reader,
	} {
		mux.Handle("GET /api/v1/"+path, h)
		mux.Handle("POST /api/v1/"+path, h)
	}
	mux.Handle("GET /api/v1/label/{name}/values", reader)
	mux.Handle("POST /api/v1/read", reader)
	mux.Handle("GET /federate", h.waiting(http.HandlerFunc(h.federate)))
	mux.Handle("GET /api/v1/metadata", library)
	mux.Handle("GET /api/v1/status/buildinfo", library)
	mux.Handle("GET /api/v1/targets", targets)
	mux.HandleFunc("GET /api/v1/rules", h.rules)
	mux.HandleFunc("GET /api/v1/alerts", h.alerts)
	return h.limited(mux)
}

// limited bounds the time and the size of a request. Without an origin the
// library says nothing of sharing between origins: other people's pages are
// not to read an engine through a visitor's browser.
func (h *handler) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), h.Timeout)
		defer cancel()
		if len(r.URL.RawQuery) > maxRequest {
			fail(w, badData, fmt.Errorf("the request has %d bytes, and may have %d", len(r.URL.RawQuery), maxRequest))
			return
		}
		r = r.Clone(ctx)
		r.Header.Del("Origin")
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		next.ServeHTTP(w, r)
	})
}

// waiting lets a request wait until the gate has room for it.
func (h *handler) waiting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.gate.enter(r.Context()); err != nil {
			fail(w, timeout, err)
			return
		}
		defer h.gate.leave()
		next.ServeHTTP(w, r)
	})
}

// router puts the library's endpoints below /api/v1.
func router(api *v1.API) http.Handler {
	r := route.New()
	api.Register(r.WithPrefix("/api/v1"))
	return r
}
