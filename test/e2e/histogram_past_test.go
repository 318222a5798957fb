package e2e

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/slo-engine/slo-engine/test/lab"
)

// sketch is a native histogram that knows what it holds.
type sketch struct {
	name    string
	schema  int32     // of exponential buckets
	bounds  []float64 // custom ones, instead
	indexes map[int]int64
	zero    int64
	sum     float64
	truth   tally // by 0.3
}

func (s *sketch) observe(v float64) {
	s.truth.add(1, v <= 0.3)
	s.sum += v
	switch {
	case s.bounds != nil:
		i, _ := slices.BinarySearch(s.bounds, v)
		s.indexes[i]++
	case v == 0:
		s.zero++
	default:
		s.indexes[int(math.Ceil(math.Ldexp(math.Log2(v), int(s.schema))))]++
	}
}

// reduce makes the buckets twice as wide.
func (s *sketch) reduce() {
	wider := map[int]int64{}
	for i, n := range s.indexes {
		wider[int(math.Ceil(float64(i)/2))] += n
	}
	s.schema, s.indexes = s.schema-1, wider
}

// restart forgets everything but the truth.
func (s *sketch) restart() { s.indexes, s.zero, s.sum = map[int]int64{}, 0, 0 }

// histogram is what a scrape would find.
func (s *sketch) histogram() *histogram.Histogram {
	h := &histogram.Histogram{Schema: s.schema, ZeroThreshold: 1e-40, ZeroCount: uint64(s.zero), Count: uint64(s.zero), Sum: s.sum}
	if s.bounds != nil {
		h.Schema, h.CustomValues, h.ZeroThreshold = histogram.CustomBucketsSchema, s.bounds, 0
	}
	var indexes []int
	for i := range s.indexes {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	next, before := 0, int64(0)
	for _, i := range indexes {
		n := s.indexes[i]
		h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: int32(i - next), Length: 1})
		h.PositiveBuckets = append(h.PositiveBuckets, n-before)
		h.Count += uint64(n)
		next, before = i+1, n
	}
	return h
}

// recorder writes what sketches hold into a Prometheus, by remote write 2.0.
type recorder struct {
	url     string
	request writev2.Request
	symbols writev2.SymbolsTable
	at      map[string]int // number of a series in the request
}

func (r *recorder) begin() {
	r.symbols, r.request, r.at = writev2.NewSymbolTable(), writev2.Request{}, map[string]int{}
}

func (r *recorder) add(s *sketch, at time.Time) {
	i, known := r.at[s.name]
	if !known {
		i = len(r.request.Timeseries)
		r.at[s.name] = i
		var refs []uint32
		for _, text := range []string{"__name__", s.name, "instance", "i1", "job", "past"} {
			refs = append(refs, r.symbols.Symbolize(text))
		}
		r.request.Timeseries = append(r.request.Timeseries, writev2.TimeSeries{
			LabelsRefs: refs, Metadata: writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_HISTOGRAM},
		})
	}
	series := &r.request.Timeseries[i]
	series.Histograms = append(series.Histograms, writev2.FromIntHistogram(at.UnixMilli(), s.histogram()))
}

func (r *recorder) send(ctx context.Context) error {
	r.request.Symbols = r.symbols.Symbols()
	message, err := r.request.Marshal()
	if err != nil {
		return err
	}
	code, answer, err := post(ctx, r.url+"/api/v1/write", snappy.Encode(nil, message), map[string]string{
		"Content-Type": "application/x-protobuf;proto=" + version2, "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "2.0.0",
	})
	if err == nil && code != http.StatusNoContent {
		err = fmt.Errorf("remote write answers %d: %s", code, answer)
	}
	r.begin()
	return err
}

const pastSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: exponential}
spec:
  service: past
  objective: 99%
  window: 30d
  sli: {latency: {histogram: 'op_seconds{job="past"}', below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: custom}
spec:
  service: past
  objective: 99%
  window: 30d
  sli: {latency: {histogram: 'fixed_seconds{job="past"}', below: 300ms}}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: fraction}
spec:
  service: past
  objective: 99%
  window: 30d
  sli: {ratio: {errorRatio: '1 - histogram_fraction(0, 0.3, sum(rate(op_seconds{job="past"}[5m])))'}}
