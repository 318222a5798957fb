package statetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// message is one that is due at the start.
func message(id, key string) remediation.Message {
	return remediation.Message{ID: id, To: "hook", Key: key, Body: json.RawMessage(`{"id":"` + id + `"}`), Made: start, Due: start}
}

// wantPull checks the ids of what is due.
func wantPull(t *testing.T, s remediation.Store, now time.Time, want ...string) {
	t.Helper()
	wantPulled(t, s, now, 100, want...)
}

func wantPulled(t *testing.T, s remediation.Store, now time.Time, most int, want ...string) {
	t.Helper()
	due, err := s.Pull(t.Context(), now, most)
	ok(t, err)
	same(t, "due", ids(due), want)
}

func ids(all []remediation.Message) (ids []string) {
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	return ids
}

func settle(t *testing.T, s remediation.Store, id string, fate remediation.Fate, due time.Time) {
	t.Helper()
	ok(t, s.Settle(t.Context(), remediation.Message{ID: id, Fate: fate, Due: due, Tries: 1, Problem: "away"}))
}

func deliversInOrder(t *testing.T, s remediation.Store) {
	other := message("other", "a")
	other.To = "another hook"
	ok(t, s.Push(t.Context(), message("a1", "a"), message("a2", "a"), message("b1", "b"), other))
	ok(t, s.Push(t.Context(), message("a3", "a")))
	wantPull(t, s, start.Add(-time.Microsecond))
	wantPulled(t, s, start, 2, "a1", "b1")
	wantPulled(t, s, start, 0)
	wantPull(t, s, start, "a1", "b1", "other")
	wantPull(t, s, start, "a1", "b1", "other") // nothing was taken away

	settle(t, s, "a1", "", start.Add(time.Minute)) // it failed: the others of a wait with it
	wantPull(t, s, start, "b1", "other")
	due, err := s.Pull(t.Context(), start.Add(time.Minute), 1)
	ok(t, err)
	again := message("a1", "a")
	again.Due, again.Tries, again.Problem = start.Add(time.Minute), 1, "away"
	same(t, "tried once", due, []remediation.Message{again})

	settle(t, s, "a1", remediation.Delivered, start)
	settle(t, s, "b1", remediation.Delivered, start)
	wantPull(t, s, start, "a2", "other")
	settle(t, s, "a2", remediation.DeadEnd, start)
	settle(t, s, "other", remediation.Delivered, start)
	wantPull(t, s, start, "a3")
}

func pushesOnce(t *testing.T, s remediation.Store) {
	ok(t, s.Push(t.Context()))
	ok(t, s.Push(t.Context(), message("a", "a"), message("a", "b")))
	ok(t, s.Push(t.Context(), message("a", "c")))
	due, err := s.Pull(t.Context(), start, 10)
	ok(t, err)
	same(t, "due", due, []remediation.Message{message("a", "a")})
	settle(t, s, "a", remediation.Delivered, start)
	settle(t, s, "a", "", start) // too late
	settle(t, s, "nobody", remediation.Delivered, start)
	ok(t, s.Push(t.Context(), message("a", "a")))
	wantPull(t, s, start)

	bad := message("bad", "a")
	bad.Body = json.RawMessage(`{`)
	fated := message("fated", "a")
	fated.Fate = remediation.Delivered
	for _, m := range []remediation.Message{{}, {ID: "a"}, {To: "hook"}, bad, fated} {
		if err := s.Push(t.Context(), message("good", "a"), m); err == nil {
			t.Errorf("%+v was pushed", m)
		}
	}
	if err := s.Settle(t.Context(), remediation.Message{ID: "a", Fate: "lost"}); err == nil {
		t.Error("a message has an unknown fate")
	}
	wantPull(t, s, start)
}

func keepsTheDead(t *testing.T, s remediation.Store) {
	ok(t, s.Push(t.Context(), message("a", "a"), message("b", "b"), message("c", "c")))
	for _, id := range []string{"b", "a"} {
		settle(t, s, id, remediation.DeadEnd, start.Add(time.Second))
	}
	wantPull(t, s, start.Add(time.Hour), "c")
	dead, err := s.Dead(t.Context(), 10)
	ok(t, err)
	want := message("a", "a")
	want.Due, want.Tries, want.Problem, want.Fate = start.Add(time.Second), 1, "away", remediation.DeadEnd
	same(t, "ids", ids(dead), []string{"b", "a"})
	if len(dead) == 2 {
		same(t, "what is known of one", dead[1], want)
	}
	dead, err = s.Dead(t.Context(), 1)
	ok(t, err)
	same(t, "the newest", ids(dead), []string{"b"})
	settle(t, s, "b", "", start) // never due again
	wantPull(t, s, start.Add(time.Hour), "c")
}
