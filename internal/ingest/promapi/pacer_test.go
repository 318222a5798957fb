package promapi

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPacer: queries are evenly spaced, polls go first, and the past gets its
// share all the same.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var mu sync.Mutex
		var times []time.Time
		went := map[lane]int{}
		var all sync.WaitGroup
		for _, l := range []lane{polls, polls, pasts, pasts} {
			all.Go(func() {
				for p.wait(ctx, l) == nil {
					mu.Lock()
					times = append(times, time.Now())
					went[l]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < p.every {
				t.Fatalf("query %d came %s after the one before", i, gap)
			}
		}
		if n := len(times); n < 75 || n > 100 {
			t.Errorf("%d queries in ten seconds", n)
		}
		if share := float64(went[pasts]) / float64(len(times)); share < 0.2 || share > 0.3 {
			t.Errorf("the past got %.2f of the queries", share)
		}
	})
}

// TestPacerAlone: a lane that is alone has it all.
func TestPacerAlone(t *testing.T) {
	for _, l := range []lane{polls, pasts} {
		synctest.Test(t, func(t *testing.T) {
			p, began := newPacer(10), time.Now()
			for range 20 {
				if err := p.wait(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > 2100*time.Millisecond {
				t.Errorf("20 queries of %s took %s", l, took)
			}
		})
	}
}
