package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // lets the client compress
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// aCounter is a request with one point of http_requests_total, value 5.
func aCounter() pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "checkout")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("http_requests_total")
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := sum.DataPoints().AppendEmpty()
	p.SetTimestamp(2000)
	p.SetStartTimestamp(1000)
	p.SetIntValue(5)
	return md
}

func marshal(t testing.TB, md pmetric.Metrics) []byte {
	t.Helper()
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func gzipped(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstdOf(t *testing.T, body []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(body, nil)
}

// reply is what came back over HTTP.
type reply struct {
	code       int
	retryAfter string
	text       string
}

// post sends one request as an exporter would, or as it should not.
func post(t *testing.T, url, contentType, encoding string, body []byte) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{code: resp.StatusCode, retryAfter: resp.Header.Get("Retry-After"), text: statusText(resp, text)}
}

// statusText returns the message of a protobuf status, or the body as it is.
func statusText(resp *http.Response, body []byte) string {
	if resp.StatusCode == http.StatusOK || resp.Header.Get("Content-Type") != protobufType {
		return string(body)
	}
	var s rpcstatus.Status
	if err := proto.Unmarshal(body, &s); err != nil {
		return "not a status: " + err.Error()
	}
	return s.GetMessage()
}

func TestHTTPAnswers(t *testing.T) { eachReceiver(t, httpAnswers) }

func httpAnswers(t *testing.T, receiver string) {
	counter := marshal(t, aCounter())
	small := ingest.DefaultLimits()
	small.MaxBodyBytes, small.MaxDecodedBytes = 500, 1000
	cases := map[string]struct {
		path, contentType, encoding string
		body                        []byte
		want                        int
		text                        string
	}{
		"protobuf":                {"/v1/metrics", protobufType, "", counter, 200, ""},
		"gzip":                    {"/v1/metrics", protobufType, "gzip", gzipped(t, counter), 200, ""},
		"zstd":                    {"/v1/metrics", protobufType, "zstd", zstdOf(t, counter), 200, ""},
		"json":                    {"/v1/metrics", jsonType, "", []byte(`{"resourceMetrics":[]}`), 200, ""},
		"wrong content type":      {"/v1/metrics", "text/plain", "", counter, 415, "application/x-protobuf"},
		"malformed protobuf":      {"/v1/metrics", protobufType, "", []byte("\xff\xff\xff"), 400, ""},
		"not zstd":                {"/v1/metrics", protobufType, "zstd", counter, 400, ""},
		"not json":                {"/v1/metrics", jsonType, "", []byte(`{"resourceMetrics":7}`), 400, ""},
		"not gzip":                {"/v1/metrics", protobufType, "gzip", counter, 400, "gzip"},
		"unknown encoding":        {"/v1/metrics", protobufType, "br", counter, 400, "br"},
		"too large as sent":       {"/v1/metrics", protobufType, "", make([]byte, 501), 413, "limits.max_body_bytes (500)"},
		"too large, decompressed": {"/v1/metrics", protobufType, "gzip", gzipped(t, make([]byte, 1001)), 413, "limits.max_decoded_bytes (1000)"},
		"traces":                  {"/v1/traces", protobufType, "", nil, 404, ""},
		"logs":                    {"/v1/logs", protobufType, "", nil, 404, ""},
	}
	sink := &recorder{}
	r := listen(t, Options{Receiver: receiver, Sink: sink, Limits: small})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := post(t, "http://"+r.HTTPAddr()+c.path, c.contentType, c.encoding, c.body)
			if got.code != c.want || !strings.Contains(got.text, c.text) {
				t.Errorf("got %d %q, want %d with %q", got.code, got.text, c.want, c.text)
			}
		})
	}
	if n := len(sink.series); n != 3 {
		t.Errorf("the sink received %d series, want those of the three good requests", n)
	}
}

func dial(t testing.TB, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func export(t *testing.T, r *Receiver, md pmetric.Metrics, options ...grpc.CallOption) (pmetricotlp.ExportResponse, error) {
	t.Helper()
	client := pmetricotlp.NewGRPCClient(dial(t, r.GRPCAddr()))
	return client.Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(md), options...)
}

