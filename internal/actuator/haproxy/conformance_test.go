package haproxy_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
)

// effect is what traffic shows of an action.
func (p *proxy) effect(ctx context.Context, a actuator.Action) (bool, error) {
	path, n := "/", 36
	switch a.Kind {
	case actuator.Breaker:
		path = "/" + a.Dependency
	case actuator.CloseRoute, actuator.RateLimit:
		path = a.Route
	}
	seen, err := p.answers(ctx, path, n)
	switch a.Kind {
	case actuator.Shift:
		return seen[a.From] < n/4, err // a third before
	case actuator.Eject, actuator.Drain:
		return seen[a.Member] == 0, err
	case actuator.RateLimit:
		return seen["429"] > 0, err
	}
	return seen["503"] == n, err
}

// disturb is a person at the socket, who works on what the action is about.
func (p *proxy) disturb(t testing.TB, a actuator.Action) {
	closed, limits := filepath.Join(p.Dir, "closed.map"), filepath.Join(p.Dir, "limits.map")
	commands := map[actuator.Kind][]string{
		actuator.Shift:      {"set server checkout/v3 weight 77"},
		actuator.Eject:      {"set server checkout/v3 state maint"},
		actuator.Drain:      {"set server checkout/v2 weight 77"},
		actuator.Breaker:    {"set server inventory/i1 state drain"},
		actuator.CloseRoute: {"add map " + closed + " /pay 404", "set map " + closed + " /pay 404"},
		actuator.RateLimit:  {"add map " + limits + " /list 77"}, // beside what is there
	}
	for _, command := range commands[a.Kind] {
		if said := strings.TrimSpace(p.say(t, command)); said != "" {
			t.Fatalf("%s: %s", command, said)
		}
	}
}

// gateway is a fresh HAProxy with the means to trouble it.
func gateway(t *testing.T) *actuatortest.Gateway {
	p := startProxy(t)
	return &actuatortest.Gateway{
		Open: p.open, Look: p.look, Effect: p.effect, Disturb: p.disturb,
		Down: p.lead("nobody.sock"), Hang: p.silence,
		Restart: func(t testing.TB) {
			p.Stop()
			p.HAProxy.Restart(t)
		},
		// Entries of maps may be written there, servers may not.
		Faults: []actuatortest.Fault{{Name: "a socket of level user", Set: p.lead("user.sock"), Want: actuator.ErrRefused}},
	}
}

// The suite, at the servers of a real HAProxy, and at its maps.
func TestConformance(t *testing.T) {
	h := actuatortest.Harness{Start: gateway}
	h.Actions = []actuator.Action{
		{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
		{Kind: actuator.Shift, From: "v2", Share: 0.6},
		{Kind: actuator.Eject, Member: "v2"},
		{Kind: actuator.Drain, Member: "v2"},
		{Kind: actuator.Breaker, Dependency: "inventory"},
	}
	h.Missing = []actuator.Action{
		{Kind: actuator.Eject, Member: "nobody"},
		{Kind: actuator.Eject},
		{Kind: actuator.Shift, From: "nobody", To: "v1", Share: 1},
		{Kind: actuator.Breaker, Dependency: "nobody"},
		{Kind: actuator.CloseRoute},
		{Kind: actuator.RateLimit, Route: "/a b;shutdown sessions server checkout/v1", PerSecond: 5},
	}
	h.Elsewhere = []actuator.Kind{actuator.CloseRoute, actuator.RateLimit}
	t.Run("servers", func(t *testing.T) { actuatortest.Run(t, h) })

	h.Actions = []actuator.Action{
		{Kind: actuator.CloseRoute, Route: "/pay"},
		{Kind: actuator.RateLimit, Route: "/list", PerSecond: 5},
	}
	h.Elsewhere = []actuator.Kind{actuator.Shift, actuator.Eject, actuator.Drain, actuator.Breaker}
	h.Missing = nil
	h.Start = func(t *testing.T) *actuatortest.Gateway {
		g := gateway(t)
		g.Faults = nil
		return g
	}
	t.Run("maps", func(t *testing.T) { actuatortest.Run(t, h) })
}
