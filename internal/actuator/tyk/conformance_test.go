package tyk_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk"
)

// gateway is a fresh group with the means to trouble it.
func gateway(t *testing.T, api string, change func(*tyk.Config)) *actuatortest.Gateway {
	g := start(t)
	fault := func(name string, status int, body string, want error) actuatortest.Fault {
		return actuatortest.Fault{Name: name, Set: g.proxy.Answer(status, "application/json", body), Want: want}
	}
	gw := &actuatortest.Gateway{
		Open:   func(t testing.TB) actuator.Actuator { return g.open(t, change) },
		Look:   func(context.Context) (string, error) { return g.Look() },
		Effect: g.effect(api), Disturb: g.disturb,
		Down: g.proxy.Down,
		// A write ends with reloads: the answers to those are lost.
		Hang:    func(testing.TB) func() { return g.HoldReloads() },
		Restart: func(testing.TB) { g.Restart() },
		Advance: g.Advance, Now: g.Now,
		Faults: []actuatortest.Fault{
			fault("400", 400, "Request malformed", actuator.ErrRefused), fault("403", 403, "no", actuator.ErrRefused),
			fault("404", 404, "API not found", actuator.ErrMissing), fault("500", 500, "write error", actuator.ErrUncertain),
			fault("503", 503, "busy", actuator.ErrUnavailable),
			{Name: "a redirect", Set: g.proxy.Handle(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, g.URL(1)+r.URL.Path, http.StatusTemporaryRedirect)
			}), Want: actuator.ErrRefused},
			{Name: "no reload", Set: func(testing.TB) func() {
				g.BreakReloads(503)
				return func() { g.BreakReloads(0) }
			}, Want: actuator.ErrUnavailable},
		},
	}
	if api == "legacy" {
		gw.Disturb = g.disturbOld
	}
	return gw
}

// The suite, with reloads of all gateways and of one, and with a classic
// definition.
func TestConformance(t *testing.T) {
	h := actuatortest.Harness{
		Start:   func(t *testing.T) *actuatortest.Gateway { return gateway(t, "checkout", nil) },
		Secrets: []string{secret, buried},
		Actions: []actuator.Action{
			{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
			{Kind: actuator.Shift, From: "v2", Share: 0.6},
			{Kind: actuator.Eject, Member: "v2"},
			{Kind: actuator.Drain, Member: "v2"},
			{Kind: actuator.RateLimit, Route: "listItems", PerSecond: 5},
			{Kind: actuator.RateLimit, Route: "*", PerSecond: 5},
			{Kind: actuator.CloseRoute, Route: "pay"},
			{Kind: actuator.CloseRoute, Route: "listItems"},
			{Kind: actuator.Breaker, Dependency: "inventory"},
		},
		Missing: []actuator.Action{
			{Kind: actuator.Eject, Member: "nobody"},
			{Kind: actuator.Drain},
			{Kind: actuator.Shift, From: "nobody", To: "v1", Share: 1},
			{Kind: actuator.RateLimit, Route: "nobody", PerSecond: 5},
			{Kind: actuator.CloseRoute},
			{Kind: actuator.CloseRoute, Route: "listItems mockResponse"},
			{Kind: actuator.Breaker, Dependency: "nobody"},
			{Kind: actuator.Breaker},
		},
	}
	t.Run("oas", func(t *testing.T) { actuatortest.Run(t, h) })

	this := func(c *tyk.Config) { c.Nodes, c.Reload = nil, "node" }
	h.Start = func(t *testing.T) *actuatortest.Gateway {
		g := gateway(t, "checkout", this)
		g.Effect = nil // the other node knows nothing of it
		return g
	}
	h.Actions, h.Elsewhere, h.Missing = h.Actions[:1], everyKind(t), nil
	t.Run("one gateway", func(t *testing.T) { actuatortest.Run(t, h) })

	old := func(c *tyk.Config) { c.API, c.Format = "legacy", "classic" }
	h.Start = func(t *testing.T) *actuatortest.Gateway { return gateway(t, "legacy", old) }
	h.Actions = []actuator.Action{
		{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
		{Kind: actuator.Shift, From: "v2", Share: 0.6},
		{Kind: actuator.RateLimit, Route: "*", PerSecond: 5},
	}
	h.Elsewhere = nil
	h.Missing = []actuator.Action{
		{Kind: actuator.Shift, From: "nobody", To: "v1", Share: 0.5},
		{Kind: actuator.RateLimit, Route: "listItems", PerSecond: 5},
	}
	t.Run("classic", func(t *testing.T) { actuatortest.Run(t, h) })
}

func everyKind(t *testing.T) []actuator.Kind { return start(t).open(t, nil).Guarantees().Kinds }
