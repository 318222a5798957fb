package otlp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"google.golang.org/grpc"
)

// direct is our own server: bytes become batches without a library between.
type direct struct {
	options Options
	logger  *slog.Logger
	intake  *intake
	work    workshop

	grpc    *grpc.Server
	http    *http.Server
	bound   *addresses
	serving sync.WaitGroup
}

func newDirect(o Options, logger *slog.Logger, in *intake, bound *addresses) *direct {
	d := &direct{options: o, logger: logger, intake: in, work: workshop{rules: in.rules}, bound: bound}
	d.grpc = d.newGRPC(o.Limits)
	d.http = d.newHTTP()
	return d
}

// newHTTP serves the paths that are ours: those of other signals are not found.
func (d *direct) newHTTP() *http.Server {
	mux := http.NewServeMux()
	for _, s := range d.options.signals() {
		mux.Handle(s.path, endpoint{d, s})
	}
	return &http.Server{
		Handler:           d.options.admitted(mux),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(d.logger.Handler(), slog.LevelDebug),
	}
}

// start binds both listeners before it serves either.
func (d *direct) start(ctx context.Context) error {
	grpcListener, err := bind(ctx, d.options.GRPC)
	if err != nil {
		return err
	}
	httpListener, err := bind(ctx, d.options.HTTP)
	if err != nil {
		if grpcListener != nil {
			err = errors.Join(err, grpcListener.Close())
		}
		return err
	}
	d.serve(grpcProtocol, grpcListener, d.grpc.Serve)
	d.serve(httpProtocol, d.options.secure(httpListener), d.http.Serve)
	return nil
}

// bind listens on an address; nil where the protocol is off.
func bind(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", address)
}

func (d *direct) serve(protocol string, l net.Listener, serve func(net.Listener) error) {
	if l == nil {
		return
	}
	d.bound.note(protocol, l.Addr().String())
	d.logger.Info("listening for OTLP", "protocol", protocol, "address", l.Addr().String())
	d.serving.Go(func() {
		if err := serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			d.logger.Error("OTLP listener failed; nothing more is received on it", "protocol", protocol, "error", err)
		}
	})
}

// shutdown stops listening and waits for the requests at hand.
func (d *direct) shutdown(ctx context.Context) error {
	err := d.http.Shutdown(ctx)
	d.grpc.GracefulStop()
	d.serving.Wait()
	return err
}

// hurry closes all connections, whatever is still at hand on them.
func (d *direct) hurry() {
	_ = d.http.Close() // listeners are closed already, connections need no more
	d.grpc.Stop()
}
