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
	"go.opentelemetry.io/collector/component"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// Options configure a Receiver.
type Options struct {
	// GRPC and HTTP are the addresses to listen on, such as 127.0.0.1:4317.
	// Port 0 takes a free one; empty switches the protocol off.
	GRPC, HTTP string
	// Sink takes the batches. Required.
	Sink ingest.Sink
	// Limits bound a request. The zero value means ingest.DefaultLimits.
	//
	// MaxDecodedBytes bounds a message of either protocol after
	// decompression. MaxBodyBytes bounds HTTP bodies that announce their
	// length and are not compressed; compressed ones are decoded while they
	// arrive and never held.
	Limits ingest.Limits
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

// Receiver listens for OTLP metrics between Start and Shutdown.
type Receiver struct {
	options  Options
	logger   *slog.Logger
	consumer *consumer

	mu        sync.Mutex
	started   bool
	running   component.Component // nil before Start and after Shutdown
	host      *host
	addresses addresses
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
	return &Receiver{options: options, logger: logger, consumer: newConsumer(options, logger)}, nil
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
	r.host = newHost(r.options.Limits, r.logger)
	running, err := r.embed(ctx)
	if err != nil {
		return fmt.Errorf("create OTLP receiver: %w", err)
	}
	err = running.Start(ctx, r.host)
	if err == nil {
		err = r.checkBound()
	}
	if err != nil {
		r.addresses.clear()
		return fmt.Errorf("start OTLP receiver (gRPC %q, HTTP %q): %w", r.options.GRPC, r.options.HTTP, errors.Join(err, running.Shutdown(ctx)))
	}
	r.running = running
	return nil
}

// checkBound makes sure that the addresses were found in the receiver's log,
// should another version of it word that differently.
func (r *Receiver) checkBound() error {
	if r.options.GRPC != "" && r.GRPCAddr() == "" || r.options.HTTP != "" && r.HTTPAddr() == "" {
		return errors.New("the embedded receiver did not tell the bound address")
	}
	return nil
}

// Shutdown stops listening and waits for the requests at hand. When ctx ends
// first, their connections are closed and their contexts cancelled. Without
// a Start, or after another Shutdown, it does nothing.
func (r *Receiver) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running == nil {
		return nil
	}
	hurry := context.AfterFunc(ctx, func() {
		r.consumer.stop()
		r.host.connections.closeAll()
	})
	defer hurry()
	err := r.running.Shutdown(ctx)
	r.running = nil
	if err != nil {
		return fmt.Errorf("shut down OTLP receiver: %w", err)
	}
	return nil
}

// GRPCAddr returns the address that is really bound, host:port. Empty before
// Start and where gRPC is off.
func (r *Receiver) GRPCAddr() string { return r.addresses.grpc() }

// HTTPAddr is as GRPCAddr, for HTTP.
func (r *Receiver) HTTPAddr() string { return r.addresses.http() }
