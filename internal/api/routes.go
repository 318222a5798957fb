package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slo-engine/slo-engine/internal/auth"
)

// api answers requests; it is immutable.
type api struct {
	Options
	page    *page
	base    string // of links
	encoded *encodedVerdicts
}

// route is one path of the surface, for some methods. Its name is its path
// without the prefix, and the handler label of its metrics.
type route struct {
	methods []string // empty: those that no other route of the path takes
	path    string
	role    auth.Role // who may ask; empty: anybody
	handler http.Handler
}

// New returns the whole surface under the route prefix.
func New(options Options) http.Handler {
	a := &api{Options: options.withDefaults(), page: newPage(), base: baseOf(options), encoded: &encodedVerdicts{}}
	registerHealth(a.Registerer, a.Snapshot, a.MaxExportedInstances)
	guard := newGuard(a.AllowedHosts, a.externalURL())
	observer := newObserver(a.Registerer, a.Logger)

	mux := http.NewServeMux()
	prefix := a.prefix()
	handle := func(pattern, name string, h http.Handler) {
		mux.Handle(pattern, observer.observe(name, guard.protect(h, readsOnly(name))))
	}
	paths, byPath := grouped(a.routes(prefix))
	for _, path := range paths {
		at := escapePattern(prefix) + path
		if path == externalMetricsPath {
			at = path
		}
		handle(at, path, byMethod(byPath[path]))
	}
	handle("/", "other", http.HandlerFunc(notFound))
	if prefix != "" {
		handle("/{$}", "other", http.RedirectHandler(prefix+"/", http.StatusFound))
	}
	return a.Door(mux)
}

func (a *api) routes(prefix string) []route {
	get, post, put, remove := []string{"GET"}, []string{"POST"}, []string{"PUT"}, []string{"DELETE"}
	return []route{
		{get, "/{$}", auth.Viewer, http.HandlerFunc(a.index)},
		{get, "/-/healthy", "", lifeSign("healthy", a.Healthy)},
		{get, "/-/ready", "", lifeSign("ready", a.Ready)},
		{[]string{"POST", "PUT"}, "/-/reload", auth.Operator, http.HandlerFunc(a.reload)},
		{get, "/metrics", auth.Viewer, promhttp.HandlerFor(a.Gatherer, a.promOptions())},
		{get, "/metrics/slo", auth.Viewer, a.sloMetrics()},
		{get, "/metrics/sloth", auth.Viewer, promhttp.HandlerFor(slothGatherer{a.Snapshot, a.Version, a.MaxExportedInstances}, a.promOptions())},
		{get, "/metrics/pyrra", auth.Viewer, promhttp.HandlerFor(pyrraGatherer{a.Snapshot, a.MaxExportedInstances}, a.promOptions())},
		{post, "/api/v1/write", auth.Ingest, a.write()},
		{get, "/alertmanager/", auth.Viewer, a.alertmanager(prefix)},
		{nil, "/alertmanager/", auth.Operator, a.alertmanager(prefix)},
		{nil, prometheusPath, auth.Viewer, a.prometheus(prefix)},
		{get, "/api/v1/openapi.yaml", auth.Viewer, http.HandlerFunc(serveOpenAPI)},
		{get, "/api/v1/slos", auth.Viewer, a.json(a.listSLOs)},
		{get, "/api/v1/slos/{id}", auth.Viewer, a.json(a.showSLO)},
		{get, "/api/v1/services/{service}/slo", auth.Viewer, a.json(a.showService)},
		{get, "/api/v1/alerts", auth.Viewer, a.json(a.listAlerts)},
		{post, "/api/v1/alerts", auth.Alert, a.inbound()},
		{post, "/api/v1/alert", auth.Alert, a.inbound()},
		{get, "/api/v1/adjustments", auth.Viewer, a.json(a.listAdjustments)},
		{get, "/api/v1/backends", auth.Viewer, a.json(a.listBackends)},
		{get, "/api/v1/audit", auth.Viewer, a.json(a.listAudit)},
		{get, "/api/v1/events", auth.Viewer, a.events()},
		{get, "/sampling", auth.Viewer, samplers(a.Sampling)},
		{get, "/sampling/strategies", auth.Viewer, samplers(a.Strategies)},
		{get, "/api/v1/actions", auth.Viewer, a.json(a.listActions)},
		{get, "/api/v1/actions/{id}", auth.Viewer, a.withHealing((*healing).show)},
		{post, "/api/v1/actions/{id}/approve", auth.Operator, wantJSON(a.withHealing(onAction(approve)))},
		{post, "/api/v1/actions/{id}/reject", auth.Operator, wantJSON(a.withHealing(onAction(reject)))},
		{post, "/api/v1/actions/{id}/undo", auth.Operator, wantJSON(a.withHealing(onAction(undo)))},
		{post, "/api/v1/actions/pause", auth.Operator, wantJSON(a.withHealing(switching(pause)))},
		{post, "/api/v1/actions/resume", auth.Operator, wantJSON(a.withHealing(switching(resume)))},
		{get, "/api/v1/autonomy/{service}", auth.Viewer, a.withHealing(a.showAutonomy)},
		{put, "/api/v1/autonomy/{service}", auth.Operator, wantJSON(a.withHealing(a.setAutonomy))},
		{get, "/api/v1/remediations", auth.Viewer, a.json(a.listRemediations)},
		{post, "/api/v1/remediations/{name}/drill", auth.Operator, wantJSON(unhurried(a.withHealing((*healing).drill)))},
		{get, "/api/v1/scalers", auth.Viewer, scaling(a.Scalers)},
		{nil, externalMetricsPath, auth.Viewer, scaling(a.ExternalMetrics)},
		{get, "/api/v1/outbox/dead", auth.Viewer, a.json(a.listDead)},
		{get, gatePath, auth.Viewer, a.asking(a.answerGate)},
		{[]string{"GET", "POST"}, gatePath + "/rollouts", auth.Viewer, a.asking(a.answerRollouts)},
		{post, gatePath + "/flagger", auth.Viewer, a.asking(a.answerFlagger)},
		{post, gatePath + "/admission", auth.Viewer, a.asking(a.answerAdmission)},
		{post, gatePath + "/admission/{environment}", auth.Viewer, a.asking(a.answerAdmission)},
		{post, gatePath + "/gatekeeper", auth.Viewer, a.asking(a.answerGatekeeper)},
		{get, gatePath + "/verdicts", auth.Viewer, a.withGates(a.listVerdicts)},
		{get, gatePath + "/verdicts/{id}", auth.Viewer, a.withGates(a.explainVerdict)},
		{get, gatePath + "/policies", auth.Viewer, a.withGates(a.listGatePolicies)},
		{get, glassPath, auth.Viewer, a.withGates(a.listGlasses)},
		{post, glassPath, auth.Operator, wantJSON(a.withGates(a.breakGlass))},
		{remove, glassPath + "/{id}", auth.Operator, a.withGates(a.mendGlass)},
		{post, "/api/v1/events/deploy", auth.Alert, wantJSON(a.withGates(a.markDeploy))},
		{get, "/api/v1/deploys", auth.Viewer, a.withGates(a.listDeploys)},
		{post, "/api/v1/outbox/resend", auth.Operator, wantJSON(a.withHealing((*healing).resend))},
	}
}

