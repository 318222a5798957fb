package bench

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
)

// The floor is one only if the loop does its work: it knows each series once,
// and counts what they grew by.
func TestBareLoopCounts(t *testing.T) {
	fleet := payload.Fleet{Jobs: 7, PerJob: 10}
	load := payload.New(payload.RemoteWrite1, fleet, 30)
	loop, now, grown := newBareLoop(fleet.Series()), time.Now(), 0.0
	for round := range 3 {
		loop.all(t, [][][]byte{load.Round(now.Add(time.Duration(round)*time.Second), round, fleet.Steady)})
	}
	for i := range fleet.Series() {
		grown += fleet.Steady(i, 2) - fleet.Steady(i, 0)
	}
	if loop.used != fleet.Series() || loop.points != 3*fleet.Series() || loop.sum != grown {
		t.Errorf("%d series, %d points, sum %g; want %d, %d, %g", loop.used, loop.points, loop.sum, fleet.Series(), 3*fleet.Series(), grown)
	}
}
