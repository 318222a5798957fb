package otlp

import (
	"context"

	collector "go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// consumer is what the collector's receiver calls for each request that it
// could read.
type consumer struct {
	intake *intake
	// stopping ends when requests at hand must not wait any longer.
	stopping context.Context
	stop     context.CancelFunc
}

func newConsumer(in *intake) *consumer {
	stopping, stop := context.WithCancel(context.Background())
	return &consumer{in, stopping, stop}
}

// Capabilities implements consumer.Metrics: requests are only read.
func (*consumer) Capabilities() collector.Capabilities {
	return collector.Capabilities{MutatesData: false}
}

// ConsumeMetrics implements consumer.Metrics. Its errors are gRPC statuses,
// which the receiver hands on as they are.
func (c *consumer) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.stopping, cancel)()
	_, err := c.intake.takeMetrics(ctx, md)
	return err
}

// ConsumeTraces implements consumer.Traces. The bytes are not told: they are
// written again, the same ones for the same spans.
func (c *consumer) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	request, err := new(ptrace.ProtoMarshaler).MarshalTraces(td)
	if err != nil {
		return malformed(err)
	}
	_, err = c.intake.takeTraces(ctx, request, func() (ptrace.Traces, error) { return td, nil })
	return err
}

// ConsumeLogs implements consumer.Logs, as ConsumeTraces.
func (c *consumer) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	request, err := new(plog.ProtoMarshaler).MarshalLogs(ld)
	if err != nil {
		return malformed(err)
	}
	_, err = c.intake.takeLogs(ctx, request, func() (plog.Logs, error) { return ld, nil })
	return err
}
