package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// watcher is an Events that notes what it is shown and gives one answer.
type watcher struct {
	outcome ingest.Outcome
	err     error
	idle    bool // decodes nothing

	mu       sync.Mutex
	seen     []string // names of spans, bodies of records
	requests [][]byte
}

func (w *watcher) note(request []byte, names ...string) (ingest.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, names...)
	w.requests = append(w.requests, bytes.Clone(request))
	return w.outcome, w.err
}

func (w *watcher) Traces(_ context.Context, request []byte, decode func() (ptrace.Traces, error)) (ingest.Outcome, error) {
	if w.idle {
		return w.note(request)
	}
	td, err := decode()
	if err != nil {
		return ingest.Outcome{}, err
	}
	return w.note(request, td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Name())
}

func (w *watcher) Logs(_ context.Context, request []byte, decode func() (plog.Logs, error)) (ingest.Outcome, error) {
	if w.idle {
		return w.note(request)
	}
	ld, err := decode()
	if err != nil {
		return ingest.Outcome{}, err
	}
	return w.note(request, ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Str())
}

// exported is a request that can be sent over both protocols.
type exported interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

func aTrace() ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetName("GET /pay")
	s.SetFlags(1)
	return ptraceotlp.NewExportRequestFromTraces(td)
}

func aLog() plogotlp.ExportRequest {
	ld := plog.NewLogs()
	l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.Body().SetStr("paid")
	l.SetFlags(1)
	return plogotlp.NewExportRequestFromLogs(ld)
}

// eventSignals are the signals that go to Events, with a request of each.
var eventSignals = map[*signal]struct {
	request exported
	seen    string
	// export sends the request over gRPC; the answer is a partial success or not.
	export func(context.Context, *grpc.ClientConn) (refused int64, why string, err error)
}{
	tracesSignal: {aTrace(), "GET /pay", func(ctx context.Context, conn *grpc.ClientConn) (int64, string, error) {
		r, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, aTrace(), grpc.UseCompressor("gzip"))
		if err != nil {
			return 0, "", err
		}
		return r.PartialSuccess().RejectedSpans(), r.PartialSuccess().ErrorMessage(), nil
	}},
	logsSignal: {aLog(), "paid", func(ctx context.Context, conn *grpc.ClientConn) (int64, string, error) {
		r, err := plogotlp.NewGRPCClient(conn).Export(ctx, aLog(), grpc.UseCompressor("gzip"))
		if err != nil {
			return 0, "", err
		}
		return r.PartialSuccess().RejectedLogRecords(), r.PartialSuccess().ErrorMessage(), nil
	}},
}

