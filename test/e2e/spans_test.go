package e2e

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// spanSLOs look at the same spans in every way there is, and at log records.
const spanSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: pay}
spec:
  service: checkout
  objective: 99%
  window: 6h
  sli:
    spans:
      service: checkout
      name: POST /pay
      kind: server
      ignore: ['http.response.status_code=~"4.."']
      slowerThan: 300ms
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: routes}
spec:
  service: checkout
  objective: 99%
  window: 30d
  groupBy: [http.route]
  sli: {spans: {service: checkout, bad: ['http_response_status_code=~"5.."']}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: calls}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: traces_span_metrics_calls_total{service_name="checkout", span_kind="SPAN_KIND_SERVER"}
      bad: traces_span_metrics_calls_total{service_name="checkout", span_kind="SPAN_KIND_SERVER", status_code="STATUS_CODE_ERROR"}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: 'traces_span_metrics_duration_seconds{service_name="checkout", span_kind="SPAN_KIND_SERVER"}', below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: buckets}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: traces_span_metrics_duration_milliseconds_count{service_name="checkout", span_kind="SPAN_KIND_SERVER"}
      good: traces_span_metrics_duration_milliseconds_bucket{service_name="checkout", span_kind="SPAN_KIND_SERVER", le="300"}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: orders}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {logs: {service: checkout, of: {body: '^order '}, bad: {severity: error}}}
`

// engineProcess is the command, which can be killed and started again.
type engineProcess struct {
	*running
	binary, grpc, http string
	process            *lab.Process
}

var servingOTLP = regexp.MustCompile(`otlp_grpc=(\S+) otlp_http=(\S+)`)

func (e *engineProcess) serve(t *testing.T, files map[string]string) {
	t.Helper()
	e.process, e.URL = serveEngine(t, e.binary, e.Dir, files)
	said := servingOTLP.FindStringSubmatch(e.process.Output())
	e.grpc, e.http = said[1], said[2]
	var err error
	if e.Client, err = client.New(e.URL, client.Options{HTTP: web}); err != nil {
		t.Fatal(err)
	}
}

// awaitEvents wants these events to be in the windows of the SLOs.
func (e *engineProcess) awaitEvents(t *testing.T, want map[string]count) {
	t.Helper()
	lab.Eventually(t, patience, func() error {
		slos, err := e.SLOs(t.Context(), client.Filter{})
		if err != nil {
			return err
		}
		got := map[string]count{}
		for _, s := range slos {
			if s.TotalEvents != nil {
				got[nameWithGroup(s)] = count{*s.GoodEvents, *s.TotalEvents - *s.GoodEvents}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("counts differ (-sent +counted):\n%s", diff)
		}
		return nil
	})
}

// checkoutResource is that of the service under watch.
var checkoutResource = resource.NewSchemaless(attribute.String("service.name", "checkout"), attribute.String("service.instance.id", "pod-1"))

// payer makes spans with the OpenTelemetry SDK, whose exporter sends them.
type payer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	now      time.Time
	// did is what the SLOs have to say, bad the traces of what is bad to pay.
	did map[string]count
	bad []string
}

func newPayer(exporter sdktrace.SpanExporter, did map[string]count) *payer {
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(checkoutResource))
	return &payer{provider: provider, tracer: provider.Tracer("checkout"), now: time.Now(), did: did}
}

// span makes one that ended a while ago, and notes what it is to the SLOs.
func (p *payer) span(ago, took time.Duration, route string, kind trace.SpanKind, code int) {
	end := p.now.Add(-ago)
	_, span := p.tracer.Start(context.Background(), "POST "+route, trace.WithTimestamp(end.Add(-took)), trace.WithSpanKind(kind),
		trace.WithAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", code)))
	failed := code >= 500
	if failed {
		span.SetStatus(codes.Error, "of the test")
	}
	span.End(trace.WithTimestamp(end))
	slow := took > 300*time.Millisecond
	p.did["routes "+route] = p.did["routes "+route].judged(failed)
	if kind != trace.SpanKindServer {
		return
	}
	p.did["calls"] = p.did["calls"].judged(failed)
	p.did["latency"], p.did["buckets"] = p.did["latency"].judged(slow), p.did["buckets"].judged(slow)
	if route == "/pay" && code/100 != 4 {
		p.did["pay"] = p.did["pay"].judged(failed || slow)
		if failed || slow {
			p.bad = append(p.bad, span.SpanContext().TraceID().String())
		}
	}
}

func (c count) judged(bad bool) count {
	if bad {
		return c.plus(0, 1)
	}
	return c.plus(1, 0)
}

// work makes spans of the last half minute, and delivers them.
func (p *payer) work(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		ago := 30*time.Second - time.Duration(i)*30*time.Second/time.Duration(n)
		p.span(ago, time.Duration(i%4)*100*time.Millisecond, "/pay", trace.SpanKindServer, 200)
		p.span(ago, 300*time.Millisecond+time.Duration(i%3), "/pay", trace.SpanKindServer, 200+i%4*100)
		p.span(ago, time.Minute, "/cart", trace.SpanKindClient, 500)
	}
	if err := p.provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// order logs n records of orders, every tenth an error, and some of something
// else.
func order(t *testing.T, e *engineProcess, n int, did map[string]count) {
	t.Helper()
	exporter, err := otlploghttp.New(t.Context(), otlploghttp.WithInsecure(), otlploghttp.WithEndpoint(e.http), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)), sdklog.WithResource(checkoutResource))
	logger := provider.Logger("checkout")
	emit := func(severity log.Severity, body string) {
		var r log.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(severity)
		r.SetBody(attribute.StringValue(body))
		logger.Emit(t.Context(), r)
	}
	for i := range n {
		bad := i%10 == 0
		severity := log.SeverityInfo
		if bad {
			severity = log.SeverityError2
		}
		emit(severity, fmt.Sprint("order ", i))
		emit(log.SeverityFatal, fmt.Sprint("an order is none ", i))
		did["orders"] = did["orders"].judged(bad)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What the SDK sends is counted exactly, in every way, over both protocols, and
// a kill takes nothing of it away. Traces of what was bad are there to look at.
func TestSpansAndLogsOfTheSDK(t *testing.T) {
	t.Parallel()
	e := &engineProcess{running: &running{Dir: t.TempDir()}, binary: buildEngine(t)}
	e.serve(t, map[string]string{"slos/slos.yaml": spanSLOs})
	did := map[string]count{}

	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithInsecure(), otlptracehttp.WithEndpoint(e.http), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	first := newPayer(exporter, did)
	first.work(t, 300)
	order(t, e, 200, did)
	e.awaitEvents(t, did)
	e.checkTraces(t, first.bad)

	e.process.Kill()
	e.serve(t, nil)
	e.awaitEvents(t, did)

	exporter, err = otlptracegrpc.New(t.Context(), otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(e.grpc))
	if err != nil {
		t.Fatal(err)
	}
	second := newPayer(exporter, did)
	second.work(t, 100)
	e.awaitEvents(t, did)
	e.checkTraces(t, second.bad)
	e.checkAlert(t, second.bad)
}

// checkTraces wants the traces of pay to be of its bad spans.
func (e *engineProcess) checkTraces(t *testing.T, bad []string) {
	t.Helper()
	detail, err := e.SLO(t.Context(), "checkout:pay")
	if err != nil {
		t.Fatal(err)
	}
	if len(detail.Traces) == 0 {
		t.Error("there is no trace of a bad span")
	}
	for _, trace := range detail.Traces {
		if !slices.Contains(bad, trace.TraceID) || time.Since(trace.At.Time) > time.Hour {
			t.Errorf("the trace %s of %v is of no bad span", trace.TraceID, trace.At)
		}
	}
}

// checkAlert wants an alert of pay to name traces of bad spans.
func (e *engineProcess) checkAlert(t *testing.T, bad []string) {
	t.Helper()
	lab.Eventually(t, patience, func() error {
		list, err := e.Alerts(t.Context())
		if err != nil {
			return err
		}
		for _, a := range list {
			ids := strings.Split(a.Annotations["trace_ids"], ", ")
			if a.Labels["slo"] == "pay" && slices.Contains(bad, ids[0]) {
				return nil
			}
		}
		return fmt.Errorf("no alert of pay names a trace among %d alerts", len(list))
	})
}

// telemetrygenSpans look at what telemetrygen makes.
const telemetrygenSpans = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: spans}
spec:
  service: generated
  objective: 99%
  window: 30d
  sli: {spans: {service: generated}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: slow}
spec:
  service: generated
  objective: 99%
  window: 30d
  sli: {latency: {histogram: 'traces_span_metrics_duration_milliseconds{service_name="generated", shop="a"}', below: 10ms, unit: ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: logs}
spec:
  service: generated
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: log_records_total{service_name="generated"}
      bad: log_records_total{service_name="generated", severity_text="Error"}
`

