package otlp

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// Events takes what is no metric: spans and log records. request are the bytes
// that a request consists of, by which it is known when it comes again. decode
// reads it; whoever has no use for the request need not call it. Its errors are
// returned as they are.
type Events interface {
	Traces(ctx context.Context, request []byte, decode func() (ptrace.Traces, error)) (ingest.Outcome, error)
	Logs(ctx context.Context, request []byte, decode func() (plog.Logs, error)) (ingest.Outcome, error)
}

// errRequest marks the errors of what is not a request at all.
var errRequest = errors.New("read request")

// takeEvents takes a request of traces or logs, in JSON or in protobuf. Errors
// are gRPC statuses.
func (i *intake) takeEvents(ctx context.Context, s *signal, request []byte, json bool) (answer, error) {
	check := s.check
	if json {
		check = checkJSONNesting
	}
	if s == tracesSignal {
		return i.takeTraces(ctx, request, func() (ptrace.Traces, error) {
			r := ptraceotlp.NewExportRequest()
			err := decode(request, json, check, r)
			return r.Traces(), err
		})
	}
	return i.takeLogs(ctx, request, func() (plog.Logs, error) {
		r := plogotlp.NewExportRequest()
		err := decode(request, json, check, r)
		return r.Logs(), err
	})
}

// decode reads a request once it has passed the check.
func decode(request []byte, json bool, check func([]byte) error, to interface {
	UnmarshalProto([]byte) error
	UnmarshalJSON([]byte) error
}) error {
	err := check(request)
	switch {
	case err != nil:
	case json:
		err = to.UnmarshalJSON(request)
	default:
		err = to.UnmarshalProto(request)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	return nil
}

func (i *intake) takeTraces(ctx context.Context, request []byte, decode func() (ptrace.Traces, error)) (answer, error) {
	outcome, err := i.events.Traces(ctx, request, decode)
	return i.answerEvents(tracesSignal, outcome, err)
}

func (i *intake) takeLogs(ctx context.Context, request []byte, decode func() (plog.Logs, error)) (answer, error) {
	outcome, err := i.events.Logs(ctx, request, decode)
	return i.answerEvents(logsSignal, outcome, err)
}

// answerEvents says what became of a request of events, as answer does of one
// of metrics. What was not counted of events that were taken is a warning: a
// partial success that refuses none.
func (i *intake) answerEvents(s *signal, o ingest.Outcome, err error) (answer, error) {
	a := answer{signal: s, refused: o.Refused, text: o.Why}
	switch {
	case errors.Is(err, errRequest):
		err = malformed(err)
	case err != nil:
		err = i.failure(err)
	case o.Refused > 0 && (o.Accepted == 0 || !i.partial):
		err = status.Error(codes.InvalidArgument, o.Why)
	}
	if err != nil {
		a = answer{}
	}
	i.metrics.events.WithLabelValues(s.name, status.Code(err).String()).Inc()
	return a, err
}
