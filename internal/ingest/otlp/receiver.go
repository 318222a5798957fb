package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// Options configure a Receiver.
type Options struct {
	// GRPC and HTTP are the addresses to listen on, such as 127.0.0.1:4317.
	// Port 0 takes a free one; empty switches the protocol off.
	GRPC, HTTP string
	// Sink takes the batches. Required.
	Sink ingest.Sink
	// Events takes traces and logs. Nil means that only metrics are received:
	// the others' paths are not found and their services UNIMPLEMENTED.
	Events Events
	// Limits bound a request. The zero value means ingest.DefaultLimits.
	//
	// MaxDecodedBytes bounds a message of either protocol after
	// decompression, MaxBodyBytes an HTTP body as it arrives.
	Limits ingest.Limits
	// Book knows the series that were seen before. Nil means that every
	// point is read in full, which costs ten times as much.
	Book *sli.Book
	// Receiver says which server listens. Empty means ReceiverDirect.
	Receiver string
	// Door lets senders in who have the role auth.Ingest, over TLS if it has
	// that, which only ReceiverDirect speaks. Nil means that everyone may send,
	// without TLS.
	Door *auth.Door
	// PromoteResourceAttributes lists the resource attributes that are added
	// to every series as labels. Nil promotes all of them. The service.*
	// attributes behind job and instance give these labels in any case.
	PromoteResourceAttributes []string
	// Logger: nil discards.
	Logger *slog.Logger
	// Registerer: nil leaves the receiver's metrics unregistered.
	Registerer prometheus.Registerer
	// Now times requests. Nil means time.Now.
	Now func() time.Time
}

// The servers that can listen.
const (
	// ReceiverDirect is our own. It reads series that are in the Book from
	// their bytes.
	ReceiverDirect = "direct"
	// ReceiverCollector is that of the OpenTelemetry Collector, for senders
	// with compressions that only it knows. It has no use for the Book.
	ReceiverCollector = "collector"
)

// Receiver listens for OTLP between Start and Shutdown.
type Receiver struct {
	options Options
	intake  *intake
	server  server
	bound   addresses

	mu      sync.Mutex
	started bool
	running bool
}

// server is what listens. One whose start failed has nothing to shut down.
type server interface {
	start(context.Context) error
	// shutdown stops listening and waits for the requests at hand.
	shutdown(context.Context) error
	// hurry makes shutdown return, whatever is still at hand.
	hurry()
}

// New returns a receiver that does not listen yet.
func New(options Options) (*Receiver, error) {
	if options.Sink == nil {
		return nil, errors.New("create OTLP receiver: no sink")
	}
	if options.Limits == (ingest.Limits{}) {
		options.Limits = ingest.DefaultLimits()
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	logger := options.Logger.With("component", "otlp")
	r := &Receiver{options: options, intake: newIntake(options, logger)}
	switch options.Receiver {
	case ReceiverDirect, "":
		r.server = newDirect(options, logger, r.intake, &r.bound)
	case ReceiverCollector:
		if options.tls() {
			return nil, fmt.Errorf("create OTLP receiver: %s speaks no TLS, only %s does", ReceiverCollector, ReceiverDirect)
		}
		r.server = newEmbedded(options, logger, r.intake, &r.bound)
	default:
		return nil, fmt.Errorf("create OTLP receiver: there is no receiver %q, only %s and %s", options.Receiver, ReceiverDirect, ReceiverCollector)
	}
	return r, nil
}

// promote returns which resource attributes become labels.
func (o Options) promote() func(attribute string) bool {
	if o.PromoteResourceAttributes == nil {
		return func(string) bool { return true }
	}
	return func(attribute string) bool { return slices.Contains(o.PromoteResourceAttributes, attribute) }
}

// Start listens; when it returns without an error, requests are answered. A
// receiver is started once.
func (r *Receiver) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started {
		return errors.New("start OTLP receiver: it was started before")
	}
	r.started = true
	if err := r.server.start(ctx); err != nil {
		r.bound.clear()
		return fmt.Errorf("start OTLP receiver (gRPC %q, HTTP %q): %w", r.options.GRPC, r.options.HTTP, err)
	}
	r.running = true
	return nil
}

// Shutdown stops listening and waits for the requests at hand. When ctx ends
// first, their connections are closed and their contexts cancelled. Without
// a Start, or after another Shutdown, it does nothing.
func (r *Receiver) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running {
		return nil
	}
	r.running = false
	hurried := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hurried)
		r.server.hurry()
	})
	err := r.server.shutdown(ctx)
	if !stop() {
		<-hurried
	}
	if err != nil {
		return fmt.Errorf("shut down OTLP receiver: %w", err)
	}
	return nil
}

// GRPCAddr returns the address that is really bound, host:port. Empty before
// Start and where gRPC is off.
func (r *Receiver) GRPCAddr() string { return r.bound.get(grpcProtocol) }

// HTTPAddr is as GRPCAddr, for HTTP.
func (r *Receiver) HTTPAddr() string { return r.bound.get(httpProtocol) }
