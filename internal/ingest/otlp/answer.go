package otlp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// retryAfter is when a sender may try again. In whole seconds, because the
// Retry-After header has no smaller unit.
const retryAfter = time.Second

// answer is what a sender is told of a request that was taken.
type answer struct {
	signal *signal
	// refused counts the points or events that were not taken, text says why.
	// Both are empty where all were.
	refused int
	text    string
}

// answer says what became of a request; errors are gRPC statuses.
//
// A request of which some points counted is a partial success. One of which
// none did is INVALID_ARGUMENT, and so is a partial one where the server
// cannot say so: no sender repeats either. Everything else may be repeated, so
// no error of ours loses data.
func (i *intake) answer(receipt sli.Receipt, err error) (answer, error) {
	switch {
	case err != nil:
		return answer{}, i.failure(err)
	case receipt.Refused() == 0:
		return answer{}, nil
	case receipt.Accepted == 0 || !i.partial:
		return answer{}, status.Error(codes.InvalidArgument, refusedText(receipt))
	}
	return answer{metricsSignal, receipt.Refused(), refusedText(receipt)}, nil
}

// failure is the status of a request that the engine did not take.
func (i *intake) failure(err error) error {
	switch {
	case errors.Is(err, ingest.ErrBusy):
		return unavailable(err.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("the request ended before it was taken: " + err.Error())
	}
	i.logger.Error("take OTLP request", "error", err)
	return unavailable("the engine could not take the request, its log says why")
}

// protobuf is the answer as the protocol writes it: nothing at all where all
// points were taken.
func (a answer) protobuf() ([]byte, error) {
	if a.text == "" {
		return nil, nil
	}
	return a.response().MarshalProto()
}

// json is as protobuf.
func (a answer) json() ([]byte, error) {
	if a.text == "" {
		return []byte("{}"), nil
	}
	return a.response().MarshalJSON()
}

func (a answer) response() response { return a.signal.response(int64(a.refused), a.text) }

// malformed is the status of what is not a request at all.
func malformed(err error) error {
	return status.Error(codes.InvalidArgument, strings.ToValidUTF8(err.Error(), "\uFFFD"))
}

func unavailable(text string) error {
	s := status.New(codes.Unavailable, strings.ToValidUTF8(text, "\uFFFD"))
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
	if err != nil {
		return s.Err()
	}
	return detailed.Err()
}

// refusedText names, for each reason, how many points, one of them, and what
// to do about it.
func refusedText(receipt sli.Receipt) string {
	var b strings.Builder
	fmt.Fprintf(&b, "points refused: %d, %s", receipt.Refused(), rest(receipt))
	for _, r := range receipt.Rejections {
		if r.Reason.Refused() {
			fmt.Fprintf(&b, "; %s (%d), for example %s: %s", r.Reason, r.Points, r.Example, advice(r.Reason))
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func rest(receipt sli.Receipt) string {
	if receipt.Accepted == 0 {
		return "none was counted"
	}
	return "the others were counted and must not be sent again"
}

// advice says what the sender can do about a reason.
func advice(reason sli.Reason) string {
	switch reason {
	case sli.ReasonNotANumber:
		return "look for a division by zero where it is measured"
	case sli.ReasonNegative:
		return "a counter only goes up: record it with an up-down counter or a gauge"
	case sli.ReasonTooOld:
		return "send points within the lateness bound and the SLO's window"
	case sli.ReasonInFuture:
		return "check the sender's clock"
	case sli.ReasonBadLabels:
		return "give every attribute a name, and write names and values in UTF-8"
	case sli.ReasonLabelLimit:
		return "drop or shorten attributes, or raise limits.max_labels, limits.max_label_name_bytes or limits.max_label_value_bytes"
	case sli.ReasonSeriesLimit:
		return "send fewer series in a request, drop attributes that take many values, or raise the limits"
	case sli.ReasonBadValue:
		return "fix what makes these points, they will never be taken as they are"
	}
	return "these points will never be taken as they are"
}
