package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// budgetOf is an instance of service "shop" named after its figures.
func budgetOf(name string, state engine.State, remaining, burn1h *float64) *engine.Instance {
	in := healthy(spec("shop", name, nil))
	in.State, in.Remaining = state, remaining
	in.Windows = []engine.Reading{{Window: time.Hour, Burn: burn1h}}
	return in
}

func TestWorstLeads(t *testing.T) {
	for _, c := range []struct {
		name      string
		instances []*engine.Instance
		want      string
	}{
		{"least budget", []*engine.Instance{
			budgetOf("a", "ok", ptr(0.5), ptr(9.0)), budgetOf("b", "ok", ptr(0.4), ptr(0.0)),
		}, "b ok 0.4 0"},
		{"overspent", []*engine.Instance{
			budgetOf("a", "exhausted", ptr(-0.5), ptr(1.0)), budgetOf("b", "burning", ptr(0.0), nil),
		}, "a exhausted -0.5 1"},
		{"equal budget: the faster burn", []*engine.Instance{
			budgetOf("a", "ok", ptr(1.0), nil), budgetOf("b", "idle", ptr(1.0), ptr(0.0)), budgetOf("c", "burning", ptr(1.0), ptr(2.0)), budgetOf("d", "ok", ptr(1.0), ptr(2.0)),
		}, "c burning 1 2"},
		{"an unknown budget does not lead, but shows", []*engine.Instance{
			budgetOf("a", "unknown", nil, nil), budgetOf("b", "ok", ptr(0.9), ptr(0.1)),
		}, "b unknown 0.9 0.1"},
		{"state of one, figures of another", []*engine.Instance{
			budgetOf("a", "no_data", ptr(0.9), nil), budgetOf("b", "idle", ptr(0.1), nil),
		}, "b no_data 0.1 null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := shopService(t, &engine.Snapshot{At: noon, Instances: c.instances})
			figures := fmt.Sprintf("%s %s %s %s", strings.TrimPrefix(got.LeadingSLO, "shop:"), got.State,
				number(got.ErrorBudgetRemaining), number(got.ErrorBudgetBurnRate))
			if figures != c.want {
				t.Errorf("service is %q, want %q", figures, c.want)
			}
		})
	}
}

func shopService(t *testing.T, s *engine.Snapshot) apitypes.Service {
	t.Helper()
	var service apitypes.Service
	body := text(t, ask(t, Options{Snapshot: at(s)}, "GET", "/api/v1/services/shop/slo", ""))
	if err := json.Unmarshal([]byte(body), &service); err != nil {
		t.Fatal(err)
	}
	return service
}

func number(v *float64) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}

// An SLO of one hour keeps no window of an hour beside its own.
func TestBurnOfShortWindow(t *testing.T) {
	in := budgetOf("a", "ok", ptr(0.5), nil)
	in.Spec.Window.Rolling = time.Hour
	in.Windows, in.Period = nil, reading(time.Hour, 1, 1000)
	if got := shopService(t, &engine.Snapshot{Instances: []*engine.Instance{in}}); number(got.ErrorBudgetBurnRate) != "1" {
		t.Errorf("burn rate is %s, want 1", number(got.ErrorBudgetBurnRate))
	}
}

func TestStatePrecedence(t *testing.T) {
	order := []engine.State{"error", "exhausted", "burning", "no_data", "unknown", "idle", "ok"}
	for i := range order {
		var instances []*engine.Instance
		for j, state := range order[i:] {
			// The worst is last by id: place must not decide.
			instances = append([]*engine.Instance{budgetOf(fmt.Sprint(9-j), state, nil, nil)}, instances...)
		}
		if got := shopService(t, &engine.Snapshot{Instances: instances}).State; got != string(order[i]) {
			t.Errorf("of %v the worst is %q", order[i:], got)
		}
	}
}

// Where the engine has an instance for a faulty document, that one explains
// itself and the document is not listed again.
func TestInstanceInError(t *testing.T) {
	in := budgetOf("a", "error", nil, nil)
	s := &engine.Snapshot{At: noon, Instances: []*engine.Instance{in}, Problems: []slo.Problem{
		problem("slos/shop.yaml", 1, 1, slo.Error, "shop:a", "spec.sli", "is no selector", ""),
	}}
	service := shopService(t, s)
	if len(service.SLOs) != 1 || !strings.HasSuffix(service.SLOs[0].Error, "spec.sli: is no selector") || len(service.SLOs[0].Problems) != 1 {
		t.Errorf("service is %+v", service)
	}
}
