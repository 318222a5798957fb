package kube

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Who edits the project between our reading and writing loses nothing.
func testRaces(t *testing.T, a *argo, name string) {
	times := 2
	k := keep(t, name, meddler{a.admin, func() {
		if times--; times >= 0 {
			a.person(t, name, `[{"op": "add", "path": "/spec/syncWindows/0", "value": {"kind": "allow", "schedule": "0 9 * * *", "duration": "1h", "applications": ["cart"]}}]`)
		}
	}})
	k.step(0)
	windows := a.windows(t, name)
	if len(windows) != 4 || windows[0]["kind"] != "allow" || windows[1]["kind"] != "allow" || windows[3]["kind"] != "deny" {
		t.Errorf("the windows after a race: %v", windows)
	}
	if got := metric(t, k, "slo_engine_sync_window_races_total"); got != 2 {
		t.Errorf("%v races are counted, not 2", got)
	}

	// Who is always faster is left alone until the next look.
	always := keep(t, name, meddler{a.admin, func() {
		a.person(t, name, fmt.Sprintf(`[{"op": "add", "path": "/spec/description", "value": %q}]`, time.Now()))
	}})
	always.gates.set(slo.GateAllow)
	if err := always.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "somebody was faster 5 times in a row") {
		t.Errorf("of a race that is always lost it says %v", err)
	}
	if diff := cmp.Diff(windows, a.windows(t, name)); diff != "" {
		t.Errorf("the windows have changed (-before +after):\n%s", diff)
	}
}

// What a person edits stays edited, and is told; what they take away comes back
// after a while.
func testEdits(t *testing.T, a *argo, name string) {
	k := keep(t, name, a.admin)
	k.step(0)
	a.person(t, name, `[{"op": "add", "path": "/spec/syncWindows/1/manualSync", "value": true}]`)
	edited := a.windows(t, name)
	k.step(time.Second)
	k.step(time.Hour)
	if diff := cmp.Diff(edited, a.windows(t, name)); diff != "" {
		t.Errorf("the edit is undone (-person's +now):\n%s", diff)
	}
	if s := k.States()[0]; !strings.Contains(s.Contested, "edited") || metric(t, k, "slo_engine_sync_windows_contested") != 1 {
		t.Errorf("that it is contested is shown as %+v", s)
	}
	a.person(t, name, `[{"op": "remove", "path": "/spec/syncWindows/1"}]`)
	k.step(time.Second)
	if n := len(a.windows(t, name)); n != 1 {
		t.Errorf("a window that was taken away is back at once: there are %d", n)
	}
	k.step(time.Minute)
	if n := len(a.windows(t, name)); n != 2 || k.States()[0].Contested != "" {
		t.Errorf("after a while there are %d windows, and it is shown as %+v", n, k.States())
	}
}

// Engines that do the same at the same time leave one window.
func testPairs(t *testing.T, a *argo, name string) {
	pair := []*keeper{keep(t, name, a.admin), keep(t, name, a.admin), keep(t, name, a.admin)}
	for _, d := range []slo.GateDecision{slo.GateHold, slo.GateDeny, slo.GateAllow} {
		var all sync.WaitGroup
		for _, k := range pair {
			k.gates.set(d)
			k.now = k.now.Add(2 * time.Minute)
			all.Go(func() {
				for range 3 {
					if err := k.Step(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		want := 2
		if d == slo.GateAllow {
			for _, k := range pair { // the milder decision holds after it has settled
				k.step(time.Hour)
			}
			want = 1
		}
		if n := len(a.windows(t, name)); n != want {
			t.Errorf("after %s there are %d windows, not %d: %v", d, n, want, a.windows(t, name))
		}
	}
}

// An engine that does not lead writes nothing; when it leads, it goes on where the
// other was.
func testFollows(t *testing.T, a *argo, name string) {
	first, second := keep(t, name, a.admin), keep(t, name, a.admin)
	second.follows = true
	second.step(0)
	if n := len(a.windows(t, name)); n != 1 || second.States() != nil || metric(t, second, "slo_engine_sync_windows_up") != 1 {
		t.Errorf("who does not lead has made %d windows, and shows %+v", n-1, second.States())
	}
	first.step(0)
	was := a.windows(t, name)
	first.follows, second.follows = true, false
	first.step(time.Second)
	second.step(time.Second)
	if diff := cmp.Diff(was, a.windows(t, name)); diff != "" {
		t.Errorf("the next leader has changed the windows (-before +after):\n%s", diff)
	}
	if s := second.States(); len(s) != 1 || !s[0].Present || first.States() != nil {
		t.Errorf("who leads shows %+v, who did %+v", s, first.States())
	}
}
