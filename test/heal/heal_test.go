package heal

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// times are how long something took, each time.
type times []time.Duration

// at is the share of them that took no longer, of sorted ones.
func (t times) at(share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func (t times) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	return fmt.Sprintf("median %v, 99th percentile %v, longest %v", round(t.at(0.5)), round(t.at(0.99)), round(t.at(1)))
}

// patience is how long anything may take on a machine that does other work.
const patience = 3 * time.Minute

// The shop breaks, and is healed before anybody could be called; when it is
// mended, its weights are what they were.
func TestHealTier(t *testing.T) {
	t.Parallel()
	lanes := min(3**scale, 10)
	w := newWorld(t, lanes, 1, terms{on: "heal"})
	w.warmUp()
	healed, started := w.faults(max(1, (3**scale)/lanes))
	t.Logf("%d faults by the heal tier: fault to healthy %v; threshold crossed to action at the gateway %v", len(healed), healed, started)
	if proving() && (healed.at(1) > 15*time.Second || started.at(0.99) > 2*time.Second) {
		t.Error("wanted: healthy within 15 s, action started within 2 s")
	}
}

// The same by the tiers of the workbook alone.
func TestWorkbookTiers(t *testing.T) {
	t.Parallel()
	lanes := 1
	if proving() {
		lanes = 5
	}
	w := newWorld(t, lanes, 1, terms{on: "page_fast|page_slow"})
	w.warmUp()
	healed, started := w.heal(1)
	t.Logf("%d faults by the workbook's tiers: fault to healthy %v; threshold crossed to action at the gateway %v", len(healed), healed, started)
	if proving() && healed.at(1) > 60*time.Second {
		t.Error("wanted: healthy within 60 s")
	}
}

// faults breaks all lanes, so many times, each time until they are undone.
func (w *world) faults(rounds int) (healed, started times) {
	for round := range rounds {
		h, s := w.heal(round + 1)
		healed, started = append(healed, h...), append(started, s...)
		for _, l := range w.lanes {
			w.undone(l, round+1)
		}
	}
	return healed, started
}

// heal breaks all lanes, each for the so-manieth time, and mends them when they
// are healed.
func (w *world) heal(number int) (healed, started times) {
	for _, l := range w.lanes {
		w.shatter(l)
	}
	for _, l := range w.lanes {
		a := w.reaches(l, number, patience, "held")
		healed = append(healed, l.healed())
		started = append(started, a.ActedAt.Sub(a.AlertSince.Time))
		if a.Effect != "helped" {
			w.Errorf("action %s of %s had effect %q", a.ID, l.name, a.Effect)
		}
		w.mend(l)
	}
	return healed, started
}

// undone waits until a lane's action is undone, and looks that it was done once
// and undone once.
func (w *world) undone(l *lane, number int) apitypes.Action {
	w.Helper()
	a := w.reaches(l, number, 2*patience, "undone")
	if got := w.weights(l); got != before {
		w.Errorf("%s has the weights %s after action %s, not %s", l.name, got, a.ID, before)
	}
	if orders := w.door.about(l); len(orders) != 2*number { // v2's weight, there and back
		w.Errorf("%s was changed by %q, which is not %d actions done and undone once", l.name, orders, number)
	}
	return a
}
