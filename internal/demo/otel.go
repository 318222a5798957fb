package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// exportTimeout bounds one push; the next one carries the same counters.
const exportTimeout = 5 * time.Second

// newGRPCExporter sends OTLP over gRPC to host:port.
func newGRPCExporter(ctx context.Context, endpoint string) (sdkmetric.Exporter, error) {
	return otlpmetricgrpc.New(ctx,
		otlpmetricgrpc.WithEndpoint(endpoint),
		otlpmetricgrpc.WithInsecure(),
		otlpmetricgrpc.WithTimeout(exportTimeout),
		otlpmetricgrpc.WithTemporalitySelector(sdkmetric.CumulativeTemporalitySelector))
}

// newHTTPExporter sends OTLP over HTTP to host:port.
func newHTTPExporter(ctx context.Context, endpoint string, client *http.Client) (sdkmetric.Exporter, error) {
	return otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithEndpoint(endpoint),
		otlpmetrichttp.WithInsecure(),
		otlpmetrichttp.WithTimeout(exportTimeout),
		otlpmetrichttp.WithHTTPClient(client),
		otlpmetrichttp.WithTemporalitySelector(sdkmetric.CumulativeTemporalitySelector))
}

// instruments is the telemetry of one checkout version: a meter provider of
// its own, nothing global.
type instruments struct {
	version  string
	provider *sdkmetric.MeterProvider
	exporter *watchedExporter
	duration metric.Float64Histogram
	requests metric.Int64Counter
}

// newInstruments pushes through exporter at each interval, until close.
func newInstruments(version string, exporter sdkmetric.Exporter, interval time.Duration, log *slog.Logger) (*instruments, error) {
	watched := &watchedExporter{Exporter: exporter, log: log.With("version", version)}
	reader := sdkmetric.NewPeriodicReader(watched, sdkmetric.WithInterval(interval), sdkmetric.WithTimeout(exportTimeout))
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "checkout"),
		attribute.String("service.instance.id", "checkout-"+version))))
	meter := provider.Meter("shop")
	duration, err := meter.Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, slowAbove, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))
	requests, err2 := meter.Int64Counter("checkout.requests",
		metric.WithUnit("{request}"), metric.WithDescription("Requests answered by checkout."))
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("create instruments: %w", errors.Join(err, provider.Shutdown(context.Background())))
	}
	return &instruments{version: version, provider: provider, exporter: watched, duration: duration, requests: requests}, nil
}

// record notes one answer.
func (i *instruments) record(route string, code int, seconds float64) {
	set := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("http.route", route),
		attribute.Int("http.response.status_code", code),
		attribute.String("service.version", i.version)))
	// The measurement is not the request's: it holds when its caller hangs up.
	ctx := context.Background()
	i.duration.Record(ctx, seconds, set)
	i.requests.Add(ctx, 1, set)
}

// flush pushes now, and says whether the engine took it.
func (i *instruments) flush(ctx context.Context) error {
	if err := i.provider.ForceFlush(ctx); err != nil {
		return fmt.Errorf("push OTLP of %s: %w", i.version, err)
	}
	if err := i.exporter.lastError(); err != nil {
		return fmt.Errorf("push OTLP of %s: %w", i.version, err)
	}
	return nil
}

// close pushes a last time and ends the provider with its goroutines.
func (i *instruments) close(ctx context.Context) error { return i.provider.Shutdown(ctx) }

// watchedExporter keeps the outcome of the last push to itself. The SDK would
// hand errors to a handler that is global to the process.
type watchedExporter struct {
	sdkmetric.Exporter
	log *slog.Logger

	mu   sync.Mutex
	last error
}

// Export pushes; it fails only in lastError.
func (e *watchedExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	err := e.Exporter.Export(ctx, m)
	if err != nil {
		e.log.Warn("push OTLP metrics", "error", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = err
	return nil
}

func (e *watchedExporter) lastError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}
