package kong_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/kong"
	"github.com/slo-engine/slo-engine/internal/actuator/kong/kongtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nodes is how many a cluster has; token is what its Admin API wants to see.
const (
	nodes = 3
	token = "hush-hush"
)

// cluster is a Kong whose first node's Admin API is behind a proxy.
type cluster struct {
	*kongtest.Kong
	proxy  *actuatortest.Proxy
	config kong.Config
}

// targets are those of the upstream checkout, by the names of the playbook.
var targets = map[string]string{"v1": "10.0.0.1:8080", "v2": "10.0.0.2:8080", "v3": "10.0.0.3:8080"}

// start gives one in its first state.
func start(t testing.TB) *cluster {
	t.Helper()
	k := kongtest.Start(t, nodes)
	even := map[string]int{}
	for _, target := range targets {
		even[target] = 100
	}
	k.Upstream("checkout", "round-robin", true, even)
	k.Upstream("coarse", "least-connections", false, map[string]int{"a:1": 1, "b:1": 1, "c:1": 1})
	k.Upstream("fast", "latency", false, map[string]int{"a:1": 100, "b:1": 100})
	k.Upstream("inventory", "round-robin", false, map[string]int{"i1:1": 100})
	k.Service("checkout", "checkout")
	k.Service("inventory", "inventory")
	for route, service := range map[string]string{"pay": "checkout", "list": "checkout", "old": "checkout", "stock": "inventory"} {
		k.Route(route, service)
	}
	k.Guard(token)
	c := &cluster{Kong: k, proxy: actuatortest.NewProxy(t, k.Admin(0))}
	c.config = kong.Config{
		URL: c.proxy.URL, Nodes: []string{c.proxy.URL, k.Admin(1), k.Admin(2)},
		Upstream: "checkout", Members: targets, TokenFile: secretFile(t),
	}
	// What its owner has: a limit, and a message for maintenance.
	c.plugin(t, "list", "routes", "rate-limiting", `{"second":50,"minute":3000,"limit_by":"ip"}`, true)
	c.plugin(t, "old", "routes", "request-termination", `{"status_code":404,"trigger":"x-closed"}`, true)
	k.Restart()
	return c
}

func secretFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open makes an adapter; change may change its settings.
func (c *cluster) open(t testing.TB, change func(*kong.Config)) *kong.Actuator {
	t.Helper()
	config := c.config
	if change != nil {
		change(&config)
	}
	a, err := kong.New(config, kong.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// say is a person at the second node's Admin API.
func (c *cluster) say(t testing.TB, method, path, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, c.Admin(1)+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Kong-Admin-Token", token)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s %s: %s %s %v", method, path, body, resp.Status, text, err)
	}
	var answer map[string]any
	_ = json.Unmarshal(text, &answer) // not all answer something
	return answer
}

// plugin sets one of a route's or service's, as a person does who looks what is
// there.
func (c *cluster) plugin(t testing.TB, name, scope, plugin, config string, enabled bool) {
	t.Helper()
	for _, row := range c.say(t, "GET", "/"+scope+"/"+name+"/plugins", "")["data"].([]any) {
		if p := row.(map[string]any); p["name"] == plugin {
			c.say(t, "PATCH", "/plugins/"+p["id"].(string), fmt.Sprintf(`{"config":%s,"enabled":%t}`, config, enabled))
			return
		}
	}
	id := c.say(t, "GET", "/"+scope+"/"+name, "")["id"]
	c.say(t, "POST", "/plugins", fmt.Sprintf(`{"name":%q,%q:{"id":%q},"config":%s,"enabled":%t}`,
		plugin, scope[:len(scope)-1], id, config, enabled))
}

// disturb is a person who works on what the action is about.
func (c *cluster) disturb(t testing.TB, a actuator.Action) {
	weight := func(member, weight string) {
		c.say(t, "PATCH", "/upstreams/checkout/targets/"+targets[member], `{"weight":`+weight+`}`)
	}
	switch a.Kind {
	case actuator.Shift:
		weight("v3", "77")
	case actuator.Eject:
		weight("v1", "0")
		weight("v2", "0") // whose health is not looked at then
	case actuator.Drain:
		weight("v2", "77")
	case actuator.RateLimit:
		c.plugin(t, a.Route, "routes", "rate-limiting", `{"second":77}`, true)
	case actuator.CloseRoute:
		c.plugin(t, a.Route, "routes", "request-termination", `{"status_code":451}`, true)
	case actuator.Breaker:
		c.plugin(t, a.Dependency, "services", "request-termination", `{"status_code":451}`, true)
	}
}

// effect is what traffic shows of an action, at all nodes alike.
func (c *cluster) effect(_ context.Context, a actuator.Action) (inForce bool, err error) {
	for i := range nodes {
		in := c.effectAt(i, a)
		if i > 0 && in != inForce {
			return false, fmt.Errorf("not at all nodes: %t at %d", in, i)
		}
		inForce = in
	}
	return inForce, nil
}

func (c *cluster) effectAt(node int, a actuator.Action) bool {
	const n = 30
	route := map[actuator.Kind]string{actuator.RateLimit: a.Route, actuator.CloseRoute: a.Route, actuator.Breaker: "stock"}[a.Kind]
	if route == "" {
		route = "pay"
	}
	answered, got := map[int]int{}, map[string]int{}
	for range n {
		status, target := c.Send(node, route)
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