// compressions are those that a gRPC sender may use.
var compressions = [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}, {grpc.UseCompressor("zstd")}, {grpc.UseCompressor("snappy")}}

func TestGRPCAnswers(t *testing.T) { eachReceiver(t, grpcAnswers) }

func grpcAnswers(t *testing.T, receiver string) {
	small := ingest.DefaultLimits()
	small.MaxDecodedBytes = 1000
	sink := &recorder{}
	r := listen(t, Options{Receiver: receiver, Sink: sink, Limits: small})
	for _, options := range compressions {
		response, err := export(t, r, aCounter(), options...)
		if err != nil {
			t.Fatal(err)
		}
		if p := response.PartialSuccess(); p.RejectedDataPoints() != 0 || p.ErrorMessage() != "" {
			t.Errorf("partial success is set: %d %q", p.RejectedDataPoints(), p.ErrorMessage())
		}
	}
	if n := len(sink.series); n != len(compressions) {
		t.Errorf("the sink received %d series, want %d", n, len(compressions))
	}
	large := aCounter()
	large.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).SetDescription(strings.Repeat("x", 1000))
	for _, options := range compressions {
		if _, err := export(t, r, large, options...); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("too large: got %v, want ResourceExhausted", err)
		}
	}
}

func TestOtherSignalsAreUnimplemented(t *testing.T) { eachReceiver(t, otherSignalsAreUnimplemented) }

func otherSignalsAreUnimplemented(t *testing.T, receiver string) {
	r := listen(t, Options{Receiver: receiver, Sink: &recorder{}})
	conn := dial(t, r.GRPCAddr())
	_, traces := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequest())
	_, logs := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequest())
	for signal, err := range map[string]error{"traces": traces, "logs": logs} {
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: got %v, want Unimplemented", signal, err)
		}
	}
}

// TestSinkAnswers says what each outcome in the engine looks like to senders.
func TestSinkAnswers(t *testing.T) { eachReceiver(t, sinkAnswers) }

func sinkAnswers(t *testing.T, receiver string) {
	refused := sli.Receipt{Accepted: 3, Rejections: []sli.Rejection{
		{Reason: sli.ReasonTooOld, Points: 2, Example: `http_requests_total{code="500"}`},
		{Reason: sli.ReasonDuplicate, Points: 7},
		{Reason: sli.ReasonNegative, Points: 1, Example: "x\xff"},
	}}
	allRefused := sli.Receipt{Rejections: refused.Rejections}
	ignored := sli.Receipt{Rejections: []sli.Rejection{
		{Reason: sli.ReasonDuplicate, Points: 1}, {Reason: sli.ReasonOutOfOrder, Points: 1}, {Reason: sli.ReasonReplica, Points: 1},
	}}
	cases := map[string]struct {
		sink       ingest.Sink
		grpc       codes.Code
		http       int
		retryAfter string
		text       string
	}{
		"accepted":  {answering(sli.Receipt{Accepted: 1}, nil), codes.OK, 200, "", ""},
		"ignored":   {answering(ignored, nil), codes.OK, 200, "", ""},
		"refused":   {answering(allRefused, nil), codes.InvalidArgument, 400, "", "points refused: 3, none was counted; too_old (2), for example http_requests_total{code=\"500\"}: "},
		"busy":      {answering(sli.Receipt{}, fmt.Errorf("shard 3: %w", ingest.ErrBusy)), codes.Unavailable, 503, "1", "busy"},
		"cancelled": {answering(sli.Receipt{}, context.Canceled), codes.Unavailable, 503, "1", "before it was taken"},
		"broken":    {answering(sli.Receipt{}, errors.New("write /secret: disk full")), codes.Unavailable, 503, "1", "its log says why"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			r := listen(t, Options{Receiver: receiver, Sink: c.sink, Registerer: registry})
			_, err := export(t, r, aCounter())
			checkStatus(t, status.Convert(err), c.grpc, c.retryAfter, c.text)
			got := post(t, "http://"+r.HTTPAddr()+"/v1/metrics", protobufType, "", marshal(t, aCounter()))
			if got.code != c.http || got.retryAfter != c.retryAfter || !strings.Contains(got.text, c.text) {
				t.Errorf("HTTP answered %+v, want %d, Retry-After %q, %q", got, c.http, c.retryAfter, c.text)
			}
			if n := testutil.ToFloat64(r.intake.metrics.requests.WithLabelValues(c.grpc.String())); n != 2 {
				t.Errorf("%v requests were counted as %v, want 2", n, c.grpc)
			}
		})
	}
}

