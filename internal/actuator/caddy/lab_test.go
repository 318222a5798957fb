package caddy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/caddy"
	"github.com/slo-engine/slo-engine/test/lab"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = 30 * time.Second

// proxy is a real Caddy in front of servers that answer their names.
type proxy struct {
	*lab.Caddy
	t      testing.TB // that it lasts as long as
	client *http.Client
	config string            // its first state
	v      map[string]string // addresses of the servers by name
	resume bool
	ill    atomic.Value // name of a server that fails
}

// config has three servers with one load balancing for all of them, which a
// test chooses, and routes with and without an @id.
const config = `{
  "admin": {"listen": "ADMIN"}, "logging": {"logs": {"default": {"level": "WARN"}}},
  "apps": {"http": {"servers": {"www": {
    "listen": ["ADDR"], "automatic_https": {"disable": true},
    "routes": [
      {"match": [{"path": ["/list"]}], "handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": "V1"}]}]},
      {"@id": "pay", "match": [{"path": ["/pay", "/pay/*"]}], "handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": "V1"}]}]},
      {"match": [{"path": ["/inventory/*"]}], "handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": "V2"}]}]},
      {"handle": [{"@id": "checkout", "handler": "reverse_proxy", BALANCING
        "upstreams": [{"dial": "V1"}, {"dial": "V2"}, {"dial": "V3"}]}]}
    ]
  }}}}
}`

// startProxy starts it in its first state.
func startProxy(t testing.TB, balancing string, resume bool) *proxy {
	t.Helper()
	p := &proxy{t: t, v: map[string]string{}, resume: resume}
	p.client = &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, name := range []string{"V1", "V2", "V3"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if p.ill.Load() == name {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = io.WriteString(w, name)
		}))
		t.Cleanup(s.Close)
		p.v[name] = s.Listener.Addr().String()
	}
	p.Caddy = lab.StartCaddy(t, resume, func(addr, admin string) string {
		p.config = p.fill(strings.NewReplacer("ADDR", addr, "ADMIN", admin, "BALANCING", balancing).Replace(config))
		return p.config
	})
	return p
}

// fill puts the servers' addresses in place of their names.
func (p *proxy) fill(text string) string {
	return strings.NewReplacer("V1", p.v["V1"], "V2", p.v["V2"], "V3", p.v["V3"]).Replace(text)
}

// gateway hands it out as it was at first.
func (p *proxy) gateway(t *testing.T) *actuatortest.Gateway {
	p.tell(t, "POST", "/load", p.config)
	between := actuatortest.NewProxy(t, p.Admin)
	return &actuatortest.Gateway{
		Open: func(t testing.TB) actuator.Actuator { return p.adapter(t, between.URL) },
		Look: func(ctx context.Context) (string, error) { return p.ask(ctx, p.Admin+"/config/") },
		Down: between.Down, Hang: between.Hang, BeforeWrite: between.BeforeWrite,
		Effect: p.effect, Disturb: p.disturb, Restart: func(testing.TB) { p.Restart(p.t) },
		Faults: []actuatortest.Fault{
			{Name: "412", Set: between.Answer(412, "application/json", `{"error":"If-Match header did not match current config hash"}`), Want: actuator.ErrConflict},
			{Name: "404", Set: between.Answer(404, "application/json", `{"error":"unknown object ID"}`), Want: actuator.ErrMissing},
			{Name: "403", Set: between.Answer(403, "application/json", `{"error":"client is not allowed to access from origin"}`), Want: actuator.ErrRefused},
			{Name: "it cannot load it", Set: between.Answer(500, "application/json", `{"error":"loading new config: no"}`), Want: actuator.ErrRefused},
			{Name: "what it is in has gone", Set: between.Answer(500, "application/json", `{"error":"invalid traversal path at: config/apps/http/servers/www"}`), Want: actuator.ErrConflict},
			{Name: "503", Set: between.Answer(503, "text/plain", "busy"), Want: actuator.ErrUnavailable},
			{Name: "502", Set: between.Answer(502, "text/html", "<h1>Bad Gateway</h1>"), Want: actuator.ErrUncertain},
			{Name: "a redirect", Set: between.Handle(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, p.Admin+r.URL.Path, http.StatusTemporaryRedirect)
			}), Want: actuator.ErrRefused},
		},
	}
}

const routes = "/config/apps/http/servers/www/routes"

func (p *proxy) adapter(t testing.TB, admin string) *caddy.Actuator {
	t.Helper()
	a, err := caddy.New(caddy.Config{Admin: admin, Proxy: "checkout", Routes: routes, Resume: p.resume}, caddy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// effect is what traffic shows of an action.
func (p *proxy) effect(ctx context.Context, a actuator.Action) (bool, error) {
	const n = 120
	path := "/" + strings.Trim(a.Route+a.Dependency, "/*")
	if a.Kind == actuator.Breaker {
		path += "/stock"
	}
	seen, err := p.answers(ctx, path, n)
	switch a.Kind {
	case actuator.Shift:
		return seen[a.From] < n/4, err // a third before
	case actuator.Eject, actuator.Drain:
		return seen[a.Member] == 0, err
	}
	want := a.Status
	if want == 0 {
		want = 503
	}
	return seen[fmt.Sprint(want)] == n, err
}

// answers counts what a number of requests got: a server's address, or a status.
func (p *proxy) answers(ctx context.Context, path string, n int) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := p.client.Do(req)
		if err != nil {
			return nil, err
		}
		name, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			seen[p.v[string(name)]]++
		} else {
			seen[fmt.Sprint(resp.StatusCode)]++
		}
	}
	return seen, nil
}

// disturb is a person at the admin API, who works on what the action is about.
func (p *proxy) disturb(t testing.TB, a actuator.Action) {
	t.Helper()
	answer := `{"match": [{"path": [%s]}], "handle": [{"handler": "static_response", "status_code": 404}]}`
	switch a.Kind {
	case actuator.CloseRoute, actuator.Breaker:
		paths := map[string]string{"pay": `"/pay", "/pay/*"`, "/list": `"/list"`, "/inventory/*": `"/inventory/*"`}
		p.tell(t, "PUT", routes+"/0", fmt.Sprintf(answer, paths[a.Route+a.Dependency]))
	default:
		p.tell(t, "POST", "/id/checkout/load_balancing", `{"selection_policy": {"policy": "weighted_round_robin", "weights": [7, 5, 3]}}`)
	}
}

// tell is a person's change.
func (p *proxy) tell(t testing.TB, method, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.Admin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, resp.Status, text)
	}
}

// ask gets JSON, in one spelling.
func (p *proxy) ask(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var pretty bytes.Buffer
	err = json.Indent(&pretty, bytes.TrimSpace(text), "", " ")
	return pretty.String(), err
}
