package heal

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// seed is that of SEED, or new.
func seed(t *testing.T) *rand.Rand {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: SEED=%d go test ./test/heal -run '^%s$'", n, t.Name())
		}
	})
	return rand.New(rand.NewPCG(n, 6))
}

// Killed at any moment of an action, the engine does it once and undoes it once.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rng := seed(t)
	w := newWorld(t, min(3**scale, 10), 1, terms{on: "heal"})
	w.warmUp()
	kills := w.survive(rng, max(1, 3**scale/len(w.lanes)), func() {
		w.kill(0)
		w.start(0)
	})
	t.Logf("%d faults, %d kills: each done once and undone once", len(w.lanes)*max(1, 3**scale/len(w.lanes)), kills)
}

// Of two engines with one PostgreSQL one acts; when it is killed the other one
// goes on.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	rng := seed(t)
	database := lab.StartPostgres(t)
	w := newWorld(t, min(2**scale, 10), 2, terms{on: "heal", state: database.DSN})
	w.warmUp()
	next := 0
	rounds := max(1, 2**scale/len(w.lanes))
	kills := w.survive(rng, rounds, func() {
		w.kill(next % 2)
		w.start(next % 2)
		next++
	})
	t.Logf("%d faults, two engines on one PostgreSQL, %d kills: each done once and undone once", len(w.lanes)*rounds, kills)
}

// survive breaks all lanes, so many times, and kills at random moments until
// every action has come to its end.
func (w *world) survive(rng *rand.Rand, rounds int, kill func()) (kills int) {
	for round := range rounds {
		for _, l := range w.lanes {
			w.shatter(l)
		}
		for _, state := range []string{"held", "undone"} {
			// Soon after the beginning, when much happens, or later.
			for range 2 {
				time.Sleep(time.Duration(rng.IntN(9000)) * time.Millisecond) //lint:sleep the moment of the kill is what is random here
				kill()
				kills++
			}
			for _, l := range w.lanes {
				if state == "held" {
					w.reaches(l, round+1, patience, "held", "undoing", "undone")
					w.mend(l)
				} else {
					w.undone(l, round+1)
				}
			}
		}
	}
	return kills
}
