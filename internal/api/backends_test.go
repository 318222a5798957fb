package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

func someBackends() []Backend {
	return []Backend{
		{
			Name: "main", Language: "promql", URL: "http://prometheus:9090", ClockAhead: ptr(1500 * time.Millisecond), MaxQueriesPerSecond: 10,
			Polls: []Poll{
				{Queries: []string{"a_total", "b_total"}, SLOs: []string{"checkout:checkout-availability"}, Succeeded: noon, Series: 12},
				{Queries: []string{"c"}, SLOs: []string{"search:search-queue"}, Problem: "poll c: timeout"},
			},
			Pasts: []Past{
				{SLO: "checkout:checkout-availability", State: "done", Share: 1, Reached: noon.Add(-30 * day)},
				{SLO: "checkout:checkout-latency", State: "running", Share: 0.4, Reached: noon.Add(-12 * day), Problem: "read: timeout"},
			},
		},
		{Name: "loki", Language: "logql", URL: "http://loki:3100", MaxQueriesPerSecond: 1},
	}
}

func TestBackends(t *testing.T) {
	got := text(t, ask(t, Options{Backends: someBackends}, "GET", "/api/v1/backends", ""))
	want := `{"backends":[{"name":"main","language":"promql","url":"http://prometheus:9090","clock_ahead":1.5,"max_queries_per_second":10,` +
		`"polls":[{"queries":["a_total","b_total"],"slos":["checkout:checkout-availability"],"last_success":"2026-03-01T12:00:00.250Z","series":12,"problem":""},` +
		`{"queries":["c"],"slos":["search:search-queue"],"last_success":null,"series":0,"problem":"poll c: timeout"}],` +
		`"pasts":[{"slo_id":"checkout:checkout-availability","state":"done","share":1,"reached":"2026-01-30T12:00:00.250Z","problem":""},` +
		`{"slo_id":"checkout:checkout-latency","state":"running","share":0.4,"reached":"2026-02-17T12:00:00.250Z","problem":"read: timeout"}]},` +
		`{"name":"loki","language":"logql","url":"http://loki:3100","clock_ahead":null,"max_queries_per_second":1,"polls":[],"pasts":[]}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := text(t, ask(t, Options{}, "GET", "/api/v1/backends", "")); got != `{"backends":[]}`+"\n" {
		t.Errorf("none: %s", got)
	}
	if r := ask(t, Options{}, "GET", "/api/v1/backends?x=y", ""); r.StatusCode != 400 {
		t.Errorf("a parameter: %d", r.StatusCode)
	}
}

// The past of an SLO is that of its groups.
func TestBackfillOfAnSLO(t *testing.T) {
	for id, want := range map[string]string{
		"checkout:checkout-availability":             "done",
		"checkout:checkout-latency:9f86d081884c7d65": "running",
		"search:search-queue":                        "",
	} {
		var detail apitypes.Detail
		if err := json.NewDecoder(ask(t, Options{Backends: someBackends}, "GET", "/api/v1/slos/"+id, "").Body).Decode(&detail); err != nil {
			t.Fatal(err)
		}
		switch {
		case want == "" && detail.Backfill != nil:
			t.Errorf("%s: %+v", id, detail.Backfill)
		case want != "" && (detail.Backfill == nil || detail.Backfill.State != want):
			t.Errorf("%s: %+v, want %s", id, detail.Backfill, want)
		}
	}
}

// How many events a bucket leaves open is in the list; nothing where none is.
func TestUncertainEvents(t *testing.T) {
	var list apitypes.SLOList
	if err := json.NewDecoder(ask(t, Options{}, "GET", "/api/v1/slos?service=checkout", "").Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if got := list.SLOs[0].UncertainEvents; got != nil {
		t.Errorf("%s: %v", list.SLOs[0].ID, *got)
	}
	if got := list.SLOs[1].UncertainEvents; got == nil || *got != 40 {
		t.Errorf("%s: %v, want 40", list.SLOs[1].ID, got)
	}
}
