package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// api answers requests; it is immutable.
type api struct {
	Options
	page *page
}

// route is one path of the surface. Its name is its path without the prefix,
// and the handler label of its metrics.
type route struct {
	methods []string // empty: whatever the handler takes
	path    string
	handler http.Handler
}

// New returns the whole surface under the route prefix.
func New(options Options) http.Handler {
	a := &api{Options: options.withDefaults(), page: newPage()}
	registerHealth(a.Registerer, a.Snapshot, a.MaxExportedInstances)
	guard := newGuard(a.AllowedHosts, a.externalURL())
	observer := newObserver(a.Registerer, a.Logger)

	mux := http.NewServeMux()
	prefix := a.prefix()
	handle := func(pattern, name string, h http.Handler) {
		mux.Handle(pattern, observer.observe(name, guard.protect(h, name == prometheusPath)))
	}
	for _, r := range a.routes(prefix) {
		handle(escapePattern(prefix)+r.path, r.path, only(r.methods, r.handler))
	}
	handle("/", "other", http.HandlerFunc(notFound))
	if prefix != "" {
		handle("/{$}", "other", http.RedirectHandler(prefix+"/", http.StatusFound))
	}
	return mux
}

func (a *api) routes(prefix string) []route {
	get, post := []string{"GET"}, []string{"POST"}
	return []route{
		{get, "/{$}", http.HandlerFunc(a.index)},
		{get, "/-/healthy", lifeSign("healthy", a.Healthy)},
		{get, "/-/ready", lifeSign("ready", a.Ready)},
		{[]string{"POST", "PUT"}, "/-/reload", http.HandlerFunc(a.reload)},
		{get, "/metrics", promhttp.HandlerFor(a.Gatherer, a.promOptions())},
		{get, "/metrics/slo", promhttp.HandlerFor(sloGatherer{a.Snapshot, a.Tiers, a.MaxExportedInstances}, a.promOptions())},
		{get, "/metrics/sloth", promhttp.HandlerFor(slothGatherer{a.Snapshot, a.Version, a.MaxExportedInstances}, a.promOptions())},
		{get, "/metrics/pyrra", promhttp.HandlerFor(pyrraGatherer{a.Snapshot, a.MaxExportedInstances}, a.promOptions())},
		{post, "/api/v1/write", a.write()},
		{nil, "/alertmanager/", a.alertmanager(prefix)},
		{nil, prometheusPath, a.prometheus(prefix)},
		{get, "/api/v1/openapi.yaml", http.HandlerFunc(serveOpenAPI)},
		{get, "/api/v1/slos", a.json(a.listSLOs)},
		{get, "/api/v1/slos/{id}", a.json(a.showSLO)},
		{get, "/api/v1/services/{service}/slo", a.json(a.showService)},
		{get, "/api/v1/alerts", a.json(a.listAlerts)},
		{get, "/api/v1/adjustments", a.json(a.listAdjustments)},
		{get, "/api/v1/backends", a.json(a.listBackends)},
		{get, "/api/v1/audit", a.json(a.listAudit)},
	}
}

func (a *api) promOptions() promhttp.HandlerOpts {
	return promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError, // one faulty collector must not hide the others
		ErrorLog:          promLog{a.Logger},
	}
}

func (a *api) write() http.Handler {
	if a.Write == nil {
		return absent("remote write is switched off in this engine")
	}
	return a.Write
}

func (a *api) alertmanager(prefix string) http.Handler {
	if a.Alertmanager == nil {
		return absent("this engine embeds no Alertmanager: it sends its alerts to the Alertmanagers named under " +
			"alerting.alertmanagers; ask those, or see /api/v1/alerts for what the engine sends")
	}
	return wantJSON(http.StripPrefix(prefix+"/alertmanager", a.Alertmanager))
}

// prometheusPath is where nothing is changed.
const prometheusPath = "/prometheus/"

func (a *api) prometheus(prefix string) http.Handler {
	if a.Prometheus == nil {
		return absent("this engine keeps no history: storage.retention is 0")
	}
	return http.StripPrefix(prefix+"/prometheus", a.Prometheus)
}

// json answers with what f returns, compressed where the client takes it.
func (a *api) json(f answer) http.Handler {
	return gzhttp.GzipHandler(jsonHandler{f, a.Logger})
}

// only lets the methods through; HEAD goes where GET does.
func only(methods []string, next http.Handler) http.Handler {
	if len(methods) == 0 {
		return next
	}
	allowed := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, m := range methods {
			if r.Method == m || m == http.MethodGet && r.Method == http.MethodHead {
				next.ServeHTTP(w, r)
				return
			}
		}
		w.Header().Set("Allow", allowed)
		writeProblem(w, fail(methodNotAllowed, "%s takes %s, not %s", r.URL.Path, allowed, r.Method))
	})
}

// escapePattern keeps a prefix with braces or spaces from being read as a
// pattern of the mux, which panics on what it cannot read.
func escapePattern(prefix string) string {
	return (&url.URL{Path: prefix}).EscapedPath()
}
