package state_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestMemoryGates(t *testing.T) {
	statetest.RunGates(t, func(*testing.T) gates.Store { return statetest.NewMemoryGates() })
}

func testGates(t *testing.T, fresh fresh) {
	statetest.RunGates(t, func(t *testing.T) gates.Store { return open(t, state.Options{DSN: fresh(t)}) })
}

// Engines that tell the same verdicts, mark the same deploy and break the same glass
// at once lose none of it, and do it once.
func testGatesOfSeveral(t *testing.T, fresh fresh) {
	const engines, rounds = 4, 20
	dsn := fresh(t)
	var stores [engines]*state.Store
	for i := range stores {
		stores[i] = open(t, state.Options{DSN: dsn, Patience: time.Minute})
	}
	var wg sync.WaitGroup
	for i, s := range stores {
		wg.Go(func() {
			for range rounds {
				list := []gates.Told{verdict("a"), verdict("b")}
				d := gate.Deploy{ID: "d", Service: "checkout", Version: fmt.Sprint("v", i), At: start}
				_, err := s.MarkDeploy(context.Background(), d)
				for _, err := range []error{err, s.TellVerdicts(context.Background(), list), s.BreakGlass(context.Background(), glass())} {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	told, err := stores[0].Verdict(t.Context(), "a")
	if err != nil || told.Count != engines*rounds {
		t.Errorf("the verdict was told %d times: %v", told.Count, err)
	}
	chain, err := stores[0].Verify(t.Context())
	if err != nil || chain.Entries != 2 {
		t.Errorf("of one glass and one deploy the audit has %d entries: %v", chain.Entries, err)
	}
}

func verdict(id string) gates.Told {
	return gates.Told{Count: 1, First: start, Last: start, Verdict: gate.Verdict{ID: id, Decision: slo.GateDeny, At: start}}
}

func glass() gate.Glass {
	return gate.Glass{ID: "g", Service: "checkout", Reason: "the fix is in there", By: "alice", At: start, Until: start.Add(time.Hour)}
}

// Who let a change pass, and who ended that, stays in the audit when the rest is
// swept.
func testGatesAreAudited(t *testing.T, fresh fresh) {
	s := open(t, state.Options{DSN: fresh(t)})
	later := start.Add(time.Minute)
	for _, err := range []error{
		s.BreakGlass(t.Context(), glass()),
		s.MendGlass(t.Context(), "g", "bob", later),
		s.MendGlass(t.Context(), "g", "carol", later.Add(time.Minute)),
		s.SweepGates(t.Context(), start.Add(2*time.Hour), 1),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	entries, err := s.Entries(t.Context(), remediation.EntryQuery{Service: "checkout"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e.At.Format(time.TimeOnly), " ", e.Who, " ", e.What))
	}
	want := []string{"12:01:00 bob gate_glass_mended", "12:00:00 alice gate_glass_broken"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A burst of distinct verdicts is written, and what is too much is forgotten.
func testManyVerdicts(t *testing.T, fresh fresh) {
	s := open(t, state.Options{DSN: fresh(t), Patience: time.Minute})
	var all []gates.Told
	for i := range 10_000 {
		all = append(all, verdict(fmt.Sprintf("%05d", i)))
	}
	began := time.Now()
	if err := s.TellVerdicts(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(began)
	if err := s.SweepGates(t.Context(), time.Time{}, 1000); err != nil {
		t.Fatal(err)
	}
	t.Logf("10,000 verdicts were written in %s, and 9,000 forgotten in %s", wrote, time.Since(began)-wrote)
	left, err := s.FindVerdicts(t.Context(), gates.VerdictQuery{Limit: 2000})
	if err != nil || len(left) != 1000 || left[0].ID != "09000" {
		t.Errorf("%d verdicts are left: %v", len(left), err)
	}
}
