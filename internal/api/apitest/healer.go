package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Noon is when a Healer's clock begins.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)

// Playbooks are the documents in force.
const Playbooks = `apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: back-to-v1}
spec:
  on: ['service="checkout"', 'tier=~"heal|page_fast"']
  actions:
    - haproxy: {backend: checkout, shift: {from: v2, to: v1, percent: auto, by: version}}
    - haproxy: {close: {route: /pay, status: 503}}
  guards: {requireHealthy: ['slo="payments-availability"']}
---
apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: ask-first}
spec:
  on: ['alertname="NodeSick"']
  actions:
    - haproxy: {backend: checkout, shift: {from: v2, to: v1, percent: 40%}}
  approval: required
  undo: {when: leaseEnds}
`

// Healer is remediation with a clock that is set by hand.
type Healer struct {
	*remediation.Runner
	Store     *statetest.Memory
	Gate      *Gate
	Playbooks []*slo.Remediation

	mu     sync.Mutex
	clock  time.Time
	goes   bool // by itself
	alerts []remediation.Alert
}

// New returns one in a mode, with nothing on record.
func New(t testing.TB, mode remediation.Mode) *Healer {
	t.Helper()
	h := &Healer{Store: statetest.NewMemory(), Gate: NewGate(), clock: Noon}
	_, problems := slo.Loader{Remediations: &h.Playbooks}.Load(slo.File{Name: "playbooks.yaml", Data: []byte(Playbooks)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Fatal(p)
		}
	}
	n := 0
	h.Runner = remediation.New(remediation.Options{
		Store: h.Store, Gateways: h.Gate, Events: noEvents{}, View: h.view, Mode: mode,
		Playbooks: func() []*slo.Remediation { return h.Playbooks }, Now: h.Now,
		NewID: func(time.Time) string { n++; return fmt.Sprintf("live-%d", n) },
	})
	return h
}

type noEvents struct{}

// Since implements remediation.Events: nothing is known.
func (noEvents) Since(string, time.Time, time.Duration, string) remediation.Reading {
	return remediation.Reading{}
}

// Now is its clock.
func (h *Healer) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.goes {
		h.clock = h.clock.Add(time.Millisecond)
	}
	return h.clock
}

// Fire makes an alert from elsewhere fire that the playbook ask-first is for.
func (h *Healer) Fire() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alerts = []remediation.Alert{{
		Fingerprint: "0123456789abcdef", Since: h.clock,
		Labels: map[string]string{"alertname": "NodeSick", "service": "checkout", "severity": "critical"},
	}}
}

func (h *Healer) view() remediation.View {
	h.mu.Lock()
	defer h.mu.Unlock()
	return remediation.View{At: h.clock, Alerts: h.alerts, Instances: map[string]remediation.Instance{}}
}

// Step lets time pass, and the Runner do what is due.
func (h *Healer) Step(t testing.TB, d time.Duration) {
	t.Helper()
	h.mu.Lock()
	h.clock = h.clock.Add(d)
	h.mu.Unlock()
	h.Tick(t.Context())
	h.Wait()
}

// Go lets time pass by itself, a millisecond at each look at the clock.
func (h *Healer) Go() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.goes = true
}

// Only is the only record there is.
func (h *Healer) Only(t testing.TB) remediation.Record {
	t.Helper()
	list, err := h.Store.Find(t.Context(), remediation.Query{})
	if err != nil || len(list) != 1 {
		t.Fatalf("there are %d records, %v", len(list), err)
	}
	return list[0]
}

// Keep puts a record on record, by way of the states before its own.
func (h *Healer) Keep(t testing.TB, rec remediation.Record, entries ...remediation.Entry) {
	t.Helper()
	ctx, end := context.Background(), rec.State
	rec.State = remediation.Proposed
	saved, err := h.Store.Reserve(ctx, rec, remediation.Limits{Now: rec.Created})
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range ways[end] {
		saved.State = state
		if saved, err = h.Store.Update(ctx, saved); err != nil {
			t.Fatalf("move to %s: %v", state, err)
		}
	}
	if err := h.Store.Append(ctx, entries...); err != nil {
		t.Fatal(err)
	}
}

// ways lead to states.
var ways = map[remediation.State][]remediation.State{
	remediation.Holding:   {remediation.Applying, remediation.Verifying, remediation.Holding},
	remediation.Awaiting:  {remediation.Awaiting},
	remediation.Contested: {remediation.Applying, remediation.Verifying, remediation.Contested},
	remediation.Rehearsed: {remediation.Rehearsed},
}

