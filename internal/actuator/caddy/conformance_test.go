package caddy_test

import (
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
)

// The suite, at a real Caddy: weights over each of the ways in which a handler
// may balance before, and routes.
func TestConformance(t *testing.T) {
	for name, balancing := range map[string]string{
		"no balancing": ``,
		"a policy":     `"load_balancing": {"selection_policy": {"policy": "round_robin"}},`,
		"retries":      `"load_balancing": {"retries": 2},`,
		"weights":      `"load_balancing": {"retries": 2, "selection_policy": {"policy": "weighted_round_robin", "weights": [5, 4, 3]}},`,
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, balancing, false)
			v1, v2 := p.v["V1"], p.v["V2"]
			actuatortest.Run(t, actuatortest.Harness{
				Start: p.gateway,
				Actions: []actuator.Action{
					{Kind: actuator.Shift, From: v2, To: v1, Share: 0.5},
					{Kind: actuator.Shift, From: v2, Share: 0.6},
					{Kind: actuator.Eject, Member: v2},
					{Kind: actuator.Drain, Member: v2},
				},
				Missing: []actuator.Action{
					{Kind: actuator.Eject, Member: "127.0.0.1:1"}, {Kind: actuator.Eject},
					{Kind: actuator.Shift, From: "nobody", To: v1, Share: 1}, {Kind: actuator.Shift, To: v1, Share: 1},
				},
				Elsewhere: []actuator.Kind{actuator.CloseRoute, actuator.Breaker},
			})
		})
	}
	t.Run("routes", func(t *testing.T) { routesConform(t, false) })
}

func routesConform(t *testing.T, resume bool) {
	p := startProxy(t, "", resume)
	actuatortest.Run(t, actuatortest.Harness{
		Start: p.gateway,
		Actions: []actuator.Action{
			{Kind: actuator.CloseRoute, Route: "pay"},
			{Kind: actuator.CloseRoute, Route: "/list", Status: 429},
			{Kind: actuator.Breaker, Dependency: "/inventory/*"},
		},
		Missing: []actuator.Action{
			{Kind: actuator.CloseRoute}, {Kind: actuator.CloseRoute, Route: "nobody"}, {Kind: actuator.CloseRoute, Route: "checkout"},
			{Kind: actuator.CloseRoute, Route: `/a b"]`}, {Kind: actuator.Breaker, Dependency: "no such"},
		},
		Elsewhere: []actuator.Kind{actuator.Shift, actuator.Eject, actuator.Drain},
	})
}

// The same with --resume: what was changed outlives a restart.
func TestResume(t *testing.T) { routesConform(t, true) }
