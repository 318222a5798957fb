package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestRunEndsWithItsContext(t *testing.T) {
	bubble(t, Options{}, nil, func(t *testing.T, r *rig) {
		time.Sleep(10 * time.Second)
		r.stop()
		before := r.Snapshot()
		time.Sleep(10 * time.Second)
		if r.Snapshot() != before {
			t.Error("a snapshot was published after the stop")
		}
	})
}

func TestLoadBeforeRunWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{})
		loaded := make(chan error, 1)
		go func() { loaded <- e.Load(t.Context(), compile(t, newSpec("shop")), nil) }()
		synctest.Wait()
		select {
		case err := <-loaded:
			t.Fatalf("load returned %v before the engine ran", err)
		default:
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		if err := <-loaded; err != nil {
			t.Fatalf("load: %v", err)
		}
		cancel()
		<-ended
	})
}

func TestLoadBeforeRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := e.Load(ctx, compile(t, newSpec("shop")), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("load: %v, want the context's error", err)
		}
	})
}

func TestLoadAfterStop(t *testing.T) {
	bubble(t, Options{QueueLength: 1}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		r.stop()
		for range 5 { // more than the queues hold
			if err := r.Load(context.Background(), compile(t, newSpec("shop")), nil); !errors.Is(err, ErrStopped) {
				t.Errorf("load: %v, want ErrStopped", err)
			}
		}
	})
}

func TestIngestBeforeRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f := (&rig{T: t, Engine: e}).shop("shop", time.Second)
		if _, err := e.Ingest(ctx, f.batch(time.Now())); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ingest: %v, want the context's error", err)
		}
	})
}

func TestIngestAfterStop(t *testing.T) {
	bubble(t, Options{}, []*slo.Spec{newSpec("shop")}, func(t *testing.T, r *rig) {
		f := r.shop("shop", time.Second)
		f.put(time.Now())
		r.stop()
		if _, err := r.Ingest(context.Background(), f.batch(time.Now())); !errors.Is(err, ErrStopped) {
			t.Errorf("ingest: %v, want ErrStopped", err)
		}
	})
}

// What waits in a queue when the engine stops is answered, and leaves no
// goroutine behind (the bubble would not end).
func TestStopAnswersWhoWaits(t *testing.T) {
	bubble(t, Options{QueueLength: 4}, []*slo.Spec{newSpec("a"), newSpec("b")}, func(t *testing.T, r *rig) {
		release := r.occupy()
		answers := make(chan error)
		for range 6 {
			f := r.shop("a", time.Second)
			go func() {
				_, err := r.Ingest(context.Background(), f.batch(time.Now()))
				answers <- err
			}()
		}
		go func() { answers <- r.Load(context.Background(), nil, nil) }()
		synctest.Wait()
		stopped := make(chan struct{})
		go func() { r.stop(); close(stopped) }()
		synctest.Wait()
		release()
		<-stopped
		for range 7 {
			if err := <-answers; err != nil && !errors.Is(err, ErrStopped) {
				t.Errorf("answer %v, want none or ErrStopped", err)
			}
		}
	})
}

func TestTwoEnginesInOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := start(t, Options{Registerer: prometheus.NewRegistry()}, newSpec("one"))
		two := start(t, Options{Registerer: prometheus.NewRegistry()}, newSpec("two"))
		betweenTicks()
		f, g := one.shop("one", time.Second), two.shop("two", time.Second)
		f.past(time.Hour, 1000, 1)
		g.past(time.Hour, 500, 2)
		settled()
		if got := one.instance("one:availability").Since.Total; got != 1001 {
			t.Errorf("one counted %v", got)
		}
		if got := two.instance("two:availability").Since.Total; got != 502 {
			t.Errorf("two counted %v", got)
		}
		one.stop()
		two.stop()
	})
}
