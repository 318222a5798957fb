package statetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// full is a record with something in each field.
func full() remediation.Record {
	healthy := true
	r := record("01HFULL")
	r.Step, r.SLO, r.Tier, r.Severity = 2, "checkout:availability", "page_fast", "critical"
	r.Action = actuator.Action{ID: r.ID, Kind: actuator.Shift, From: "v2", Share: 0.1, Event: json.RawMessage(`{"a<b":[1,2]}`)}
	live := actuator.Live{
		Value: json.RawMessage(`{"a&b":1e400,"ü":"<\u2028>"}`), Version: `W/"1"`,
		Members: []actuator.Member{{Name: "v1", Share: 1, Healthy: &healthy}, {Name: "v2"}},
	}
	r.Plan = &actuator.Plan{Target: r.Target, Before: live, After: actuator.Absent, Requests: []actuator.Request{{Line: "set server", Headers: []string{"If-Match: 1"}}}}
	r.Wrote, r.Reason, r.Note, r.DryRun, r.Escalated = &live, "burning", "said:\n\"yes\"", true, true
	r.Back, r.Tries, r.Answered, r.Evidence = 1, 2, "alice", json.RawMessage(`{"bad":12}`)
	return r
}

func keepsRecords(t *testing.T, s remediation.Store) {
	r := full()
	at := start
	eachTime(reflect.ValueOf(&r).Elem(), func(to *time.Time) {
		at = at.Add(time.Second + time.Nanosecond).In(time.FixedZone("elsewhere", 5400))
		*to = at
	})
	got := reserve(t, s, r, remediation.Limits{})
	r.Revision = 1
	eachTime(reflect.ValueOf(&r).Elem(), func(to *time.Time) { *to = to.Truncate(time.Microsecond) })
	same(t, "reserved", got, r)
	read, err := s.Get(t.Context(), r.ID)
	ok(t, err)
	same(t, "read", read, got)
	if r.Plan.Before.Value == nil || string(read.Plan.Before.Value) != string(r.Plan.Before.Value) {
		t.Errorf("a value has other bytes: %s", read.Plan.Before.Value)
	}
	_, err = s.Get(t.Context(), "nobody")
	want(t, err, remediation.ErrNotFound)
}

