package kong_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/kong"
)

// gateway is a fresh cluster with the means to trouble it.
func gateway(t *testing.T, change func(*kong.Config)) *actuatortest.Gateway {
	c := start(t)
	fault := func(name string, status int, want error) actuatortest.Fault {
		return actuatortest.Fault{Name: name, Set: c.proxy.Answer(status, "application/json", `{"message":"no"}`), Want: want}
	}
	return &actuatortest.Gateway{
		Open:   func(t testing.TB) actuator.Actuator { return c.open(t, change) },
		Look:   func(context.Context) (string, error) { return c.Look(), nil },
		Effect: c.effect, Disturb: c.disturb,
		Down: c.proxy.Down, Hang: c.proxy.Hang,
		Restart: func(testing.TB) { c.Restart() },
		// Nodes take up to ten seconds: the suite is not to wait so often.
		Advance: func(d time.Duration) { c.Advance(10 * d) }, Now: c.Now,
		Faults: []actuatortest.Fault{
			fault("400", 400, actuator.ErrRefused), fault("401", 401, actuator.ErrRefused), fault("404", 404, actuator.ErrMissing),
			fault("405", 405, actuator.ErrUnsupported), fault("409", 409, actuator.ErrConflict), fault("413", 413, actuator.ErrRefused),
			fault("429", 429, actuator.ErrUnavailable), fault("503", 503, actuator.ErrUnavailable), fault("500", 500, actuator.ErrUncertain),
			{Name: "a redirect", Set: c.proxy.Handle(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, c.Admin(1)+r.URL.Path, http.StatusTemporaryRedirect)
			}), Want: actuator.ErrRefused},
		},
	}
}

// The suite, at weights, at plugins that are added, and at those that are there.
func TestConformance(t *testing.T) {
	h := actuatortest.Harness{
		Start:   func(t *testing.T) *actuatortest.Gateway { return gateway(t, nil) },
		Secrets: []string{token},
		Actions: []actuator.Action{
			{Kind: actuator.Shift, From: "v2", Share: 0.6},
			{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
			{Kind: actuator.Eject, Member: "v2"},
			{Kind: actuator.Drain, Member: "v2"},
			{Kind: actuator.RateLimit, Route: "pay", PerSecond: 5},
			{Kind: actuator.RateLimit, Route: "list", PerSecond: 5},
			{Kind: actuator.CloseRoute, Route: "pay"},
			{Kind: actuator.CloseRoute, Route: "old"},
			{Kind: actuator.Breaker, Dependency: "inventory"},
		},
		Missing: []actuator.Action{
			{Kind: actuator.Eject, Member: "nobody"},
			{Kind: actuator.Drain},
			{Kind: actuator.Shift, From: "nobody", To: "v1", Share: 1},
			{Kind: actuator.RateLimit, Route: "nobody", PerSecond: 5},
			{Kind: actuator.CloseRoute},
			{Kind: actuator.CloseRoute, Route: "pay\nDELETE /"},
			{Kind: actuator.Breaker, Dependency: "nobody"},
		},
	}
	t.Run("database", func(t *testing.T) { actuatortest.Run(t, h) })

	h.Start = func(t *testing.T) *actuatortest.Gateway {
		return gateway(t, func(c *kong.Config) { c.EjectBy = "health" })
	}
	h.Actions = []actuator.Action{{Kind: actuator.Eject, Member: "v2"}}
	h.Missing = []actuator.Action{{Kind: actuator.Eject, Member: "nobody"}, {Kind: actuator.Eject}}
	t.Run("health", func(t *testing.T) { actuatortest.Run(t, h) })
}
