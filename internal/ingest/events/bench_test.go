package events

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// benchSpans are requests of a hundred spans as a web server makes them.
func benchSpans(b *testing.B, requests int) [][]byte {
	b.Helper()
	var list [][]byte
	for n := range requests {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		resourceOf(rs.Resource().Attributes())
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for i := range 100 {
			s := spans.AppendEmpty()
			s.SetTraceID([16]byte{byte(n), byte(n >> 8), byte(i), 1})
			s.SetSpanID([8]byte{byte(n), byte(n >> 8), byte(i), 1})
			s.SetName(fmt.Sprintf("GET /r%d", i%10))
			s.SetKind(ptrace.SpanKindServer)
			at := time.Unix(epoch, 0).Add(time.Duration(n*100+i) * time.Millisecond)
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-time.Duration(i) * 10 * time.Millisecond)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(at))
			if i%20 == 0 {
				s.Status().SetCode(ptrace.StatusCodeError)
			}
			attributesOf(s.Attributes(), i)
		}
		body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, body)
	}
	return list
}

func resourceOf(m pcommon.Map) {
	m.PutStr("service.name", "shop")
	m.PutStr("service.namespace", "prod")
	m.PutStr("service.instance.id", "0e3bd5d2-6a7c-4a0f-8d3c-2b7c1b1f6f11")
	m.PutStr("service.version", "1.2.3")
	m.PutStr("k8s.pod.name", "shop-7d9f8b6c5-abcde")
	m.PutStr("telemetry.sdk.language", "go")
}

// attributesOf are ten attributes.
func attributesOf(m pcommon.Map, i int) {
	m.PutStr("http.request.method", "GET")
	m.PutStr("http.route", fmt.Sprintf("/r%d", i%10))
	m.PutStr("url.path", fmt.Sprintf("/r%d/%d", i%10, i))
	m.PutStr("url.scheme", "https")
	m.PutInt("http.response.status_code", int64(200+i%4*100))
	m.PutStr("server.address", "shop.example.com")
	m.PutInt("server.port", 443)
	m.PutStr("client.address", "192.0.2.17")
	m.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
	m.PutStr("network.protocol.version", "1.1")
}

// benchSpanPrograms are twenty SLOs of spans and five by PromQL.
func benchSpanPrograms(b *testing.B) []*sli.Program {
	var specs []*slo.Spec
	for i := range 20 {
		s := &slo.Spans{Service: "shop", Attributes: []string{fmt.Sprintf(`http.route="/r%d"`, i%10)}, Bad: []string{`http.response.status_code=~"5.."`}}
		if i >= 10 {
			s = &slo.Spans{Service: "shop", Name: fmt.Sprintf("GET /r%d", i%10), Kind: "server", SlowerThan: 300 * time.Millisecond}
		}
		specs = append(specs, spec(fmt.Sprintf("s%d", i), slo.SLI{Spans: s}))
	}
	specs[0].GroupBy = []string{"http.request.method"}
	for i := range 5 {
		specs = append(specs, ratio(fmt.Sprintf("p%d", i),
			fmt.Sprintf(`traces_span_metrics_calls_total{service_name="shop",http_route=~"/r%d",status_code="STATUS_CODE_ERROR"}`, i),
			fmt.Sprintf(`traces_span_metrics_calls_total{service_name="shop",http_route=~"/r%d"}`, i)))
	}
	return compiled(b, specs...)
}

func newBench(b *testing.B, programs []*sli.Program) *Classifier {
	b.Helper()
	sink := ingest.SinkFunc(func(context.Context, *sli.Batch) (sli.Receipt, error) { return sli.Receipt{}, nil })
	c, err := New(Options{Sink: sink, Now: func() time.Time { return time.Unix(epoch+60, 0) }})
	if err != nil {
		b.Fatal(err)
	}
	c.Serve(programs)
	return c
}

// BenchmarkSpans decodes, judges and adds up; run it with -cpu 1.
func BenchmarkSpans(b *testing.B) {
	requests := benchSpans(b, 256)
	c := newBench(b, benchSpanPrograms(b))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		body := requests[n%len(requests)]
		if n++; n%len(requests) == 0 {
			c.repeats = repeats{} // what comes again is to be counted again
		}
		outcome, err := c.Traces(b.Context(), body, func() (ptrace.Traces, error) {
			r := ptraceotlp.NewExportRequest()
			return r.Traces(), r.UnmarshalProto(body)
		})
		if err != nil || outcome.Refused > 0 {
			b.Fatal(outcome, err)
		}
	}
	b.ReportMetric(float64(100*n)/b.Elapsed().Seconds(), "spans/s")
}

// BenchmarkDecodeSpans is the library's part of it.
func BenchmarkDecodeSpans(b *testing.B) {
	requests := benchSpans(b, 256)
	n := 0
	for b.Loop() {
		if err := ptraceotlp.NewExportRequest().UnmarshalProto(requests[n%len(requests)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(100*n)/b.Elapsed().Seconds(), "spans/s")
}

func benchLogs(b *testing.B, requests int) [][]byte {
	b.Helper()
	var list [][]byte
	for n := range requests {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		resourceOf(rl.Resource().Attributes())
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		for i := range 100 {
			l := records.AppendEmpty()
			l.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(epoch, 0).Add(time.Duration(n*100+i) * time.Millisecond)))
			l.SetSeverityNumber(plog.SeverityNumber(9 + i%3*4))
			l.SetSeverityText("INFO")
			l.Body().SetStr(fmt.Sprintf("request %d of customer %d took %d ms and was answered", n, i, i*10))
			attributesOf(l.Attributes(), i)
		}
		body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, body)
	}
	return list
}

func benchLogPrograms(b *testing.B) []*sli.Program {
	var specs []*slo.Spec
	for i := range 20 {
		l := &slo.Logs{Service: "shop", Bad: slo.LogSelection{Severity: "error"}}
		l.Of.Attributes = []string{fmt.Sprintf(`http.route="/r%d"`, i%10)}
		if i%10 == 0 {
			l.Ignore.Body = `^(health|ready)`
		}
		specs = append(specs, spec(fmt.Sprintf("l%d", i), slo.SLI{Logs: l}))
	}
	for i := range 5 {
		specs = append(specs, ratio(fmt.Sprintf("p%d", i),
			fmt.Sprintf(`log_records_total{service_name="shop",http_route="/r%d",severity_text="ERROR"}`, i),
			fmt.Sprintf(`log_records_total{service_name="shop",http_route="/r%d"}`, i)))
	}
	return compiled(b, specs...)
}

// BenchmarkLogs is as BenchmarkSpans.
func BenchmarkLogs(b *testing.B) {
	requests := benchLogs(b, 256)
	c := newBench(b, benchLogPrograms(b))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		body := requests[n%len(requests)]
		if n++; n%len(requests) == 0 {
			c.repeats = repeats{}
		}
		outcome, err := c.Logs(b.Context(), body, func() (plog.Logs, error) {
			r := plogotlp.NewExportRequest()
			return r.Logs(), r.UnmarshalProto(body)
		})
		if err != nil || outcome.Refused > 0 {
			b.Fatal(outcome, err)
		}
	}
	b.ReportMetric(float64(100*n)/b.Elapsed().Seconds(), "records/s")
}
