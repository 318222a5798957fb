package app

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/slo-engine/slo-engine/internal/config"
)

// tracing sends the engine's own traces where the configuration says; off, it
// does nothing.
type tracing struct {
	provider trace.TracerProvider
	tracer   trace.Tracer
	shutdown func(context.Context) error
}

func newTracing(cfg config.Tracing, version string) (*tracing, error) {
	if cfg.OTLPEndpoint == "" {
		return &tracing{provider: noop.NewTracerProvider(), tracer: noop.Tracer{}}, nil
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(cfg.OTLPEndpoint)}
	if cfg.Insecure {
		options = append(options, otlptracehttp.WithInsecure())
	}
	exporter, err := otlptracehttp.New(context.Background(), options...)
	if err != nil {
		return nil, fmt.Errorf("set up tracing: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "slo-engine"), attribute.String("service.version", version))),
	)
	return &tracing{provider: provider, tracer: provider.Tracer("slo-engine"), shutdown: provider.Shutdown}, nil
}

// span begins a span; the returned function ends it.
func (t *tracing) span(ctx context.Context, name string) (context.Context, func()) {
	if t.shutdown == nil {
		return ctx, func() {}
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, func() { span.End() }
}

// middleware makes a span of every request, continuing its sender's trace.
func (t *tracing) middleware(next http.Handler) http.Handler {
	if t.shutdown == nil {
		return next
	}
	return otelhttp.NewHandler(next, "http",
		otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(propagation.TraceContext{}))
}

// stop sends what is left. A trace that is lost at the end is no reason to
// fail.
func (t *tracing) stop(ctx context.Context) {
	if t != nil && t.shutdown != nil {
		_ = t.shutdown(ctx)
	}
}
