package slo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadWindowsAndEarlierObjectives(t *testing.T) {
	berlin, _ := LoadLocation("Europe/Berlin")
	specs, problems := Load("a.yaml", []byte(documentWith(t, "window: 30d", "windows: [30d, {calendar: month, timeZone: Europe/Berlin}, 7d]\n"+
		"  earlierObjectives: [{objective: 99%, until: 2026-02-01T00:00:00Z}, {objective: 99.5%, until: \"2026-04-01T00:00:00+02:00\"}]")))
	if len(problems) > 0 {
		t.Fatal(brief(problems))
	}
	s := specs[0]
	if diff := cmp.Diff([]Window{{Rolling: 30 * day}, {Period: Month, Location: berlin}, {Rolling: 7 * day}}, s.Windows(), cmp.Comparer(func(a, b *time.Location) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for at, want := range map[string]string{
		"2025-01-01T00:00:00Z": "99%", "2026-02-01T00:00:00Z": "99%", "2026-02-01T00:00:01Z": "99.5%",
		"2026-03-31T22:00:00Z": "99.5%", "2026-03-31T22:00:01Z": "99.9%",
	} {
		when, _ := time.Parse(time.RFC3339, at)
		if got := s.ObjectiveAt(when).String(); got != want {
			t.Errorf("at %s %s holds, want %s", at, got, want)
		}
	}
	text, err := Encode(specs)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := Load("b.yaml", text)
	if len(problems) > 0 {
		t.Fatalf("%v in\n%s", brief(problems), text)
	}
	if !slices.Equal(again[0].Windows(), s.Windows()) || len(again[0].Earlier) != 2 || !again[0].Earlier[1].Until.Equal(s.Earlier[1].Until) ||
		again[0].Earlier[1].Objective != s.Earlier[1].Objective {
		t.Errorf("written and read again: %+v, %+v\n%s", again[0].Windows(), again[0].Earlier, text)
	}
}

func TestWindowsAndEarlierObjectivesThatCannotBe(t *testing.T) {
	f := func(replacement string, want ...string) {
		t.Helper()
		specs, problems := Load("a.yaml", []byte(documentWith(t, "window: 30d", replacement)))
		if diff := cmp.Diff(want, brief(problems)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", replacement, diff)
		}
		if len(specs) > 0 {
			t.Errorf("%s: the document was taken", replacement)
		}
	}
	f("windows: []", "8 spec.windows: is missing; write 30d, or {calendar: month}")
	f("windows: [1m]", "8 spec.windows[0]: 1m is too short for a burn rate to mean anything; write at least 5m")
	f("windows: [30d, 91d]", "8 spec.windows[1]: 91d is longer than this version keeps; write at most 90d, or a calendar period")
	f("windows: [1d, 7d, 24h]", "8 spec.windows[2]: 1d is there twice; remove one of them")
	f("windows: [{calendar: day}, {calendar: day, timeZone: UTC}]", "8 spec.windows[1]: day is there twice; remove one of them")
	f("windows: [1d, 2d, 3d, 4d, 5d]", "8 spec.windows: has 5 windows, more than the 4 allowed; remove some")
	f("windows: [1d, {calendar: moon}]", `8 spec.windows[1].calendar: "moon" is not a calendar period; known here: day, week, month, quarter, year`)
	f("window: 30d\n  budgeting: {method: timeslices, slice: 2h, target: 1}\n  windows: [1h]", "10 spec.windows: stands beside spec.window; keep one of the two")
	f("windows: [30d, 1h]\n  budgeting: {method: timeslices, slice: 2h, target: 1}", "9 spec.budgeting.slice: 2h is longer than the window of 1h; write a shorter slice, such as 1m")

	earlier := func(list string) string { return "window: 30d\n  earlierObjectives: " + list }
	f(earlier("[{objective: 99%}]"), "9 spec.earlierObjectives[0].until: is missing; write when the next one took its place, such as 2026-04-01T00:00:00Z")
	f(earlier("[{until: 2026-04-01T00:00:00Z}]"), "9 spec.earlierObjectives[0].objective: is missing; write the percentage that was promised, such as 99.5%")
	f(earlier("[{objective: 99%, until: 2026-04-01}]"), `9 spec.earlierObjectives[0].until: "2026-04-01" has no time zone; write 2026-03-01T02:00:00Z, or 2026-03-01T02:00:00+01:00`)
	f(earlier("[{objective: 100%, until: 2026-04-01T00:00:00Z}]"), `9 spec.earlierObjectives[0].objective: an objective of 100% or more leaves no error budget to burn; write a percentage between 0% and 100%, such as "99.9%"`)
	f(earlier("[{objective: 99.90%, until: 2026-04-01T00:00:00Z}]"), "9 spec.earlierObjectives[0].objective: 99.9% is also the one that comes after it; remove the entry")
	f(earlier("[{objective: 99%, until: 2026-04-01T00:00:00Z}, {objective: 98%, until: 2026-04-01T00:00:00Z}]"),
		"9 spec.earlierObjectives[1].until: is not after that of the entry before it; sort them, the oldest first")
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprintf("{objective: %d%%, until: %s}", 50+i%2, time.Unix(int64(i)*1000, 0).UTC().Format(time.RFC3339)))
	}
	f(earlier("["+strings.Join(many, ", ")+"]"), "9 spec.earlierObjectives: has 101 objectives, more than the 100 allowed; remove those that no window reaches back to")
}
