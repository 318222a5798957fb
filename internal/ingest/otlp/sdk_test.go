package otlp

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// exporters make the SDK's own exporters for a receiver.
var exporters = map[string]func(*testing.T, *Receiver, sdk.TemporalitySelector) sdk.Exporter{
	"grpc": func(t *testing.T, r *Receiver, temporality sdk.TemporalitySelector) sdk.Exporter {
		e, err := otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithEndpoint(r.GRPCAddr()),
			otlpmetricgrpc.WithTemporalitySelector(temporality))
		if err != nil {
			t.Fatal(err)
		}
		return e
	},
	"http": func(t *testing.T, r *Receiver, temporality sdk.TemporalitySelector) sdk.Exporter {
		e, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithEndpoint(r.HTTPAddr()),
			otlpmetrichttp.WithTemporalitySelector(temporality))
		if err != nil {
			t.Fatal(err)
		}
		return e
	},
}

func cumulative(sdk.InstrumentKind) metricdata.Temporality { return metricdata.CumulativeTemporality }
func delta(sdk.InstrumentKind) metricdata.Temporality      { return metricdata.DeltaTemporality }

// shop is an instrumented process, as users have them.
type shop struct {
	provider *sdk.MeterProvider
	requests metric.Int64Counter
	bytes    metric.Float64Counter
	queue    metric.Int64Gauge
	open     metric.Int64UpDownCounter
	duration metric.Float64Histogram
	size     metric.Float64Histogram
}

func newShop(t *testing.T, exporter sdk.Exporter) *shop {
	t.Helper()
	s := &shop{provider: sdk.NewMeterProvider(
		sdk.WithReader(sdk.NewPeriodicReader(exporter, sdk.WithInterval(time.Hour))),
		sdk.WithResource(sdkresource.NewSchemaless(
			attribute.String("service.namespace", "shop"),
			attribute.String("service.name", "checkout"),
			attribute.String("service.instance.id", "pod-1"),
			attribute.String("k8s.namespace.name", "prod"),
		)),
		sdk.WithView(sdk.NewView(sdk.Instrument{Name: "http.response.size"},
			sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})),
	)}
	meter := s.provider.Meter("shop")
	errs := make([]error, 6)
	s.requests, errs[0] = meter.Int64Counter("http.server.requests", metric.WithUnit("{request}"))
	s.bytes, errs[1] = meter.Float64Counter("http.server.io", metric.WithUnit("By"))
	s.queue, errs[2] = meter.Int64Gauge("queue.length")
	s.open, errs[3] = meter.Int64UpDownCounter("connections.open")
	s.duration, errs[4] = meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.1, 0.3))
	s.size, errs[5] = meter.Float64Histogram("http.response.size", metric.WithUnit("By"))
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// trade records what one round of customers does.
func (s *shop) trade(ctx context.Context) {
	pay := metric.WithAttributes(attribute.String("http.route", "/pay"))
	s.requests.Add(ctx, 3, pay)
	s.bytes.Add(ctx, 1.5, pay)
	s.queue.Record(ctx, 7)
	s.open.Add(ctx, -2)
	for _, seconds := range []float64{0.05, 0.2, 0.2, 4} {
		s.duration.Record(ctx, seconds, pay)
	}
	for _, bytes := range []float64{0, 100, 200} {
		s.size.Record(ctx, bytes, pay)
	}
}

func TestSDKExportersDeliverWhatWasRecorded(t *testing.T) {
	eachReceiver(t, sdkExportersDeliverWhatWasRecorded)
}

func sdkExportersDeliverWhatWasRecorded(t *testing.T, receiver string) {
	temporalities := map[string]struct {
		selector sdk.TemporalitySelector
		want     sli.Temporality
	}{"cumulative": {cumulative, sli.Cumulative}, "delta": {delta, sli.Delta}}
	for protocol, exporter := range exporters {
		for word, temporality := range temporalities {
			t.Run(protocol+" "+word, func(t *testing.T) {
				sink := &recorder{}
				r := listen(t, Options{Receiver: receiver, Sink: sink})
				s := newShop(t, exporter(t, r, temporality.selector))
				began := time.Now().UnixNano()
				s.trade(t.Context())
				if err := s.provider.Shutdown(t.Context()); err != nil {
					t.Fatal(err)
				}
				checkShop(t, sink, temporality.want, began)
			})
		}
	}
}

