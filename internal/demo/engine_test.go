package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answers serves fixed answers by path; others are 404.
func answers(t *testing.T, byPath map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := byPath[r.URL.Path]
		if !ok {
			http.Error(w, "no such page", http.StatusNotFound)
			return
		}
		w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server
}

const sloList = `{"slos": [
 {"id": "gateway:availability:9f86d081884c7d65", "service": "gateway", "slo": "availability", "group": {"route": "/pay"},
  "state": "burning", "sli": 0.9, "good_events": 90, "total_events": 100, "coverage": 0.0004,
  "error_budget_remaining": 0.84, "burn_rates": {"10s": 20, "2m": null},
  "alerts": [{"name": "ErrorBudgetBurn", "severity": "critical", "tier": "page_slow", "state": "firing", "since": "2026-02-01T10:00:00.000Z", "frozen": false}],
  "last_event": "2026-02-01T10:00:01.250Z", "updated_at": "2026-02-01T10:00:02.000Z"},
 {"id": "checkout:latency", "service": "checkout", "slo": "latency", "group": {}, "state": "unknown", "good_events": null,
  "total_events": null, "error_budget_remaining": null, "burn_rates": {}, "alerts": [], "last_event": null, "updated_at": null},
 {"id": "other:thing", "service": "other", "slo": "thing", "state": "ok", "total_events": 5}
]}`

const held = `[
 {"labels": {"alertname": "ErrorBudgetBurn", "severity": "critical", "service": "gateway", "slo": "availability", "route": "/pay"},
  "endsAt": "2100-01-01T00:00:00.000Z", "status": {"state": "active"}},
 {"labels": {"alertname": "ErrorBudgetBurn", "severity": "critical", "service": "checkout", "slo": "latency"}, "endsAt": "2020-01-01T00:00:00.000Z"},
 {"labels": {"alertname": "ErrorBudgetBurn", "severity": "warning", "service": "checkout", "slo": "availability"}, "endsAt": "2100-01-01T00:00:00.000Z"}
]`

const actionList = `{"mode": "enforce", "paused_by": "", "leader": "here", "actions": [
 {"id": "a1", "state": "held", "reason": "helped", "note": "", "service": "checkout", "what": "shift 100% of v2 to v1", "effect": "helped",
  "alert_since": "2026-02-01T10:00:00.000Z", "created_at": "2026-02-01T10:00:00.250Z", "entered_at": "2026-02-01T10:00:07.000Z",
  "acted_at": "2026-02-01T10:00:00.500Z", "saved_events": null}
]}`

func TestLookReadsTheAPI(t *testing.T) {
	server := answers(t, map[string]string{"/api/v1/slos": sloList, "/alertmanager/api/v2/alerts": held, "/api/v1/actions": actionList})
	e := newEngine(server.URL, shopCast)
	defer e.close()
	v, err := e.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range v.slos {
		names = append(names, s.name())
	}
	if diff := cmp.Diff([]string{"checkout:latency", `gateway:availability{route="/pay"}`}, names); diff != "" {
		t.Errorf("instances (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"gateway:availability": true}, v.held); diff != "" {
		t.Errorf("held by Alertmanager (-want +got):\n%s", diff)
	}
	want := map[string]counts{"gateway:availability": {good: 90, total: 100}, "checkout:latency": {}}
	if diff := cmp.Diff(want, v.counts(), cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if tier, ok := v.slos[1].page(); !ok || tier != "page_slow" {
		t.Errorf("page = %q, %t, want page_slow", tier, ok)
	}
	if a := v.action; a == nil || !a.acted() || a.over() || a.Acted.Sub(*a.Since) != 500*time.Millisecond {
		t.Errorf("action = %+v", v.action)
	}
	since := time.Date(2026, 2, 1, 10, 0, 1, 0, time.UTC)
	if diff := cmp.Diff([]string{"checkout:availability", "checkout:latency"}, v.unseen(since)); diff != "" {
		t.Errorf("unseen (-want +got):\n%s", diff)
	}
	if unseen := v.unseen(since.Add(time.Hour)); len(unseen) != 3 {
		t.Errorf("unseen since an hour later = %v, want all", unseen)
	}
}

func TestLookTellsWhatTheEngineSaid(t *testing.T) {
	for name, paths := range map[string]map[string]string{
		"404 Not Found": {},
		"decode":        {"/api/v1/slos": "<html>"},
	} {
		e := newEngine(answers(t, paths).URL, shopCast)
		_, err := e.look(t.Context())
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "/api/v1/slos") {
			t.Errorf("look = %v, want %q and the address", err, name)
		}
		e.close()
	}
}

// An engine that is there but takes no metrics: Run says so, and leaves nothing
// running (TestMain looks for goroutines).
func TestRunWithoutReceivers(t *testing.T) {
	r := newReceivers(t)
	o := r.options(t)
	o.EngineURL = answers(t, map[string]string{"/-/ready": ""}).URL
	err := Run(t.Context(), o)
	if !errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), "/api/v1/write answered 404") {
		t.Errorf("run = %v, want ErrNotReady and what the engine said", err)
	}
}

func TestRunWithoutEngine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	o := newReceivers(t).options(t)
	o.EngineURL = "http://127.0.0.1:1"
	if err := Run(ctx, o); !errors.Is(err, ErrNotReady) {
		t.Errorf("run = %v, want ErrNotReady", err)
	}
}

func TestRunRefusesBadOptions(t *testing.T) {
	o := Options{EngineURL: "http://127.0.0.1:1", OTLPGRPC: "127.0.0.1:2", OTLPHTTP: "127.0.0.1:3", For: time.Second, Premises: premises(t)}
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "1m30s") {
		t.Errorf("run for a second = %v, want the least bound", err)
	}
	if err := Run(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "OTLP") {
		t.Errorf("run without addresses = %v, want what is missing", err)
	}
}