func raw(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// Evil is a label as strangers write them.
const Evil = "<script>alert(1)</script>\x1b[31m\n"

// Fill puts actions on record: one held, one that waits for an answer, one
// contested, one rehearsed; reasons why nothing was done; a dead letter.
func (h *Healer) Fill(t testing.TB) {
	t.Helper()
	h.Keep(t, Held(), heldEntries()...)
	h.Keep(t, remediation.Record{
		ID: "20260301t115900-000000-00002", Playbook: "ask-first", Service: "checkout", Severity: "critical", Alert: "feed", Since: Noon.Add(-70 * time.Second),
		Gateway: "edge", Kind: "haproxy", Target: "checkout/n7", Action: actuator.Action{Kind: actuator.Eject, Member: "n7" + Evil},
		State: remediation.Awaiting, Reason: remediation.ReasonApproval, Evidence: raw(remediation.Evidence{Labels: map[string]string{"evil": Evil}}),
		Created: Noon.Add(-time.Minute), Updated: Noon.Add(-time.Minute), Entered: Noon.Add(-time.Minute), Expires: Noon.Add(14 * time.Minute),
	})
	h.Keep(t, remediation.Record{
		ID: "20260301t115000-000000-00001", Playbook: "weak", Service: "search", SLO: "search:latency", Tier: "ticket_fast", Severity: "warning",
		Alert: "search:latency/ticket_fast", Since: Noon.Add(-11 * time.Minute), Gateway: "kong", Kind: "kong", Target: "service/ads",
		Action: actuator.Action{Kind: actuator.Breaker, Dependency: "ads"}, State: remediation.Contested, Reason: remediation.ReasonForeign,
		Note: `live is {"enabled":false}`, Escalated: true, Effect: remediation.ReasonHelped, Saved: 1234.4,
		Created: Noon.Add(-10 * time.Minute), Updated: Noon.Add(-5 * time.Minute), Entered: Noon.Add(-5 * time.Minute),
		Acted: Noon.Add(-9 * time.Minute), Expires: Noon.Add(20 * time.Minute),
	})
	h.Keep(t, remediation.Record{
		ID: "20260301t114000-000000-00000", Playbook: "weak", Step: 1, Service: "search", SLO: "search:latency", Alert: "x", Since: Noon.Add(-20 * time.Minute),
		Gateway: "kong", Kind: "kong", Target: "route/suggest", Action: actuator.Action{Kind: actuator.RateLimit, Route: "suggest", PerSecond: 2.5},
		State: remediation.Rehearsed, Reason: remediation.ReasonRehearsed, DryRun: true,
		Created: Noon.Add(-20 * time.Minute), Updated: Noon.Add(-20 * time.Minute), Entered: Noon.Add(-20 * time.Minute),
	})
	h.fillRest(t)
}

func (h *Healer) fillRest(t testing.TB) {
	t.Helper()
	held := func(ago time.Duration, alert string, reason remediation.Reason, note string) remediation.Entry {
		return remediation.Entry{
			At: Noon.Add(-ago), Who: "slo-engine", What: "held_back", Service: "checkout", SLO: "checkout:availability", Reason: reason,
			Data: raw(map[string]any{"playbook": "back-to-v1", "step": 1, "note": note, "alert": alert, "labels": map[string]string{"tier": "heal", "evil": Evil}}),
		}
	}
	err := h.Store.Append(t.Context(),
		held(3*time.Minute, "checkout:availability/heal", remediation.ReasonStorm, "zone=b"),
		held(2*time.Minute, "checkout:availability/heal", remediation.HeldCooldown, "held back: cooldown by 20260301t114000-000000-00000"),
		held(time.Minute, "checkout:availability/page_fast", remediation.ReasonMuted, "silence 1"))
	if err != nil {
		t.Fatal(err)
	}
	dead := remediation.Message{
		ID: "m-1", To: "pager", Key: "20260301t115000-000000-00001", Body: raw(map[string]string{"id": "m-1"}), Made: Noon.Add(-5 * time.Minute), Due: Noon.Add(-5 * time.Minute),
	}
	if err := h.Store.Push(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	dead.Tries, dead.Problem, dead.Fate = 7, "410 Gone", remediation.DeadEnd
	if err := h.Store.Settle(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
}
