package engine

import (
	"testing"
	"time"
)

// An SLO that was loaded while the engine ran, and one that was written while it
// was down, begin then: what was counted for others before is none of theirs.
func TestReplayBeginsWithTheLoad(t *testing.T) {
	before, loaded, written := newSpec("shop"), newSpec("shop", named("loaded")), newSpec("shop", named("written"))
	c := newCounters(t, before)
	tape, err := NewTape(c.core)
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string][2]float64{"shop": {90, 10}}
	c.ingest = tape.Ingest
	c.run(0, 10, requests)
	c.core.Load(compile(t, before, loaded), nil, c.started.Add(10*time.Minute))
	tape.keep(c.core.tracker.AppendLoad([]byte{kindLoad})) // and no snapshot: the engine is killed before
	c.run(10, 5, requests)

	now := c.started.Add(15 * time.Minute)
	again, err := tape.Restart(compile(t, before, loaded, written), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	again.Evaluate(now)
	for _, s := range []string{before.ID(), loaded.ID()} {
		want, got := c.core.judged[s].instance.Ledger.Since(), again.judged[s].instance.Ledger.Since()
		if got != want || want.Bad == 0 {
			t.Errorf("%s: %v after the restart, want %v", s, got, want)
		}
	}
	if j := again.judged[written.ID()]; j != nil && j.instance.Ledger.Since().Total != 0 {
		t.Errorf("%s has %v, and was not there", written.ID(), j.instance.Ledger.Since())
	}
}