// Each trace of telemetrygen is a span and its child; what it says it sent is
// what was counted.
func TestSpansAndLogsOfTelemetrygen(t *testing.T) {
	for protocol, flags := range map[string]func(*running) []string{
		"grpc": func(r *running) []string { return []string{"--otlp-endpoint", r.App.OTLPGRPC()} },
		"http": func(r *running) []string { return []string{"--otlp-http", "--otlp-endpoint", r.App.OTLPHTTP()} },
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := start(t, settings{SLOs: telemetrygenSpans})
			run := func(args ...string) {
				t.Helper()
				lab.Telemetrygen(t, append(append(args, "--otlp-insecure", "--service", "generated", "--rate", "0", "--batch-size", "7"), flags(r)...)...)
			}
			run("traces", "--traces", "50", "--span-duration", "5ms")
			run("traces", "--traces", "20", "--span-duration", "5ms", "--telemetry-attributes", `shop="a"`)
			run("traces", "--traces", "10", "--span-duration", "15ms", "--status-code", "Error", "--telemetry-attributes", `shop="a"`)
			run("logs", "--logs", "30")
			run("logs", "--logs", "12", "--severity-text", "Error", "--severity-number", "17")
			want := map[string]count{"spans": {140, 20}, "slow": {40, 20}, "logs": {30, 12}}
			r.awaitCounts(t, want)
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if detail, err := r.SLO(t.Context(), "generated:"+name); err != nil || name != "logs" && len(detail.Traces) == 0 {
					t.Errorf("%s has no traces: %v", name, err)
				}
			}
		})
	}
}