func (a *api) promOptions() promhttp.HandlerOpts {
	return promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError, // one faulty collector must not hide the others
		ErrorLog:          promLog{a.Logger},
	}
}

func (a *api) sloMetrics() http.Handler {
	slos := sloGatherer{a.Snapshot, a.Tiers, a.MaxExportedInstances}
	return promhttp.HandlerFor(withDecisions{slos, a.decisions, a.MaxExportedInstances}, a.promOptions())
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

func (a *api) inbound() http.Handler {
	if a.Inbound == nil {
		return absent("this engine takes no alerts from elsewhere: write remediation: {mode: dry_run}, or enforce, in slo-engine.yaml")
	}
	return a.Inbound
}

func samplers(h http.Handler) http.Handler {
	if h == nil {
		return absent("this engine answers no samplers")
	}
	return h
}

// externalMetricsPath is where Kubernetes asks for external metrics: no prefix stands
// before it, whatever the other paths have.
const externalMetricsPath = "/apis/external.metrics.k8s.io/"

func scaling(h http.Handler) http.Handler {
	if h == nil {
		return absent("this engine has no numbers to scale on: write scaling in slo-engine.yaml")
	}
	return h
}

func (a *api) events() http.Handler {
	if a.Stream == nil {
		return absent("this engine tells no events")
	}
	return a.Stream
}

// Paths of which there is more than one use.
const (
	prometheusPath = "/prometheus/"
	gatePath       = "/api/v1/gate"
	glassPath      = gatePath + "/glass"
)

// readsOnly reports whether nothing is changed at a path, whatever the method.
func readsOnly(path string) bool {
	return path == prometheusPath || strings.HasPrefix(path, gatePath) && !strings.HasPrefix(path, glassPath)
}

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

// grouped are the routes by path, and the paths in their order.
func grouped(routes []route) (paths []string, byPath map[string][]route) {
	byPath = map[string][]route{}
	for _, r := range routes {
		if byPath[r.path] == nil {
			paths = append(paths, r.path)
		}
		byPath[r.path] = append(byPath[r.path], r)
	}
	return paths, byPath
}

// byMethod hands a request to the route that takes its method, if who asks has
// the role; HEAD goes where GET does.
func byMethod(routes []route) http.Handler {
	handlers, allowed := map[string]http.Handler{}, []string(nil)
	var others http.Handler
	for _, r := range routes {
		admitted := admit(r.role, r.handler)
		if len(r.methods) == 0 {
			others = admitted
		}
		for _, method := range r.methods {
			handlers[method] = admitted
		}
		allowed = append(allowed, r.methods...)
	}
	if handlers[http.MethodGet] != nil {
		handlers[http.MethodHead] = handlers[http.MethodGet]
	}
	if others == nil {
		others = refuseMethod(strings.Join(allowed, ", "))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := handlers[r.Method]; ok {
			h.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// admit lets those pass who have the role.
func admit(role auth.Role, next http.Handler) http.Handler {
	if role == "" {
		return next
	}
	return auth.Require(role, next)
}

func refuseMethod(allowed string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		writeProblem(w, fail(methodNotAllowed, "%s takes %s, not %s", r.URL.Path, allowed, r.Method))
	})
}

// escapePattern keeps a prefix with braces or spaces from being read as a
// pattern of the mux, which panics on what it cannot read.
func escapePattern(prefix string) string {
	return (&url.URL{Path: prefix}).EscapedPath()
}
