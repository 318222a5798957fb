package events

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

const (
	failed = ptrace.StatusCodeError
	server = ptrace.SpanKindServer
)

// Each SLO of spans is told by the same spans what it should be told.
func TestSpansAreGoodBadOrIgnored(t *testing.T) {
	attr := func(code int, route string) map[string]any {
		return map[string]any{"http.response.status_code": code, "http.route": route}
	}
	spans := []aSpan{
		{name: "GET /pay", kind: server, at: 1, took: time.Second, attributes: attr(200, "/pay")},
		{name: "GET /pay", kind: server, at: 2, took: 300 * time.Millisecond, attributes: attr(503, "/pay"), status: failed},
		{name: "GET /cart", kind: server, at: 3, took: 301 * time.Millisecond, attributes: attr(404, "/cart")},
		{name: "query", kind: ptrace.SpanKindClient, at: 4, status: failed, resource: map[string]any{"http.route": "of the resource"}},
		{service: "till", name: "GET /pay", kind: server, at: 5, status: ptrace.StatusCodeOk, change: func(s ptrace.Span) { s.Status().SetMessage("broken pipe") }},
	}
	cases := map[string]struct {
		spans   slo.Spans
		groupBy []string
		want    map[string]counted
	}{
		"service":    {slo.Spans{Service: "shop"}, nil, map[string]counted{"a": {2, 4}}},
		"name":       {slo.Spans{Name: "GET /pay"}, nil, map[string]counted{"a": {1, 3}}},
		"kind":       {slo.Spans{Kind: "client"}, nil, map[string]counted{"a": {1, 1}}},
		"nothing":    {slo.Spans{Service: "shop", Name: "POST /pay"}, nil, map[string]counted{"a": {0, 0}}},
		"attributes": {slo.Spans{Attributes: []string{`http.route=~"/.*"`, `http.response.status_code!="404"`}}, nil, map[string]counted{"a": {1, 2}}},
		"as Prometheus calls them": {slo.Spans{Service: "shop", Attributes: []string{`http_route="/pay"`}, Bad: []string{`http_response_status_code=~"5.."`}}, nil,
			map[string]counted{"a": {1, 2}}},
		"bad by attributes alone": {slo.Spans{Service: "shop", Bad: []string{`http.response.status_code="404"`}}, nil, map[string]counted{"a": {1, 4}}},
		"all matchers of bad":     {slo.Spans{Service: "shop", Bad: []string{`status.code="ERROR"`, `http.route="/pay"`}}, nil, map[string]counted{"a": {1, 4}}},
		"ignored":                 {slo.Spans{Service: "shop", Ignore: []string{`http.response.status_code=~"4.."`}}, nil, map[string]counted{"a": {2, 3}}},
		"slow or failed":          {slo.Spans{Service: "shop", Kind: "server", SlowerThan: 300 * time.Millisecond}, nil, map[string]counted{"a": {3, 3}}},
		"slow alone":              {slo.Spans{Service: "shop", Kind: "server", SlowerThan: 300 * time.Millisecond, Bad: []string{`span.name="none"`}}, nil, map[string]counted{"a": {2, 3}}},
		"own names": {slo.Spans{Attributes: []string{`span.name=~"GET.*"`, `span.kind="server"`, `service.name="till"`, `status.message="broken pipe"`, `status.code="OK"`}}, nil,
			map[string]counted{"a": {0, 1}}},
		"own names as Prometheus has them": {slo.Spans{Attributes: []string{`span_name=~"GET.*"`, `span_kind="SPAN_KIND_SERVER"`, `service_name="shop"`}, Bad: []string{`status_code="STATUS_CODE_ERROR"`}}, nil,
			map[string]counted{"a": {1, 3}}},
		"either spelling":             {slo.Spans{Service: "shop", Bad: []string{`status.code="STATUS_CODE_ERROR"`}}, nil, map[string]counted{"a": {2, 4}}},
		"either spelling is excluded": {slo.Spans{Service: "shop", Attributes: []string{`status_code!="ERROR"`, `span.kind!~"SPAN_KIND_CL.*"`}}, nil, map[string]counted{"a": {0, 2}}},
		"what is not there":           {slo.Spans{Service: "shop", Attributes: []string{`http.response.status_code=""`}}, nil, map[string]counted{"a": {1, 1}}},
		"groups": {slo.Spans{Service: "shop"}, []string{"http.route", "span_kind"}, map[string]counted{
			"a http.route=/pay span_kind=SPAN_KIND_SERVER": {1, 2}, "a http.route=/cart span_kind=SPAN_KIND_SERVER": {0, 1},
			"a http.route=of the resource span_kind=SPAN_KIND_CLIENT": {1, 1},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, spec("a", slo.SLI{Spans: &c.spans}, c.groupBy...))
			if o := w.send(spans...); o.Accepted != len(spans) || o.Refused != 0 || o.Why != "" {
				t.Errorf("outcome %+v", o)
			}
			w.want(c.want)
		})
	}
}

