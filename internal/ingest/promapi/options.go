package promapi

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Options describe a backend. URL, Sink and Engine are needed.
type Options struct {
	// Name is what SLOs and metrics call the backend. Default main.
	Name string
	// Language is what the server understands: slo.PromQL, the default, or
	// slo.LogQL.
	Language string
	// URL is the base of its API: scheme, host and path prefix if it has one.
	URL string
	// HTTP holds TLS, authorization, proxy and headers, such as X-Scope-OrgID
	// for the tenant.
	HTTP promconfig.HTTPClientConfig
	// PollInterval is the time between two polls of an SLO, at least 1 s.
	// Default 15 s.
	PollInterval time.Duration
	// QueryDelay is how long after its end a step is asked for: by then the
	// server has its samples. Default 30 s.
	QueryDelay time.Duration
	// QueryTimeout bounds one query. Default 30 s.
	QueryTimeout time.Duration
	// MaxQueriesPerSecond bounds the queries of all kinds. Default 10.
	MaxQueriesPerSecond float64
	// Concurrency is how many queries run at a time. Default 4.
	Concurrency int
	// MaxResponseBytes and MaxSamples bound one answer. Defaults 64 MiB and
	// 2,000,000.
	MaxResponseBytes int64
	MaxSamples       int
	// Overlap is how much of what was read is read again, for samples that came
	// late. Default 30 s.
	Overlap time.Duration
	// NoPast switches reading the past off.
	NoPast bool

	// Sink takes what the polls read.
	Sink ingest.Sink
	// Engine takes the past.
	Engine Engine
	// Logger gets each trouble once, when it begins and when it ends. nil:
	// nothing is logged.
	Logger *slog.Logger
	// Registerer takes the backend's metrics; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now is the wall clock. Default time.Now.
	Now func() time.Time
}

// Engine is what reading the past asks of the engine.
type Engine interface {
	// Missing is what is not known of an SLO's windows.
	Missing(ctx context.Context, slo string) (sli.Missing, error)
	// AddPast counts a stretch. sli.ErrKnown and sli.ErrOtherEvents mean that
	// it must not be sent again, other errors that it may.
	AddPast(ctx context.Context, past *sli.Past) error
}

func (o Options) withDefaults() Options {
	byDefault(&o.Name, "main")
	byDefault(&o.Language, slo.PromQL)
	byDefault(&o.QueryDelay, 30*time.Second)
	byDefault(&o.PollInterval, 15*time.Second)
	byDefault(&o.QueryTimeout, 30*time.Second)
	byDefault(&o.MaxQueriesPerSecond, 10)
	byDefault(&o.Concurrency, 4)
	byDefault(&o.MaxResponseBytes, 64<<20)
	byDefault(&o.MaxSamples, 2_000_000)
	byDefault(&o.Overlap, 30*time.Second)
	o.PollInterval = max(o.PollInterval, time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "backend", "backend", o.Name)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func byDefault[T int | int64 | float64 | string | time.Duration](value *T, otherwise T) {
	var none T
	if *value <= none {
		*value = otherwise
	}
}
