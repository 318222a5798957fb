package statetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

func updatesByRevision(t *testing.T, s remediation.Store) {
	first := reserve(t, s, record("a"), remediation.Limits{})
	changed := with(first, func(r *remediation.Record) { r.State, r.Note = remediation.Applying, "now" })
	second, err := s.Update(t.Context(), changed)
	ok(t, err)
	changed.Revision = 2
	same(t, "updated", second, changed)

	_, err = s.Update(t.Context(), with(first, func(r *remediation.Record) { r.State = remediation.Failed }))
	want(t, err, remediation.ErrRevision)
	_, err = s.Update(t.Context(), with(second, func(r *remediation.Record) { r.Revision = 3 }))
	want(t, err, remediation.ErrRevision)
	_, err = s.Update(t.Context(), record("nobody"))
	want(t, err, remediation.ErrNotFound)
	read, err := s.Get(t.Context(), "a")
	ok(t, err)
	same(t, "read", read, second)
}

func movesLegally(t *testing.T, s remediation.Store) {
	r := reserve(t, s, record("a"), remediation.Limits{})
	for _, state := range undone {
		for _, wrong := range []remediation.State{remediation.Proposed, remediation.Expired, "nonsense"} {
			if wrong == r.State || r.State.May(wrong) {
				continue
			}
			if _, err := s.Update(t.Context(), with(r, func(r *remediation.Record) { r.State = wrong })); err == nil {
				t.Fatalf("from %s to %s", r.State, wrong)
			}
		}
		r = move(t, s, r, state)
	}
	// What has ended can still be said something about.
	r.Note = "a person looked"
	r, err := s.Update(t.Context(), r)
	ok(t, err)
	for name, change := range map[string]func(*remediation.Record){
		"gateway": func(r *remediation.Record) { r.Gateway = "other" }, "target": func(r *remediation.Record) { r.Target = "other" },
		"alert": func(r *remediation.Record) { r.Alert = "other" }, "playbook": func(r *remediation.Record) { r.Playbook = "other" },
		"service": func(r *remediation.Record) { r.Service = "other" }, "step": func(r *remediation.Record) { r.Step++ },
		"since":   func(r *remediation.Record) { r.Since = r.Since.Add(time.Hour) },
		"created": func(r *remediation.Record) { r.Created = r.Created.Add(time.Hour) },
	} {
		if _, err := s.Update(t.Context(), with(r, change)); err == nil || errors.Is(err, remediation.ErrRevision) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

func fences(t *testing.T, s remediation.Store) {
	a, err := s.Lead(t.Context(), "a", start, time.Minute)
	ok(t, err)
	r := reserve(t, s, with(record("x"), func(r *remediation.Record) { r.Epoch = a.Epoch }), remediation.Limits{})
	b, err := s.Lead(t.Context(), "b", start.Add(time.Minute), time.Minute)
	ok(t, err)

	r.State = remediation.Applying
	_, err = s.Update(t.Context(), r, remediation.Entry{At: start, What: "never_written"})
	want(t, err, remediation.ErrNotLeading)
	late := with(record("y"), func(r *remediation.Record) { r.Epoch = a.Epoch })
	wantHeld(t, s, late, remediation.Limits{}, remediation.Held{Reason: remediation.HeldNotLeading})

	r.Epoch, late.Epoch = b.Epoch, b.Epoch
	_, err = s.Update(t.Context(), r)
	ok(t, err)
	reserve(t, s, late, remediation.Limits{})
	entries, err := s.Entries(t.Context(), remediation.EntryQuery{})
	ok(t, err)
	same(t, "entries of what was refused", entries, nil)
}

func auditsWithTheMove(t *testing.T, s remediation.Store) {
	entry := func(what string) remediation.Entry {
		return remediation.Entry{
			At: start, Who: "slo-engine", What: what, Action: "a", Service: "checkout", SLO: "checkout:availability",
			Reason: "burning", Data: json.RawMessage(`{"answer":"<200>"}`),
		}
	}
	r := reserve(t, s, record("a"), remediation.Limits{}, entry("decided"), entry("reserved"))
	r.State = remediation.Applying
	_, err := s.Update(t.Context(), r, entry("applying"))
	ok(t, err)
	_, err = s.Update(t.Context(), r, entry("never_written"))
	want(t, err, remediation.ErrRevision)
	bad := entry("bad")
	bad.Data = json.RawMessage(`{"`)
	r.Revision, r.State = 2, remediation.Verifying
	if _, err := s.Update(t.Context(), r, bad); err == nil {
		t.Error("an entry that is no JSON was written")
	}
	if err := s.Append(t.Context(), entry("never_written"), bad); err == nil {
		t.Error("an entry that is no JSON was written")
	}
	ok(t, s.Append(t.Context()))
	ok(t, s.Append(t.Context(), entry("read")))
	ok(t, s.Set(t.Context(), "paused", json.RawMessage(`true`), entry("paused")))

	entries, err := s.Entries(t.Context(), remediation.EntryQuery{})
	ok(t, err)
	same(t, "entries", entries, []remediation.Entry{entry("paused"), entry("read"), entry("applying"), entry("reserved"), entry("decided")})
	read, err := s.Get(t.Context(), "a")
	ok(t, err)
	same(t, "state", read.State, remediation.Applying)
}

// What others are told is written with the move, or not at all.
func tellsWithTheMove(t *testing.T, s remediation.Store) {
	r := reserve(t, s, record("a"), remediation.Limits{}, remediation.Entry{At: start, What: "reserved"}, message("a1", "a"))
	wantHeld(t, s, with(record("b"), func(r *remediation.Record) { r.Target = "a" }), remediation.Limits{},
		remediation.Held{Reason: remediation.HeldBusyTarget, By: "a"})
	wantPull(t, s, start, "a1")
	next := with(r, func(r *remediation.Record) { r.State = remediation.Applying })
	_, err := s.Update(t.Context(), next, message("a2", "a"), message("b1", "b"))
	ok(t, err)
	wantPull(t, s, start, "a1", "b1")
	_, err = s.Update(t.Context(), next, message("never_pushed", "c"))
	want(t, err, remediation.ErrRevision)
	next.Revision, next.State = 2, remediation.Verifying
	for _, bad := range [][]remediation.Along{
		{message("never_pushed", "c"), remediation.Message{ID: "x"}},
		{message("never_pushed", "c"), remediation.Entry{At: start, What: "bad", Data: json.RawMessage(`{`)}},
	} {
		if _, err := s.Update(t.Context(), next, bad...); err == nil {
			t.Errorf("%+v was written", bad)
		}
	}
	wantPull(t, s, start, "a1", "b1")
	settle(t, s, "a1", remediation.Delivered, start)
	wantPull(t, s, start, "a2", "b1")
	read, err := s.Get(t.Context(), "a")
	ok(t, err)
	same(t, "state", read.State, remediation.Applying)
	entries, err := s.Entries(t.Context(), remediation.EntryQuery{})
	ok(t, err)
	same(t, "entries", len(entries), 1)
}

func takesStrangeText(t *testing.T, s remediation.Store) {
	r := record("zero\x00 broken\xff ' \" \\ ? $1 🜂")
	r.Note, r.Service = "a\x00b", "b\xffc"
	got := reserve(t, s, r, remediation.Limits{})
	if got.Note != "a\x00b" {
		t.Errorf("the note is %q", got.Note)
	}
	read, err := s.Get(t.Context(), got.ID)
	ok(t, err)
	same(t, "read", read, got)
	found, err := s.Find(t.Context(), remediation.Query{Service: got.Service, Target: got.Target})
	ok(t, err)
	same(t, "found", found, []remediation.Record{got})
	ok(t, s.Append(t.Context(), remediation.Entry{At: start, What: "a\x00", Action: got.ID, Service: "\xff"}))
	ok(t, s.Push(t.Context(), remediation.Message{ID: "\x00", To: "\xff", Key: "'", Body: json.RawMessage(`"\u0000"`)}))
}
