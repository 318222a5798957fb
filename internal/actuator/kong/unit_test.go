package kong_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/kong"
	"github.com/slo-engine/slo-engine/internal/actuator/kong/kongtest"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		c    kong.Config
		want []string // parts of the error; none: it is sound
	}{
		"an address":     {kong.Config{URL: "http://127.0.0.1:8001"}, nil},
		"a workspace":    {kong.Config{URL: "https://kong:8444/team-a/", TokenFile: secretFile(t)}, nil},
		"nothing":        {kong.Config{}, []string{"url: missing"}},
		"a user":         {kong.Config{URL: "http://me:hush@kong"}, []string{"url: not"}},
		"a broken token": {kong.Config{URL: "http://k", TokenFile: empty}, []string{"tokenFile: "}},
		"much": {
			kong.Config{
				URL: "ftp://x", Nodes: []string{"http://a", "b?c"}, Upstream: "a b", Members: map[string]string{"v1": "nowhere"},
				EjectBy: "force", RatePolicy: "redis", TokenFile: "/nowhere", CAFile: empty, Timeout: time.Hour,
			},
			[]string{
				"url: not", "nodes[1]: not", "upstream: ", "members.v1: ", "ejectBy: ", "ratePolicy: ", "tokenFile: ", "caFile: ", "timeout: ",
			},
		},
		"two names of one": {
			kong.Config{URL: "http://k", Members: map[string]string{"v1": "a:1", "v2": "a:1"}}, []string{"members.v", "has two names"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := kong.New(tt.c, kong.Options{})
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "hush") {
					t.Errorf("error %q does not say %q, or says too much", err, part)
				}
			}
		})
	}
	a, b := kong.Config{URL: "http://Kong:8001/", Upstream: "a"}, kong.Config{URL: "http://kong:8001", Timeout: time.Second}
	if a.Name() != b.Name() {
		t.Errorf("one Kong is %q and %q", a.Name(), b.Name())
	}
}

// The example in docs/gateways/kong.md is one that a playbook can have.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile("../../../docs/gateways/kong.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	var list []*slo.Remediation
	_, problems := slo.Loader{Remediations: &list, Remedy: func(r slo.Remedy) []slo.Problem {
		c := kong.Config{}
		problems := r.Settings.Check(&c)
		if _, err := kong.New(c, kong.Options{}); err != nil {
			t.Errorf("settings of %s: %v", r.Kind, err)
		}
		return problems
	}}.Load(slo.File{Name: "kong.md", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%s: %s", p.Field, p.Message)
		}
	}
	if len(list) != 1 || len(list[0].Remedies) != 3 {
		t.Errorf("got %d playbooks", len(list))
	}
}

