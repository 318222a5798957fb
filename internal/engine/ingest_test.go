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

// own makes the SLO count a metric of its own name.
func own(s *slo.Spec) {
	s.SLI = slo.SLI{Ratio: &slo.Ratio{Total: s.Service + "_total", Bad: s.Service + `_total{code="500"}`}}
}

func TestSelectorsWithoutANameSeeEverything(t *testing.T) {
	spec := newSpec("shop", counting(slo.SLI{Ratio: &slo.Ratio{
		Total: `{__name__=~".+_total",app="shop"}`, Bad: `{__name__=~".+_total",app="shop",code="500"}`,
	}}))
	bubble(t, Options{}, []*slo.Spec{spec, newSpec("other", own)}, func(t *testing.T, r *rig) {
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

func TestOneBatchFeedsSeveralSLOs(t *testing.T) {
	bubble(t, Options{}, nil, func(t *testing.T, r *rig) {
		names := []string{"cart", "search", "stock"}
		var specs []*slo.Spec
		var series []string
		for _, name := range names {
			specs = append(specs, newSpec(name), newSpec(name, named("twin")))
			series = append(series, `requests_total{service="`+name+`",code="200"}`)
		}
		r.load(specs...)
		betweenTicks()
		f := r.flow(time.Second, series...)
		f.put(time.Now())
		f.run(10*time.Second, 1, 2, 3)
		settled()
		for i, name := range names {
			for _, id := range []string{name + ":availability", name + ":twin"} {
				if got := r.instance(id).Since.Total; got != float64(10*(i+1)) {
					t.Errorf("%s counted %v", id, got)
				}
			}
		}
		if got := testutil.ToFloat64(r.core.metrics.accepted); got != 33 {
			t.Errorf("%v points accepted, want 33: each once, however many SLOs see it", got)
		}
	})
}

func TestAReceiptNamesWhatWasNotCounted(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("a", own), newSpec("b", own)}, func(t *testing.T, r *rig) {
		now := time.Now()
		point := func(metricName string, at time.Time, v float64) sli.Series {
			return sli.Series{Labels: metric(metricName), Target: "t", Points: []sli.Point{{Time: at.UnixNano(), Value: v}}}
		}
		batch := &sli.Batch{Series: []sli.Series{
			point("a_total", now, 1),
			point(`a_total{code="500"}`, now, math.NaN()),
			point("b_total", now.Add(2*time.Minute), 1),
			point(`b_total{code="500"}`, now, math.NaN()),
			point("nobody_total", now.Add(time.Hour), math.NaN()),
		}}
		receipt, err := r.Ingest(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		want := sli.Receipt{Accepted: 2, Rejections: []sli.Rejection{
			{Reason: sli.ReasonNotANumber, Points: 2, Example: `{__name__="a_total", code="500"}`},
			{Reason: sli.ReasonInFuture, Points: 1, Example: `{__name__="b_total"}`},
		}}
		if diff := cmp.Diff(want, receipt); diff != "" {
			t.Errorf("receipt (-want +got):\n%s", diff)
		}
		if got := testutil.ToFloat64(r.core.metrics.rejected.WithLabelValues("not_a_number")); got != 2 {
			t.Errorf("%v rejected points counted, want 2", got)
		}
	})
}

// What is refused because the queue is full was not counted, so that it counts
// once when it is sent again.
func TestAFullQueueSaysBusy(t *testing.T) {
	bubble(t, Options{QueueLength: 2}, []*slo.Spec{newSpec("shop", own)}, func(t *testing.T, r *rig) {
		betweenTicks()
		f := r.flow(time.Second, "shop_total")
		f.put(time.Now())

		release := r.occupy()
		var waiting sync.WaitGroup
		for range 2 { // the tick takes a place too, when it comes
			waiting.Go(func() { _, _ = r.Ingest(context.Background(), f.batch(time.Now())) })
		}
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		f.values[0] = 7
		again := f.batch(time.Now())
		begun := time.Now()
		if _, err := r.Ingest(context.Background(), again); !errors.Is(err, ErrBusy) {
			t.Fatalf("ingest into a full queue: %v, want ErrBusy", err)
		}
		if waited := time.Since(begun); waited != patience {
			t.Errorf("gave up after %s, want %s", waited, patience)
		}
		release()
		waiting.Wait()
		if receipt, err := r.Ingest(context.Background(), again); err != nil || receipt.Accepted != 1 {
			t.Errorf("sent again: %+v, %v", receipt, err)
		}
		settled()
		if got := r.instance("shop:availability").Since.Total; got != 7 {
			t.Errorf("counted %v, want 7", got)
		}
	})
}

// The race detector sees it if the owner still reads a batch that its sender
// uses again, also when the sender gave up early.
func TestABatchIsNotUsedAfterIngestReturned(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	r := start(t, Options{QueueLength: 1}, newSpec("a", own), newSpec("b", own), newSpec("c", own), newSpec("d", own))
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			f := r.flow(time.Second, "a_total", "b_total", "c_total", "d_total")
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
