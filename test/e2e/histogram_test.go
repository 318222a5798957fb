package e2e

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// mill is a process whose histograms have every form there is, and which knows
// each single observation. A scrape sees all of them at one instant.
type mill struct {
	Addr string

	mu       sync.Mutex
	registry *prometheus.Registry
	kinds    map[string]prometheus.Histogram
	mark     prometheus.Gauge
	marks    float64
	random   *rand.Rand
	held     int // by reset_seconds
	// seen are the observations since the test began, restarts included.
	seen map[string][]float64
}

// millKinds are the histograms of the mill.
var millKinds = map[string]prometheus.HistogramOpts{
	// Few buckets, so that the resolution is reduced again and again, and the
	// zero bucket grows before it is.
	"op_seconds": {
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 24, NativeHistogramMaxZeroThreshold: 0.01,
	},
	// It begins anew while the process goes on.
	"reset_seconds":  {NativeHistogramBucketFactor: 1.05},
	"signed_seconds": {NativeHistogramBucketFactor: 1.3},
	"fixed_seconds":  {Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5}},
	// Both forms at once.
	"both_seconds": {Buckets: []float64{0.1, 0.25, 1}, NativeHistogramBucketFactor: 2},
}

func startMill(t *testing.T) *mill {
	m := &mill{random: rand.New(rand.NewPCG(5, 5)), seen: map[string][]float64{}}
	m.begin()
	for name := range millKinds {
		for range longBefore { // nobody may count these
			m.kinds[name].Observe(fastWithin * 3)
		}
	}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.Addr = server.Listener.Addr().String()
	return m
}

// begin is the beginning of a life.
func (m *mill) begin() {
	m.registry, m.kinds = prometheus.NewRegistry(), map[string]prometheus.Histogram{}
	for name := range millKinds {
		m.beginOne(name)
	}
	m.mark = prometheus.NewGauge(prometheus.GaugeOpts{Name: "test_mark"})
	m.mark.Set(m.marks)
	m.registry.MustRegister(m.mark)
}

func (m *mill) beginOne(name string) {
	opts := millKinds[name]
	opts.Name = name
	m.kinds[name] = prometheus.NewHistogram(opts)
	m.registry.MustRegister(m.kinds[name])
	m.held = 0
}

func (m *mill) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// ServeHTTP answers a scrape.
func (m *mill) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.do(func() {
		promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
		if m.held > 250 && r.URL.Path == "/metrics" { // what nobody has scraped, nobody could know
			m.registry.Unregister(m.kinds["reset_seconds"])
			m.beginOne("reset_seconds")
		}
	})
}

// grind observes over time: first what is alike, then from nothing to a
// million, so that buckets are added, merged and begun anew.
func (m *mill) grind(t *testing.T, d time.Duration) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	begun := time.Now()
	for now := range tick.C {
		if now.Sub(begun) > d {
			return
		}
		reach := 14 * float64(now.Sub(begun)) / float64(d) // orders of magnitude, in powers of two
		m.do(func() {
			for range 1 + m.random.IntN(8) {
				m.observe(0.3 * math.Exp2(reach*(2*m.random.Float64()-1)))
			}
		})
	}
}

func (m *mill) observe(v float64) {
	for name, h := range m.kinds {
		x := v
		if name == "signed_seconds" && m.random.IntN(3) == 0 {
			x = -v
		}
		switch m.random.IntN(12) {
		case 0:
			x = 0
		case 1:
			x = fastWithin // exactly on the bound
		}
		if name == "reset_seconds" {
			m.held++
		}
		h.Observe(x)
		m.seen[name] = append(m.seen[name], x)
	}
}

type millSLO struct {
	name, sli, of string
	good          func(float64) bool
	exact         bool
}

