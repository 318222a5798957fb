package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// shop owns the servers, the load and the telemetry.
type shop struct {
	plan       plan
	log        *slog.Logger
	books      books
	prometheus *remoteWriter
	v1, v2     *checkout
	load       *load
	pool       *pool     // who gets the gateway's requests
	control    *control  // by which that is changed
	front      *server   // the gateway's
	behind     []*server // v1's and v2's, in this order
	proxied    *http.Transport
	pushed     *http.Client // of remote write and OTLP over HTTP

	cancel context.CancelFunc // ends the pushing goroutine
	pushes sync.WaitGroup
	opened map[string]counts // the books before the load began
}

// openShop starts the servers and the telemetry, without load. Its close must
// be called, also when openShop failed half-way: it closes what it opened.
func openShop(ctx context.Context, o Options, p plan) (*shop, error) {
	s := &shop{plan: p, log: o.Logger, pushed: newClient(4, exportTimeout), proxied: newClient(p.workers, 0).Transport.(*http.Transport)}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open the shop: %w", err), s.close())
	}
	return s, nil
}

func (s *shop) open(ctx context.Context, o Options) error {
	grpc, err := newGRPCExporter(ctx, o.OTLPGRPC)
	if err != nil {
		return fmt.Errorf("create OTLP gRPC exporter: %w", err)
	}
	if s.v1, err = s.newVersion(ctx, "v1", grpc, o.Seed); err != nil {
		return err
	}
	overHTTP, err := newHTTPExporter(ctx, o.OTLPHTTP, s.pushed)
	if err != nil {
		return fmt.Errorf("create OTLP HTTP exporter: %w", err)
	}
	if s.v2, err = s.newVersion(ctx, "v2", overHTTP, o.Seed); err != nil {
		return err
	}
	return s.openFront(ctx, o)
}

// newVersion starts a checkout that pushes through exporter.
func (s *shop) newVersion(ctx context.Context, version string, exporter sdkmetric.Exporter, seed uint64) (*checkout, error) {
	instruments, err := newInstruments(version, exporter, s.plan.push, s.log)
	if err != nil {
		return nil, err
	}
	c := newCheckout(version, seed, s.plan.failing, &s.books, instruments)
	server, err := serve(ctx, c.handler())
	if err != nil {
		return nil, errors.Join(err, instruments.close(ctx))
	}
	s.behind = append(s.behind, server)
	return c, nil
}

// openFront starts the gateway and its remote write.
func (s *shop) openFront(ctx context.Context, o Options) error {
	s.pool = newPool(s.plan.canary)
	s.control = serveControl(o.Premises.control, s.pool)
	g, err := newGateway(s.behind[0].url, s.behind[1].url, s.pool, s.proxied, &s.books, s.log)
	if err != nil {
		return err
	}
	if s.front, err = serve(ctx, g.handler()); err != nil {
		return err
	}
	s.load = newLoad(s.front.url, s.plan.rate, s.plan.workers, o.Seed)
	s.prometheus = &remoteWriter{
		url: o.EngineURL + "/api/v1/write", client: s.pushed, gatherer: g.registry,
		job: "gateway", instance: s.front.address,
	}
	return nil
}

// prime lets the engine see every series before anything is to be counted: to
// a counter the first sample of a target is only where counting begins. Each
// version answers one probe per route, all is pushed, and the books are read.
func (s *shop) prime(ctx context.Context) error {
	for _, server := range s.behind {
		for _, route := range routes {
			if err := s.probe(ctx, server.url+route); err != nil {
				return err
			}
		}
	}
	s.opened = s.books.counts()
	if err := s.flush(ctx); err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.pushes.Go(func() { s.keepPushing(ctx) })
	return nil
}

func (s *shop) probe(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: s.proxied}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("probe checkout: %w", err)
	}
	return response.Body.Close()
}

// keepPushing sends the gateway's metrics at each interval.
func (s *shop) keepPushing(ctx context.Context) {
	ticker := time.NewTicker(s.plan.push)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.prometheus.push(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("push gateway metrics", "error", err)
		}
	}
}

// flush pushes all telemetry now.
func (s *shop) flush(ctx context.Context) error {
	return errors.Join(s.prometheus.push(ctx), s.v1.metrics.flush(ctx), s.v2.metrics.flush(ctx))
}
