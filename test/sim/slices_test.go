package sim

import (
	"math/big"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
)

// slices are how the world's slices are judged.
func (w *world) slices() slo.Budgeting {
	return slo.Budgeting{
		Method: slo.Timeslices,
		Slice:  []time.Duration{30 * time.Second, time.Minute, 5 * time.Minute, time.Hour}[w.seed%4],
		Target: []float64{0.5, 0.9, 0.99, 0.999, 1}[w.seed%5],
	}
}

// share is a target as it was meant.
func share(target float64) *big.Rat { return big.NewRat(int64(target*1000+0.5), 1000) }

// lookAtSlices sorts all events that are known into slices, and compares every
// window, and all that was ever counted, with these.
func (p *probing) lookAtSlices(in *engine.Instance, now time.Time) {
	p.Helper()
	parts := p.parts("")
	for i := range parts {
		parts[i].Increments = known(parts[i].Increments, now.UnixNano())
	}
	if beyondSlices(parts) {
		return // what is left out the engine says: sli.NoticeLateForSlice
	}
	b := in.Spec.Budgeting
	events := oracle.Judged(oracle.Slices(parts, b.Slice), share(b.Target), in.LastSample.UnixNano())
	if got, want := in.Since, oracle.Since(events); !same(got, want) {
		p.Fatalf("seed %d (%s), %s at %s: counted %+v in all, the oracle %v", p.seed, p.world, in.ID, now.Sub(began), got, want)
	}
	if now.Sub(in.Period.End) > 2*time.Minute+b.Slice {
		return // it waits for the rest of a sample set, and its finest slots have gone on meanwhile
	}
	for _, r := range append(in.Windows, in.Period) {
		p.compared++
		start, end, want := oracle.Window(events, r.End, r.Window)
		if !same(r.Counts, want) || !r.Start.Equal(start) || !r.End.Equal(end) || r.End.UnixNano()%int64(b.Slice) != 0 {
			p.Fatalf("seed %d (%s), %s, %s at %s: counted %+v in (%s, %s], the oracle %v in (%s, %s]", p.seed, p.world, in.ID, r.Window, now.Sub(began),
				r.Counts, r.Start.Sub(began), r.End.Sub(began), want, start.Sub(began), end.Sub(began))
		}
	}
}

// keptSlices is for how long slices wait for what is late for them.
const keptSlices = 6 * time.Hour

// beyondSlices reports whether a counter was away for longer than slices wait.
func beyondSlices(parts []oracle.Part) bool {
	return slices.ContainsFunc(parts, func(p oracle.Part) bool {
		return slices.ContainsFunc(p.Increments, func(i oracle.Increment) bool {
			return !i.Whole && i.To-i.From > int64(keptSlices)
		})
	})
}

func same(got budget.Counts, want oracle.Counts) bool {
	equal := func(f float64, n *big.Int) bool { return new(big.Float).SetInt(n).Cmp(big.NewFloat(f)) == 0 }
	return equal(got.Bad, want.Bad) && equal(got.Total, want.Total)
}