// An attribute of the span hides one of its resource, and its own name the one
// that Prometheus would give another.
func TestAttributesHideEachOther(t *testing.T) {
	w := newWorld(t, spec("a", slo.SLI{Spans: &slo.Spans{Service: "shop"}}, "a_b"))
	w.send(
		aSpan{at: 1, attributes: map[string]any{"a.b": "dotted", "a_b": "exact"}, resource: map[string]any{"a_b": "resource"}},
		aSpan{at: 1, attributes: map[string]any{"a.b": "dotted"}, resource: map[string]any{"a_b": "resource"}},
		aSpan{at: 1, resource: map[string]any{"a_b": "resource", "a.b": "dotted"}},
		aSpan{at: 1, attributes: map[string]any{"a-b": true}},
	)
	w.want(map[string]counted{"a a_b=exact": {0, 1}, "a a_b=dotted": {0, 1}, "a a_b=resource": {0, 1}, "a a_b=true": {0, 1}})
}

// Spans can be selected as the metrics that a spanmetrics pipeline would make.
func TestSpansAsMetrics(t *testing.T) {
	const (
		of      = `{service_name="shop",span_kind="SPAN_KIND_SERVER"`
		seconds = sli.SpanSeconds
	)
	w := newWorld(t,
		ratio("calls", sli.SpanCalls+of+`,status_code="STATUS_CODE_ERROR"}`, sli.SpanCalls+of+`}`),
		ratio("by route", sli.SpanCalls+of+`,http_response_status_code=~"5.."}`, sli.SpanCalls+of+`}`, "http_route"),
		ratio("dotted", `{"`+sli.SpanCalls+`","http.route"="/pay",service_name="shop",status_code="STATUS_CODE_ERROR"}`, `{"`+sli.SpanCalls+`","http.route"="/pay",service_name="shop"}`),
		spec("buckets", slo.SLI{Ratio: &slo.Ratio{Good: seconds + `_bucket` + of + `,le="0.3"}`, Total: seconds + `_count` + of + `}`}}),
		spec("milliseconds", slo.SLI{Ratio: &slo.Ratio{Good: sli.SpanMilliseconds + `_bucket` + of + `,le="250"}`, Total: sli.SpanMilliseconds + `_bucket` + of + `,le="+Inf"}`}}),
		ratio("time", seconds+`_sum`+of+`,status_code="STATUS_CODE_ERROR"}`, seconds+`_sum`+of+`}`),
	)
	route := func(route string, code int) map[string]any {
		return map[string]any{"http.route": route, "http.response.status_code": code}
	}
	w.send(
		aSpan{kind: server, at: 1, took: 250 * time.Millisecond, attributes: route("/pay", 200)},
		aSpan{kind: server, at: 1.5, took: 300 * time.Millisecond, attributes: route("/pay", 500), status: failed},
		aSpan{kind: server, at: 2, took: 450 * time.Millisecond, attributes: route("/cart", 404)},
		aSpan{kind: ptrace.SpanKindClient, at: 2, took: time.Hour, attributes: route("/cart", 500), status: failed},
		aSpan{service: "till", kind: server, at: 2, took: time.Hour, attributes: route("/pay", 500), status: failed},
	)
	w.want(map[string]counted{
		"calls": {1, 3}, "dotted": {1, 2}, "by route http_route=/pay": {1, 2}, "by route http_route=/cart": {0, 1},
		"buckets": {1, 3}, "milliseconds": {2, 3}, "time": {0.3, 1},
	})
	for _, batch := range w.batches {
		for _, s := range batch.Series {
			if service := s.Labels.Get("service_name"); service != "shop" || s.Labels.Has("url_path") {
				t.Errorf("nobody asked for %v", s.Labels)
			}
		}
	}
}

