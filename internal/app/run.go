package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// stopTimeout bounds each part's stop.
const stopTimeout = 15 * time.Second

// Run serves until ctx ends or a part fails, then stops everything. An App
// runs once; after Run it holds nothing.
func (a *App) Run(ctx context.Context) error {
	defer a.release()
	var started stack
	failed := make(chan error, 1)
	err := a.start(ctx, &started, failed)
	if err == nil {
		select {
		case <-ctx.Done():
			a.log.Info("stopping")
		case err = <-failed:
			a.log.Error("a part failed, stopping", "error", err)
		}
	}
	err = errors.Join(err, started.stop())
	a.log.Info("stopped")
	return err
}

// start starts the parts, the receivers of alerts first, the senders of
// samples last: what comes in always has somewhere to go.
func (a *App) start(ctx context.Context, started *stack, failed chan<- error) error {
	if a.embedded != nil {
		if err := a.embedded.Start(ctx); err != nil {
			return fmt.Errorf("start the embedded Alertmanager: %w", err)
		}
		started.push(a.embedded.Stop)
	}
	started.push(background(a.dispatcher.Run, failed))
	if a.mirror != nil {
		started.push(background(a.mirror.Run, failed))
	}
	if err := a.recover(); err != nil {
		return err
	}
	started.push(a.journal.Close)
	started.push(background(a.engine.Run, failed))
	started.push(background(a.hearSilences, failed))
	started.push(background(a.healer.run, failed))
	started.push(background(a.gates.run, failed)) // it ends before the state that it writes to
	started.push(background(a.sample, failed))
	started.push(background(a.scale, failed))
	if a.otlp != nil {
		if err := a.otlp.Start(ctx); err != nil {
			return err
		}
		started.push(a.otlp.Shutdown)
	}
	for _, b := range a.backends {
		started.push(background(b.Run, failed))
	}
	a.scrapeFrom(a.config)
	started.push(background(a.scraper.Run, failed))
	if a.history != nil {
		started.push(background(a.history.Run, failed))
	}
	started.push(background(a.serve, failed))
	close(a.serving)
	a.log.Info("serving", "http", a.Addr(), "otlp_grpc", a.OTLPGRPC(), "otlp_http", a.OTLPHTTP(), "version", a.options.Version)
	return nil
}

// serve answers HTTP until ctx ends, then lets requests under way finish.
func (a *App) serve(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- a.server.Serve(a.door.Listener(a.listener)) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	a.stream.Close() // its listeners would stay as long as they are let
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := a.server.Shutdown(limit)
	if err != nil {
		err = errors.Join(err, a.server.Close())
	}
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// background runs f in a goroutine and returns the function that ends it and
// waits. An end that nobody asked for is a failure of the service.
func background(f func(context.Context) error, failed chan<- error) func(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := f(ctx)
		if ctx.Err() == nil {
			select {
			case failed <- err:
			default: // another part failed before: everything is about to stop
			}
		}
		done <- err
	}()
	return func(limit context.Context) error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-limit.Done():
			return limit.Err()
		}
	}
}

// stack holds what must be stopped, the last started first.
type stack struct{ stops []func(context.Context) error }

func (s *stack) push(stop func(context.Context) error) { s.stops = append(s.stops, stop) }

func (s *stack) stop() error {
	var errs []error
	for i := len(s.stops) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		errs = append(errs, s.stops[i](ctx))
		cancel()
	}
	return errors.Join(errs...)
}

// release gives back what New took.
func (a *App) release() {
	if a.listener != nil {
		_ = a.listener.Close() // closed already when it was served
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if a.embedded != nil {
		_ = a.embedded.Stop(ctx) // a second stop repeats the first one's answer
	}
	if a.journal != nil {
		_ = a.journal.Close(ctx) // when it was never started
	}
	if a.audit != nil {
		_ = a.audit.Close() // what was acknowledged is durable
	}
	a.tracing.stop(ctx)
	a.lock.release()
}
