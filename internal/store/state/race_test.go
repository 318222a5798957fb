package state_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// record is one that can be reserved.
func record(id, target string) remediation.Record {
	return remediation.Record{
		ID: id, Playbook: "heal", Service: "checkout", Alert: id, Since: start,
		Gateway: "haproxy", Target: target, Created: start, Updated: start, Entered: start,
	}
}

func reserved(t testing.TB, s remediation.Store, id, target string) remediation.Record {
	t.Helper()
	r, err := s.Reserve(t.Context(), record(id, target), remediation.Limits{}, remediation.Entry{At: start, What: "reserved", Action: id})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Engines of their own, each with its connections, want the same target: one
// gets it, and the others are told who. Then they all write the winner.
func testOneEngineWins(t *testing.T, fresh fresh) {
	const engines = 4
	var stores [engines]*state.Store
	dsn := fresh(t)
	for i := range stores {
		stores[i] = open(t, state.Options{DSN: dsn, Patience: time.Minute})
	}
	for round := range 200 * *scale {
		target := fmt.Sprint("target", round)
		won := contend(t, stores[:], func(i int, s *state.Store) (remediation.Record, error) {
			return s.Reserve(t.Context(), record(fmt.Sprint(target, "-", i), target), remediation.Limits{MaxOpen: 1e6})
		})
		won.State = remediation.Applying
		contend(t, stores[:], func(_ int, s *state.Store) (remediation.Record, error) {
			return s.Update(t.Context(), won, remediation.Entry{At: start, What: "applying", Action: won.ID})
		})
	}
	chain, err := stores[0].Verify(t.Context())
	if err != nil || chain.Entries != int64(200**scale) {
		t.Errorf("of %d rounds there are %d entries: %v", 200**scale, chain.Entries, err)
	}
}

// contend has all do something of which one may succeed.
func contend(t *testing.T, stores []*state.Store, do func(int, *state.Store) (remediation.Record, error)) remediation.Record {
	t.Helper()
	var wg sync.WaitGroup
	results, failed := make([]remediation.Record, len(stores)), make([]error, len(stores))
	for i, s := range stores {
		wg.Go(func() { results[i], failed[i] = do(i, s) })
	}
	wg.Wait()
	var won []remediation.Record
	for i, err := range failed {
		var held *remediation.Held
		switch {
		case err == nil:
			won = append(won, results[i])
		case errors.Is(err, remediation.ErrRevision) || errors.As(err, &held) && held.Reason == remediation.HeldBusyTarget:
		default:
			t.Fatal(err)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d have won: %+v, %v", len(won), won, failed)
	}
	return won[0]
}
