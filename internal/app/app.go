package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/audit"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/ingest/events"
	"github.com/slo-engine/slo-engine/internal/ingest/otlp"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/internal/ingest/remotewrite"
	"github.com/slo-engine/slo-engine/internal/ingest/scrape"
	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
	"github.com/slo-engine/slo-engine/internal/notify/alertmanager/embedded"
	"github.com/slo-engine/slo-engine/internal/notify/loki"
	"github.com/slo-engine/slo-engine/internal/sampling"
	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/internal/scaler/hpa"
	"github.com/slo-engine/slo-engine/internal/scaler/keda"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/internal/store/files"
	"github.com/slo-engine/slo-engine/internal/store/history"
	"github.com/slo-engine/slo-engine/internal/store/journal"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options say how to build an App.
type Options struct {
	// ConfigFile is slo-engine.yaml; empty: the defaults hold.
	ConfigFile string
	// Overrides are applied to what the file says, at every load.
	Overrides []func(*config.Config)
	// Log is where log lines go; nil: nowhere.
	Log io.Writer
	// Version is shown to people.
	Version string

	files files.FS // of the audit; nil: the machine's
}

// App is the whole service.
type App struct {
	options Options
	log     *slog.Logger

	// reloading keeps two reloads apart, and guards config.
	reloading sync.Mutex
	config    *config.Config
	// begun is the configuration at the start, for what needs a restart to change
	// and is asked for while the App runs.
	begun *config.Config

	// adjustments are the BudgetAdjustments in force, by name.
	adjustments atomic.Pointer[[]api.Adjustment]
	audit       *audit.Log

	lock       *folderLock
	journal    *journal.Journal
	listener   net.Listener
	server     *http.Server
	engine     *engine.Engine
	history    *history.Keeper // nil where none is kept
	dispatcher *alertmanager.Dispatcher
	embedded   *embedded.Alertmanager // nil where the user runs their own
	events     *events.Classifier     // of spans and log records
	otlp       *otlp.Receiver         // nil when both protocols are off
	backends   []*promapi.Backend     // whose samples are read
	scraper    *scrape.Scraper        // of targets
	mirror     *loki.Mirror           // nil where the user has no Loki
	door       *auth.Door             // who may do what
	stream     *api.Stream            // of what happens
	sight      sight                  // what remediation sees of the engine
	healer     *healer                // of gateways
	sampler    *sampling.Sampler      // of what burns
	gates      *gatekeeper            // of what may ship
	scalers    *scaler.Scalers        // of what autoscalers are told
	keda       *keda.Server           // nil where KEDA is not answered
	asking     []*scaler.Server       // whom they ask
	tracing    *tracing
	serving    chan struct{} // closed when requests are answered
}

// New reads the configuration, takes the data folder and binds the HTTP port.
// Nothing is served before Run. After an error nothing is held.
func New(o Options) (app *App, err error) {
	cfg, err := config.Load(o.ConfigFile, o.Overrides...)
	if err != nil {
		return nil, err
	}
	a := &App{options: o, config: cfg, begun: cfg, serving: make(chan struct{})}
	defer func() {
		if err != nil {
			a.release()
		}
	}()
	if a.tracing, err = newTracing(cfg.Tracing, o.Version); err != nil {
		return nil, err
	}
	a.log = newLogger(o.Log, cfg.Log)
	if a.lock, err = lockFolder(cfg.Storage.Path); err != nil {
		return nil, err
	}
	if a.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	return a, a.wire()
}

