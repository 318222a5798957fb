package keda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/internal/scaler/externalscalerpb"
)

// Bounds of what clients may have.
const (
	maxMessage  = 64 << 10 // bytes
	maxStreams  = 250      // of a connection
	handshaking = 10 * time.Second
)

// Options are what a Server is made of. Scalers and Listen are required.
type Options struct {
	// Listen is the address, host:port.
	Listen string
	// Scalers are who is asked.
	Scalers *scaler.Scalers
	// Door lets in who may view, and has the certificates. nil: everybody may,
	// without TLS.
	Door *auth.Door
	// Every is how often a stream looks whether there is anything to do. 0: 1 s.
	Every time.Duration
	// Logger is told of the address. nil: silent.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
}

// Server is the external scaler.
type Server struct {
	options  Options
	grpc     *grpc.Server
	listener net.Listener
	answers  *prometheus.CounterVec
	serving  sync.WaitGroup
	stopping chan struct{} // closed when streams are to end
	stop     sync.Once
}

// New makes a server that does not listen yet.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	o.Logger = o.Logger.With("component", "keda")
	s := &Server{options: o, stopping: make(chan struct{}), answers: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "slo_engine_scaler_answers_total",
		Help:        "Answers to autoscalers about numbers, by whom they were for, scaler and code.",
		ConstLabels: prometheus.Labels{"consumer": "keda"},
	}, []string{"scaler", "code"})}
	if o.Registerer != nil {
		o.Registerer.MustRegister(s.answers)
	}
	s.grpc = grpc.NewServer(append(s.protection(),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxConcurrentStreams(maxStreams), grpc.ConnectionTimeout(handshaking),
		grpc.WaitForHandlers(true),
	)...)
	externalscalerpb.RegisterExternalScalerServer(s.grpc, &service{Server: s})
	return s
}

// protection are the options of a server behind a door.
func (s *Server) protection() []grpc.ServerOption {
	door := s.options.Door
	if door == nil {
		return nil
	}
	options := []grpc.ServerOption{grpc.InTapHandle(s.admit)}
	if config := door.TLSConfig(); config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	return options
}

// Start listens, and answers until Shutdown.
func (s *Server) Start(ctx context.Context) (err error) {
	if s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.options.Listen); err != nil {
		return fmt.Errorf("listen for KEDA: %w", err)
	}
	s.options.Logger.Info("listening for KEDA", "address", s.Addr())
	s.serving.Go(func() {
		if err := s.grpc.Serve(s.listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			s.options.Logger.Error("KEDA listener failed; nobody is answered on it any more", "error", err)
		}
	})
	return nil
}

// Addr is where it listens; empty before Start.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Shutdown ends streams, lets calls under way finish until ctx ends, and closes
// everything. It may be called more than once, and without Start.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop.Do(func() { close(s.stopping) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
	}
	s.serving.Wait()
	return ctx.Err()
}