func refusesReservations(t *testing.T, s remediation.Store) {
	for name, change := range map[string]func(*remediation.Record){
		"no id":      func(r *remediation.Record) { r.ID = "" },
		"no gateway": func(r *remediation.Record) { r.Gateway = "" },
		"no target":  func(r *remediation.Record) { r.Target = "" },
		"no time":    func(r *remediation.Record) { r.Created = time.Time{} },
		"begun":      func(r *remediation.Record) { r.State = remediation.Applying },
		"no JSON":    func(r *remediation.Record) { r.Evidence = json.RawMessage(`{`) },
	} {
		var held *remediation.Held
		if _, err := s.Reserve(t.Context(), with(record("a"), change), remediation.Limits{}); err == nil || errors.As(err, &held) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	reserve(t, s, record("a"), remediation.Limits{})
	again := with(record("b"), func(r *remediation.Record) { r.ID = "a" })
	var held *remediation.Held
	if _, err := s.Reserve(t.Context(), again, remediation.Limits{}); err == nil || errors.As(err, &held) {
		t.Errorf("an id was used twice: %v", err)
	}
	all, err := s.Find(t.Context(), remediation.Query{})
	ok(t, err)
	same(t, "records", names(all), []string{"a"})
}

func holdsTarget(t *testing.T, s remediation.Store) {
	a := reserve(t, s, record("a"), remediation.Limits{})
	b := with(record("b"), func(r *remediation.Record) { r.Target, r.Service = "a", "other" })
	for _, state := range undone {
		wantHeld(t, s, b, remediation.Limits{Now: start}, remediation.Held{Reason: remediation.HeldBusyTarget, By: "a"})
		a = move(t, s, a, state)
	}
	elsewhere := with(record("c"), func(r *remediation.Record) { r.Target, r.Gateway = "a", "caddy" })
	reserve(t, s, elsewhere, remediation.Limits{})
	reserve(t, s, b, remediation.Limits{Now: start})
}

func holdsDecided(t *testing.T, s remediation.Store) {
	a := reserve(t, s, record("a"), remediation.Limits{})
	again := with(record("b"), func(r *remediation.Record) { r.Alert = "a" })
	decided := remediation.Held{Reason: remediation.HeldDecided, By: "a"}
	wantHeld(t, s, again, remediation.Limits{}, decided)
	// Reserving the same again is how a caller learns that it has it.
	wantHeld(t, s, record("a"), remediation.Limits{}, decided)
	move(t, s, a, undone...)
	wantHeld(t, s, again, remediation.Limits{}, decided)
	wantHeld(t, s, with(again, func(r *remediation.Record) { r.Since = r.Since.Add(999) }), remediation.Limits{}, decided)

	for i, change := range []func(*remediation.Record){
		func(r *remediation.Record) { r.Since = r.Since.Add(time.Microsecond) },
		func(r *remediation.Record) { r.Step = 1 },
		func(r *remediation.Record) { r.Playbook = "drain" },
	} {
		other := with(again, change)
		other.ID = fmt.Sprint("other", i)
		other.Target = other.ID
		reserve(t, s, other, remediation.Limits{})
	}
}

func holdsCooldown(t *testing.T, s remediation.Store) {
	move(t, s, reserve(t, s, record("a"), remediation.Limits{}), remediation.Rejected)
	limits := func(after time.Duration) remediation.Limits {
		return remediation.Limits{Now: start.Add(after), Cooldown: time.Minute}
	}
	held := remediation.Held{Reason: remediation.HeldCooldown, By: "a", Until: start.Add(time.Minute)}
	service := record("b")
	target := with(record("c"), func(r *remediation.Record) { r.Service, r.Target = "search", "a" })
	for _, r := range []remediation.Record{service, target} {
		wantHeld(t, s, r, limits(0), held)
		wantHeld(t, s, r, limits(time.Minute-time.Microsecond), held)
		// A clock that was set back does not shorten it.
		wantHeld(t, s, r, limits(-time.Hour), held)
	}
	free := with(record("d"), func(r *remediation.Record) { r.Service = "search" })
	reserve(t, s, free, limits(0))
	reserve(t, s, service, limits(time.Minute))
}

func holdsCaps(t *testing.T, s remediation.Store) {
	at := func(after time.Duration, limits remediation.Limits) remediation.Limits {
		limits.Now = start.Add(after)
		return limits
	}
	made := func(name, service string, after time.Duration) remediation.Record {
		return with(record(name), func(r *remediation.Record) { r.Service, r.Created = service, start.Add(after) })
	}
	reserve(t, s, made("a", "checkout", 0), at(0, remediation.Limits{MaxOpen: 2, MaxPerHour: 3, MaxPerServiceHour: 2}))
	b := reserve(t, s, made("b", "checkout", time.Minute), at(time.Minute, remediation.Limits{MaxOpen: 2, MaxPerHour: 3, MaxPerServiceHour: 2}))
	c := made("c", "search", 2*time.Minute)

	wantHeld(t, s, c, at(2*time.Minute, remediation.Limits{MaxOpen: 2}), remediation.Held{Reason: remediation.HeldOpen})
	wantHeld(t, s, c, at(2*time.Minute, remediation.Limits{MaxPerHour: 2}),
		remediation.Held{Reason: remediation.HeldHour, Until: start.Add(time.Hour)})
	wantHeld(t, s, c, at(2*time.Minute, remediation.Limits{MaxPerHour: 1}),
		remediation.Held{Reason: remediation.HeldHour, Until: start.Add(time.Hour + time.Minute)})
	wantHeld(t, s, with(c, func(r *remediation.Record) { r.Service = "checkout" }), at(2*time.Minute, remediation.Limits{MaxPerServiceHour: 2}),
		remediation.Held{Reason: remediation.HeldServiceHour, Until: start.Add(time.Hour)})

	// An end makes room among the open, not in the hour.
	move(t, s, b, remediation.Rehearsed)
	wantHeld(t, s, c, at(2*time.Minute, remediation.Limits{MaxPerHour: 2}),
		remediation.Held{Reason: remediation.HeldHour, Until: start.Add(time.Hour)})
	reserve(t, s, c, at(2*time.Minute, remediation.Limits{MaxOpen: 2, MaxPerServiceHour: 2}))
	// The hour is over.
	reserve(t, s, made("d", "checkout", time.Hour), at(time.Hour, remediation.Limits{MaxPerHour: 3, MaxPerServiceHour: 2}))
}

// contenders reserve one target at once.
const contenders = 8

func oneWins(t *testing.T, s remediation.Store) {
	for round := range 20 {
		target := fmt.Sprint("target", round)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won, by := "", map[string]int{}
		for i := range contenders {
			wg.Go(func() {
				r := with(record(fmt.Sprint(target, "-", i)), func(r *remediation.Record) { r.Target = target })
				_, err := s.Reserve(t.Context(), r, remediation.Limits{})
				var held *remediation.Held
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = r.ID
				case errors.As(err, &held) && held.Reason == remediation.HeldBusyTarget:
					by[held.By]++
				default:
					t.Errorf("reserve %s: %v", r.ID, err)
				}
			})
		}
		wg.Wait()
		same(t, "who stands in the way of the others", by, map[string]int{won: contenders - 1})
	}
}
