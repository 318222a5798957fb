package gated

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestEngineSaysWhatItIsTold(t *testing.T) {
	e := Start(t)
	want := map[string]slo.GateDecision{
		Allowed: slo.GateAllow, Held: slo.GateHold, Denied: slo.GateDeny, Silent: slo.GateUnknown, "nobody": slo.GateUnknown,
	}
	for service, d := range want {
		if got := ask(t, e, service); got != d {
			t.Errorf("%s: %s, want %s", service, got, d)
		}
	}
	for _, d := range []slo.GateDecision{slo.GateDeny, slo.GateAllow, slo.GateHold, slo.GateUnknown} {
		e.Say("checkout", d)
		if got := ask(t, e, "checkout"); got != d {
			t.Errorf("checkout: %s, want %s", got, d)
		}
	}
}

func ask(t *testing.T, e *Engine, service string) slo.GateDecision {
	t.Helper()
	resp, err := http.Get(e.URL + "/api/v1/gate?service=" + service)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var verdict struct{ Decision slo.GateDecision }
	if err := json.NewDecoder(resp.Body).Decode(&verdict); err != nil {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return verdict.Decision
}
