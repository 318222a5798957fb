package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/util/logging"
	"k8s.io/klog/v2"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// Options are what a Scraper needs. Sink is required.
type Options struct {
	// Sink takes the scrapes. It must not keep a batch.
	Sink ingest.Sink
	// Book is where the sink's series are found by key once they are known.
	// nil: each series is handed over with its labels each time.
	Book *sli.Book
	// Limits bound the labels of a series, beside what a job says. Zero:
	// ingest.DefaultLimits.
	Limits ingest.Limits
	// Pause is the least time between two changes of the targets. Default 1 s.
	Pause time.Duration
	// Logger hears of scrapes that are lost, and what the library says. nil:
	// silence.
	Logger *slog.Logger
	// Registerer gets the metrics of ours and of the library, under the names
	// that a Prometheus gives them. nil: they are not registered.
	Registerer prometheus.Registerer
}

// Scraper scrapes what it is told to.
type Scraper struct {
	log        *slog.Logger
	cancel     context.CancelFunc
	found      *discovery.Manager
	loops      *scrape.Manager
	appendable *appendable

	applying sync.Mutex // keeps two Apply apart, and guards applied
	applied  bool       // something was
}

// New returns a Scraper that scrapes nothing yet.
func New(o Options) (*Scraper, error) {
	if o.Limits == (ingest.Limits{}) {
		o.Limits = ingest.DefaultLimits()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Pause <= 0 {
		o.Pause = time.Second
	}
	log := o.Logger.With("component", "scrape")
	inner := prometheus.NewRegistry() // the library cannot do without
	m := newMetrics(inner)
	ctx, cancel := context.WithCancel(context.Background())
	s := &Scraper{log: log, cancel: cancel, appendable: newAppendable(o, m)}
	if err := s.build(ctx, o.Pause, inner); err != nil {
		cancel()
		return nil, fmt.Errorf("set up scraping: %w", err)
	}
	m.watch(inner, s.loops)
	if o.Registerer != nil {
		if err := o.Registerer.Register(inner); err != nil {
			cancel()
			return nil, fmt.Errorf("register metrics of scraping: %w", err)
		}
	}
	return s, nil
}

// build makes the library's two halves: who finds targets, and who reads them.
func (s *Scraper) build(ctx context.Context, pause time.Duration, reg *prometheus.Registry) error {
	kinds, err := discovery.CreateAndRegisterSDMetrics(reg)
	if err != nil {
		return err
	}
	clientGoLogs(s.log)
	s.found = discovery.NewManager(ctx, s.log, reg, kinds, discovery.Name("scrape"), discovery.Updatert(pause))
	if s.found == nil {
		return errors.New("the discovery manager cannot be made") // it has logged why
	}
	s.loops, err = scrape.NewManager(&scrape.Options{
		PassMetadataInContext:               true,
		DiscoveryReloadInterval:             model.Duration(pause),
		EnableCreatedTimestampZeroIngestion: true,
		EnableNativeHistogramsIngestion:     true,
	}, s.log, logging.NewJSONFileLogger, s.appendable, reg)
	return err
}

// clientGoLogs has the Kubernetes client, which has one log per process, say
// what it cannot list: it tells nobody else.
func clientGoLogs(log *slog.Logger) { firstLog.Do(func() { klog.SetSlogLogger(log) }) }

var firstLog sync.Once

// Apply scrapes what c says from now on, before Run or while it runs. Loops
// whose job did not change go on. It waits for scrapes of jobs that changed.
func (s *Scraper) Apply(c *Config) error {
	s.applying.Lock()
	defer s.applying.Unlock()
	if len(c.jobs()) == 0 {
		if !s.applied {
			return nil // who never scrapes must not wait for the library to look up the host's name
		}
		c = nothing()
	}
	s.applied = true
	if err := s.loops.ApplyConfig(c.inner); err != nil {
		return fmt.Errorf("apply scrape_configs: %w", err)
	}
	if err := s.found.ApplyConfig(c.discoveries()); err != nil {
		return fmt.Errorf("apply the discovery of scrape_configs: %w", err)
	}
	return nil
}

// Run scrapes until ctx ends. What is under way then is not handed on: it was
// cut short. A Scraper runs once.
func (s *Scraper) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { _ = s.found.Run() }) // it says only that it was cancelled
	parts.Go(func() { _ = s.loops.Run(s.found.SyncCh()) })
	<-ctx.Done()
	s.cancel()
	s.applying.Lock()
	defer s.applying.Unlock()
	s.loops.Stop()
	return nil
}

// TargetsActive, TargetsDropped and TargetsDroppedCounts are the targets of
// each job, in the library's own types, as its API shows them.
func (s *Scraper) TargetsActive() map[string][]*scrape.Target { return s.loops.TargetsActive() }

// TargetsDropped are those that relabelling dropped.
func (s *Scraper) TargetsDropped() map[string][]*scrape.Target { return s.loops.TargetsDropped() }

// TargetsDroppedCounts is how many those are.
func (s *Scraper) TargetsDroppedCounts() map[string]int { return s.loops.TargetsDroppedCounts() }
