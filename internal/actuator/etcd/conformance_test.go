package etcd_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/etcd"
	"github.com/slo-engine/slo-engine/test/lab"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = 30 * time.Second

// documents are a gateway's first state.
var documents = map[string]string{
	"weights/checkout":     `{"v2": 1, "v1": 1, "v3": 1}`, // as people write it
	"route/pay":            `{"state": "open", "note": "ours"}`,
	"route/list":           `{"state": "open"}`,
	"dependency/inventory": `{"breaker": "closed"}`,
}

// start starts a gateway below a prefix of its own.
func start(t testing.TB, e *lab.Etcd, prefix string) *edge {
	t.Helper()
	for key, text := range documents {
		if _, err := dial(t, e.URL).Put(t.Context(), prefix+"/"+key, text); err != nil {
			t.Fatal(err)
		}
	}
	return startEdge(t, e.URL, prefix)
}

// open makes an adapter.
func open(t testing.TB, url, prefix string) *etcd.Actuator {
	t.Helper()
	a, err := etcd.New(etcd.Config{Endpoints: []string{url}, Prefix: prefix, Group: "checkout", Timeout: 20 * time.Second}, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The suite, at a real etcd and a gateway that follows it: once about members,
// once about routes, which waits for leases at the same time.
func TestConformance(t *testing.T) {
	members := []actuator.Action{
		{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
		{Kind: actuator.Shift, From: "v2", Share: 0.6},
		{Kind: actuator.Eject, Member: "v2"},
		{Kind: actuator.Drain, Member: "v2"},
	}
	routes := []actuator.Action{
		{Kind: actuator.RateLimit, Route: "list", PerSecond: 5},
		{Kind: actuator.CloseRoute, Route: "pay"},
		{Kind: actuator.Breaker, Dependency: "inventory"},
	}
	for name, h := range map[string]actuatortest.Harness{
		"members": {Actions: members, Missing: []actuator.Action{
			{Kind: actuator.Eject, Member: "nobody"},
			{Kind: actuator.Eject},
			{Kind: actuator.Shift, From: "nobody", To: "v1", Share: 1},
		}},
		"routes": {Actions: routes, Missing: []actuator.Action{
			{Kind: actuator.CloseRoute, Route: "nowhere"},
			{Kind: actuator.CloseRoute},
			{Kind: actuator.RateLimit, Route: "nowhere", PerSecond: 5},
			{Kind: actuator.RateLimit, Route: "a b", PerSecond: 5},
			{Kind: actuator.Breaker, Dependency: "nobody"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.Lease = 2 * time.Second // the least that etcd gives
			h.Start = starter(t)
			for _, elsewhere := range append(members, routes...) {
				h.Elsewhere = append(h.Elsewhere, elsewhere.Kind)
			}
			actuatortest.Run(t, h)
		})
	}
}

// starter starts gateways below prefixes of their own, at one etcd.
func starter(t *testing.T) func(*testing.T) *actuatortest.Gateway {
	e, gateways := lab.StartEtcd(t), 0
	return func(inner *testing.T) *actuatortest.Gateway {
		gateways++
		prefix := fmt.Sprintf("/gateway-%d", gateways)
		g, d := start(inner, e, prefix), newDoor(inner, e.URL[len("http://"):], nil)
		return &actuatortest.Gateway{
			Open: func(t testing.TB) actuator.Actuator { return open(t, d.URL, prefix) },
			Look: g.look, Effect: g.effect, Disturb: g.disturb,
			Down: d.Down, Hang: d.Hang, BeforeWrite: d.BeforeWrite,
			Restart: func(testing.TB) {
				e.Stop()
				e.Restart(t) // it is there for the next one, too
			},
			Faults: []actuatortest.Fault{
				{Name: "no leader", Set: d.fail(rpctypes.ErrGRPCNoLeader), Want: actuator.ErrUnavailable},
				{Name: "too many requests", Set: d.fail(rpctypes.ErrGRPCRequestTooManyRequests), Want: actuator.ErrUnavailable},
				{Name: "a full disk", Set: d.fail(rpctypes.ErrGRPCNoSpace), Want: actuator.ErrUnavailable},
				{Name: "a user who may not", Set: d.fail(rpctypes.ErrGRPCPermissionDenied), Want: actuator.ErrRefused},
				{Name: "a lost leader", Set: d.fail(rpctypes.ErrGRPCTimeoutDueToLeaderFail), Want: actuator.ErrUncertain},
			},
		}
	}
}