func encoded(t *testing.T, r exported, contentType string) []byte {
	t.Helper()
	marshal := r.MarshalProto
	if contentType == jsonType {
		marshal = r.MarshalJSON
	}
	body, err := marshal()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestEventsArrive sends traces and logs in every way.
func TestEventsArrive(t *testing.T) { eachReceiver(t, eventsArrive) }

func eventsArrive(t *testing.T, receiver string) {
	for s, sent := range eventSignals {
		w := &watcher{outcome: ingest.Outcome{Accepted: 1}}
		r := listen(t, Options{Receiver: receiver, Sink: &recorder{}, Events: w})
		url := "http://" + r.HTTPAddr() + s.path
		for range 2 { // the same request consists of the same bytes
			for _, contentType := range []string{protobufType, jsonType} {
				body := encoded(t, sent.request, contentType)
				want := reply{code: 200}
				if contentType == jsonType {
					want.text = "{}"
				}
				for encoding, body := range map[string][]byte{"": body, "gzip": gzipped(t, body), "zstd": zstdOf(t, body)} {
					got := post(t, url, contentType, encoding, body)
					if contentType == jsonType {
						got.text = strings.Replace(got.text, `{"partialSuccess":{}}`, "{}", 1)
					} else {
						got.text = strings.Replace(got.text, "\n\x00", "", 1) // an empty partial success
					}
					if diff := cmp.Diff(want, got, cmp.AllowUnexported(reply{})); diff != "" {
						t.Errorf("%s as %s, %s (-want +got):\n%s", s.name, contentType, encoding, diff)
					}
				}
			}
			if refused, why, err := sent.export(t.Context(), dial(t, r.GRPCAddr())); err != nil || refused != 0 || why != "" {
				t.Error(refused, why, err)
			}
		}
		if len(w.seen) != 14 || w.seen[0] != sent.seen || w.seen[13] != sent.seen {
			t.Errorf("%s: seen %q", s.name, w.seen)
		}
		kinds := map[string]bool{}
		for _, request := range w.requests {
			kinds[string(request)] = true
		}
		if want := 2; len(kinds) > want {
			t.Errorf("%s: the request is known as %d different ones", s.name, len(kinds))
		}
	}
}

// TestEventsAnswers says what each outcome looks like to senders.
func TestEventsAnswers(t *testing.T) { eachReceiver(t, eventsAnswers) }

func eventsAnswers(t *testing.T, receiver string) {
	partly := ingest.Outcome{Accepted: 1, Refused: 2, Why: "refused: 2"}
	cases := map[string]struct {
		events     *watcher
		grpc       codes.Code
		http       int
		retryAfter string
		text       string
		refused    int64 // of a partial success
	}{
		"refused":   {&watcher{outcome: ingest.Outcome{Refused: 2, Why: "refused: 2"}}, codes.InvalidArgument, 400, "", "refused: 2", 0},
		"partly":    {&watcher{outcome: partly}, codes.OK, 200, "", "refused: 2", 2},
		"a warning": {&watcher{outcome: ingest.Outcome{Accepted: 1, Why: "series_limit"}}, codes.OK, 200, "", "series_limit", 0},
		"busy":      {&watcher{err: fmt.Errorf("hand over: %w", ingest.ErrBusy)}, codes.Unavailable, 503, "1", "busy", 0},
		"broken":    {&watcher{err: errors.New("write /secret: disk full")}, codes.Unavailable, 503, "1", "its log says why", 0},
	}
	for name, c := range cases {
		if receiver == ReceiverCollector { // it has no partial success
			if c.events.outcome.Accepted > 0 {
				c.text, c.refused = "", 0
			}
			if c.events.outcome == partly {
				c.grpc, c.http, c.text = codes.InvalidArgument, 400, "refused: 2"
			}
		}
		for s, sent := range eventSignals {
			t.Run(name+" "+s.name, func(t *testing.T) {
				r := listen(t, Options{Receiver: receiver, Sink: &recorder{}, Events: c.events})
				refused, why, err := sent.export(t.Context(), dial(t, r.GRPCAddr()))
				if err == nil {
					err = status.Error(codes.OK, why)
				}
				text := c.text
				if c.grpc == codes.OK {
					text = ""
					if why != c.text || refused != c.refused {
						t.Errorf("gRPC answered that %d were refused: %q", refused, why)
					}
				}
				checkStatus(t, status.Convert(err), c.grpc, c.retryAfter, text)
				got := post(t, "http://"+r.HTTPAddr()+s.path, protobufType, "", encoded(t, sent.request, protobufType))
				if got.code != c.http || got.retryAfter != c.retryAfter || !strings.Contains(got.text, c.text) {
					t.Errorf("HTTP answered %+v, want %d, Retry-After %q, %q", got, c.http, c.retryAfter, c.text)
				}
				if n := testutil.ToFloat64(r.intake.metrics.events.WithLabelValues(s.name, c.grpc.String())); n != 2 {
					t.Errorf("%v requests were counted as %v, want 2", n, c.grpc)
				}
			})
		}
	}
}

// TestBadRequestsOfEvents are no requests, and nested too deep.
func TestBadRequestsOfEvents(t *testing.T) { eachReceiver(t, badRequestsOfEvents) }

func badRequestsOfEvents(t *testing.T, receiver string) {
	deepTrace, deepLog := aTrace(), aLog()
	nest(deepTrace.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Links().AppendEmpty().Attributes().PutEmpty("k"), 2*maxNesting)
	nest(deepLog.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body(), 2*maxNesting)
	deep := map[*signal]exported{tracesSignal: deepTrace, logsSignal: deepLog}
	for s := range eventSignals {
		w := &watcher{}
		r := listen(t, Options{Receiver: receiver, Sink: &recorder{}, Events: w})
		url := "http://" + r.HTTPAddr() + s.path
		for name, got := range map[string]reply{
			"no protobuf": post(t, url, protobufType, "", []byte{0x0a}),
			"no JSON":     post(t, url, jsonType, "", []byte(`{"resource`)),
			"nested":      post(t, url, protobufType, "", encoded(t, deep[s], protobufType)),
			"nested JSON": post(t, url, jsonType, "", encoded(t, deep[s], jsonType)),
		} {
			if got.code != 400 || strings.HasPrefix(name, "nested") && !strings.Contains(got.text, "nested more than 32 deep") {
				t.Errorf("%s, %s: got %+v", s.name, name, got)
			}
		}
		if len(w.seen) > 0 {
			t.Errorf("%s: seen %q", s.name, w.seen)
		}
		err := dial(t, r.GRPCAddr()).Invoke(t.Context(), "/"+s.service+"/Export", encoded(t, deep[s], protobufType), new(requestBytes), grpc.ForceCodecV2(clientBytes{}))
		if !strings.Contains(status.Convert(err).Message(), "nested more than 32 deep") {
			t.Errorf("%s over gRPC: got %v", s.name, err)
		}
	}
}

// clientBytes sends bytes as they are.
type clientBytes struct{ bytesCodec }

func (clientBytes) Unmarshal(mem.BufferSlice, any) error { return nil }

// TestUnwantedEventsAreNotDecoded sends what is no request to somebody who does
// not want any.
func TestUnwantedEventsAreNotDecoded(t *testing.T) {
	for s := range eventSignals {
		w := &watcher{idle: true}
		r := listen(t, Options{Sink: &recorder{}, Events: w})
		if got := post(t, "http://"+r.HTTPAddr()+s.path, protobufType, "", []byte{0x0a}); got.code != 200 {
			t.Errorf("%s: got %+v", s.name, got)
		}
		if got := post(t, "http://"+r.HTTPAddr()+s.path, "text/plain", "", nil); got.code != 415 {
			t.Errorf("%s: got %+v", s.name, got)
		}
	}
}

// TestShapesOfEvents holds the check against the library: what the library
// writes passes, and what it cannot read does not.
func TestShapesOfEvents(t *testing.T) {
	full := ptrace.NewTraces()
	rs := full.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl("x")
	rs.Resource().Attributes().PutStr("service.name", "shop")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("net/http")
	s := ss.Spans().AppendEmpty()
	s.SetName("GET /pay")
	s.SetTraceID([16]byte{1})
	s.SetSpanID([8]byte{1})
	s.SetParentSpanID([8]byte{2})
	s.TraceState().FromRaw("ot=th:8")
	s.SetFlags(257)
	s.SetKind(ptrace.SpanKindServer)
	s.SetStartTimestamp(1)
	s.SetEndTimestamp(2)
	s.SetDroppedAttributesCount(1)
	s.SetDroppedEventsCount(1)
	s.SetDroppedLinksCount(1)
	s.Status().SetCode(ptrace.StatusCodeError)
	s.Status().SetMessage("broken")
	putAll(s.Attributes())
	e := s.Events().AppendEmpty()
	e.SetName("retry")
	e.SetTimestamp(1)
	e.SetDroppedAttributesCount(1)
	putAll(e.Attributes())
	l := s.Links().AppendEmpty()
	l.SetTraceID([16]byte{2})
	l.SetSpanID([8]byte{2})
	l.TraceState().FromRaw("a=b")
	l.SetFlags(1)
	l.SetDroppedAttributesCount(1)
	putAll(l.Attributes())

	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(1)
	record.SetObservedTimestamp(2)
	record.SetSeverityNumber(9)
	record.SetSeverityText("INFO")
	record.SetFlags(1)
	record.SetTraceID([16]byte{1})
	record.SetSpanID([8]byte{1})
	record.SetEventName("paid")
	record.SetDroppedAttributesCount(1)
	putAll(record.Body().SetEmptyMap())
	putAll(record.Attributes())

	for s, r := range map[*signal]exported{tracesSignal: ptraceotlp.NewExportRequestFromTraces(full), logsSignal: plogotlp.NewExportRequestFromLogs(logs)} {
		body := encoded(t, r, protobufType)
		if err := s.check(body); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		for i := range body { // damaged, each byte in turn
			for _, flip := range []byte{1, 2, 4, 7, 0x80} {
				damaged := bytes.Clone(body)
				damaged[i] ^= flip
				if s.check(damaged) == nil && unreadable(s, damaged) {
					t.Fatalf("%s with byte %d changed by %x passes the check, and the library does not read it", s.name, i, flip)
				}
			}
		}
	}
}

func unreadable(s *signal, body []byte) bool {
	if s == tracesSignal {
		return ptraceotlp.NewExportRequest().UnmarshalProto(body) != nil
	}
	return plogotlp.NewExportRequest().UnmarshalProto(body) != nil
}

// putAll puts attributes of all types.
func putAll(m pcommon.Map) {
	m.PutStr("s", "x")
	m.PutInt("i", 7)
	m.PutDouble("d", 0.5)
	m.PutBool("b", true)
	m.PutEmptyBytes("y").FromRaw([]byte{1})
	m.PutEmptySlice("l").AppendEmpty().SetStr("x")
	m.PutEmptyMap("m").PutStr("k", "v")
}