// wire builds the parts, from where alerts go back to where samples come
// from. It is long because it is a list: each line is one part and what it is
// connected to.
func (a *App) wire() (err error) {
	cfg := a.config
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(a.options.Version))

	a.door, err = auth.New(cfg.Auth.Sources(), auth.Options{Logger: a.log, Registerer: registry})
	if err != nil {
		return err
	}
	senders, err := a.senders(registry)
	if err != nil {
		return err
	}
	a.dispatcher, err = alertmanager.New(alertmanager.Options{
		Senders:            senders,
		ResendInterval:     cfg.Alerting.ResendInterval,
		EvaluationInterval: cfg.EvaluationInterval,
		Logger:             a.log,
		Registerer:         registry,
	})
	if err != nil {
		return err
	}
	if err := a.openMirror(registry); err != nil {
		return err
	}
	if err := a.openSilences(registry); err != nil {
		return err
	}
	a.stream = api.NewStream(api.StreamOptions{Logger: a.log, Registerer: registry})
	a.healer = a.newHealer(registry)
	a.sight.elsewhere = a.healer.elsewhere
	if err := a.openSampling(registry); err != nil {
		return err
	}
	a.audit = audit.Open(audit.Options{
		Dir: cfg.Storage.Path, FS: a.options.files, Watch: a.mirrorAudit,
		Logger: a.log, Registerer: registry,
	})
	if err := a.openJournal(registry); err != nil {
		return err
	}
	a.engine = engine.New(engine.Options{
		Journal:    kept{a.journal},
		Tick:       cfg.EvaluationInterval,
		Refresh:    cfg.Alerting.ResendInterval,
		Reread:     calmReread,
		Lateness:   cfg.Lateness,
		MaxSeries:  cfg.Limits.MaxSeries,
		Notify:     func(now time.Time, batch []alerts.Alert) { a.dispatcher.Put(now, batch...) },
		Watch:      a.watchAlert,
		Link:       a.link,
		Logger:     a.log,
		Registerer: registry,
	})
	if a.gates, err = a.newGatekeeper(registry); err != nil {
		return err
	}
	a.events, err = events.New(events.Options{
		Sink: a.sink(true), Limits: cfg.Limits.Limits, Logger: a.log, Registerer: registry,
	})
	if err != nil {
		return err
	}
	if cfg.OTLP.GRPC != "" || cfg.OTLP.HTTP != "" {
		a.otlp, err = otlp.New(otlp.Options{
			GRPC: string(cfg.OTLP.GRPC), HTTP: string(cfg.OTLP.HTTP),
			Receiver: cfg.OTLP.Receiver, Book: a.engine.Book(), Door: a.door,
			Sink: a.sink(true), Events: a.events, Limits: cfg.Limits.Limits,
			Logger: a.log, Registerer: registry,
		})
		if err != nil {
			return err
		}
	}
	if err := a.openBackends(registry); err != nil {
		return err
	}
	if err := a.openScraper(registry); err != nil {
		return err
	}
	a.server, err = a.httpServer(registry)
	return err
}

// calmReread is how old the figures may be of an SLO whose samples have not
// come and of which nothing can change: what alerts decide on is never old.
const calmReread = 15 * time.Second

// senders are the user's Alertmanagers, or else the embedded one.
func (a *App) senders(registry *prometheus.Registry) ([]alertmanager.Sender, error) {
	cfg := a.config.Alerting
	if len(cfg.Alertmanagers) == 0 {
		var err error
		a.embedded, err = embedded.New(embedded.Options{
			ConfigFile:  cfg.AlertmanagerConfig,
			DataDir:     filepath.Join(a.config.Storage.Path, "alertmanager"),
			ExternalURL: a.externalURL().JoinPath("alertmanager"),
			// The API hands over paths without prefix and /alertmanager.
			RoutePrefix: "/",
			Logger:      a.log,
			Registerer:  registry,
		})
		if err != nil {
			return nil, fmt.Errorf("set up the embedded Alertmanager: %w", err)
		}
		return []alertmanager.Sender{a.embedded}, nil
	}
	var senders []alertmanager.Sender
	for _, am := range cfg.Alertmanagers {
		remote, err := alertmanager.NewRemote(alertmanager.RemoteOptions{URL: am.URL.URL.String(), HTTP: am.HTTPClientConfig})
		if err != nil {
			return nil, fmt.Errorf("set up Alertmanager %s: %w", am.URL, err)
		}
		senders = append(senders, remote)
	}
	return senders, nil
}

// sink hands batches to the engine. whole says that a sample set comes in one
// batch.
func (a *App) sink(whole bool) ingest.Sink {
	return ingest.SinkFunc(func(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
		ctx, end := a.tracing.span(ctx, "ingest")
		defer end()
		batch.Whole = whole
		receipt, err := a.engine.Ingest(ctx, batch)
		if errors.Is(err, engine.ErrBusy) || errors.Is(err, engine.ErrStopped) {
			err = fmt.Errorf("%w: %w", ingest.ErrBusy, err)
		}
		return receipt, err
	})
}