// millSLOs are SLOs of the mill's histograms, and which of its events are good.
var millSLOs = []millSLO{
	{"inside", `latency: {histogram: 'op_seconds{job="mill"}', below: 300ms}`, "op_seconds", upTo(0.3), false},
	{"power", `latency: {histogram: 'op_seconds{job="mill"}', below: 250ms}`, "op_seconds", upTo(0.25), true},
	{"tiny", `latency: {histogram: 'op_seconds{job="mill"}', below: 5ms}`, "op_seconds", upTo(0.005), false},
	{"resetting", `latency: {histogram: 'reset_seconds{job="mill"}', below: 300ms}`, "reset_seconds", upTo(0.3), false},
	{"signed", `latency: {histogram: 'signed_seconds{job="mill"}', below: 300ms}`, "signed_seconds", upTo(0.3), false},
	{"both", `latency: {histogram: 'both_seconds{job="mill"}', below: 250ms}`, "both_seconds", upTo(0.25), true},
	{"custom", `latency: {histogram: 'fixed_seconds{job="custom"}', below: 250ms}`, "fixed_seconds", upTo(0.25), true},
	{"custom-inside", `latency: {histogram: 'fixed_seconds{job="custom"}', below: 300ms}`, "fixed_seconds", upTo(0.3), false},
	{"classic", `latency: {histogram: 'fixed_seconds{job="mill"}', below: 250ms}`, "fixed_seconds", upTo(0.25), true},
	{"fraction", `ratio: {errorRatio: '1 - histogram_fraction(0, 0.3, sum(rate(op_seconds{job="mill"}[{{.window}}])))'}`, "op_seconds", upTo(0.3), false},
	{"fraction-signed", `ratio: {errorRatio: '1 - histogram_fraction(0, 0.3, sum(rate(signed_seconds{job="mill"}[{{.window}}])))'}`, "signed_seconds",
		func(v float64) bool { return v >= 0 && v <= 0.3 }, false},
	{"too-fast", `ratio: {errorRatio: 'histogram_fraction(0, 0.3, sum(rate(op_seconds{job="mill"}[{{.window}}])))'}`, "op_seconds",
		func(v float64) bool { return v > 0.3 }, false},
	{"numbers", `ratio: {total: 'histogram_count(rate(fixed_seconds{job="custom"}[5m]))',
      good: 'histogram_fraction(0, 0.25, rate(fixed_seconds{job="custom"}[5m])) * histogram_count(rate(fixed_seconds{job="custom"}[5m]))'}`, "fixed_seconds", upTo(0.25), true},
}

func upTo(limit float64) func(float64) bool { return func(v float64) bool { return v <= limit } }

// told reports whether histograms with custom buckets can be told in a way:
// Prometheus leaves them out of remote write 1.0.
func (s millSLO) told(way string) bool { return way != version1 || !strings.Contains(s.sli, "custom") }

func millDocuments(way, source string) string {
	var docs []string
	for _, s := range millSLOs {
		if !s.told(way) {
			continue
		}
		docs = append(docs, fmt.Sprintf("apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: %s}\nspec:\n  service: mill\n  objective: 99%%\n  window: 30d\n%s  sli:\n    %s\n", s.name, source, s.sli))
	}
	return strings.Join(docs, "---\n")
}

// truth is what the mill knows of an SLO.
func (m *mill) truth(of string, good func(float64) bool) (t tally) {
	m.do(func() {
		for _, v := range m.seen[of] {
			t.add(1, good(v))
		}
	})
	return t
}

