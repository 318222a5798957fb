package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/api"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
)

// What Alertmanager's own binary has as defaults of its flags.
const (
	retention          = 120 * time.Hour
	alertGCInterval    = 30 * time.Minute
	silenceInterval    = 15 * time.Minute
	dispatchGCInterval = 30 * time.Second
)

// Options are what an [Alertmanager] is made of.
type Options struct {
	// ConfigFile is an alertmanager.yml; empty: alerts are grouped, silenced
	// and inhibited, and nobody is notified.
	ConfigFile string
	// DataDir takes the silences and the notification log; it is created if
	// needed and belongs to one instance at a time.
	DataDir string
	// ExternalURL is where people reach this Alertmanager, prefix included,
	// for the links in notifications; nil: the engine's default address.
	ExternalURL *url.URL
	// RoutePrefix is the path the handler serves under; default /alertmanager.
	RoutePrefix string
	// Logger takes Alertmanager's log; nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the alertmanager_* metrics until Stop; nil: they are
	// not registered. A second instance needs labels around it.
	Registerer prometheus.Registerer
}

func (o *Options) setDefaults() {
	o.RoutePrefix = "/" + strings.Trim(cmp.Or(o.RoutePrefix, "/alertmanager"), "/")
	if o.ExternalURL == nil {
		o.ExternalURL = &url.URL{Scheme: "http", Host: "127.0.0.1:9490", Path: o.RoutePrefix}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "alertmanager")
}

// Alertmanager is one embedded instance. Its methods are safe for concurrent
// use.
type Alertmanager struct {
	opts     Options
	registry *prometheus.Registry
	metrics  *metrics
	recorder eventrecorder.Recorder
	flags    featurecontrol.Flagger

	// These live as long as the instance.
	alerts          *store
	silences        *silence.Silences
	silencer        *silence.Silencer
	notifications   *nflog.Log
	groups          marker.GroupMarker
	api             *api.API
	pipelines       *notify.PipelineBuilder
	dispatchMetrics *dispatch.DispatcherMetrics
	handler         http.Handler
	silenceFile     *snapshot
	notifiedFile    *snapshot

	// graph is what the configuration in force made; nil before Start.
	graph atomic.Pointer[graph]
	// running gates the handler and Send.
	running atomic.Bool

	// mu serialises Start, Reload and Stop, and guards what follows.
	mu      sync.Mutex
	planned *plan
	stopped bool
	stopErr error
	quit    chan struct{}
	saving  sync.WaitGroup
}

var _ alertmanager.Sender = (*Alertmanager)(nil)

// matcherSyntax sets the library's parser once, to what users of Alertmanager's
// binary have. It is a property of the process there, always the same here.
var matcherSyntax = sync.OnceFunc(func() {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
})

// New reads the configuration and the data folder and wires an instance, which
// does nothing before Start. It holds a goroutine until Stop, which must be
// called also when Start was not.
func New(opts Options) (*Alertmanager, error) {
	matcherSyntax()
	opts.setDefaults()
	if opts.DataDir == "" {
		return nil, errors.New("create alertmanager: no data folder given")
	}
	if err := os.MkdirAll(opts.DataDir, 0o750); err != nil {
		return nil, fmt.Errorf("create alertmanager's data folder: %w", err)
	}
	a := &Alertmanager{
		opts:     opts,
		registry: prometheus.NewRegistry(),
		recorder: eventrecorder.NopRecorder(),
		flags:    featurecontrol.NoopFlags{},
		groups:   marker.NewGroupMarker(),
		quit:     make(chan struct{}),
	}
	a.metrics = newMetrics(a.registry)
	var err error
	if a.planned, err = a.plan(); err != nil {
		return nil, err
	}
	if err := a.restore(); err != nil {
		return nil, err
	}
	if err := a.wire(); err != nil {
		return nil, fmt.Errorf("create alertmanager: %w", err)
	}
	return a, nil
}

// building keeps two APIs from being made at a time: all share one parsed
// description in Alertmanager's package, which each completes while it is made.
var building sync.Mutex

// wire makes the parts that no configuration changes. On failure nothing is
// left behind.
func (a *Alertmanager) wire() (err error) {
	a.silencer = silence.NewSilencer(a.silences, a.opts.Logger, a.recorder)
	a.pipelines = notify.NewPipelineBuilder(a.registry, a.flags, a.recorder)
	a.dispatchMetrics = dispatch.NewDispatcherMetrics(false, a.registry, a.flags)
	a.alerts = &store{}
	a.alerts.Alerts, err = mem.NewAlerts(context.Background(), alertGCInterval, 0, hooks{a.silencer, a.alerts},
		a.opts.Logger, a.recorder, a.registry, a.flags)
	if err != nil {
		return fmt.Errorf("create alert store: %w", err)
	}
	defer func() {
		if err != nil {
			a.alerts.Close()
		}
	}()
	building.Lock()
	defer building.Unlock()
	a.api, err = api.New(api.Options{
		Alerts:          a.alerts,
		Silences:        a.silences,
		GroupMutedFunc:  a.groups.Muted,
		GroupFunc:       a.alertGroups,
		Logger:          a.opts.Logger,
		Registry:        a.registry,
		RequestDuration: a.metrics.requestDuration,
	})
	if err != nil {
		return fmt.Errorf("create api: %w", err)
	}
	a.handler = a.newHandler()
	return a.export()
}

// export makes the metrics visible. The inner registry goes in as one
// collector, so that Stop can take it out again.
func (a *Alertmanager) export() error {
	if a.opts.Registerer == nil {
		return nil
	}
	if err := a.opts.Registerer.Register(a.registry); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// alertGroups answers the API from the dispatcher in force.
func (a *Alertmanager) alertGroups(ctx context.Context, routes func(*dispatch.Route) bool, alerts func(*alert.Alert, time.Time) bool) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
	return a.graph.Load().dispatcher.Groups(ctx, routes, alerts)
}