func (a *App) httpServer(registry *prometheus.Registry) (*http.Server, error) {
	cfg := a.config
	ha := remotewrite.HAOptions{
		ClusterLabel: cfg.HA.ClusterLabel, ReplicaLabel: cfg.HA.ReplicaLabel,
		FailoverTimeout: cfg.HA.FailoverTimeout, Disabled: cfg.HA.ClusterLabel == "",
	}
	options := api.Options{
		Snapshot: a.engine.Snapshot,
		Ready:    a.ready,
		Reload:   a.Reload,
		Write: remotewrite.New(remotewrite.Options{
			Book: a.engine.Book(),
			Sink: a.sink(false), Limits: cfg.Limits.Limits, HA: ha,
			Logger: a.log, Registerer: registry,
		}),
		Alerts:               a.dispatcher.Active,
		Adjustments:          a.inForce,
		Backends:             a.progress(cfg),
		Audit:                a.audit.Find,
		Actions:              a.healer.actions(),
		Inbound:              a.healer.inbound(),
		Sampling:             a.sampler,
		Strategies:           a.sampler.All(),
		Stream:               a.stream,
		Gates:                a.gates,
		Door:                 a.door.Handler,
		Tiers:                tierNames,
		Gatherer:             registry,
		MaxExportedInstances: cfg.Limits.ExportedInstances,
		ExternalURL:          externalText(cfg),
		RoutePrefix:          cfg.RoutePrefix,
		Version:              a.options.Version,
		Logger:               a.log,
		Registerer:           registry,
	}
	if cfg.Auth.Enabled() || len(cfg.Auth.AllowUnauthenticated) > 0 {
		options.AllowedHosts = []string{"*"} // whoever reaches the port was let in on purpose, or must log in
	}
	if a.embedded != nil {
		options.Alertmanager = a.embedded.Handler()
	}
	var err error
	if options.Prometheus, err = a.keepHistory(options, registry); err != nil {
		return nil, err
	}
	if err := a.openScalers(options.Prometheus, registry); err != nil {
		return nil, err
	}
	options.Scalers, options.ExternalMetrics = a.scalers, hpa.New(hpa.Options{Scalers: a.scalers, Registerer: registry})
	return &http.Server{
		Handler: a.tracing.middleware(api.New(options)),
		// A sender that dribbles its request holds a connection, not for ever.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.component("http").Handler(), slog.LevelDebug),
	}, nil
}

// tierNames are the names of the tiers that an SLO alerts by.
func tierNames(spec *slo.Spec) []string {
	if spec.Alerting.Disabled {
		return nil
	}
	tiers, _ := engine.Tiers(spec)
	names := []string{}
	for _, t := range tiers {
		names = append(names, t.Name)
	}
	return append(names, alerts.TierBudget, alerts.TierNoData)
}

func externalText(cfg *config.Config) string {
	if cfg.ExternalURL.URL == nil {
		return ""
	}
	return cfg.ExternalURL.String()
}

// externalURL is where people reach the engine: what the configuration says,
// or the bound address.
func (a *App) externalURL() *url.URL {
	if a.begun.ExternalURL.URL != nil {
		return a.begun.ExternalURL.URL
	}
	scheme := "http"
	if a.begun.Auth.TLS() {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: a.Addr(), Path: strings.TrimSuffix(a.begun.RoutePrefix, "/") + "/"}
}

func (a *App) link(id string) string {
	return a.externalURL().JoinPath("api/v1/slos", id).String()
}

// component is the logger of what this package does itself; the parts name
// themselves.
func (a *App) component(name string) *slog.Logger { return a.log.With("component", name) }

// Addr is the bound address of the HTTP port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// OTLPGRPC and OTLPHTTP are the bound addresses of the OTLP receivers; empty
// when switched off or before Run has started them.
func (a *App) OTLPGRPC() string {
	if a.otlp == nil {
		return ""
	}
	return a.otlp.GRPCAddr()
}

// OTLPHTTP is as OTLPGRPC, for HTTP.
func (a *App) OTLPHTTP() string {
	if a.otlp == nil {
		return ""
	}
	return a.otlp.HTTPAddr()
}

// Serving is closed when Run answers on every port.
func (a *App) Serving() <-chan struct{} { return a.serving }

// ready says why the engine does not answer yet.
func (a *App) ready() error {
	if a.engine.Snapshot() == nil {
		return errors.New("the first evaluation is not done yet")
	}
	return nil
}
