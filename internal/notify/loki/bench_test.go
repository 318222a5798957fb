package loki

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// A storm must not slow the engine down: an alert's line costs microseconds.
func BenchmarkPut(b *testing.B) {
	m, err := New(quick("http://127.0.0.1:1"))
	if err != nil {
		b.Fatal(err)
	}
	burn := 14.5
	who := alerts.Subject{ID: "shop:pay/eu", Spec: &slo.Spec{Service: "shop", Name: "pay"}, Group: map[string]string{"region": "eu"}, URL: "http://engine/x"}
	event := alerts.Event{Kind: alerts.Fired, Status: alerts.Status{Name: alerts.NameBurn, Severity: alerts.Critical, Tier: "page_fast", Since: time.Now()}}
	for b.Loop() {
		m.Put(Alert(time.Now(), who, event, alerts.Facts{LongBurn: &burn, ShortBurn: &burn, Top: []string{"a", "b"}}))
	}
}