// agrees wants what an engine says to hold the truth: all events to the last
// one, the good ones within the interval that it shows.
func (m *mill) agrees(ctx context.Context, c *client.Client, way string) error {
	var wrong []string
	for _, s := range millSLOs {
		if !s.told(way) {
			continue
		}
		detail, err := c.SLO(ctx, "mill:"+s.name)
		if err != nil {
			return err
		}
		if err := holds(detail, m.truth(s.of, s.good), s.exact); err != nil {
			wrong = append(wrong, s.name+": "+err.Error())
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// holds reports whether an SLO's figures hold the truth.
func holds(d apitypes.Detail, want tally, exact bool) error {
	if d.TotalEvents == nil || *d.TotalEvents != want.total {
		return fmt.Errorf("total %v, want %v", known(d.TotalEvents), want.total)
	}
	lower, upper := d.SLI, d.SLI
	if d.SLILower != nil {
		lower, upper = d.SLILower, d.SLIUpper
	}
	low, high := *lower**d.TotalEvents, *upper**d.TotalEvents
	if want.good < low-1e-6 || want.good > high+1e-6 {
		return fmt.Errorf("good %v to %v of %v, want %v", low, high, want.total, want.good)
	}
	if exact && math.Abs(high-low) > 1e-6 {
		return fmt.Errorf("good %v to %v of %v, want exactly %v", low, high, want.total, want.good)
	}
	return nil
}

func known(f *float64) any {
	if f == nil {
		return "unknown"
	}
	return *f
}

// TestHistogramsOfEveryForm: native histograms whose resolution changes, which
// begin anew, with a zero bucket that grows and with negative values, custom
// buckets and classic ones, scraped by a real Prometheus: whoever sends them
// on, and whoever asks for them, the engine's interval holds the truth.
func TestHistogramsOfEveryForm(t *testing.T) {
	t.Parallel()
	m := startMill(t)
	const asked = "asked"
	engines := map[string]*running{}
	for _, message := range []string{version1, version2} {
		engines[message] = start(t, settings{SLOs: millDocuments(message, "")})
	}
	var sends string
	for message, r := range engines {
		sends += fmt.Sprintf("  - {url: %s/api/v1/write, protobuf_message: %s, send_native_histograms: true, queue_config: {batch_send_deadline: 1s, min_backoff: 30ms}}\n", r.URL, message)
	}
	prom := lab.StartPrometheus(t, lab.PrometheusOptions{Config: fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_native_histograms: true}
scrape_configs:
  - {job_name: mill, always_scrape_classic_histograms: true, static_configs: [{targets: [%[1]q]}]}
  - {job_name: custom, metrics_path: /custom, convert_classic_histograms_to_nhcb: true, static_configs: [{targets: [%[1]q]}]}
remote_write:
%s`, m.Addr, sends)})
	engines[asked] = start(t, settings{SLOs: millDocuments(asked, "  source: main\n"), Config: fmt.Sprintf(
		"prometheus: [{name: main, url: %s, poll_interval: 1s, max_queries_per_second: 100, no_backfill: true}]\n", prom.URL)})
	settle := func() {
		t.Helper()
		m.do(func() { m.marks++; m.mark.Set(m.marks) })
		lab.Eventually(t, arrival, func() error {
			found, err := prom.Query(t.Context(), fmt.Sprintf("test_mark == %v", m.marks), time.Time{})
			if err == nil && len(found) != 2 {
				err = fmt.Errorf("the mark is stored by %d jobs", len(found))
			}
			return err
		})
		for name, r := range engines {
			lab.Eventually(t, arrival, func() error {
				if err := m.agrees(t.Context(), r.Client, name); err != nil {
					return fmt.Errorf("%s:\n%w", name, err)
				}
				return nil
			})
		}
	}
	begun := func(way string, r *running) {
		t.Helper()
		lab.Eventually(t, arrival, func() error {
			for _, s := range millSLOs {
				if !s.told(way) {
					continue
				}
				d, err := r.SLO(t.Context(), "mill:"+s.name)
				if err != nil || d.LastSample.IsZero() || d.SampleInterval == nil {
					return fmt.Errorf("%s has no two samples yet: %v", s.name, err)
				}
			}
			return nil
		})
	}
	for way, r := range engines {
		begun(way, r)
	}
	m.grind(t, 8*time.Second)
	settle()
	m.do(m.begin) // another life
	settle()
	m.grind(t, 6*time.Second)
	settle()
}

const exponentialSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: inside}
spec:
  service: sdk
  objective: 99%
  window: 30d
  sli: {latency: {histogram: mill_duration_seconds, below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: numbers}
spec:
  service: sdk
  objective: 99%
  window: 30d
  sli: {ratio: {errorRatio: 'histogram_fraction(0, 0.3, sum(rate(mill_duration_seconds[5m])))'}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: utf8}
spec:
  service: sdk
  objective: 99%
  window: 30d
  sli: {latency: {histogram: '{"mill.duration"}', below: 250ms}}
`

// TestExponentialHistogramsOfTheSDK: the SDK's own exponential histograms, with
// few buckets, so that their scale falls while they are exported, with zeroes
// and negative values: all events are counted, and the interval holds the truth.
func TestExponentialHistogramsOfTheSDK(t *testing.T) {
	for protocol, exporter := range sdkExporters {
		for name, temporality := range map[string]sdk.TemporalitySelector{"cumulative": cumulative, "delta": delta} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				t.Parallel()
				r := start(t, settings{SLOs: exponentialSLOs})
				var seen []float64
				for life := range 2 {
					seen = append(seen, sdkLife(t, exporter(t, r, temporality), uint64(life))...)
					for id, good := range map[string]func(float64) bool{
						"sdk:inside": upTo(0.3), "sdk:utf8": upTo(0.25),
						"sdk:numbers": func(v float64) bool { return v < 0 || v > 0.3 },
					} {
						var want tally
						for _, v := range seen {
							want.add(1, good(v))
						}
						lab.Eventually(t, patience, func() error {
							d, err := r.SLO(t.Context(), id)
							if err != nil {
								return err
							}
							if err := holds(d, want, false); err != nil {
								return fmt.Errorf("life %d, %s: %w", life, id, err)
							}
							return nil
						})
					}
				}
			})
		}
	}
}

// sdkLife is one life of a process, and what it observed.
func sdkLife(t *testing.T, exporter sdk.Exporter, seed uint64) (seen []float64) {
	t.Helper()
	provider := sdk.NewMeterProvider(
		sdk.WithReader(sdk.NewPeriodicReader(exporter, sdk.WithInterval(time.Hour))),
		sdk.WithView(sdk.NewView(sdk.Instrument{Name: "mill.duration"},
			sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 12, MaxScale: 10}})),
	)
	h, err := provider.Meter("mill").Float64Histogram("mill.duration", metric.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 11))
	for round := range 10 {
		for range 50 {
			v := 0.3 * math.Exp2(float64(round)/2*(2*rng.Float64()-1))
			switch rng.IntN(10) {
			case 0:
				v = 0
			case 1:
				v = -v
			}
			h.Record(t.Context(), v)
			seen = append(seen, v)
		}
		if err := provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := provider.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	return seen
}
