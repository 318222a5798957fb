package loki

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestAlert(t *testing.T) {
	burn, left := 14.5, 0.25
	who := alerts.Subject{
		ID: "shop:pay/eu", Spec: &slo.Spec{Service: "shop", Name: "pay"}, Group: map[string]string{"region": "eu"}, URL: "http://engine/x",
	}
	event := alerts.Event{Kind: alerts.Resolved, Reason: "recovered", Status: alerts.Status{
		Name: alerts.NameBurn, Severity: alerts.Critical, Tier: "page-fast", Since: noon.Add(-time.Minute),
	}}
	facts := alerts.Facts{LongBurn: &burn, Remaining: &left, Traces: []string{"4bf92f"}}
	e := Alert(noon, who, event, facts)
	if e.Time != noon || e.Kind != "alert" || e.Service != "shop" || e.Severity != "critical" {
		t.Errorf("entry %+v", e)
	}
	same(t, "line", `{"time":"2026-03-01T12:00:00Z","event":"resolved","alertname":"`+alerts.NameBurn+`","slo_id":"shop:pay/eu","slo":"pay",`+
		`"group":{"region":"eu"},"tier":"page-fast","since":"2026-03-01T11:59:00Z","reason":"recovered",`+
		`"burn":14.5,"remaining":0.25,"trace_ids":["4bf92f"],"url":"http://engine/x"}`, e.Line)

	event.Severity = alerts.None
	if e = Alert(noon, who, event, alerts.Facts{}); !strings.Contains(e.Line, `"quiet":true`) {
		t.Errorf("an alert that wakes nobody: %s", e.Line)
	}
	burn = math.NaN()
	if e = Alert(noon, who, event, facts); !json.Valid([]byte(e.Line)) || !strings.Contains(e.Line, `"slo_id":"shop:pay/eu"`) {
		t.Errorf("not a number: %s", e.Line)
	}
}
