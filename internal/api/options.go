package api

import (
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/audit"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// DefaultMaxExportedInstances is how many SLO instances /metrics/slo shows
// where the user said nothing.
const DefaultMaxExportedInstances = 10_000

// Options are what the handler is made of. Only Snapshot is required.
type Options struct {
	// Snapshot returns the newest snapshot; nil before the first tick, then
	// status requests are answered 503.
	Snapshot func() *engine.Snapshot
	// Healthy and Ready say why the engine is not; nil functions mean it is.
	Healthy func() error
	Ready   func() error
	// Reload applies the configuration anew. nil: there is nothing to reload.
	Reload func() error
	// Write takes Prometheus remote write requests. nil: switched off.
	Write http.Handler
	// Alertmanager serves the embedded Alertmanager; it sees its own paths,
	// such as /api/v2/alerts. nil: the user runs Alertmanagers of their own.
	Alertmanager http.Handler
	// Prometheus answers PromQL over the history; it sees its own paths, such
	// as /api/v1/query. nil: there is no history.
	Prometheus http.Handler
	// Alerts lists the alerts that fire, and those resolved a short while
	// ago. nil: none.
	Alerts func() []alerts.Alert
	// Adjustments lists the BudgetAdjustment documents in force, by name. nil:
	// none.
	Adjustments func() []Adjustment
	// Backends are the servers that SLOs are read from, by name. nil: none.
	Backends func() []Backend
	// Actions is remediation. nil: it is off, and says so.
	Actions *Actions
	// Gates say whether changes may ship. nil: there are none, and their paths say
	// so.
	Gates Gates
	// Inbound takes alerts from elsewhere, as Alertmanagers send them. nil:
	// switched off.
	Inbound http.Handler
	// Sampling tells Jaeger clients how much to sample. nil: switched off.
	Sampling http.Handler
	// Strategies are those of all services at once, as a file for collectors. nil:
	// switched off.
	Strategies http.Handler
	// Scalers lists the numbers to scale on, ExternalMetrics answers the HPA with
	// them, as Kubernetes's external metrics API does. nil: switched off.
	Scalers, ExternalMetrics http.Handler
	// Stream tells what happens as it happens. nil: nothing is told.
	Stream *Stream
	// Door finds out who asks, and puts them into the request's context: an
	// auth.Door's Handler. nil: everyone is auth.Local.
	Door func(http.Handler) http.Handler
	// Audit finds records, the newest first. nil: there are none.
	Audit func(audit.Query) []audit.Record
	// Tiers names the alert tiers of an SLO, for slo_alert_state. nil: the
	// default tiers, none where alerting is disabled.
	Tiers func(*slo.Spec) []string
	// Gatherer serves /metrics. nil: an empty page.
	Gatherer prometheus.Gatherer
	// MaxExportedInstances bounds /metrics/slo. 0: DefaultMaxExportedInstances.
	MaxExportedInstances int
	// ExternalURL is where people reach the engine; its host is an allowed
	// one, its origin a trusted one. Empty: not behind anything.
	ExternalURL string
	// RoutePrefix stands before every path. Empty: the path of ExternalURL,
	// as Prometheus has it; "/" for none.
	RoutePrefix string
	// AllowedHosts are further names that requests which change something may
	// be addressed to, without port. Loopback names always are; "*" allows all.
	AllowedHosts []string
	// Version is shown on the front page.
	Version string
	// Logger is told of panics (error) and of each request (debug). nil: silent.
	Logger *slog.Logger
	// Registerer takes the collectors of requests and of SLO health. nil: none.
	Registerer prometheus.Registerer
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "api")
	if o.Gatherer == nil {
		o.Gatherer = prometheus.Gatherers{}
	}
	if o.MaxExportedInstances == 0 {
		o.MaxExportedInstances = DefaultMaxExportedInstances
	}
	if o.Tiers == nil {
		o.Tiers = defaultTiers
	}
	if o.Adjustments == nil {
		o.Adjustments = func() []Adjustment { return nil }
	}
	if o.Backends == nil {
		o.Backends = func() []Backend { return nil }
	}
	if o.Audit == nil {
		o.Audit = func(audit.Query) []audit.Record { return nil }
	}
	if o.Door == nil {
		o.Door = everyone(auth.Local)
	}
	if o.Alerts == nil {
		o.Alerts = func() []alerts.Alert { return nil }
	}
	return o
}

// everyone is a door through which all come as the same.
func everyone(as auth.Identity) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), as)))
		})
	}
}

// externalURL is ExternalURL parsed; an unusable one (config refuses them
// before) is taken for none.
func (o Options) externalURL() *url.URL {
	u, err := url.Parse(o.ExternalURL)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// prefix is the route prefix without a slash at its end; empty for none.
func (o Options) prefix() string {
	p := o.RoutePrefix
	if p == "" {
		p = o.externalURL().Path
	}
	return strings.TrimSuffix(path.Clean("/"+p), "/")
}
