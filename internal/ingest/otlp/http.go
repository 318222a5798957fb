package otlp

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"os"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// metricsPath is where exporters send metrics.
const metricsPath = "/v1/metrics"

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// endpoint answers the requests of one signal.
type endpoint struct {
	*direct
	signal *signal
}

// ServeHTTP answers a request. The answer is written as the request was, in
// protobuf or in JSON.
func (d endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	contentType := mediaType(r)
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, d.signal.name+" are sent by POST, not by "+r.Method, http.StatusMethodNotAllowed)
	case contentType != protobufType && contentType != jsonType:
		http.Error(w, "Content-Type must be "+protobufType+" or "+jsonType, http.StatusUnsupportedMediaType)
	default:
		a, err := d.receive(r, contentType)
		if err != nil {
			writeError(w, contentType, err)
			return
		}
		writeAnswer(w, contentType, a)
	}
}

func mediaType(r *http.Request) string {
	told := r.Header.Get("Content-Type")
	if told == protobufType || told == jsonType {
		return told
	}
	parsed, _, err := mime.ParseMediaType(told)
	if err != nil {
		return ""
	}
	return parsed
}

// receive reads and takes a request. Its errors are gRPC statuses, or
// errTooLarge.
func (d endpoint) receive(r *http.Request, contentType string) (answer, error) {
	work := d.work.get()
	defer d.work.put(work)
	body, err := work.reader.read(r)
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return answer{}, unavailable("the request took more than " + bodyTimeout.String() + " to arrive")
	case err != nil:
		return answer{}, malformed(err)
	}
	return d.take(r.Context(), d.signal, work, body, contentType == jsonType)
}

// take takes a request that was read into the memory of w.
func (d *direct) take(ctx context.Context, s *signal, w *work, body []byte, json bool) (answer, error) {
	switch {
	case s != metricsSignal:
		return d.intake.takeEvents(ctx, s, body, json)
	case json:
		return d.takeJSON(ctx, body)
	}
	return d.intake.takeBytes(ctx, &w.decoder, body)
}

func (d *direct) takeJSON(ctx context.Context, body []byte) (answer, error) {
	if err := checkJSONNesting(body); err != nil {
		return answer{}, malformed(err)
	}
	request := pmetricotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return answer{}, malformed(err)
	}
	return d.intake.takeMetrics(ctx, request.Metrics())
}

func writeAnswer(w http.ResponseWriter, contentType string, a answer) {
	body, err := a.protobuf()
	if contentType == jsonType {
		body, err = a.json()
	}
	if err != nil {
		writeError(w, contentType, err)
		return
	}
	write(w, contentType, http.StatusOK, body)
}

// writeError writes a status, and the HTTP code that goes with it.
func writeError(w http.ResponseWriter, contentType string, err error) {
	code, s := http.StatusInternalServerError, status.Convert(err)
	switch {
	case errors.Is(err, errTooLarge):
		code, s = http.StatusRequestEntityTooLarge, status.New(codes.InvalidArgument, err.Error())
	case s.Code() == codes.InvalidArgument:
		code = http.StatusBadRequest
	case s.Code() == codes.Unavailable:
		code = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	}
	writeStatus(w, contentType, code, s)
}

func writeStatus(w http.ResponseWriter, contentType string, code int, s *status.Status) {
	marshal := proto.Marshal
	if contentType == jsonType {
		marshal = protojson.Marshal
	}
	body, err := marshal(s.Proto())
	if err != nil {
		http.Error(w, s.Message(), code)
		return
	}
	write(w, contentType, code, body)
}

// Header values that all answers share, which Set would make anew each time.
var (
	protobufHeader = []string{protobufType}
	jsonHeader     = []string{jsonType}
)

func write(w http.ResponseWriter, contentType string, code int, body []byte) {
	value := protobufHeader
	if contentType == jsonType {
		value = jsonHeader
	}
	w.Header()["Content-Type"] = value
	w.WriteHeader(code)
	_, _ = w.Write(body) // the sender is gone: it will send again
}
