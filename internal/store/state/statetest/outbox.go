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
	due, err := s.Pull(t.Context(), "hook", now, most)
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
	wantPull(t, s, start, "a1", "b1")
	wantPull(t, s, start, "a1", "b1") // nothing was taken away

	settle(t, s, "a1", "", start.Add(time.Minute)) // it failed: the others of a wait with it
	wantPull(t, s, start, "b1")
	due, err := s.Pull(t.Context(), "another hook", start, 10)
	ok(t, err)
	same(t, "of another receiver", ids(due), []string{"other"})
	due, err = s.Pull(t.Context(), "hook", start.Add(time.Minute), 1)
	ok(t, err)
	again := message("a1", "a")
	again.Due, again.Tries, again.Problem = start.Add(time.Minute), 1, "away"
	same(t, "tried once", due, []remediation.Message{again})

	settle(t, s, "a1", remediation.Delivered, start)
	settle(t, s, "b1", remediation.Delivered, start)
	wantPull(t, s, start, "a2")
	settle(t, s, "a2", remediation.DeadEnd, start)
	settle(t, s, "other", remediation.Delivered, start)
	wantPull(t, s, start, "a3")
}

func pushesOnce(t *testing.T, s remediation.Store) {
	ok(t, s.Push(t.Context()))
	ok(t, s.Push(t.Context(), message("a", "a"), message("a", "b")))
	ok(t, s.Push(t.Context(), message("a", "c")))
	due, err := s.Pull(t.Context(), "hook", start, 10)
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

func revivesTheDead(t *testing.T, s remediation.Store) {
	ok(t, s.Push(t.Context(), message("a", "k"), message("b", "k"), message("c", "k")))
	settle(t, s, "a", remediation.DeadEnd, start.Add(time.Second))
	settle(t, s, "b", remediation.Delivered, start.Add(time.Second))
	now := start.Add(time.Hour)
	n, err := s.Revive(t.Context(), now, "a", "b", "c", "nobody", "a")
	ok(t, err)
	same(t, "revived", n, 1)
	n, err = s.Revive(t.Context(), now)
	ok(t, err)
	same(t, "revived of none", n, 0)
	due, err := s.Pull(t.Context(), "hook", now, 10)
	ok(t, err)
	want := message("a", "k")
	want.Due, want.Revived = now, now
	same(t, "due, at its old place", due, []remediation.Message{want})
	settle(t, s, "a", remediation.Delivered, now)
	wantPull(t, s, now, "c")
}

func countsTheBacklog(t *testing.T, s remediation.Store) {
	backlog := func(want ...remediation.Backlog) {
		t.Helper()
		got, err := s.Backlog(t.Context())
		ok(t, err)
		same(t, "backlog", got, want)
	}
	backlog()
	other := message("other", "a")
	other.To = "another hook"
	ok(t, s.Push(t.Context(), message("a", "a"), message("b", "a"), message("c", "c"), other))
	settle(t, s, "a", remediation.DeadEnd, start)
	settle(t, s, "b", "", start.Add(time.Hour))
	settle(t, s, "other", remediation.Delivered, start)
	backlog(remediation.Backlog{To: "hook", Waiting: 2, Dead: 1})
	other.ID = "more"
	ok(t, s.Push(t.Context(), other))
	backlog(remediation.Backlog{To: "another hook", Waiting: 1}, remediation.Backlog{To: "hook", Waiting: 2, Dead: 1})
}

func settlesAllOrNone(t *testing.T, s remediation.Store) {
	ok(t, s.Push(t.Context(), message("a", "a"), message("b", "b"), message("c", "c")))
	done := func(id string, fate remediation.Fate) remediation.Message {
		return remediation.Message{ID: id, Fate: fate, Due: start.Add(time.Second)}
	}
	if err := s.Settle(t.Context(), done("a", remediation.Delivered), done("b", "lost")); err == nil {
		t.Error("a message has an unknown fate")
	}
	wantPull(t, s, start, "a", "b", "c")
	ok(t, s.Settle(t.Context()))
	ok(t, s.Settle(t.Context(), done("a", remediation.Delivered), done("b", ""), done("c", remediation.DeadEnd), done("nobody", "")))
	wantPull(t, s, start)
	wantPull(t, s, start.Add(time.Second), "b")
	dead, err := s.Dead(t.Context(), 10)
	ok(t, err)
	same(t, "dead", ids(dead), []string{"c"})
}
