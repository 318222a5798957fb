package apisix_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/apisix"
	"github.com/slo-engine/slo-engine/internal/actuator/apisix/apisixtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type object = apisixtest.Object

// secret is in a plugin of a route that overlays copy.
const secret = "of-the-route-0003"

// bed is a contract server with a few objects, and a key file.
type bed struct {
	*apisixtest.Server
	keyFile string
}

const v1, v2, v3 = "127.0.0.1:8001", "127.0.0.1:8002", "127.0.0.1:8003"

func newBed(t testing.TB) *bed {
	t.Helper()
	b := &bed{apisixtest.New(t), filepath.Join(t.TempDir(), "key")}
	if err := os.WriteFile(b.keyFile, []byte(apisixtest.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Put("/upstreams/checkout", object{"nodes": object{v1: 1, v2: 1, v3: 1}, "checks": object{"active": object{"http_path": "/ok"}}})
	b.Put("/upstreams/listed", listed(1, 1, 1))
	b.Put("/upstreams/canary", object{"nodes": object{v2: 1}})
	b.Put("/routes/shop", object{"uri": "/shop", "upstream_id": "checkout"})
	b.Put("/routes/listed", object{"uri": "/listed", "upstream_id": "listed"})
	b.Put("/routes/split", splitting(2, 1))
	b.Put("/routes/pay", object{"uri": "/pay", "upstream_id": "checkout", "labels": object{"team": "payments"}, "plugins": object{"key-auth": object{"key": secret}}})
	b.Put("/routes/list", object{"uri": "/list", "upstream_id": "checkout", "priority": 7})
	b.Put("/routes/inventory", object{"uri": "/inventory", "upstream_id": "canary"})
	b.Advance(time.Second)
	return b
}

// listed is an upstream in the other spelling.
func listed(weights ...int) object {
	var nodes []object
	for i, weight := range weights {
		nodes = append(nodes, object{"host": "127.0.0.1", "port": 8001 + i, "weight": weight, "metadata": object{"zone": "a"}})
	}
	return object{"nodes": nodes}
}

// splitting is a route over its own upstream, and the canary's.
func splitting(own, canary int) object {
	return object{"uri": "/split", "upstream_id": "checkout", "plugins": object{"traffic-split": object{"rules": []object{
		{"weighted_upstreams": []object{{"upstream_id": "canary", "weight": canary}, {"weight": own}}},
	}}}}
}

// open makes an adapter that finds the Admin API at a URL.
func (b *bed) open(t testing.TB, c apisix.Config) actuator.Actuator {
	t.Helper()
	if c.URL == "" {
		c.URL = b.Admin.URL
	}
	c.KeyFile, c.Control = b.keyFile, []string{b.Control.URL}
	a, err := apisix.New(c, apisix.Options{Now: b.Now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// answers counts what a number of requests got: a member's name, or a status.
func (b *bed) answers(ctx context.Context, path string, n int) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.Traffic.URL+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := b.Traffic.Client().Do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			body = strconv.AppendInt(nil, int64(resp.StatusCode), 10)
		}
		seen[string(body)]++
	}
	return seen, nil
}

// effect is what traffic at a path shows of an action.
func (b *bed) effect(path string) func(context.Context, actuator.Action) (bool, error) {
	return func(ctx context.Context, a actuator.Action) (bool, error) {
		const n = 60
		if route := a.Route + a.Dependency; route != "" {
			path = "/" + route
		}
		seen, err := b.answers(ctx, path, n)
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
}

// harness is the suite's view of a bed.
func harness(c apisix.Config, path string, disturb func(b *bed, a actuator.Action)) actuatortest.Harness {
	return actuatortest.Harness{
		Secrets: []string{apisixtest.Key, secret},
		Start: func(t *testing.T) *actuatortest.Gateway {
			b := newBed(t)
			p := actuatortest.NewProxy(t, b.Admin.URL)
			c := c
			c.URL = p.URL
			return &actuatortest.Gateway{
				Open:    func(t testing.TB) actuator.Actuator { return b.open(t, c) },
				Look:    func(context.Context) (string, error) { return b.Dump(), nil },
				Effect:  b.effect(path),
				Disturb: func(_ testing.TB, a actuator.Action) { disturb(b, a) },
				Restart: func(testing.TB) { b.Restart() },
				Down:    p.Down, Hang: p.Hang, Faults: faults(p),
				Advance: b.Advance, Now: b.Now,
			}
		},
	}
}

// faults are what APISIX may answer, or something in front of it.
func faults(p *actuatortest.Proxy) (list []actuatortest.Fault) {
	const j = "application/json"
	for _, f := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"a race", 503, `{"error_msg":"value changed before overwritten"}`, actuator.ErrConflict},
		{"no etcd", 503, `{"error_msg":"connection refused"}`, actuator.ErrUnavailable},
		{"a slow etcd", 503, `{"error_msg":"timeout"}`, actuator.ErrUncertain},
		{"a busy proxy", 503, `busy`, actuator.ErrUnavailable},
		{"too many", 429, `{}`, actuator.ErrUnavailable},
		{"a schema", 400, `{"error_msg":"invalid configuration: property \"nodes\" validation failed"}`, actuator.ErrRefused},
		{"a wrong key", 401, `{"error_msg":"failed to check token"}`, actuator.ErrRefused},
		{"another network", 403, `forbidden`, actuator.ErrRefused},
		{"another method", 405, `{}`, actuator.ErrRefused},
		{"a redirect", 302, ``, actuator.ErrRefused},
		{"a crash", 500, `{}`, actuator.ErrUncertain},
		{"a proxy without patience", 504, ``, actuator.ErrUncertain},
	} {
		list = append(list, actuatortest.Fault{Name: f.name, Want: f.want, Set: p.Answer(f.status, j, f.body)})
	}
	return list
}

// The suite, at the weights of an upstream in both spellings, and of a plugin.
func TestPoolConformance(t *testing.T) {
	person := func(b *bed, _ actuator.Action) {
		b.Put("/upstreams/checkout", object{"nodes": object{v1: 7, v2: 5, v3: 1}})
		b.Put("/upstreams/listed", listed(7, 5, 1))
		b.Put("/routes/split", splitting(9, 2))
	}
	nodes := []actuator.Action{
		{Kind: actuator.Shift, From: v2, To: v1, Share: 0.5},
		{Kind: actuator.Shift, From: v2, Share: 0.6},
		{Kind: actuator.Eject, Member: v2},
		{Kind: actuator.Drain, Member: v2},
	}
	missing := []actuator.Action{
		{Kind: actuator.Eject, Member: "nobody"}, {Kind: actuator.Eject}, {Kind: actuator.Shift, From: "nobody", To: v1, Share: 1},
	}
	for name, tt := range map[string]struct {
		c       apisix.Config
		path    string
		actions []actuator.Action
	}{
		"nodes":  {apisix.Config{Upstream: "checkout"}, "/shop", nodes},
		"listed": {apisix.Config{Upstream: "listed"}, "/listed", nodes},
		"split": {apisix.Config{Route: "split"}, "/split", []actuator.Action{
			{Kind: actuator.Shift, From: "canary", To: "checkout", Share: 0.5}, {Kind: actuator.Eject, Member: "canary"}, {Kind: actuator.Drain, Member: "canary"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits for lost answers
			h := harness(tt.c, tt.path, person)
			h.Actions, h.Missing = tt.actions, missing
			actuatortest.Run(t, h)
		})
	}
}

// The suite, at routes that lie over others.
func TestOverlayConformance(t *testing.T) {
	t.Parallel()
	person := func(b *bed, a actuator.Action) {
		name := a.Route + a.Dependency
		b.Put("/routes/"+name, object{"uri": "/" + name, "upstream_id": "checkout", "desc": "a person was here"})
	}
	h := harness(apisix.Config{}, "", person)
	h.Actions = []actuator.Action{
		{Kind: actuator.CloseRoute, Route: "pay"},
		{Kind: actuator.RateLimit, Route: "list", PerSecond: 5},
		{Kind: actuator.Breaker, Dependency: "inventory"},
	}
	h.Missing = []actuator.Action{
		{Kind: actuator.CloseRoute, Route: "nowhere"}, {Kind: actuator.CloseRoute}, {Kind: actuator.CloseRoute, Route: "../upstreams/checkout"},
		{Kind: actuator.RateLimit, Route: "nowhere", PerSecond: 5}, {Kind: actuator.Breaker, Dependency: "nobody"},
	}
	actuatortest.Run(t, h)
}
