package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// TestWorstNetIsABound moves windows with excluded time on over random
// histories, in which sources may disagree, and compares what they read with
// what was said before.
func TestWorstNetIsABound(t *testing.T) {
	windows := []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 30 * time.Hour}
	said, refused := 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 19))
		l := budget.New(windows[len(windows)-1])
		now := sunday
		var spans []budget.Span
		for now.Before(sunday.Add(40 * time.Hour)) {
			if rng.IntN(60) == 0 {
				spans = append(spans, budget.Span{From: now, To: now.Add(time.Duration(1+rng.IntN(5000)) * time.Second)})
				l.Pin(now)
				l.Pin(spans[len(spans)-1].To)
				now = spans[len(spans)-1].To
			}
			now = now.Add(time.Duration(1+rng.IntN(600)) * time.Second)
			c := budget.Counts{Total: float64(rng.IntN(1000))}
			c.Bad = float64(rng.IntN(int(c.Total)+1) - 300*rng.IntN(2))
			l.Add(now.Add(-time.Duration(rng.IntN(2*rng.IntN(2000)+1))*time.Second), c)
			l.Observe(now.Add(-10*time.Minute), now)
		}
		spans = union(slices.Clone(spans))
		j := &judged{instance: &sli.Instance{Ledger: l}, plan: &plan{windows: windows}, extras: &extras{spans: spans}}
		j.panel = budget.NewPanel(l, windows)
		for range 50 {
			j.at = now.Add(time.Duration(rng.IntN(3600)) * time.Second)
			ahead := time.Duration(1+rng.IntN(60)) * time.Second
			j.panel.Move(j.at, true)
			j.net = j.panel.View().Net(spans)
			for i, w := range windows {
				worst, ok := j.worstOver(i, ahead)
				if !ok {
					refused++
					continue
				}
				said++
				for d := time.Duration(0); d <= ahead; d += 1 + ahead/9 {
					net := l.At(j.at.Add(d), true).Net(spans)
					estimate, window := net.Estimate(w), net.Window(w)
					for _, got := range []budget.NetReading{estimate, window} {
						if got.Bad > worst.Bad+1e-6 || got.Total < worst.Total-1e-6 || float64(got.Known)/float64(w) > worst.Coverage+1e-9 {
							t.Fatalf("seed %d: %s, %s later, reads %+v, the worst was %+v", seed, w, d, got, worst)
						}
					}
				}
			}
		}
	}
	if said < 1000 || refused == 0 {
		t.Errorf("%d bounds, %d refused", said, refused)
	}
}