func checkStatus(t *testing.T, s *status.Status, code codes.Code, retryAfter, text string) {
	t.Helper()
	if s.Code() != code || !strings.Contains(s.Message(), text) {
		t.Errorf("gRPC answered %v %q, want %v with %q", s.Code(), s.Message(), code, text)
	}
	var delay time.Duration
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			delay = info.GetRetryDelay().AsDuration()
		}
	}
	if want := retryAfter != ""; (delay == time.Second) != want {
		t.Errorf("retry delay is %v, wanted: %v", delay, want)
	}
}

// badOne is a request with a good point and one without a time.
func badOne() pmetric.Metrics {
	md := aCounter()
	bad := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty()
	bad.SetName("queue.length")
	p := bad.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetIntValue(1)
	p.Attributes().PutStr("queue", "mail")
	return md
}

const badOneText = `points refused: 1, the others were counted and must not be sent again; ` +
	`bad_value (1), for example queue.length{queue="mail"}: the point has no time: fix what makes these points, they will never be taken as they are`

// TestBadPointHurtsOnlyItself sends a good and a bad point in one request. Our
// own server answers that it was a partial success; the collector's cannot.
func TestBadPointHurtsOnlyItself(t *testing.T) { eachReceiver(t, badPointHurtsOnlyItself) }

func badPointHurtsOnlyItself(t *testing.T, receiver string) {
	sink := &recorder{}
	registry := prometheus.NewRegistry()
	r := listen(t, Options{Receiver: receiver, Sink: sink, Registerer: registry})
	got := post(t, "http://"+r.HTTPAddr()+"/v1/metrics", protobufType, "", marshal(t, badOne()))
	want := reply{code: 400, text: badOneText}
	if receiver == ReceiverDirect {
		want = reply{code: 200, text: string(partialSuccess(t))}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(reply{})); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if point := sink.find(t, "http_requests_total").Points[0]; point.Int != 5 {
		t.Errorf("the good point arrived as %+v", point)
	}
	wantMetric := `
# HELP slo_engine_otlp_refused_points_total Points of OTLP requests that were refused, by reason.
# TYPE slo_engine_otlp_refused_points_total counter
slo_engine_otlp_refused_points_total{reason="bad_value"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(wantMetric), "slo_engine_otlp_refused_points_total"); err != nil {
		t.Error(err)
	}
}

func partialSuccess(t *testing.T) []byte {
	t.Helper()
	body, err := answer{metricsSignal, 1, badOneText}.protobuf()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestPartialSuccessOverGRPC(t *testing.T) {
	r := listen(t, Options{Sink: &recorder{}})
	response, err := export(t, r, badOne())
	if err != nil {
		t.Fatal(err)
	}
	if p := response.PartialSuccess(); p.RejectedDataPoints() != 1 || p.ErrorMessage() != badOneText {
		t.Errorf("got %d rejected, %q", p.RejectedDataPoints(), p.ErrorMessage())
	}
}

// TestAnswersAreWrittenAsTheRequestWas wants JSON for JSON.
func TestAnswersAreWrittenAsTheRequestWas(t *testing.T) {
	eachReceiver(t, answersAreWrittenAsTheRequestWas)
}

func answersAreWrittenAsTheRequestWas(t *testing.T, receiver string) {
	r := listen(t, Options{Receiver: receiver, Sink: answering(sli.Receipt{}, ingest.ErrBusy)})
	body, err := pmetricotlp.NewExportRequestFromMetrics(aCounter()).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	got := post(t, "http://"+r.HTTPAddr()+"/v1/metrics", jsonType+"; charset=utf-8", "", body)
	if got.code != 503 || got.retryAfter != "1" || !strings.Contains(got.text, `"message":`) || !strings.Contains(got.text, "busy") {
		t.Errorf("got %+v", got)
	}
}
