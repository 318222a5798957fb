package statetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// ttl is that of all leases here.
const ttl = 10 * time.Second

// wantLead asks for the lead and checks the answer.
func wantLead(t *testing.T, s remediation.Store, holder string, after time.Duration, want remediation.Leadership) {
	t.Helper()
	got, err := s.Lead(t.Context(), holder, start.Add(after), ttl)
	ok(t, err)
	same(t, fmt.Sprintf("lead of %s after %s", holder, after), got, want)
}

// led is a leadership that was last renewed at after.
func led(holder string, leads bool, epoch int64, after time.Duration) remediation.Leadership {
	return remediation.Leadership{Holder: holder, Leads: leads, Epoch: epoch, Until: start.Add(after + ttl)}
}

func leads(t *testing.T, s remediation.Store) {
	for _, bad := range []struct {
		holder string
		ttl    time.Duration
	}{{"", ttl}, {"a", 0}, {"a", -ttl}} {
		if _, err := s.Lead(t.Context(), bad.holder, start, bad.ttl); err == nil {
			t.Errorf("%q leads for %s", bad.holder, bad.ttl)
		}
	}
	wantLead(t, s, "a", 0, led("a", true, 1, 0))
	wantLead(t, s, "b", 5*time.Second, led("a", false, 1, 0))
	wantLead(t, s, "a", 9*time.Second, led("a", true, 1, 9*time.Second))
	wantLead(t, s, "b", 18*time.Second, led("a", false, 1, 9*time.Second))
	wantLead(t, s, "b", 19*time.Second, led("b", true, 2, 19*time.Second))
	wantLead(t, s, "a", 20*time.Second, led("b", false, 2, 19*time.Second))

	ok(t, s.Resign(t.Context(), "a")) // does not lead: nothing
	ok(t, s.Resign(t.Context(), ""))
	wantLead(t, s, "a", 21*time.Second, led("b", false, 2, 19*time.Second))
	ok(t, s.Resign(t.Context(), "b"))
	wantLead(t, s, "a", 22*time.Second, led("a", true, 3, 22*time.Second))
	// Who comes back late leads anew, even if nobody led meanwhile.
	wantLead(t, s, "a", time.Minute, led("a", true, 4, time.Minute))

	oneLeads(t, s, start.Add(time.Hour))
}

// oneLeads has many ask at once.
func oneLeads(t *testing.T, s remediation.Store, now time.Time) {
	var wg sync.WaitGroup
	var leaders atomic.Int64
	for i := range contenders {
		wg.Go(func() {
			l, err := s.Lead(t.Context(), fmt.Sprint("one of many ", i), now, ttl)
			if err != nil {
				t.Error(err)
			}
			if l.Leads {
				leaders.Add(1)
			}
		})
	}
	wg.Wait()
	same(t, "leaders", leaders.Load(), int64(1))
}

func survivesClocks(t *testing.T, s remediation.Store) {
	wantLead(t, s, "a", time.Hour, led("a", true, 1, time.Hour)) // its clock is ahead
	wantLead(t, s, "b", 0, led("a", false, 1, time.Hour))
	wantLead(t, s, "a", time.Second, led("a", true, 1, time.Second)) // it is set back, and no harm done
	wantLead(t, s, "a", time.Hour, led("a", true, 2, time.Hour))     // ahead again, its lease is long over; then a dies

	wantLead(t, s, "b", 2*time.Second, led("a", false, 2, time.Hour))
	wantLead(t, s, "b", 11*time.Second, led("a", false, 2, time.Hour))
	wantLead(t, s, "b", time.Second, led("a", false, 2, time.Hour)) // b's is set back: it begins to watch anew
	wantLead(t, s, "b", 10*time.Second, led("a", false, 2, time.Hour))
	wantLead(t, s, "b", 11*time.Second, led("b", true, 3, 11*time.Second))
}

func keepsSettings(t *testing.T, s remediation.Store) {
	setting := func(want string) {
		t.Helper()
		got, err := s.Setting(t.Context(), "autonomy/checkout")
		ok(t, err)
		same(t, "setting", string(got), want)
	}
	setting("")
	for _, value := range []string{`{"level":"advise"}`, `"<auto>"`, `null`} {
		ok(t, s.Set(t.Context(), "autonomy/checkout", json.RawMessage(value)))
		setting(value)
	}
	if err := s.Set(t.Context(), "autonomy/checkout", json.RawMessage(`{`)); err == nil {
		t.Error("what is no JSON was set")
	}
	if err := s.Set(t.Context(), "", json.RawMessage(`1`)); err == nil {
		t.Error("a setting without a name was set")
	}
	setting("null")
	ok(t, s.Set(t.Context(), "autonomy/checkout", nil))
	setting("")
}
