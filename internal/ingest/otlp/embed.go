package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	collector "go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// embedded is the collector's receiver: every compression and encoding that
// it knows, with requests decoded by the library.
type embedded struct {
	options  Options
	logger   *slog.Logger
	consumer *consumer
	host     *host
	running  component.Component // nil before start
	bound    *addresses
}

func newEmbedded(o Options, logger *slog.Logger, in *intake, bound *addresses) *embedded {
	return &embedded{options: o, logger: logger, consumer: newConsumer(in), host: newHost(o, logger), bound: bound}
}

func (e *embedded) start(ctx context.Context) error {
	running, err := e.create(ctx, e.consumer)
	if err != nil {
		return fmt.Errorf("create the collector's receiver: %w", err)
	}
	err = running.Start(ctx, e.host)
	if err == nil {
		err = e.checkBound()
	}
	if err != nil {
		return errors.Join(err, running.Shutdown(ctx))
	}
	e.running = running
	return nil
}

// checkBound makes sure that the addresses were found in the receiver's log,
// should another version of it word that differently.
func (e *embedded) checkBound() error {
	if e.options.GRPC != "" && e.bound.get(grpcProtocol) == "" || e.options.HTTP != "" && e.bound.get(httpProtocol) == "" {
		return errors.New("the collector's receiver did not tell the bound address")
	}
	return nil
}

func (e *embedded) shutdown(ctx context.Context) error { return e.running.Shutdown(ctx) }

func (e *embedded) hurry() {
	e.consumer.stop()
	e.host.connections.closeAll()
}

// create makes it for the signals that are taken: services of others are not
// registered and answer as unknown. It is one for all, because they share a
// configuration.
func (e *embedded) create(ctx context.Context, metrics collector.Metrics) (running component.Component, err error) {
	factory := otlpreceiver.NewFactory()
	settings := receiver.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         newZapLogger(e.logger, e.bound),
			TracerProvider: tracenoop.NewTracerProvider(),
			MeterProvider:  metricnoop.NewMeterProvider(),
		},
	}
	config := e.config()
	if running, err = factory.CreateMetrics(ctx, settings, config, metrics); err != nil || e.options.Events == nil {
		return running, err
	}
	if _, err = factory.CreateTraces(ctx, settings, config, e.consumer); err != nil {
		return nil, err
	}
	_, err = factory.CreateLogs(ctx, settings, config, e.consumer)
	return running, err
}

// config states both protocols: what is not stated is off.
func (e *embedded) config() *otlpreceiver.Config {
	config := otlpreceiver.NewFactory().CreateDefaultConfig().(*otlpreceiver.Config)
	if e.options.GRPC != "" {
		config.Protocols.GRPC = configoptional.Some(grpcConfig(e.options))
	}
	if e.options.HTTP != "" {
		config.Protocols.HTTP = configoptional.Some(httpConfig(e.options))
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
	return otlpreceiver.HTTPConfig{ServerConfig: server,
		MetricsURLPath: metricsPath, TracesURLPath: otlpreceiver.SanitizedURLPath(tracesSignal.path), LogsURLPath: otlpreceiver.SanitizedURLPath(logsSignal.path),
	}
}
