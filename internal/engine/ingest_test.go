package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func routesOf(t *testing.T, services ...string) (parts [][]*sli.Program) {
	for _, s := range services {
		parts = append(parts, compile(t, newSpec(s)))
	}
	return parts
}

// services returns n service names whose SLOs live on different shards.
func services(e *Engine, n int) []string {
	byShard := map[int]string{}
	for i := 0; len(byShard) < n; i++ {
		name := fmt.Sprintf("service%d", i)
		shard := e.shardOf(&slo.Spec{Service: name})
		if _, taken := byShard[shard]; !taken {
			byShard[shard] = name
		}
	}
	var names []string
	for i := range len(e.shards) {
		if name, ok := byShard[i]; ok {
			names = append(names, name)
		}
	}
	return names
}

// own makes the SLO count a metric of its own name.
func own(s *slo.Spec) {
	s.SLI = slo.SLI{Ratio: &slo.Ratio{Total: s.Service + "_total", Bad: s.Service + `_total{code="500"}`}}
}

func TestSeriesGoToTheShardsThatCountThem(t *testing.T) {
	bubble(t, Options{Shards: 4}, nil, func(t *testing.T, r *rig) {
		names := services(r.Engine, 4)
		r.load(newSpec(names[0], own), newSpec(names[1], own),
			newSpec(names[2], counting(slo.SLI{Ratio: &slo.Ratio{Total: names[0] + "_total", Bad: names[0] + `_total{code="500"}`}})))
		batch := &sli.Batch{Series: []sli.Series{
			{Labels: metric(names[0] + "_total")}, {Labels: metric(names[1] + "_total")}, {Labels: metric("other_total")},
			{Labels: metric("a_dot_total"), Raw: metric(`{__name__="` + names[1] + `_total"}`)},
		}}
		parts, _ := r.split(batch)
		want := [][]int32{{0}, {1, 3}, {0}, nil}
		if diff := cmp.Diff(want, parts); diff != "" {
			t.Errorf("series by shard (-want +got):\n%s", diff)
		}
	})
}

