package events

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// FuzzSpans feeds bytes as they may come from the network. Every span is taken
// or refused, no SLO has more bad events than events, and series are such as the
// engine expects.
func FuzzSpans(f *testing.F) {
	for _, s := range []aSpan{
		{name: "GET /pay", kind: server, at: 1, took: time.Second, trace: 1, attributes: map[string]any{"http.route": "/pay", "n": []any{1, map[string]any{"a": "b"}}}},
		{at: 59, status: failed, state: "ot=th:8,x=y", resource: map[string]any{"http.route": "", "": 1}},
		{service: "-", at: -1, change: func(s ptrace.Span) { s.SetStartTimestamp(1 << 63) }},
		{service: "\xff", attributes: map[string]any{"http_route": "\xff"}},
	} {
		f.Add(requestOf(f, s))
		f.Add(requestOf(f, s, s, aSpan{at: 2}))
	}
	specs := []*slo.Spec{
		anything("any", ""), anything("routes", "shop", "http.route"),
		spec("latency", slo.SLI{Latency: &slo.Latency{Histogram: sli.SpanSeconds, Below: time.Second}}),
		ratio("calls", sli.SpanCalls+`{status_code="STATUS_CODE_ERROR"}`, sli.SpanCalls, "http_route"),
		spec("buckets", slo.SLI{Ratio: &slo.Ratio{Good: sli.SpanSeconds + `_bucket{le="0.3"}`, Total: sli.SpanSeconds + `_count`}}),
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := ptraceotlp.NewExportRequest()
		if request.UnmarshalProto(body) != nil {
			return
		}
		w := newWorld(t, specs...)
		o, err := w.sent(t.Context(), body)
		if n := request.Traces().SpanCount(); err != nil || o.Accepted+o.Refused != n {
			t.Fatalf("outcome %+v of %d spans, %v", o, n, err)
		}
		w.plausible(o.Accepted)
	})
}

// FuzzLogs is as FuzzSpans.
func FuzzLogs(f *testing.F) {
	for _, change := range []func(plog.LogRecord){
		func(l plog.LogRecord) { l.Body().SetStr("payment refused"); l.SetSeverityNumber(17) },
		func(l plog.LogRecord) { l.Body().SetEmptyMap().PutStr("a", "\xff"); l.SetSeverityText("err") },
		func(l plog.LogRecord) { l.SetTimestamp(0); l.SetEventName("\xff"); l.SetTraceID([16]byte{1}) },
	} {
		ld := plog.NewLogs()
		l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		l.SetTimestamp(timestamp(1))
		change(l)
		body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	specs := []*slo.Spec{
		spec("any", slo.SLI{Logs: &slo.Logs{Bad: slo.LogSelection{Severity: "error", Body: "a.*b"}, Ignore: slo.LogSelection{Attributes: []string{`event.name="x"`}}}}, "event.name"),
		ratio("metric", sli.LogRecords+`{severity_text="ERROR"}`, sli.LogRecords, "severity_number"),
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := plogotlp.NewExportRequest()
		if request.UnmarshalProto(body) != nil {
			return
		}
		w := newWorld(t, specs...)
		o, err := w.Logs(t.Context(), body, func() (plog.Logs, error) { return request.Logs(), nil })
		if n := request.Logs().LogRecordCount(); err != nil || o.Accepted+o.Refused != n {
			t.Fatalf("outcome %+v of %d records, %v", o, n, err)
		}
		w.plausible(o.Accepted)
	})
}

// plausible checks what was counted and handed over.
func (w *world) plausible(accepted int) {
	w.Helper()
	for name, c := range w.counts() {
		if c.Bad < 0 || c.Bad > c.Total*(1+1e-9) || c.Total > mostWeight*float64(accepted) {
			w.Errorf("%s has %+v of %d events", name, c, accepted)
		}
	}
	for _, batch := range w.batches {
		for _, s := range batch.Series {
			w.checkSeries(s)
		}
	}
}

func (w *world) checkSeries(s sli.Series) {
	w.Helper()
	for i, l := range s.Labels {
		if l.Name == "" || l.Value == "" || i > 0 && s.Labels[i-1].Name >= l.Name {
			w.Errorf("labels are not sorted and unique: %v", s.Labels)
		}
	}
	if !s.Labels.Has(labels.MetricName) || s.Target == "" || len(s.Points) == 0 || len(s.Traces) > mostTraces {
		w.Errorf("not a series: %+v", s)
	}
	for i, p := range s.Points {
		if i > 0 && p.Time <= s.Points[i-1].Time || p.IsInt && p.Int < 0 || p.Value < 0 {
			w.Errorf("points of %v: %+v", s.Labels, s.Points)
		}
	}
}
