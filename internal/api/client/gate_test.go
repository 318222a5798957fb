package client

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func gatedEngine(t *testing.T) (*apitest.Gates, *Client) {
	t.Helper()
	g := apitest.NewGates()
	server := httptest.NewServer(api.New(api.Options{
		Snapshot: func() *engine.Snapshot { return &engine.Snapshot{At: noon} }, Gates: g, RoutePrefix: "/slo",
	}))
	t.Cleanup(server.Close)
	return g, clientOf(t, server.URL+"/slo/")
}

func TestClientAsksGates(t *testing.T) {
	g, c := gatedEngine(t)
	for service, want := range map[string]string{
		apitest.SaysAllow: "allow", apitest.SaysHold: "hold", apitest.SaysDeny: "deny", apitest.SaysUnknown: "unknown", "a/b&c=d": "unknown",
	} {
		if v, err := c.Gate(t.Context(), GateQuestion{Service: service}); err != nil || v.Decision != want || v.Service != service {
			t.Errorf("%s: %+v, %v", service, v, err)
		}
	}
	q := GateQuestion{Service: "checkout", SLO: "availability", Kind: "rollback", Version: "v1", Baseline: "v2", Environment: "prod"}
	v, err := c.Gate(t.Context(), q)
	if err != nil || v.Decision != "allow" || !v.Reasons[1].Overruled || *v.ErrorBudgetRemaining != 0.08 || v.BurnRates["5m"] != nil {
		t.Errorf("%+v, %v", v, err)
	}
	asked := g.Asked()
	want := gate.Request{Service: "checkout", SLO: "availability", Kind: slo.ChangeRollback, Version: "v1", Baseline: "v2", Environment: "prod"}
	if got := asked[len(asked)-1]; got != want {
		t.Errorf("asked %+v", got)
	}
	var refused *Error
	if _, err := c.Gate(t.Context(), GateQuestion{}); !errors.As(err, &refused) || refused.Problem.Status != 400 {
		t.Errorf("%v", err)
	}
}

func TestClientExplains(t *testing.T) {
	_, c := gatedEngine(t)
	page, err := c.Explain(t.Context(), "checkout-1")
	if err != nil || page.Decision != "deny" || page.TimesTold != 3 || len(page.Numbers) == 0 || page.Numbers[0].Thresholds[0].Origin.Line != 3 {
		t.Errorf("%+v, %v", page, err)
	}
	var refused *Error
	if _, err := c.Explain(t.Context(), "a/b"); !errors.As(err, &refused) || refused.Problem.Status != 404 {
		t.Errorf("%v", err)
	}
	for want, f := range map[int]VerdictFilter{
		4: {}, 1: {Service: "cart", Decision: "hold", Since: apitest.Noon, Limit: 1}, 0: {Since: apitest.Noon.Add(time.Hour)},
	} {
		if list, err := c.Verdicts(t.Context(), f); err != nil || len(list) != want {
			t.Errorf("%+v: %d, %v", f, len(list), err)
		}
	}
	if list, err := c.GatePolicies(t.Context()); err != nil || len(list.Policies) != 1 || list.Default.MaxAge != 60 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestClientBreaksGlass(t *testing.T) {
	_, c := gatedEngine(t)
	broken, err := c.BreakGlass(t.Context(), apitypes.GlassRequest{Service: "checkout", Reason: "it cannot wait", For: "5m"})
	if err != nil || broken.ID != "glass-1" || broken.By != "local" {
		t.Fatalf("%+v, %v", broken, err)
	}
	if list, err := c.Glasses(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if v, err := c.Gate(t.Context(), GateQuestion{Service: "checkout"}); err != nil || v.Decision != "allow" || v.BreakGlass == nil {
		t.Errorf("%+v, %v", v, err)
	}
	if m, err := c.MendGlass(t.Context(), "glass-1"); err != nil || m.By != "local" {
		t.Errorf("%+v, %v", m, err)
	}
	var refused *Error
	if _, err := c.MendGlass(t.Context(), "glass-1"); !errors.As(err, &refused) || refused.Problem.Status != 404 {
		t.Errorf("%v", err)
	}
	if _, err := c.BreakGlass(t.Context(), apitypes.GlassRequest{Service: "a", Reason: "no", For: "5m"}); !errors.As(err, &refused) || refused.Problem.Status != 400 {
		t.Errorf("%v", err)
	}
}

func TestClientMarksDeploys(t *testing.T) {
	_, c := gatedEngine(t)
	for range 2 {
		d, err := c.MarkDeploy(t.Context(), apitypes.DeployEvent{ID: "build-7", Service: "checkout", Version: "v2", At: apitypes.Time{Time: noon}})
		if err != nil || d.ID != "build-7" || !d.At.Equal(noon) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if d, err := c.MarkDeploy(t.Context(), apitypes.DeployEvent{Service: "cart"}); err != nil || d.ID != "deploy-2" || d.At.IsZero() {
		t.Errorf("%+v, %v", d, err)
	}
	if list, err := c.Deploys(t.Context(), "checkout"); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := c.Deploys(t.Context(), ""); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}