func TestSelectorsWithoutANameSeeEverything(t *testing.T) {
	spec := newSpec("shop", counting(slo.SLI{Ratio: &slo.Ratio{
		Total: `{__name__=~".+_total",app="shop"}`, Bad: `{__name__=~".+_total",app="shop",code="500"}`,
	}}))
	bubble(t, Options{Shards: 4}, []*slo.Spec{spec, newSpec("other", own)}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.flow(time.Second, `one_total{app="shop",code="200"}`, `two_total{app="shop",code="500"}`, `three_total{app="x"}`)
		f.put(time.Now())
		f.run(time.Second, 5, 2, 100)
		settled()
		if got := r.instance("shop:availability").Since; got != (budget.Counts{Bad: 2, Total: 7}) {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestOneBatchFeedsServicesOnSeveralShards(t *testing.T) {
	bubble(t, Options{Shards: 3}, nil, func(t *testing.T, r *rig) {
		names := services(r.Engine, 3)
		var specs []*slo.Spec
		var series []string
		for _, name := range names {
			specs = append(specs, newSpec(name))
			series = append(series, `requests_total{service="`+name+`",code="200"}`)
		}
		r.load(specs...)
		betweenTicks()
		f := r.flow(time.Second, series...)
		f.put(time.Now())
		f.run(10*time.Second, 1, 2, 3)
		settled()
		for i, name := range names {
			if got := r.instance(name + ":availability").Since.Total; got != float64(10*(i+1)) {
				t.Errorf("%s counted %v", name, got)
			}
		}
		if got := testutil.ToFloat64(r.metrics.accepted); got != 33 {
			t.Errorf("%v points accepted, want 33: each once, however many shards see it", got)
		}
	})
}

func TestReceiptsAreMergedOverShards(t *testing.T) {
	bubble(t, Options{Shards: 2}, nil, func(t *testing.T, r *rig) {
		names := services(r.Engine, 2)
		r.load(newSpec(names[0], own), newSpec(names[1], own))
		now := time.Now()
		point := func(metricName string, at time.Time, v float64) sli.Series {
			return sli.Series{Labels: metric(metricName), Target: "t", Points: []sli.Point{{Time: at.UnixNano(), Value: v}}}
		}
		batch := &sli.Batch{Series: []sli.Series{
			point(names[0]+"_total", now, 1),
			point(names[0]+"_total{code=\"500\"}", now, math.NaN()),
			point(names[1]+"_total", now.Add(2*time.Minute), 1),
			point(names[1]+"_total{code=\"500\"}", now, math.NaN()),
			point("nobody_total", now.Add(time.Hour), math.NaN()),
		}}
		receipt, err := r.Ingest(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		want := sli.Receipt{Accepted: 2, Rejections: []sli.Rejection{
			{Reason: sli.ReasonNotANumber, Points: 2, Example: `{__name__="` + names[0] + `_total", code="500"}`},
			{Reason: sli.ReasonInFuture, Points: 1, Example: `{__name__="` + names[1] + `_total"}`},
		}}
		if diff := cmp.Diff(want, receipt); diff != "" {
			t.Errorf("receipt (-want +got):\n%s", diff)
		}
		if got := testutil.ToFloat64(r.metrics.rejected.WithLabelValues("not_a_number")); got != 2 {
			t.Errorf("%v rejected points counted, want 2", got)
		}
	})
}

func TestAFullQueueSaysBusyAndHurtsNobodyElse(t *testing.T) {
	bubble(t, Options{Shards: 2, QueueLength: 2}, nil, func(t *testing.T, r *rig) {
		names := services(r.Engine, 2)
		r.load(newSpec(names[0], own), newSpec(names[1], own))
		betweenTicks()
		slow, quick := r.flow(time.Second, names[0]+"_total"), r.flow(time.Second, names[1]+"_total")
		slow.put(time.Now())
		quick.put(time.Now())

		release := make(chan struct{})
		r.shards[0].do(t.Context().Done(), func() { <-release })
		var waiting sync.WaitGroup
		for range 2 { // the tick takes a place too, when it comes
			waiting.Go(func() { _, _ = r.Ingest(context.Background(), slow.batch(time.Now())) })
		}
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		slow.values[0] = 7
		again := slow.batch(time.Now())
		begun := time.Now()
		if _, err := r.Ingest(context.Background(), again); !errors.Is(err, ErrBusy) {
			t.Fatalf("ingest into a full queue: %v, want ErrBusy", err)
		}
		if waited := time.Since(begun); waited != patience {
			t.Errorf("gave up after %s, want %s", waited, patience)
		}
		quick.put(time.Now(), 5)
		close(release)
		waiting.Wait()
		if receipt, err := r.Ingest(context.Background(), again); err != nil || receipt.Accepted != 1 {
			t.Errorf("sent again: %+v, %v", receipt, err)
		}
		settled()
		for i, want := range []float64{7, 5} {
			if got := r.instance(names[i] + ":availability").Since.Total; got != want {
				t.Errorf("%s counted %v, want %v", names[i], got, want)
			}
		}
	})
}

// A batch that one shard took and another had no room for is sent again as a
// whole: what was counted must not count twice.
func TestABatchSentAgainAfterBusyCountsOnce(t *testing.T) {
	bubble(t, Options{Shards: 2, QueueLength: 1}, nil, func(t *testing.T, r *rig) {
		names := services(r.Engine, 2)
		r.load(newSpec(names[0], own), newSpec(names[1], own))
		betweenTicks()
		f := r.flow(time.Second, names[0]+"_total", names[1]+"_total")
		f.put(time.Now())
		time.Sleep(time.Second)
		release := make(chan struct{})
		r.shards[1].do(t.Context().Done(), func() { <-release })
		synctest.Wait()
		r.shards[1].do(t.Context().Done(), func() {})
		f.values = []float64{3, 4}
		batch := f.batch(time.Now())
		if _, err := r.Ingest(context.Background(), batch); !errors.Is(err, ErrBusy) {
			t.Fatalf("ingest: %v, want ErrBusy", err)
		}
		close(release)
		if _, err := r.Ingest(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		settled()
		for i, want := range []float64{3, 4} {
			if got := r.instance(names[i] + ":availability").Since.Total; got != want {
				t.Errorf("%s counted %v, want %v", names[i], got, want)
			}
		}
	})
}

// The race detector sees it if a shard still reads a batch that its owner
// uses again, also when the owner gave up early.
func TestABatchIsNotUsedAfterIngestReturned(t *testing.T) {
	r := start(t, Options{Shards: 4, QueueLength: 1})
	names := services(r.Engine, 4)
	r.load(newSpec(names[0], own), newSpec(names[1], own), newSpec(names[2], own), newSpec(names[3], own))
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			f := r.flow(time.Second, names[0]+"_total", names[1]+"_total", names[2]+"_total", names[3]+"_total")
			f.target = fmt.Sprint(i)
			batch := f.batch(time.Now())
			for n := range 300 {
				ctx, cancel := context.WithCancel(context.Background())
				if n%3 == 0 {
					go cancel()
				}
				_, err := r.Ingest(ctx, batch)
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrBusy) {
					t.Errorf("ingest: %v", err)
				}
				for j := range batch.Series {
					batch.Series[j].Points[0].Time += int64(time.Millisecond)
					batch.Series[j].Points[0].Value++
					batch.Series[j].Labels[0].Value = names[(j+n)%4] + "_total"
				}
			}
		})
	}
	senders.Wait()
}
