package syncwindow

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What a person edits is theirs, until the gate allows.
func TestEditedByAPerson(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	b.step(0)
	b.only()["manualSync"] = true
	for range 20 {
		b.step(time.Minute)
		b.step(time.Hour)
		b.says[key] = slo.GateHold // it is about something else now, and still theirs
	}
	if b.only()["manualSync"] != true || b.project.writes != 1 {
		t.Fatalf("an edited window has become %v after %d writes", b.only(), b.project.writes)
	}
	if m := b.memories[key]; m.contested != noteEdited || !m.stands {
		t.Errorf("it is remembered as %+v", m)
	}
	b.says[key] = slo.GateAllow
	b.step(time.Minute)
	b.step(time.Minute)
	b.wantNone()
	if m := b.memories[key]; m.contested != "" {
		t.Errorf("it is contested still: %+v", m)
	}
}

// Who puts an edited window back in order has no quarrel.
func TestEditedAndPutBack(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	b.step(0)
	was := b.only()["schedule"]
	b.only()["schedule"] = "0 0 * * *"
	b.step(time.Second)
	b.only()["schedule"] = was
	b.step(time.Second)
	if m := b.memories[key]; m.contested != "" || b.project.writes != 1 {
		t.Errorf("it is remembered as %+v after %d writes", m, b.project.writes)
	}
}

// Argo CD itself writes what is missing; that is no edit.
func TestWrittenByArgoCD(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	b.step(0)
	b.only()["manualSync"], b.only()["namespaces"] = false, []any{}
	b.step(time.Second)
	if m := b.memories[key]; m.contested != "" {
		t.Errorf("it is remembered as %+v", m)
	}
}

// A controller that takes the window away each time is not fought.
func TestTakenAwayAgainAndAgain(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	for range 24 * 360 {
		b.step(10 * time.Second)
		b.project.windows = nil
	}
	if b.project.writes != 1+mostTries {
		t.Errorf("it was written %d times, want once and %d times more", b.project.writes, mostTries)
	}
	if m := b.memories[key]; m.contested != noteTaken || m.stands {
		t.Errorf("it is remembered as %+v", m)
	}

	b.says[key] = slo.GateAllow // the quarrel is over, and forgotten
	b.step(time.Second)
	b.step(time.Minute)
	b.says[key] = slo.GateDeny
	b.step(time.Second)
	b.only()
}

// Once is put back, after a while; and an hour later that is forgotten.
func TestTakenAwayOnce(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	for range 10 {
		b.step(time.Second)
		b.project.windows = nil
		b.step(time.Second)
		b.step(59 * time.Second)
		b.wantNone()
		b.step(time.Second)
		b.only()
		b.step(time.Minute)
		b.step(calm)
	}
}

// A clock that is set back far does not keep a window away for as long.
func TestTakenAwayAndTheClockSetBack(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	b.step(time.Second)
	b.project.windows = nil
	b.step(time.Second)
	b.step(-24 * time.Hour)
	b.only()
}
