package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/slo-engine/slo-engine/test/lab"
)

// sdkSLOs read what a till records, by translated names and by those that the
// SDK uses.
const sdkSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: translated}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: http_server_requests_total{job="shop/checkout"}
      bad: http_server_requests_total{job="shop/checkout", http_response_status_code=~"5.."}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: utf8}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: '{"http.server.requests", "service.name"="checkout"}'
      good: '{"http.server.requests", "service.name"="checkout", "http.response.status_code"!~"5.."}'
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: per-instance}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: http_server_requests_total{job="shop/checkout"}
      bad: http_server_requests_total{job="shop/checkout", http_response_status_code=~"5.."}
  groupBy: [instance]
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: float}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli:
    ratio:
      total: http_server_io_bytes_total
      bad: http_server_io_bytes_total{fate="lost"}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: http_server_request_duration_seconds, below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: latency-utf8}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: '{"http.server.request.duration"}', below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: latency-exponential}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {latency: {histogram: rpc_server_duration_milliseconds, below: 256ms, unit: ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: queue}
spec:
  service: checkout
  objective: 99%
  window: 30d
  sli: {threshold: {metric: queue_length, below: 100, slice: 10s}}
`

// till is one instrumented process of the shop, with a record of what it did.
type till struct {
	instance string
	provider *sdk.MeterProvider
	reader   *sdk.PeriodicReader
	requests metric.Int64Counter
	bytes    metric.Float64Counter
	queue    metric.Int64Gauge
	duration metric.Float64Histogram
	rpc      metric.Float64Histogram
	// did is what was recorded, by SLO.
	did map[string]count
}

func openTill(t *testing.T, instance string, exporter sdk.Exporter) *till {
	t.Helper()
	reader := sdk.NewPeriodicReader(exporter, sdk.WithInterval(100*time.Millisecond))
	s := &till{instance: instance, did: map[string]count{}, reader: reader, provider: sdk.NewMeterProvider(
		sdk.WithReader(reader),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.namespace", "shop"),
			attribute.String("service.name", "checkout"),
			attribute.String("service.instance.id", instance),
		)),
		sdk.WithView(sdk.NewView(sdk.Instrument{Name: "rpc.server.duration"},
			sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})),
	)}
	meter := s.provider.Meter("till")
	errs := make([]error, 5)
	s.requests, errs[0] = meter.Int64Counter("http.server.requests", metric.WithUnit("{request}"))
	s.bytes, errs[1] = meter.Float64Counter("http.server.io", metric.WithUnit("By"))
	s.queue, errs[2] = meter.Int64Gauge("queue.length")
	s.duration, errs[3] = meter.Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.1, 0.3, 1))
	s.rpc, errs[4] = meter.Float64Histogram("rpc.server.duration", metric.WithUnit("ms"))
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// round is some customers at the till. Its sums are exact in binary.
func (s *till) round(ctx context.Context, n int) {
	ok, failed := int64(3+n%4), int64(n%3)
	s.requests.Add(ctx, ok, metric.WithAttributes(attribute.Int("http.response.status_code", 200)))
	if failed > 0 { // a status that did not occur has no series
		s.requests.Add(ctx, failed, metric.WithAttributes(attribute.Int("http.response.status_code", 503)))
	}
	for _, slo := range []string{"translated", "utf8", "per-instance " + s.instance} {
		s.did[slo] = s.did[slo].plus(float64(ok), float64(failed))
	}
	s.bytes.Add(ctx, 2.5, metric.WithAttributes(attribute.String("fate", "sent")))
	s.bytes.Add(ctx, 0.25, metric.WithAttributes(attribute.String("fate", "lost")))
	s.did["float"] = s.did["float"].plus(2.5, 0.25)
	for _, seconds := range []float64{0.05, 0.3, 0.4, 7} { // of exactly 300ms is good
		s.duration.Record(ctx, seconds)
	}
	for _, slo := range []string{"latency", "latency-utf8"} {
		s.did[slo] = s.did[slo].plus(2, 2)
	}
	for _, ms := range []float64{3, 100, 250, 900} {
		s.rpc.Record(ctx, ms)
	}
	s.did["latency-exponential"] = s.did["latency-exponential"].plus(3, 1)
	s.queue.Record(ctx, int64(90+n)) // above 100 after some rounds
}

// work does rounds, some of which are exported by themselves, and closes the
// till, which exports the rest.
func (s *till) work(ctx context.Context, rounds int) error {
	for n := range rounds {
		s.round(ctx, n)
		if n%4 != 0 {
			continue
		}
		if err := s.provider.ForceFlush(ctx); err != nil {
			return fmt.Errorf("%s: export round %d: %w", s.instance, n, err)
		}
	}
	return s.provider.Shutdown(ctx)
}

// witness notes which gauge values an exporter delivered, and when they were
// taken: a threshold SLI counts slices of time.
type witness struct {
	mu     sync.Mutex
	slices map[int64]bool // number of the slice to "a value was out of bounds"
}

type witnessed struct {
	sdk.Exporter
	*witness
}

func (w witnessed) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	err := w.Exporter.Export(ctx, rm)
	if err != nil {
		return err
	}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok {
				w.saw(gauge.DataPoints)
			}
		}
	}
	return nil
}

func (w *witness) saw(points []metricdata.DataPoint[int64]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range points {
		slice := p.Time.UnixNano() / int64(10*time.Second)
		w.slices[slice] = w.slices[slice] || p.Value > 100
	}
}

func (w *witness) count() count {
	w.mu.Lock()
	defer w.mu.Unlock()
	var c count
	for _, bad := range w.slices {
		if bad {
			c.Bad++
		} else {
			c.Good++
		}
	}
	return c
}

func cumulative(sdk.InstrumentKind) metricdata.Temporality { return metricdata.CumulativeTemporality }
func delta(sdk.InstrumentKind) metricdata.Temporality      { return metricdata.DeltaTemporality }

// sdkExporters are the SDK's own, towards an engine.
var sdkExporters = map[string]func(*testing.T, *running, sdk.TemporalitySelector) sdk.Exporter{
	"grpc": func(t *testing.T, r *running, temporality sdk.TemporalitySelector) sdk.Exporter {
		e, err := otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithInsecure(),
			otlpmetricgrpc.WithEndpoint(r.App.OTLPGRPC()), otlpmetricgrpc.WithTemporalitySelector(temporality))
		if err != nil {
			t.Fatal(err)
		}
		return e
	},
	"http": func(t *testing.T, r *running, temporality sdk.TemporalitySelector) sdk.Exporter {
		e, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
			otlpmetrichttp.WithEndpoint(r.App.OTLPHTTP()), otlpmetrichttp.WithTemporalitySelector(temporality))
		if err != nil {
			t.Fatal(err)
		}
		return e
	},
}

// Two processes send cumulative values, then others deltas, one of them a
// restart of the first; all started after the engine, so that their first
// export counts whole.
func TestCountsEqualWhatTheSDKRecorded(t *testing.T) {
	for protocol, exporter := range sdkExporters {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := start(t, settings{SLOs: sdkSLOs})
			seen := &witness{slices: map[int64]bool{}}
			want := map[string]count{}
			for _, shift := range []struct {
				temporality sdk.TemporalitySelector
				instances   []string
			}{
				{cumulative, []string{"till-1", "till-2"}},
				{delta, []string{"till-1", "till-3"}},
			} {
				var tills []*till
				for _, instance := range shift.instances {
					tills = append(tills, openTill(t, instance, witnessed{exporter(t, r, shift.temporality), seen}))
				}
				workTogether(t, tills)
				for _, s := range tills {
					for slo, did := range s.did {
						want[slo] = want[slo].plus(did.Good, did.Bad)
					}
				}
				want["queue"] = seen.count()
				r.awaitCounts(t, want)
			}
		})
	}
}

func workTogether(t *testing.T, tills []*till) {
	t.Helper()
	var wait sync.WaitGroup
	for i, s := range tills {
		wait.Go(func() {
			if err := s.work(t.Context(), 20+3*i); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// A process that began before the engine watched it has a past that is not
// ours: its first export is a baseline, what comes after counts, the first
// error of its life included.
func TestProcessOlderThanItsSLO(t *testing.T) {
	r := start(t, settings{SLOs: ""})
	s := openTill(t, "till-1", sdkExporters["grpc"](t, r, cumulative))
	defer func() { _ = s.provider.Shutdown(context.Background()) }()
	code := func(n int) metric.MeasurementOption {
		return metric.WithAttributes(attribute.Int("http.response.status_code", n))
	}
	s.requests.Add(t.Context(), 100, code(200))
	if err := s.provider.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "slos.yaml"), []byte(sdkSLOs), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.App.Reload(); err != nil {
		t.Fatal(err)
	}
	// Two sample sets are known once the engine can tell their distance.
	lab.Eventually(t, time.Minute, func() error {
		if err := s.provider.ForceFlush(t.Context()); err != nil {
			return err
		}
		detail, err := r.SLO(t.Context(), "checkout:translated")
		if err == nil && detail.SampleInterval == nil {
			err = fmt.Errorf("no second sample set yet: %+v", detail.SinceStart)
		}
		return err
	})
	r.awaitCounts(t, map[string]count{"translated": {}, "utf8": {}, "per-instance till-1": {}})
	s.requests.Add(t.Context(), 7, code(200))
	s.requests.Add(t.Context(), 1, code(503))
	r.awaitCounts(t, map[string]count{"translated": {7, 1}, "utf8": {7, 1}, "per-instance till-1": {7, 1}})
}
