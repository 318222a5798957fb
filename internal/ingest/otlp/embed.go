package otlp

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// How long a client may take. Exporters give up after 10 s by default.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
)

// maxStreams bounds the gRPC requests in flight on one connection.
const maxStreams = 100

// embed creates the collector's receiver, for metrics only: services of the
// other signals are not registered and answer as unknown.
func (r *Receiver) embed(ctx context.Context) (component.Component, error) {
	factory := otlpreceiver.NewFactory()
	settings := receiver.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         newZapLogger(r.logger, &r.addresses),
			TracerProvider: tracenoop.NewTracerProvider(),
			MeterProvider:  metricnoop.NewMeterProvider(),
		},
	}
	return factory.CreateMetrics(ctx, settings, r.config(), r.consumer)
}

// config states both protocols: what is not stated is off.
func (r *Receiver) config() *otlpreceiver.Config {
	config := otlpreceiver.NewFactory().CreateDefaultConfig().(*otlpreceiver.Config)
	if r.options.GRPC != "" {
		config.Protocols.GRPC = configoptional.Some(grpcConfig(r.options))
	}
	if r.options.HTTP != "" {
		config.Protocols.HTTP = configoptional.Some(httpConfig(r.options))
	}
	return config
}

func grpcConfig(o Options) configgrpc.ServerConfig {
	config := configgrpc.NewDefaultServerConfig()
	config.NetAddr.Transport = confignet.TransportTypeTCP
	config.NetAddr.Endpoint = o.GRPC
	config.MaxConcurrentStreams = maxStreams
	config.Middlewares = []configmiddleware.Config{{ID: middlewareID}}
	return config
}

func httpConfig(o Options) otlpreceiver.HTTPConfig {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Transport = confignet.TransportTypeTCP
	server.NetAddr.Endpoint = o.HTTP
	server.MaxRequestBodySize = o.Limits.MaxDecodedBytes
	server.ReadHeaderTimeout = headerTimeout
	server.ReadTimeout = bodyTimeout
	server.WriteTimeout = writeTimeout
	//lint:ignore SA1019 the server reads this field until its successor's gate opens
	server.IdleTimeout = idleTimeout
	server.Middlewares = []configmiddleware.Config{{ID: middlewareID}}
	return otlpreceiver.HTTPConfig{ServerConfig: server, MetricsURLPath: metricsPath}
}
