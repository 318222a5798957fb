package e2e

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// story is what happens to a target while some watch it.
type story struct {
	t        *testing.T
	target   *target
	watchers []*watcher
}

// watcher is a Prometheus and the engine that it sends to.
type watcher struct {
	source
	engine *running
	// live is what the engine said on the way.
	live []reading
}

// tell lives through everything that can happen to counters.
func (s *story) tell() {
	s.t.Helper()
	g := s.target
	s.poke()
	s.settle() // the first sample sets are in
	stop := g.drive()
	s.pass(8 * time.Second)
	// Label sets that nobody has seen: their first events count.
	g.widen("/late", "503")
	s.settle()
	s.pass(6 * time.Second)
	// A gap in the scrapes; the traffic goes on, and a route begins in it.
	g.do(func() { g.down = true })
	g.widen("/gap", "502")
	s.gap(5 * time.Second)
	g.do(func() { g.down = false })
	s.settle()
	s.pass(5 * time.Second)
	// A restart. What nobody has scraped of the old life nobody can know.
	stop()
	s.settle()
	g.restart()
	s.settle()
	stop = g.drive()
	g.do(g.requestEach)
	s.settle()
	s.pass(6 * time.Second)
	stop()
	s.settle()
}

// pass lets time go by in which no series begins or ends, and listens to what
// the engine says meanwhile.
func (s *story) pass(d time.Duration) {
	s.t.Helper()
	s.every(d, s.listen)
}

// gap lets time go by.
func (s *story) gap(d time.Duration) {
	s.t.Helper()
	s.every(d, func() {})
}

func (s *story) every(d time.Duration, do func()) {
	s.t.Helper()
	if testing.Short() {
		d /= 3
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(d); ; {
		select {
		case <-tick.C:
			do()
		case <-over:
			return
		case <-s.t.Context().Done():
			return
		}
	}
}

// listen keeps what the engines say now.
func (s *story) listen() {
	s.t.Helper()
	for _, w := range s.watchers {
		readings, err := w.readAll(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range readings {
			r.counting = true
			w.live = append(w.live, r)
		}
	}
	s.poke()
}

// poke gives each Prometheus something to count: an answer and a refusal.
func (s *story) poke() {
	for _, w := range s.watchers {
		_, _ = w.Query(s.t.Context(), "up", time.Time{})
		_, _ = w.Query(s.t.Context(), "up{", time.Time{})
	}
}

// settle waits until every Prometheus, and then its engine, has all that the
// target counts now.
func (s *story) settle() {
	s.t.Helper()
	mark := s.target.setMark()
	for _, w := range s.watchers {
		var newest time.Time
		lab.Eventually(s.t, arrival, func() (err error) {
			newest, err = w.stored(s.t.Context(), mark)
			return err
		})
		lab.Eventually(s.t, arrival, func() error { return w.has(s.t.Context(), newest) })
	}
}

// stored is when the last job stored a mark.
func (w *watcher) stored(ctx context.Context, mark float64) (newest time.Time, err error) {
	found, err := w.Query(ctx, fmt.Sprintf("timestamp(test_mark == %v)", mark), time.Time{})
	if err == nil && len(found) != 2 {
		err = fmt.Errorf("mark %v is stored by %d jobs, want 2", mark, len(found))
	}
	for _, s := range found {
		if at := time.UnixMilli(int64(math.Round(float64(s.Value) * 1000))); at.After(newest) {
			newest = at
		}
	}
	return newest, err
}

// has wants the engine to have samples up to a time. A group's series may
// have ended with the life before.
func (w *watcher) has(ctx context.Context, newest time.Time) error {
	readings, err := w.readAll(ctx)
	for _, r := range readings {
		if r.group == "" && r.detail.LastSample.Before(newest) {
			return fmt.Errorf("%s has samples up to %s, want %s", r.slo, r.detail.LastSample, newest)
		}
	}
	return err
}