// A latency of spans is exact at its threshold, by itself and with errors.
func TestLatencyOfSpans(t *testing.T) {
	below := func(histogram, errors string) slo.SLI {
		return slo.SLI{Latency: &slo.Latency{Histogram: histogram, Errors: errors, Below: 300 * time.Millisecond}}
	}
	const shop = `{service_name="shop",span_name="pay"}`
	w := newWorld(t,
		spec("seconds", below(sli.SpanSeconds+shop, "")),
		spec("milliseconds", slo.SLI{Latency: &slo.Latency{Histogram: sli.SpanMilliseconds + shop, Below: 300 * time.Millisecond, Unit: time.Millisecond}}),
		spec("errors", below(sli.SpanSeconds+shop, sli.SpanSeconds+`{status_code="STATUS_CODE_ERROR"}`)),
		spec("routes", below(sli.SpanSeconds+shop, ""), "http_route"),
		spec("spans", slo.SLI{Spans: &slo.Spans{Service: "shop", Name: "pay", SlowerThan: 300 * time.Millisecond, Bad: []string{`service.name=""`}}}),
	)
	route := map[string]any{"http.route": "/pay"}
	w.send(
		aSpan{name: "pay", at: 1, took: 300 * time.Millisecond, trace: 1},
		aSpan{name: "pay", at: 1, took: 300*time.Millisecond + 1, trace: 2, attributes: route},
		aSpan{name: "pay", at: 1, took: time.Millisecond, trace: 3, status: failed},
		aSpan{name: "get", at: 1, took: time.Hour, trace: 4},
	)
	w.want(map[string]counted{
		"seconds": {1, 3}, "milliseconds": {1, 3}, "errors": {2, 3}, "spans": {1, 3},
		"routes http_route=/pay": {1, 1}, "routes http_route=": {0, 2},
	})
	for name, want := range map[string][]byte{"seconds": {2}, "errors": {2, 3}} {
		got := map[byte]bool{}
		for _, trace := range w.instance(name).Traces() {
			got[trace.ID[15]] = true
		}
		if len(got) != len(want) || !got[want[0]] || !got[want[len(want)-1]] {
			t.Errorf("%s has the traces %v, want %v", name, got, want)
		}
	}
}

// Of a series at most three traces of bad events are told in a request, each
// once; of what is made by PromQL those of errors, where these are bad.
func TestTraces(t *testing.T) {
	w := newWorld(t,
		spec("spans", slo.SLI{Spans: &slo.Spans{Service: "shop"}}),
		ratio("calls", sli.SpanCalls+`{status_code="STATUS_CODE_ERROR"}`, sli.SpanCalls),
		ratio("ok is bad", sli.SpanCalls+`{status_code!="STATUS_CODE_ERROR"}`, sli.SpanCalls),
	)
	var spans []aSpan
	for i := range byte(5) {
		spans = append(spans,
			aSpan{at: float64(i), trace: 1 + i, status: failed}, aSpan{at: float64(i), trace: 1 + i, status: failed},
			aSpan{at: float64(i), trace: 100 + i}, aSpan{at: float64(i), status: failed})
	}
	w.send(spans...)
	for name, want := range map[string]int{"spans": mostTraces, "calls": mostTraces, "ok is bad": 0} {
		traces := w.instance(name).Traces()
		if len(traces) != want {
			t.Errorf("%s has %d traces, want %d", name, len(traces), want)
		}
		for _, trace := range traces {
			if id := trace.ID[15]; id == 0 || id > 5 || trace.Time != int64(timestamp(float64(id-1))) {
				t.Errorf("%s has the trace %v at %d", name, trace, trace.Time)
			}
		}
	}
}

// A span counts as many as its sampler says; the SLO says that it did so.
func TestSampledSpans(t *testing.T) {
	w := newWorld(t, spec("a", slo.SLI{Spans: &slo.Spans{Service: "shop"}}), spec("b", slo.SLI{Spans: &slo.Spans{Service: "till"}}))
	o := w.send(
		aSpan{at: 1, state: "ot=th:c"},                           // one of four was kept
		aSpan{at: 1, state: "x=y, ot=rv:1;th:8", status: failed}, // one of two
		aSpan{at: 1, state: "ot=p:3"},                            // one of eight
		aSpan{at: 1, state: "ot=p:63", status: failed},           // stands for none
		aSpan{at: 1, state: "ot=th:ffffffffffffff"},              // of 2^56
		aSpan{service: "till", at: 1, state: "ot=th:0"},
	)
	w.want(map[string]counted{"a": {2, 14}, "b": {0, 1}})
	if o.Refused != 1 {
		t.Errorf("outcome %+v", o)
	}
	for name, want := range map[string]int{"a": 1, "b": 0} {
		if got := w.instance(name).Notices(); len(got) != want || want > 0 && got[0] != sli.NoticeSampled {
			t.Errorf("%s has the notices %v", name, got)
		}
	}
}

func TestWeightOf(t *testing.T) {
	for state, want := range map[string]float64{
		"": 1, "x=y": 1, "ot=": 1, "ot=th:": 1, "ot=th:xyz": 1, "ot=th:0": 1, "ot=th:8": 2, "ot=th:80000000000000": 2,
		"ot=th:e6666666666666": 1 << 56 / float64(1<<56-0xe6666666666666), "ot=th:ffffffffffffff": 1 << 56, "ot=th:800000000000000": 1,
		"ot=p:0": 1, "ot=p:4;r:10": 16, "ot=p:64": 1, "ot=p:-1": 1, "ot=p:63": 0, "ot=p:2;th:8": 2, " ot=th:c , a=b": 4, "bot=th:c": 1,
	} {
		if got, sampled := weightOf(state); got != want || sampled != (want != 1) {
			t.Errorf("%q weighs %v, sampled %v; want %v", state, got, sampled, want)
		}
	}
}
