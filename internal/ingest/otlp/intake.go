package otlp

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// intake takes requests, whichever server read them.
type intake struct {
	sink    ingest.Sink
	events  Events    // nil: only metrics are taken
	book    *sli.Book // nil: nothing is known
	rules   rules
	logger  *slog.Logger
	metrics *metrics
	now     func() time.Time
	// partial says that the server can tell that a part of a request was
	// refused.
	partial bool
}

func newIntake(o Options, logger *slog.Logger) *intake {
	return &intake{
		sink:    o.Sink,
		events:  o.Events,
		book:    o.Book,
		rules:   o.rules(),
		logger:  logger,
		metrics: newMetrics(o.Registerer),
		now:     o.Now,
		partial: o.Receiver != ReceiverCollector,
	}
}

// rules are those of the options. What decides how a series is named goes
// into the salt.
func (o Options) rules() rules {
	salt := sli.KeyOf(fmt.Appendf(nil, "otlp %+v %t %q", o.Limits, o.PromoteResourceAttributes == nil, o.PromoteResourceAttributes), 0)
	return rules{limits: o.Limits, promote: o.promote(), salt: uint64(salt)}
}

// page is what is known when a request comes.
func (i *intake) page() *sli.Page {
	if i.book == nil {
		return nil
	}
	return i.book.Page()
}

// takeBytes takes a request in protobuf. The decoder is the caller's, so that
// its memory is used again. Errors are gRPC statuses.
func (i *intake) takeBytes(ctx context.Context, d *decoder, request []byte) (answer, error) {
	began := i.now()
	batch, receipt, err := d.decode(request, i.page())
	if err != nil {
		return answer{}, malformed(err)
	}
	return i.take(ctx, began, batch, receipt)
}

// takeMetrics takes a request that the library has decoded.
func (i *intake) takeMetrics(ctx context.Context, md pmetric.Metrics) (answer, error) {
	began := i.now()
	batch, receipt := translate(md, i.rules)
	return i.take(ctx, began, batch, receipt)
}

// take hands a batch to the engine; read is what became of the points that
// are not in it.
func (i *intake) take(ctx context.Context, began time.Time, batch *sli.Batch, read sli.Receipt) (answer, error) {
	receipt, err := i.ingest(ctx, batch, read)
	a, err := i.answer(receipt, err)
	i.metrics.observe(receipt, status.Code(err), i.now().Sub(began))
	return a, err
}

// ingest hands a batch to the engine. On an error nothing was promised: the
// receipt is empty.
func (i *intake) ingest(ctx context.Context, batch *sli.Batch, read sli.Receipt) (sli.Receipt, error) {
	if len(batch.Series) == 0 && len(batch.Samples) == 0 {
		return read, nil
	}
	taken, err := i.sink.Ingest(ctx, batch)
	if err != nil {
		return sli.Receipt{}, err
	}
	read.Merge(taken)
	return read, nil
}
