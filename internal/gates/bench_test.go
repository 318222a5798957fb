package gates_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// city is a snapshot of many services, each with so many instances.
func city(services, each int) (list []*engine.Instance) {
	for i := range services {
		for j := range each {
			list = append(list, instance(fmt.Sprintf("service-%05d:slo-%02d", i, j)))
		}
	}
	return list
}

// BenchmarkAsk asks about services in turn, from as many goroutines as there are
// processors: again about one snapshot; about a new one each time around, so that
// nothing is known yet; and live, with a new snapshot each second, while a Keeper
// steps and writes beside it.
func BenchmarkAsk(b *testing.B) {
	for _, services := range []int{10, 1_000, 10_000} {
		all := city(services, 10)
		b.Run(fmt.Sprintf("services=%d/cached", services), func(b *testing.B) { benchmarkAsk(b, all, func(*world, int) {}) })
		b.Run(fmt.Sprintf("services=%d/new", services), func(b *testing.B) {
			benchmarkAsk(b, all, func(w *world, n int) {
				if n%services == 0 {
					w.snapshot.Store(&engine.Snapshot{At: start.Add(time.Duration(n)), Instances: all})
				}
			})
		})
		b.Run(fmt.Sprintf("services=%d/live", services), func(b *testing.B) { benchmarkLive(b, all) })
	}
}

// benchmarkLive asks while Run runs.
func benchmarkLive(b *testing.B, all []*engine.Instance) {
	benchmarkAsk(b, all, func(*world, int) {}, func(o *gates.Options) {
		o.Now = time.Now
		snapshot := func() *engine.Snapshot { return &engine.Snapshot{At: time.Now(), Instances: all} }
		var newest atomic.Pointer[engine.Snapshot]
		newest.Store(snapshot())
		o.Snapshot = newest.Load
		o.Limits.Queue = 0
		ctx, cancel := context.WithCancel(b.Context())
		var beside sync.WaitGroup
		beside.Go(func() {
			for tick := time.Tick(time.Second); ctx.Err() == nil; {
				select {
				case <-tick:
					newest.Store(snapshot())
				case <-ctx.Done():
				}
			}
		})
		b.Cleanup(func() { cancel(); beside.Wait() })
	})
}

func benchmarkAsk(b *testing.B, all []*engine.Instance, each func(*world, int), change ...func(*gates.Options)) {
	w := newWorld(b, append([]func(*gates.Options){limited(20_000, 1000, 1)}, change...)...)
	w.see(all...)
	ctx, cancel := context.WithCancel(b.Context())
	var beside sync.WaitGroup
	if len(change) > 0 {
		beside.Go(func() { w.Run(ctx) })
	}
	services := len(all) / 10
	var took [4096]atomic.Int64 // nanoseconds of the last answers
	var asked atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			n := int(asked.Add(1))
			each(w, n)
			began := time.Now()
			w.Ask(ctx, gate.Request{Service: all[n%services*10].Spec.Service})
			took[n%len(took)].Store(int64(time.Since(began)))
		}
	})
	cancel()
	beside.Wait()
	b.ReportMetric(p99(took[:])/1e3, "p99-µs")
}

func p99(took []atomic.Int64) float64 {
	var list []int64
	for i := range took {
		if d := took[i].Load(); d > 0 {
			list = append(list, d)
		}
	}
	slices.Sort(list)
	return float64(list[len(list)*99/100])
}

// BenchmarkStep looks at a new snapshot of a hundred thousand instances.
func BenchmarkStep(b *testing.B) {
	for _, services := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("services=%d", services), func(b *testing.B) {
			w := newWorld(b, func(o *gates.Options) { o.Store = nil })
			all := city(services, 10)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.set(start.Add(time.Duration(i) * time.Second))
				w.snapshot.Store(&engine.Snapshot{At: w.time(), Instances: all})
				w.Step(b.Context())
			}
		})
	}
}
