package backfill

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/test/lab"
)

// exact asks that what was counted, past and present, is what happened up to
// one of the last scrapes: to the event.
func (r *rig) exact(w *world, last int) {
	r.Helper()
	for _, s := range w.shops {
		r.until(30*time.Second, s.name+" is exact", func() error {
			in := r.instance(s.name + ":availability")
			if in == nil {
				return fmt.Errorf("no instance")
			}
			truths := w.happened(s)
			for _, t := range truths[max(0, len(truths)-last):] {
				if t == in.Since.Add(in.Past) {
					return nil
				}
			}
			return fmt.Errorf("counted %v, the truth is %v", in.Since.Add(in.Past), truths[len(truths)-1])
		})
	}
}

// happened is what had happened after each scrape.
func (w *world) happened(s *shop) (list []budget.Counts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	byTime := map[int64]budget.Counts{}
	var times []int64
	for _, t := range s.truths {
		at := t.at.UnixNano()
		if _, known := byTime[at]; !known {
			times = append(times, at)
		}
		byTime[at] = byTime[at].Add(t.Counts)
	}
	times = sorted(times)
	var sum budget.Counts
	for _, at := range times {
		sum = sum.Add(byTime[at])
		list = append(list, sum)
	}
	return list
}

// TestSeams: where chunks meet each other and live counting, and where the
// engine was restarted, nothing is lost and nothing is counted twice.
func TestSeams(t *testing.T) {
	t.Parallel()
	w := newWorld(3, 50*time.Hour, time.Minute)
	present := httptest.NewServer(w)
	defer present.Close()
	front := newProxy(t, w.prometheus(t, present.URL))
	lab.Eventually(t, time.Minute, func() error {
		if w.scraped() < 5 {
			return fmt.Errorf("scraped %d times", w.scraped())
		}
		return nil
	})
	o := promapi.Options{URL: front.URL, PollInterval: time.Second, MaxQueriesPerSecond: 8}
	j := &journal{}
	stops := 3
	if testing.Short() {
		stops = 1
	}
	for i := range stops { // in the middle
		r := start(t, j, o, specs(w))
		r.until(time.Minute, "a chunk is read", func() error {
			chunks := 0
			for _, p := range r.pasts() {
				if p.Share > 0 {
					chunks++
				}
			}
			if chunks <= i {
				return fmt.Errorf("%d chunks", chunks)
			}
			return nil
		})
		r.stop()
	}
	o.MaxQueriesPerSecond = 40
	r := start(t, j, o, specs(w))
	r.read(time.Minute)
	r.exact(w, 20)
	r.stop()
	again := start(t, j, o, specs(w)) // what the journal has is the same
	again.exact(w, 20)
}

// TestClockBehind: while our clock is behind the server's, samples are counted
// when our clock reaches them, and none is refused.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(1, 3*time.Hour, time.Minute)
	present := httptest.NewServer(w)
	defer present.Close()
	const behind = 10 * time.Minute
	reg := prometheus.NewRegistry()
	r := start(t, &journal{}, promapi.Options{
		URL: w.prometheus(t, present.URL), PollInterval: time.Second, MaxQueriesPerSecond: 50, Registerer: reg,
		Now: func() time.Time { return time.Now().Add(-behind) },
	}, specs(w))
	r.read(time.Minute)
	r.exact(w, 1000)
	if ahead := r.planned().ClockAhead; ahead < behind-5*time.Second || ahead > behind+5*time.Second {
		t.Errorf("the server's clock is said to be ahead by %s", ahead)
	}
	if in := r.instance("shop0:availability"); in.LastSample.After(time.Now().Add(-behind)) {
		t.Errorf("a sample of %s is from our future", in.LastSample)
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(""), "slo_engine_backend_refused_points_total"); err != nil {
		t.Errorf("points were refused: %v", err)
	}
}
