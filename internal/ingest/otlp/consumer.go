package otlp

import (
	"context"

	collector "go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
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
