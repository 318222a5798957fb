package statetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

func findsRecords(t *testing.T, s remediation.Store) {
	for i, service := range []string{"checkout", "search", "checkout", "search"} {
		r := record(fmt.Sprint("r", i))
		r.Service, r.Created = service, start.Add(time.Duration(i/2)*time.Minute)
		r = reserve(t, s, r, remediation.Limits{})
		if i == 0 {
			move(t, s, r, undone...)
		}
		if i == 1 {
			move(t, s, r, remediation.Awaiting)
		}
	}
	for _, c := range []struct {
		q    remediation.Query
		want []string
	}{
		{remediation.Query{}, []string{"r3", "r2", "r1", "r0"}},
		{remediation.Query{Limit: 2}, []string{"r3", "r2"}},
		{remediation.Query{Open: true}, []string{"r3", "r2", "r1"}},
		{remediation.Query{States: []remediation.State{remediation.Awaiting, remediation.Undone}}, []string{"r1", "r0"}},
		{remediation.Query{States: []remediation.State{remediation.Undone}, Open: true}, nil},
		{remediation.Query{Service: "checkout"}, []string{"r2", "r0"}},
		{remediation.Query{Gateway: "haproxy", Target: "r2"}, []string{"r2"}},
		{remediation.Query{Gateway: "caddy"}, nil},
		{remediation.Query{Since: start.Add(time.Minute)}, []string{"r3", "r2"}},
		{remediation.Query{Since: start.Add(time.Hour)}, nil},
	} {
		found, err := s.Find(t.Context(), c.q)
		ok(t, err)
		same(t, fmt.Sprintf("%+v", c.q), names(found), c.want)
	}
}

func findsEntries(t *testing.T, s remediation.Store) {
	for i, service := range []string{"checkout", "search", "checkout"} {
		ok(t, s.Append(t.Context(), remediation.Entry{
			At: start.Add(time.Duration(i) * time.Minute), What: fmt.Sprint(i), Action: fmt.Sprint("action", i%2), Service: service,
		}))
	}
	for _, c := range []struct {
		q    remediation.EntryQuery
		want string
	}{
		{remediation.EntryQuery{}, "210"},
		{remediation.EntryQuery{Limit: 1}, "2"},
		{remediation.EntryQuery{Action: "action0"}, "20"},
		{remediation.EntryQuery{Action: "action1", Service: "checkout"}, ""},
		{remediation.EntryQuery{Service: "search"}, "1"},
		{remediation.EntryQuery{Since: start.Add(time.Minute)}, "21"},
	} {
		found, err := s.Entries(t.Context(), c.q)
		ok(t, err)
		got := ""
		for _, e := range found {
			got += e.What
		}
		same(t, fmt.Sprintf("%+v", c.q), got, c.want)
	}
}

func sweeps(t *testing.T, s remediation.Store) {
	old := move(t, s, reserve(t, s, record("old"), remediation.Limits{}), undone...)
	reserve(t, s, record("open"), remediation.Limits{})
	late := reserve(t, s, record("late"), remediation.Limits{})
	late.Entered = start.Add(time.Hour)
	move(t, s, late, remediation.Rejected)
	ok(t, s.Append(t.Context(), remediation.Entry{At: start, What: "kept", Action: old.ID}))
	for _, id := range []string{"delivered", "dead", "waits"} {
		ok(t, s.Push(t.Context(), message(id, id)))
	}
	settle(t, s, "delivered", remediation.Delivered, start)
	settle(t, s, "dead", remediation.DeadEnd, start)

	ok(t, s.Sweep(t.Context(), start))
	ok(t, s.Push(t.Context(), message("delivered", "delivered")))
	all, err := s.Find(t.Context(), remediation.Query{})
	ok(t, err)
	same(t, "nothing ended before the start", names(all), []string{"open", "old", "late"})
	wantPull(t, s, start, "waits")

	ok(t, s.Sweep(t.Context(), start.Add(time.Minute)))
	all, err = s.Find(t.Context(), remediation.Query{})
	ok(t, err)
	same(t, "what did not end, or later", names(all), []string{"open", "late"})
	dead, err := s.Dead(t.Context(), 10)
	ok(t, err)
	same(t, "dead", dead, nil)
	entries, err := s.Entries(t.Context(), remediation.EntryQuery{})
	ok(t, err)
	same(t, "the audit stays", len(entries), 1)
}
