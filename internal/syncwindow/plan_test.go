package syncwindow

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const key = "checkout/prod"

// Each decision is a window, or none.
func TestDecisions(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateUnknown
	b.step(0)
	b.wantNone()

	b.says[key] = slo.GateHold
	b.step(time.Second)
	want := map[string]any{
		"kind": "deny", "schedule": "55 11 22 11 *", "duration": "1h5m0s", "timeZone": "UTC",
		"applications": []any{"cart", "checkout-*"}, "manualSync": true,
	}
	got := maps.Clone(b.only())
	description := got["description"].(string)
	delete(got, "description")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the window of a hold (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(description, "slo-engine checkout/prod hold until 2026-11-22T13:00Z ") || !strings.HasSuffix(description, ": 3 % of the budget is left") {
		t.Errorf("its description is %q", description)
	}

	b.says[key] = slo.GateDeny
	b.step(time.Second)
	if b.only()["manualSync"] != nil {
		t.Errorf("a deny is %v, and lets people sync", b.only())
	}

	b.says[key] = slo.GateUnknown
	b.step(time.Hour)
	b.only()

	b.says[key] = slo.GateAllow
	b.step(time.Second)
	b.wantNone()
	if b.project.windows != nil {
		t.Error("an empty list is left behind")
	}
}

// What is milder waits, what is graver does not.
func TestItSettles(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	b.step(0)
	for range 5 { // it flaps
		b.says[key] = slo.GateAllow
		b.step(30 * time.Second)
		b.says[key] = slo.GateDeny
		b.step(10 * time.Second)
	}
	if b.only(); b.project.writes != 1 {
		t.Errorf("a gate that flaps has caused %d writes", b.project.writes)
	}
	b.says[key] = slo.GateAllow
	b.step(time.Second)
	b.step(time.Minute)
	b.wantNone()
}

// A window that nothing has happened to is written again only when half of its time
// is over, and never lapses.
func TestItLasts(t *testing.T) {
	b := newBed(t, checkout)
	b.says[key] = slo.GateDeny
	for range 24 * 60 * 6 {
		b.step(10 * time.Second)
		m, _ := parseMark(b.only()["description"].(string))
		if left := m.until.Sub(b.now); left < 29*time.Minute || left > time.Hour {
			t.Fatalf("at %s it lasts for %s", b.now, left)
		}
	}
	if b.project.writes > 50 {
		t.Errorf("%d writes in a day", b.project.writes)
	}
	b.step(-48 * time.Hour) // the clock is set back
	if m, _ := parseMark(b.only()["description"].(string)); m.until.Sub(b.now) > time.Hour {
		t.Errorf("after the clock was set back it lasts until %s", m.until)
	}
}

// Windows of people, and of other engines, stay as they are and where they are.
func TestItTouchesOnlyItsOwn(t *testing.T) {
	foreign := []any{
		map[string]any{"kind": "allow", "schedule": "* * * * *", "duration": "1h", "applications": []any{"*"}},
		map[string]any{"kind": "deny", "description": "slo-engine is not allowed to: ship", "syncOverrun": true},
		map[string]any{"kind": "deny", "description": "other-engine checkout/prod deny until 2026-11-22T13:00Z 00000000: x"},
		"not even a window",
	}
	b := newBed(t, checkout, Window{Service: "pay", Applications: []string{"pay"}})
	b.project.windows = append(b.project.windows, foreign...)
	for i, d := range []slo.GateDecision{slo.GateDeny, slo.GateHold, slo.GateAllow, slo.GateDeny, slo.GateAllow} {
		b.says[key], b.says["pay"] = d, slo.GateDeny
		b.step(2 * time.Minute)
		b.step(2 * time.Minute)
		if diff := cmp.Diff(foreign, b.project.windows[:len(foreign)]); diff != "" {
			t.Fatalf("after step %d windows of others have changed (-want +got):\n%s", i, diff)
		}
		want := len(foreign) + 2
		if d == slo.GateAllow {
			want--
		}
		if len(b.project.windows) != want {
			t.Fatalf("after step %d (%s) there are %d windows, want %d", i, d, len(b.project.windows), want)
		}
		// What stands before ours goes away, and ours move up.
		b.project.windows = append(b.project.windows[len(foreign):], foreign...)
		b.project.windows = append(append([]any{}, foreign...), b.project.windows[:len(b.project.windows)-len(foreign)]...)
	}
}

// One that nobody asks for any more goes, and so does the second of two alike.
func TestItTidiesUp(t *testing.T) {
	before := newBed(t, checkout, Window{Service: "old service", Applications: []string{"old"}})
	before.says[key], before.says["old%20service"] = slo.GateDeny, slo.GateDeny
	before.step(0)
	after := newBed(t, checkout)
	after.says[key] = slo.GateDeny
	after.project.windows = append(before.project.windows, roundTrip(t, before.project.windows[0]))
	after.step(time.Second)
	if m, _ := parseMark(after.only()["description"].(string)); m.key != key {
		t.Errorf("what is left is %v", after.only())
	}
	after.project.apply(t, patch("8", 1, removal(ownWindows("slo-engine", after.project.windows))))
	after.wantNone()
}

// Other applications in the configuration are other applications in the window.
func TestConfigChanges(t *testing.T) {
	before := newBed(t, checkout)
	before.says[key] = slo.GateHold
	before.step(0)
	after := newBed(t, Window{Service: "checkout", Environment: "prod", Applications: []string{"shop"}})
	after.says[key], after.project = slo.GateHold, before.project
	after.step(time.Second)
	if got := after.only()["applications"]; !cmp.Equal(got, []any{"shop"}) {
		t.Errorf("the window is about %v", got)
	}
}
