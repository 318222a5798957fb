package otlp

import (
	"context"
	"log/slog"
	"time"

	collector "go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// consumer is what the embedded receiver calls for each request that it
// could read.
type consumer struct {
	sink    ingest.Sink
	rules   rules
	logger  *slog.Logger
	metrics *metrics
	now     func() time.Time

	// stopping ends when requests at hand must not wait any longer.
	stopping context.Context
	stop     context.CancelFunc
}

func newConsumer(o Options, logger *slog.Logger) *consumer {
	stopping, stop := context.WithCancel(context.Background())
	return &consumer{
		sink:     o.Sink,
		rules:    rules{limits: o.Limits, promote: o.promote()},
		logger:   logger,
		metrics:  newMetrics(o.Registerer),
		now:      o.Now,
		stopping: stopping,
		stop:     stop,
	}
}

// Capabilities implements consumer.Metrics: requests are only read.
func (c *consumer) Capabilities() collector.Capabilities {
	return collector.Capabilities{MutatesData: false}
}

// ConsumeMetrics implements consumer.Metrics. Its errors are gRPC statuses,
// which the receiver hands on as they are.
func (c *consumer) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	began := c.now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.stopping, cancel)()

	receipt, err := c.ingest(ctx, md)
	answer := c.answer(receipt, err)
	c.metrics.observe(receipt, status.Code(answer), c.now().Sub(began))
	return answer
}

// ingest translates a request and hands it to the engine. On an error nothing
// was promised: the receipt is empty.
func (c *consumer) ingest(ctx context.Context, md pmetric.Metrics) (sli.Receipt, error) {
	batch, receipt := translate(md, c.rules)
	if len(batch.Series) == 0 {
		return receipt, nil
	}
	taken, err := c.sink.Ingest(ctx, batch)
	if err != nil {
		return sli.Receipt{}, err
	}
	receipt.Merge(taken)
	return receipt, nil
}