`

// TestPastOfNativeHistograms: two days that a real Prometheus has, in which
// histograms begin anew and become coarser, are in the budget of an engine that
// is started now, to the event; what goes on is counted; and where it burns
// beyond doubt, an alert fires.
func TestPastOfNativeHistograms(t *testing.T) {
	t.Parallel()
	prom := lab.StartPrometheus(t, lab.PrometheusOptions{ExtraArgs: []string{"--storage.tsdb.retention.time=90d"}})
	sketches := []*sketch{
		{name: "op_seconds", schema: 5, indexes: map[int]int64{}},
		{name: "fixed_seconds", bounds: []float64{0.05, 0.1, 0.25, 0.5, 1}, indexes: map[int]int64{}},
	}
	rec := &recorder{url: prom.URL}
	rec.begin()
	rng := rand.New(rand.NewPCG(7, 7))
	now := time.Now().Truncate(time.Second)
	const days, step = 2, time.Minute
	for at, n := now.Add(-days*24*time.Hour), 0; at.Before(now); at, n = at.Add(step), n+1 {
		for _, s := range sketches {
			if n > 0 { // before the first sample nobody knows anything
				for range rng.IntN(5) {
					s.observe(0.2 * math.Exp2(2*rng.NormFloat64()-2))
				}
				if rng.IntN(10) == 0 && s.bounds == nil {
					s.observe(0)
				}
			}
			rec.add(s, at)
			switch {
			case n%997 == 996:
				s.restart()
			case n == 800 && s.bounds == nil, n == 2000 && s.bounds == nil:
				s.reduce()
			}
		}
		if n%500 == 499 || !at.Add(step).Before(now) {
			if err := rec.send(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}

	r := start(t, settings{SLOs: pastSLOs, Config: fmt.Sprintf("prometheus: [{name: main, url: %s, poll_interval: 1s, max_queries_per_second: 100}]\n", prom.URL)})
	live := time.NewTicker(time.Second)
	defer live.Stop()
	done := make(chan struct{})
	var writing sync.WaitGroup
	var mu sync.Mutex
	writing.Go(func() {
		for {
			select {
			case <-done:
				return
			case at := <-live.C:
				mu.Lock()
				for _, s := range sketches {
					rec.add(s, at)
				}
				if err := rec.send(context.Background()); err != nil {
					t.Error(err)
				}
				mu.Unlock()
			}
		}
	})
	t.Cleanup(func() { close(done); writing.Wait() })
	agree := func(what string) {
		t.Helper()
		for id, s := range map[string]*sketch{"past:exponential": sketches[0], "past:custom": sketches[1], "past:fraction": sketches[0]} {
			lab.Eventually(t, arrival, func() error {
				d, err := r.SLO(t.Context(), id)
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				if err := holds(d, s.truth, false); err != nil {
					return fmt.Errorf("%s, %s: %w (past %+v)", what, id, err, d.Backfill)
				}
				return nil
			})
		}
	}
	agree("the past")
	for _, s := range sketches {
		d, err := r.SLO(t.Context(), map[string]string{"op_seconds": "past:exponential", "fixed_seconds": "past:custom"}[s.name])
		if err != nil {
			t.Fatal(err)
		}
		if d.Backfill == nil || d.Backfill.State != "done" || d.Backfill.Share == nil || *d.Backfill.Share != 1 {
			t.Errorf("%s: %+v, want done", d.ID, d.Backfill)
		}
		if since := d.SinceStart; since == nil || *since.TotalEvents > 100 {
			t.Errorf("%s: %v events since the engine began, the past is not among them", d.ID, since)
		}
	}
	backends, err := r.Backends(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(backends) != 1 || backends[0].Name != "main" || backends[0].Language != "promql" || len(backends[0].Polls) == 0 || len(backends[0].Pasts) != 3 {
		t.Errorf("backends: %+v", backends)
	}
	mu.Lock()
	for _, s := range sketches {
		for range 5000 {
			s.observe(4) // beyond every doubt
		}
	}
	mu.Unlock()
	agree("what goes on")
	lab.Eventually(t, arrival, func() error {
		d, err := r.SLO(t.Context(), "past:exponential")
		if err != nil || len(d.Alerts) == 0 {
			return fmt.Errorf("no alert fires: %w", err)
		}
		return nil
	})
}
