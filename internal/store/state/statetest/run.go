package statetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Run checks that a Store does what it must. open returns a new, empty one;
// Run closes it.
func Run(t *testing.T, open func(t *testing.T) remediation.Store) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, remediation.Store)
	}{
		{"KeepsRecordsAsTheyAre", keepsRecords},
		{"RefusesWhatIsNoReservation", refusesReservations},
		{"HoldsOneActionPerTarget", holdsTarget},
		{"HoldsWhatWasDecided", holdsDecided},
		{"HoldsDuringCooldown", holdsCooldown},
		{"HoldsBeyondCaps", holdsCaps},
		{"OneOfManyWins", oneWins},
		{"UpdatesByRevision", updatesByRevision},
		{"MovesLegally", movesLegally},
		{"FencesOldEpochs", fences},
		{"AuditsWithTheMove", auditsWithTheMove},
		{"FindsRecords", findsRecords},
		{"FindsEntries", findsEntries},
		{"LeadsOneAtATime", leads},
		{"SurvivesClocks", survivesClocks},
		{"KeepsSettings", keepsSettings},
		{"DeliversInOrder", deliversInOrder},
		{"PushesOnce", pushesOnce},
		{"KeepsTheDead", keepsTheDead},
		{"SettlesAllOrNone", settlesAllOrNone},
		{"RevivesTheDead", revivesTheDead},
		{"CountsTheBacklog", countsTheBacklog},
		{"SweepsWhatEnded", sweeps},
		{"TellsWithTheMove", tellsWithTheMove},
		{"DrillsCountForNothing", drills},
		{"KeepsAlertsFromElsewhere", keepsInbound},
		{"KeepsStorms", keepsStorms},
		{"TakesStrangeText", takesStrangeText},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := open(t)
			defer func() {
				if err := store.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			c.check(t, store)
		})
	}
}

// start is the time of the first record of all tests.
var start = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// record is one that can be reserved; its id, alert and target are name.
func record(name string) remediation.Record {
	return remediation.Record{
		ID: name, Playbook: "heal", Service: "checkout", Alert: name, Since: start.Add(-time.Minute),
		Gateway: "haproxy", Target: name, State: remediation.Proposed, Created: start, Updated: start, Entered: start,
	}
}

// with is a record that is changed.
func with(r remediation.Record, change func(*remediation.Record)) remediation.Record {
	change(&r)
	return r
}

func reserve(t *testing.T, s remediation.Store, r remediation.Record, limits remediation.Limits, along ...remediation.Along) remediation.Record {
	t.Helper()
	got, err := s.Reserve(t.Context(), r, limits, along...)
	if err != nil {
		t.Fatalf("reserve %s: %v", r.ID, err)
	}
	return got
}

// wantHeld reserves what must be held back.
func wantHeld(t *testing.T, s remediation.Store, r remediation.Record, limits remediation.Limits, want remediation.Held) {
	t.Helper()
	_, err := s.Reserve(t.Context(), r, limits, remediation.Entry{At: start, What: "never_written"})
	var held *remediation.Held
	if !errors.As(err, &held) {
		t.Fatalf("reserve %s: %v, want it held: %v", r.ID, err, &want)
	}
	same(t, "held", *held, want)
}

// move updates a record through states.
func move(t *testing.T, s remediation.Store, r remediation.Record, states ...remediation.State) remediation.Record {
	t.Helper()
	for _, state := range states {
		r.State = state
		next, err := s.Update(t.Context(), r)
		if err != nil {
			t.Fatalf("move %s to %s: %v", r.ID, state, err)
		}
		r = next
	}
	return r
}

// undone are the states from a reservation to its usual end.
var undone = []remediation.State{
	remediation.Applying, remediation.Verifying, remediation.Holding, remediation.Undoing, remediation.Undone,
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ok fails the test when there is an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want checks which error there is.
func want(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error is %v, want %v", err, kind)
	}
}

// names are the ids of records, in their order.
func names(all []remediation.Record) (ids []string) {
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}
