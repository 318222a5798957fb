package tyk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk/tyktest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nodes is how many a group has; secret is what its API wants to see, and buried
// stands in a definition, where nobody is to see it.
const (
	nodes  = 2
	secret = "hush-hush"
	buried = "the-upstream-password"
)

// targets are those of the load balancers, by the names of the playbook.
var targets = map[string]string{"v1": "http://10.0.0.1", "v2": "http://10.0.0.2", "v3": "http://10.0.0.3"}

const checkout = `{
 "openapi": "3.0.3", "info": {"title": "checkout", "version": "1"},
 "paths": {
  "/items": {"get": {"operationId": "listItems", "responses": {}}, "parameters": []},
  "/pay": {"post": {"operationId": "pay", "responses": {}}}
 },
 "x-tyk-api-gateway": {
  "info": {"id": "checkout", "name": "checkout", "state": {"active": true}, "big": 9007199254740993},
  "server": {"listenPath": {"value": "/checkout/", "strip": true}},
  "upstream": {
   "url": "http://10.0.0.9", "authentication": {"basicAuth": {"password": "` + buried + `"}},
   "rateLimit": {"enabled": true, "rate": 6000, "per": "1m"},
   "loadBalancing": {"enabled": true, "targets": [
    {"url": "http://10.0.0.1", "weight": 1}, {"url": "http://10.0.0.2", "weight": 1}, {"url": "http://10.0.0.3", "weight": 1}
   ]}
  },
  "middleware": {"operations": {
   "listItems": {"mockResponse": {"enabled": false, "code": 200, "body": "soon", "headers": [{"name": "x", "value": "y"}]}}
  }}
 }
}`

const inventory = `{
 "openapi": "3.0.3", "info": {"title": "inventory", "version": "1"},
 "paths": {"/stock": {"get": {"operationId": "stock", "responses": {}}, "post": {"operationId": "reserve", "responses": {}}}},
 "x-tyk-api-gateway": {"info": {"id": "inventory", "name": "inventory", "state": {"active": true}}, "upstream": {"url": "http://10.0.0.8"}}
}`

const legacy = `{
 "api_id": "legacy", "name": "legacy", "active": true,
 "proxy": {"enable_load_balancing": true, "target_list": ["http://10.0.0.1", "http://10.0.0.2", "http://10.0.0.3"]},
 "global_rate_limit": {"disabled": false, "rate": 0, "per": 0}
}`

// group is a Tyk whose first node is behind a proxy.
type group struct {
	*tyktest.Tyk
	proxy  *actuatortest.Proxy
	config tyk.Config
}

// start gives one in its first state.
func start(t testing.TB) *group {
	t.Helper()
	k := tyktest.Start(t, nodes, secret)
	k.API(t, "checkout", true, checkout)
	k.API(t, "inventory", true, inventory)
	k.API(t, "legacy", false, legacy)
	k.Restart()
	g := &group{Tyk: k, proxy: actuatortest.NewProxy(t, k.URL(0))}
	g.config = tyk.Config{
		URL: g.proxy.URL, Nodes: []string{g.proxy.URL, k.URL(1)}, API: "checkout", Members: targets, SecretFile: secretFile(t),
	}
	return g
}

func secretFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open makes an adapter; change may change its settings.
func (g *group) open(t testing.TB, change func(*tyk.Config)) *tyk.Actuator {
	t.Helper()
	config := g.config
	if change != nil {
		change(&config)
	}
	a, err := tyk.New(config, tyk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// say is a person at the second node.
func (g *group) say(t testing.TB, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, g.URL(1)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Tyk-Authorization", secret)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %s: %s %s %v", method, path, body, resp.Status, text, err)
	}
	return string(text)
}

// edit is a person who changes a definition and reloads.
func (g *group) edit(t testing.TB, path string, change func(all map[string]any)) {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(g.say(t, "GET", path, "")), &all); err != nil {
		t.Fatal(err)
	}
	change(all)
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	g.say(t, "PUT", path, string(text))
	g.say(t, "GET", "/tyk/reload/group", "")
	g.Advance(tyktest.Tick)
}

type object = map[string]any

// in is an object within others, which is made where it is not there.
func in(all object, path ...string) object {
	for _, name := range path {
		inner, is := all[name].(object)
		if !is {
			inner = object{}
			all[name] = inner
		}
		all = inner
	}
	return all
}

const extension = "x-tyk-api-gateway"

// disturb is a person who works on what the action is about.
func (g *group) disturb(t testing.TB, a actuator.Action) {
	if a.Kind == actuator.Breaker {
		g.edit(t, "/tyk/apis/oas/inventory", func(all object) {
			in(all, extension, "middleware", "operations", "stock", "mockResponse")["code"] = 451
		})
		return
	}
	g.edit(t, "/tyk/apis/oas/checkout", func(all object) {
		switch a.Kind {
		case actuator.RateLimit:
			in(all, extension, "upstream", "rateLimit")["rate"] = 77
		case actuator.CloseRoute:
			in(all, extension, "middleware", "operations", a.Route)["mockResponse"] = object{"enabled": true, "code": 451}
		default:
			list := in(all, extension, "upstream", "loadBalancing")["targets"].([]any)
			list[2].(object)["weight"] = 7
		}
	})
}

// disturbOld is one who works on a classic definition.
func (g *group) disturbOld(t testing.TB, a actuator.Action) {
	g.edit(t, "/tyk/apis/legacy", func(all object) {
		if a.Kind == actuator.RateLimit {
			all["global_rate_limit"] = object{"disabled": false, "rate": 77, "per": 1}
			return
		}
		list := in(all, "proxy")["target_list"].([]any)
		in(all, "proxy")["target_list"] = append(list, list[0], list[2])
	})
}

// effect is what traffic shows of an action, at all nodes alike.
func (g *group) effect(api string) func(context.Context, actuator.Action) (bool, error) {
	return func(_ context.Context, a actuator.Action) (inForce bool, err error) {
		for i := range nodes {
			at := g.effectAt(i, api, a)
			if i > 0 && at != inForce {
				return false, fmt.Errorf("not at all nodes: %t at %d", at, i)
			}
			inForce = at
		}
		return inForce, nil
	}
}

func (g *group) effectAt(node int, api string, a actuator.Action) bool {
	const n = 30
	operation := "listItems"
	switch {
	case a.Kind == actuator.Breaker:
		api, operation = "inventory", "reserve"
	case a.Kind == actuator.CloseRoute:
		operation = a.Route
	}
	answered, got := map[int]int{}, map[string]int{}
	for range n {
		status, target := g.Send(node, api, operation, false)
		answered[status]++
		got[target]++
	}
	switch a.Kind {
	case actuator.Shift:
		return got[targets[a.From]] < n/4 // a third before
	case actuator.Eject, actuator.Drain:
		return got[targets[a.Member]] == 0
	case actuator.RateLimit:
		return answered[http.StatusTooManyRequests] > 0
	}
	return answered[http.StatusServiceUnavailable] == n
}