func checkShop(t *testing.T, sink *recorder, temporality sli.Temporality, began int64) {
	t.Helper()
	checks := []struct {
		name, le string
		typ      sli.Type
		want     sli.Point
	}{
		{"http_server_requests_total", "", sli.TypeCounter, sli.Point{Int: 3, IsInt: true}},
		{"http.server.requests", "", sli.TypeCounter, sli.Point{Int: 3, IsInt: true}},
		{"http_server_io_bytes_total", "", sli.TypeCounter, sli.Point{Value: 1.5}},
		{"http_server_request_duration_seconds_bucket", "0.1", sli.TypeCounter, sli.Point{Int: 1, IsInt: true}},
		{"http_server_request_duration_seconds_bucket", "0.3", sli.TypeCounter, sli.Point{Int: 3, IsInt: true}},
		{"http.server.request.duration_bucket", "+Inf", sli.TypeCounter, sli.Point{Int: 4, IsInt: true}},
		{"http_server_request_duration_seconds_count", "", sli.TypeCounter, sli.Point{Int: 4, IsInt: true}},
		{"http_server_request_duration_seconds_sum", "", sli.TypeCounter, sli.Point{Value: 4.45}},
		{"queue_length", "", sli.TypeGauge, sli.Point{Int: 7, IsInt: true}},
		{"connections_open", "", sli.TypeGauge, sli.Point{Int: -2, IsInt: true}},
	}
	for _, c := range checks {
		got := sink.find(t, c.name, "le", c.le, "job", "shop/checkout", "instance", "pod-1")
		point := got.Points[0]
		checkTimes(t, c.name, point, began)
		point.Time, point.Start = 0, 0
		if diff := cmp.Diff(c.want, point, approximately); diff != "" {
			t.Errorf("%s{le=%q} (-want +got):\n%s", c.name, c.le, diff)
		}
		wantTemporality := temporality
		if c.typ == sli.TypeGauge {
			wantTemporality = got.Temporality
		}
		if got.Type != c.typ || got.Temporality != wantTemporality {
			t.Errorf("%s: type %v, temporality %v", c.name, got.Type, got.Temporality)
		}
	}
	checkSize(t, sink, temporality)
}

// checkTimes wants a start between the making of the instruments and the
// export: the clock of one machine made all of them.
func checkTimes(t *testing.T, name string, p sli.Point, began int64) {
	t.Helper()
	slack := int64(patience)
	if p.Start <= began-slack || p.Start > p.Time || p.Time < began || p.Time > began+slack {
		t.Errorf("%s: start %d and time %d do not fit recording at %d", name, p.Start, p.Time, began)
	}
}

func checkSize(t *testing.T, sink *recorder, temporality sli.Temporality) {
	t.Helper()
	s := sink.find(t, "http_response_size_bytes", "http_route", "/pay", "k8s_namespace_name", "prod")
	h := s.Points[0].Histogram
	if s.Type != sli.TypeHistogram || s.Temporality != temporality || h == nil {
		t.Fatalf("got %+v", s)
	}
	if h.Count != 3 || h.ZeroCount != 1 || h.Sum != 300 {
		t.Errorf("count %v, zero count %v, sum %v", h.Count, h.ZeroCount, h.Sum)
	}
	for _, value := range []float64{100, 200} {
		if n := countAround(h, value); n != 1 {
			t.Errorf("the bucket of %v holds %v events", value, n)
		}
	}
}

// countAround returns the count of the bucket that a value falls in.
func countAround(h *histogram.FloatHistogram, value float64) float64 {
	for it := h.AllBucketIterator(); it.Next(); {
		if b := it.At(); b.Lower < value && value <= b.Upper {
			return b.Count
		}
	}
	return 0
}

// approximately compares floats that were added up in another order.
var approximately = cmp.Comparer(func(a, b float64) bool { return a == b || a-b < 1e-9 && b-a < 1e-9 })
