package scaler_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"

	"github.com/slo-engine/slo-engine/internal/api/prom"
	"github.com/slo-engine/slo-engine/internal/scaler"
)

// The engine's own history is asked in the process, by its own API.
func TestEnginesHistory(t *testing.T) {
	storage := promqltest.LoadedStorage(t, "load 1m\n  slo_events_total 0+600x60\n")
	defer storage.Close()
	handler, err := prom.New(prom.Options{Storage: storage})
	if err != nil {
		t.Fatal(err)
	}
	history, err := scaler.NewHistory(handler, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	load := &scaler.Load{Query: scaler.Query{Backend: scaler.History, Query: "sum(rate(slo_events_total[5m]))", Target: 4, Weight: 1}, Ahead: time.Minute, Trend: 10 * time.Minute}
	now := time.Unix(30*60+5, 0)
	s, err := scaler.New(scaler.Options{
		Specs: []scaler.Spec{{Name: "a", Service: "a", Max: 1000, Load: load}}, Sources: map[string]scaler.Source{scaler.History: history},
		Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		n, err := s.Number("a")
		if err == nil && n.Value == 2.5 { // ten a second
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(n, err)
		}
	}
}