// What is sent, to the byte.
func TestRequests(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	tests := map[string]struct {
		action     actuator.Action
		want, undo []string
	}{
		"a shift to all others": {
			actuator.Action{Kind: actuator.Shift, From: "v2", Share: 0.5},
			[]string{`PATCH /upstreams/checkout/targets/10.0.0.2:8080 {"weight":40}`},
			[]string{`PATCH /upstreams/checkout/targets/10.0.0.2:8080 {"weight":100}`},
		},
		"a shift to one of more": {
			actuator.Action{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5},
			[]string{
				`PATCH /upstreams/checkout/targets/10.0.0.1:8080 {"weight":150}`, `PATCH /upstreams/checkout/targets/10.0.0.2:8080 {"weight":50}`,
			},
			[]string{
				`PATCH /upstreams/checkout/targets/10.0.0.1:8080 {"weight":100}`, `PATCH /upstreams/checkout/targets/10.0.0.2:8080 {"weight":100}`,
			},
		},
		"a limit where there is one": {
			actuator.Action{Kind: actuator.RateLimit, Route: "list", PerSecond: 5},
			[]string{`PATCH /plugins/ID {"config":{"second":5}}`}, []string{`PATCH /plugins/ID {"config":{"second":50}}`},
		},
		"a message with a trigger": {
			actuator.Action{Kind: actuator.CloseRoute, Route: "old", Status: 410},
			[]string{`PATCH /plugins/ID {"config":{"status_code":410,"trigger":null}}`},
			[]string{`PATCH /plugins/ID {"config":{"status_code":404,"trigger":"x-closed"}}`},
		},
		"a breaker": {
			actuator.Action{Kind: actuator.Breaker, Dependency: "inventory"},
			[]string{`PUT /plugins/ID {"config":{"status_code":503},"enabled":true,"name":"request-termination",` +
				`"service":{"id":"ID"},"tags":["slo-action:act-01"]}`},
			[]string{`DELETE /plugins/ID `},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.action.ID = "act-01"
			p, err := a.Plan(t.Context(), tt.action)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{tt.want, tt.undo}, [][]string{c.lines(p.Requests), c.lines(p.Undo)}); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// lines are requests without what differs from test to test.
func (c *cluster) lines(requests []actuator.Request) (list []string) {
	for _, r := range requests {
		text := strings.Replace(r.Line, c.config.URL, "", 1) + " " + r.Body
		list = append(list, uuids.ReplaceAllString(text, "ID"))
	}
	return list
}

// Limits are never made higher, and always such that Kong takes them.
func TestLimits(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	for name, tt := range map[string]struct {
		there     string // the settings of the owner's
		enabled   bool
		perSecond float64
		want      string // the limits after it
		err       error
	}{
		"lower":               {`{"second":50}`, true, 5, `"second":5`, nil},
		"a longer one stays":  {`{"second":50,"minute":600}`, true, 5, `"minute":600,"policy":"local","second":5`, nil},
		"less than one":       {`{"second":50}`, true, 0.5, `"minute":30,"policy":"local"}`, nil},
		"limited more":        {`{"second":5}`, true, 5, "", actuator.ErrRefused},
		"limited by a minute": {`{"second":null,"minute":60}`, true, 61, "", actuator.ErrRefused},
		"one that rests":      {`{"second":1,"minute":1}`, false, 5, `"second":5`, nil},
		"no whole number":     {`{"second":50}`, true, 1.37, "", actuator.ErrRefused},
		"nothing":             {`{"second":50}`, true, 0, "", actuator.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			c.plugin(t, "pay", "routes", "rate-limiting", `{"second":1000,"minute":null}`, true)
			c.plugin(t, "pay", "routes", "rate-limiting", tt.there, tt.enabled)
			p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.RateLimit, Route: "pay", PerSecond: tt.perSecond})
			if !errors.Is(err, tt.err) || !strings.Contains(string(p.After), tt.want) {
				t.Fatalf("after %s, %v; want %s", p.After, err, tt.want)
			}
			if err != nil {
				return
			}
			if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
				t.Error(err)
			}
			if _, err := a.Write(t.Context(), actuator.Write{
				Action: "act-01", Target: p.Target, From: actuator.Live{Value: p.After}, To: p.Before.Value,
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Shifts that cannot be.
func TestShifts(t *testing.T) {
	c := start(t)
	for name, tt := range map[string]struct {
		upstream string
		action   actuator.Action
		want     string
		err      error
	}{
		"too coarse for ones": {"coarse", actuator.Action{From: "a:1", Share: 0.5}, `{"a:1":2,"b:1":5,"c:1":5}`, nil},
		"all of it":           {"coarse", actuator.Action{From: "a:1", To: "b:1", Share: 1}, `{"a:1":0,"b:1":2,"c:1":1}`, nil},
		"no weights":          {"fast", actuator.Action{From: "a:1", Share: 0.5}, "", actuator.ErrUnsupported},
		"nobody is left":      {"inventory", actuator.Action{From: "i1:1", Share: 0.5}, "", actuator.ErrRefused},
		"not a share":         {"coarse", actuator.Action{From: "a:1", Share: 1.5}, "", actuator.ErrRefused},
		"no upstream":         {"", actuator.Action{From: "a:1", Share: 0.5}, "", actuator.ErrMissing},
		"another upstream":    {"nobody", actuator.Action{From: "a:1", Share: 0.5}, "", actuator.ErrMissing},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.open(t, func(c *kong.Config) { c.Upstream = tt.upstream })
			tt.action.Kind = actuator.Shift
			p, err := a.Plan(t.Context(), tt.action)
			if !errors.Is(err, tt.err) || string(p.After) != tt.want {
				t.Errorf("after %s, %v; want %s", p.After, err, tt.want)
			}
		})
	}
	c.say(t, "PUT", "/upstreams/checkout/targets/"+targets["v1"]+"/unhealthy", "")
	c.Advance(time.Minute)
	_, err := c.open(t, nil).Plan(t.Context(), actuator.Action{Kind: actuator.Shift, From: "v2", To: "v1", Share: 1})
	if !errors.Is(err, actuator.ErrRefused) || !strings.Contains(err.Error(), "UNHEALTHY") {
		t.Errorf("a shift to who is down: %v", err)
	}
}

// Values on the way back.
func TestBetween(t *testing.T) {
	a := start(t).open(t, nil)
	for name, tt := range map[string]struct {
		from, to string
		share    float64
		want     string
	}{
		"one weight, one request": {`{"a":100,"b":0}`, `{"a":100,"b":100}`, 0.5, `{"a":100,"b":33}`},
		"the sum stays":           {`{"a":50,"b":150,"c":100}`, `{"a":100,"b":100,"c":100}`, 0.5, `{"a":75,"b":125,"c":100}`},
		"too coarse to stay":      {`{"a":0,"b":3,"c":1}`, `{"a":1,"b":2,"c":1}`, 0.5, `{"a":1,"b":5,"c":2}`},
		"shares, not weights":     {`{"a":6,"b":2}`, `{"a":1,"b":1}`, 0.5, `{"a":5,"b":3}`},
		"nothing to share":        {`{"a":0}`, `{"a":1}`, 0.9, `{"a":0}`},
		"a plugin":                {`{"id":"x","enabled":true,"config":{"second":5}}`, `null`, 0.9, `{"id":"x","enabled":true,"config":{"second":5}}`},
		"health":                  {`"unhealthy"`, `"healthy"`, 0.9, `"unhealthy"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := a.Between(actuator.Value(tt.from), actuator.Value(tt.to), tt.share)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := a.Between(actuator.Value(`{"a":1}`), actuator.Value(`{"b":1}`), 0.5); !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("between two sets of targets: %v", err)
	}
}

// Without a database nothing is planned, and what is tried says why not.
func TestWithoutDatabase(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	action := actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: "v2"}
	p, err := a.Plan(t.Context(), action)
	if err != nil {
		t.Fatal(err)
	}
	c.WithoutDatabase()
	_, planned := a.Plan(t.Context(), action)
	_, wrote := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	for _, err := range []error{planned, wrote} {
		if !errors.Is(err, actuator.ErrUnsupported) || !strings.Contains(err.Error(), "declarative file") {
			t.Errorf("error %v", err)
		}
	}
}

// A node that never takes a change over is named, and so is one that is away.
func TestStuckNode(t *testing.T) {
	c := start(t)
	a := c.open(t, func(config *kong.Config) { config.Nodes = append(config.Nodes, "http://127.0.0.1:1") })
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	c.Stick(1)
	if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	live, err := a.Read(t.Context(), p.Target)
	want := []string{strings.TrimPrefix(c.Admin(1), "http://"), "127.0.0.1:1"}
	if diff := cmp.Diff(want, live.Unsettled); err != nil || diff != "" {
		t.Errorf("unsettled (-want +got):\n%s%v", diff, err)
	}
}

// A control plane has no balancers: what the others do is not known, and no
// reason to do nothing.
func TestControlPlane(t *testing.T) {
	c := start(t)
	c.ControlPlane(0)
	a := c.open(t, func(config *kong.Config) { config.Nodes = nil })
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Shift, From: "v2", Share: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
		t.Fatal(err)
	}
	live, err := a.Read(t.Context(), p.Target)
	if err != nil || !actuator.Same(live.Value, p.After) || live.Unsettled != nil || live.Members[0].Healthy != nil {
		t.Errorf("live %+v, %v", live, err)
	}
}

// What workers have of plugins cannot be asked: it is waited for, by Kong's clock.
func TestSpreading(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.CloseRoute, Route: "pay"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		live, err := a.Read(t.Context(), p.Target)
		if err != nil || (live.Unsettled != nil) != want || live.Owner != "act-01" {
			t.Errorf("at %s: owner %q, unsettled %v, %v; want unsettled: %t", c.Now(), live.Owner, live.Unsettled, err, want)
		}
		c.Advance(2 * kongtest.Every)
	}
}

// A part that Kong refuses takes the other parts with it.
func TestPartlyRefused(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Shift, From: "v2", To: "v1", Share: 1})
	if err != nil {
		t.Fatal(err)
	}
	before := c.Look()
	end := c.proxy.Handle(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, targets["v1"]) {
			http.Error(w, `{"message":"no"}`, http.StatusBadRequest)
			return
		}
		body, _ := io.ReadAll(r.Body)
		c.say(t, r.Method, r.URL.EscapedPath(), string(body))
	})(t)
	defer end()
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	if !errors.Is(err, actuator.ErrRefused) || c.Look() != before {
		t.Errorf("error %v; before\n%s\nafter\n%s", err, before, c.Look())
	}
}

// A value is nothing that could smuggle a request in.
func TestForgedValue(t *testing.T) {
	c := start(t)
	a := c.open(t, nil)
	before := c.Look()
	for target, values := range map[string][]string{
		"upstream checkout": {
			`{"10.0.0.1:8080":-1,"10.0.0.2:8080":1,"10.0.0.3:8080":1}`, `{"10.0.0.1:8080":65536,"10.0.0.2:8080":1,"10.0.0.3:8080":1}`,
			`{"..":1}`, `"x"`, `null`,
		},
		"plugin rate-limiting route pay": {`{"id":"../routes","enabled":true,"config":{}}`, `"x"`},
		"health checkout 10.0.0.2:8080":  {`"/../"`, `7`},
	} {
		live, err := a.Read(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range values {
			_, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: target, From: live, To: actuator.Value(to)})
			if !errors.Is(err, actuator.ErrRefused) {
				t.Errorf("write %s to %s: %v", to, target, err)
			}
		}
	}
	if c.Look() != before {
		t.Error("something was written")
	}
}

// Answers that make no sense are trouble, never a value.
func TestNonsense(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing": "", "no JSON": "<html>", "another type": `{"data":{"target":1}}`,
		"no end": `{"data":[],"offset":"more"}`, "more than enough": `{"data":[` + strings.Repeat(" ", 2<<20) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
			defer server.Close()
			a, err := kong.New(kong.Config{URL: server.URL, Upstream: "checkout"}, kong.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Read(t.Context(), "upstream checkout"); !errors.Is(err, actuator.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a, err := kong.New(kong.Config{URL: "http://169.254.169.254"}, kong.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Read(t.Context(), "upstream checkout")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// Only who is signed by caFile is believed.
func TestTrust(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":[]}`) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for ca, want := range map[string]error{file: nil, "": actuator.ErrUnavailable} {
		a, err := kong.New(kong.Config{URL: server.URL, CAFile: ca}, kong.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(t.Context(), "upstream checkout"); !errors.Is(err, want) {
			t.Errorf("with %q: %v", ca, err)
		}
	}
}
