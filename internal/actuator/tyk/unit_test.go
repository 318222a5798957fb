package tyk_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk/tyktest"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		c    tyk.Config
		want []string // parts of the error; none: it is sound
	}{
		"an address": {tyk.Config{URL: "http://127.0.0.1:8080", SecretFile: secretFile(t), Format: "classic", Reload: "node"}, nil},
		"nothing":    {tyk.Config{}, []string{"url: missing", "secretFile: missing"}},
		"a user":     {tyk.Config{URL: "http://me:hush@tyk"}, []string{"url: not"}},
		"much": {
			tyk.Config{
				URL: "ftp://x", Nodes: []string{"http://a", "b?c"}, API: "a b", Members: map[string]string{"v1": ""}, Format: "json",
				BreakerBy: "force", Reload: "all", SecretFile: empty, CAFile: empty, Timeout: time.Hour,
			},
			[]string{
				"url: not", "nodes[1]: not", "api: ", "members.v1: ", "format: ", "breakerBy: ", "reload: ", "secretFile: ", "caFile: ", "timeout: ",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tyk.New(tt.c, tyk.Options{})
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
	a, b := tyk.Config{URL: "http://Tyk:8080/", API: "a"}, tyk.Config{URL: "http://tyk:8080", Timeout: time.Second}
	if a.Name() != b.Name() {
		t.Errorf("one Tyk is %q and %q", a.Name(), b.Name())
	}
}

// The example in docs/gateways/tyk.md is one that a playbook can have.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile("../../../docs/gateways/tyk.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	var list []*slo.Remediation
	_, problems := slo.Loader{Remediations: &list, Remedy: func(r slo.Remedy) []slo.Problem {
		c := tyk.Config{}
		problems := r.Settings.Check(&c)
		c.SecretFile = secretFile(t)
		if _, err := tyk.New(c, tyk.Options{}); err != nil {
			t.Errorf("settings of %s: %v", r.Kind, err)
		}
		return problems
	}}.Load(slo.File{Name: "tyk.md", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%s: %s", p.Field, p.Message)
		}
	}
	if len(list) != 1 || len(list[0].Remedies) != 3 {
		t.Errorf("got %d playbooks", len(list))
	}
}

// What differs is shown, and nothing else of a definition.
func TestRequests(t *testing.T) {
	g := start(t)
	for name, tt := range map[string]struct {
		action     actuator.Action
		change     func(*tyk.Config)
		want, undo string
		err        error
	}{
		"weights by the smallest numbers": {
			actuator.Action{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5}, nil,
			`{"targets":{"http://10.0.0.1":3,"http://10.0.0.2":1,"http://10.0.0.3":2}}`,
			`{"targets":{"http://10.0.0.1":1,"http://10.0.0.2":1,"http://10.0.0.3":1}}`, nil,
		},
		"all to all others": {
			actuator.Action{Kind: actuator.Shift, From: "v2", Share: 1}, nil,
			`{"targets":{"http://10.0.0.1":1,"http://10.0.0.2":0,"http://10.0.0.3":1}}`,
			`{"targets":{"http://10.0.0.1":1,"http://10.0.0.2":1,"http://10.0.0.3":1}}`, nil,
		},
		"half of one a second": {
			actuator.Action{Kind: actuator.RateLimit, Route: "pay", PerSecond: 0.5}, nil,
			`{"rateLimit pay":{"enabled":true,"per":"1m","rate":30}}`, `{"rateLimit pay":null}`, nil,
		},
		"a limit that is lower already": {
			actuator.Action{Kind: actuator.RateLimit, Route: "*", PerSecond: 100}, nil, "", "", actuator.ErrRefused,
		},
		"no whole number": {
			actuator.Action{Kind: actuator.RateLimit, Route: "*", PerSecond: 1.37}, nil, "", "", actuator.ErrRefused,
		},
		"a message of its owner's": {
			actuator.Action{Kind: actuator.CloseRoute, Route: "listItems", Status: 410}, nil,
			`{"mockResponse listItems":{"code":410,"enabled":true}}`,
			`{"mockResponse listItems":{"body":"soon","code":200,"enabled":false,"headers":[{"name":"x","value":"y"}]}}`, nil,
		},
		"no status": {actuator.Action{Kind: actuator.CloseRoute, Route: "pay", Status: 99}, nil, "", "", actuator.ErrRefused},
		"a breaker that opens by itself": {
			actuator.Action{Kind: actuator.Breaker, Dependency: "inventory"}, func(c *tyk.Config) { c.BreakerBy = "circuitBreaker" },
			`{"circuitBreaker reserve":{"coolDownPeriod":30,"enabled":true,"halfOpenStateEnabled":true,"sampleSize":10,"threshold":0.5},` +
				`"circuitBreaker stock":{"coolDownPeriod":30,"enabled":true,"halfOpenStateEnabled":true,"sampleSize":10,"threshold":0.5}}`,
			`{"circuitBreaker reserve":null,"circuitBreaker stock":null}`, nil,
		},
		"whose status is not ours": {
			actuator.Action{Kind: actuator.Breaker, Dependency: "inventory", Status: 404}, func(c *tyk.Config) { c.BreakerBy = "circuitBreaker" },
			"", "", actuator.ErrUnsupported,
		},
		"classic": {
			actuator.Action{Kind: actuator.Shift, From: "v2", Share: 0.5}, func(c *tyk.Config) { c.API, c.Format = "legacy", "classic" },
			`{"target_list":["http://10.0.0.1","http://10.0.0.1","http://10.0.0.1","http://10.0.0.1","http://10.0.0.1",` +
				`"http://10.0.0.2","http://10.0.0.2","http://10.0.0.3","http://10.0.0.3","http://10.0.0.3","http://10.0.0.3","http://10.0.0.3"]}`,
			`{"target_list":["http://10.0.0.1","http://10.0.0.2","http://10.0.0.3"]}`, nil,
		},
		"classic, all of it": {
			actuator.Action{Kind: actuator.Shift, From: "v2", Share: 1}, func(c *tyk.Config) { c.API, c.Format = "legacy", "classic" },
			"", "", actuator.ErrUnsupported,
		},
		"the wrong format": {
			actuator.Action{Kind: actuator.Shift, From: "v2", Share: 1}, func(c *tyk.Config) { c.API = "legacy" }, "", "", actuator.ErrRefused,
		},
		"no load balancing": {
			actuator.Action{Kind: actuator.Eject, Member: "v2"}, func(c *tyk.Config) { c.API = "inventory" }, "", "", actuator.ErrMissing,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := g.open(t, tt.change).Plan(t.Context(), tt.action)
			if !errors.Is(err, tt.err) {
				t.Fatalf("plan: %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff([]string{tt.want, tt.undo}, []string{p.Requests[0].Body, p.Undo[0].Body}); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(p.Requests[0].Line, "PUT ") || !strings.HasSuffix(p.Requests[1].Line, "/tyk/reload/group") {
				t.Errorf("requests %+v", p.Requests)
			}
		})
	}
}

// What is PUT is what was there but for the part, to the last digit.
func TestWholeDefinition(t *testing.T) {
	g := start(t)
	var sent string
	defer g.proxy.Handle(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = string(body)
		w.WriteHeader(http.StatusBadRequest)
	})(t)()
	a := g.open(t, nil)
	p, err := a.Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	text := strings.Replace(checkout, `"http://10.0.0.2", "weight": 1`, `"http://10.0.0.2", "weight": 0`, 1)
	want, err := actuator.Canonical(actuator.Value(text))
	if diff := cmp.Diff(string(want), sent); err != nil || diff != "" {
		t.Errorf("sent (-want +got):\n%s%v", diff, err)
	}
}

// An answer to a PUT that is lost leaves a file that nobody has loaded: it is
// written again, and then loaded.
func TestLostPut(t *testing.T) {
	g := start(t)
	a := g.open(t, nil)
	p, err := a.Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	w := actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}
	end := g.proxy.Hang(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := a.Write(ctx, w); !errors.Is(err, actuator.ErrUncertain) {
		t.Errorf("a PUT that hangs: %v", err)
	}
	end()
	if _, err := a.Write(t.Context(), w); err != nil {
		t.Error(err)
	}
	g.Advance(tyktest.Tick)
	if live, err := a.Read(t.Context(), p.Target); err != nil || !actuator.Same(live.Value, p.After) || live.Unsettled != nil {
		t.Errorf("live %+v, %v", live, err)
	}
}

// Where the APIs are the Dashboard's, that is said.
func TestDashboard(t *testing.T) {
	g := start(t)
	a := g.open(t, nil)
	p, err := a.Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	g.Dashboard()
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	if !errors.Is(err, actuator.ErrRefused) || !strings.Contains(err.Error(), "Dashboard") {
		t.Errorf("error %v", err)
	}
}

// A wrong secret is refused, before anything is planned.
func TestWrongSecret(t *testing.T) {
	g := start(t)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("guess"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := g.open(t, func(c *tyk.Config) { c.SecretFile = file }).Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v2"})
	if !errors.Is(err, actuator.ErrRefused) || strings.Contains(err.Error(), "guess") {
		t.Errorf("error %v", err)
	}
}

// A node that does not load a change is named, and so is one that is away.
func TestUnsettled(t *testing.T) {
	g := start(t)
	a := g.open(t, func(c *tyk.Config) { c.Reload, c.Nodes = "node", append(c.Nodes, "http://127.0.0.1:1") })
	p, err := a.Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v2"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
		t.Fatal(err)
	}
	live, err := a.Read(t.Context(), p.Target)
	want := []string{strings.TrimPrefix(g.URL(1), "http://"), "127.0.0.1:1"}
	if diff := cmp.Diff(want, live.Unsettled); err != nil || diff != "" || !actuator.Same(live.Value, p.After) {
		t.Errorf("live %s, unsettled (-want +got):\n%s%v", live.Value, diff, err)
	}
}

// Tyk's own breaker opens when calls fail, and is gone after the undo.
func TestCircuitBreaker(t *testing.T) {
	g := start(t)
	a := g.open(t, func(c *tyk.Config) { c.BreakerBy, c.Reload = "circuitBreaker", "node" })
	p, err := a.Plan(t.Context(), actuator.Action{Kind: actuator.Breaker, Dependency: "inventory"})
	if err != nil {
		t.Fatal(err)
	}
	opens := func() bool {
		var last int
		for range 30 {
			last, _ = g.Send(0, "inventory", "stock", true)
		}
		return last == http.StatusServiceUnavailable
	}
	before := opens()
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	during := opens()
	if err == nil {
		_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: actuator.Live{Value: p.After}, To: p.Before.Value})
	}
	if before || !during || opens() || err != nil {
		t.Errorf("open before %t, during %t, after %t: %v", before, during, opens(), err)
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
		"shares, not weights": {`{"targets":{"a":3,"b":1}}`, `{"targets":{"a":1,"b":1}}`, 0.5, `{"targets":{"a":5,"b":3}}`},
		"the rest stays":      {`{"rateLimit":{"rate":5},"targets":{"a":1,"b":0}}`, `{"targets":{"a":1,"b":1}}`, 0.5, `{"rateLimit":{"rate":5},"targets":{"a":3,"b":1}}`},
		"classic":             {`{"target_list":["a","a","a","b"]}`, `{"target_list":["b","a"]}`, 0.5, `{"target_list":["a","a","a","a","a","b","b","b"]}`},
		"no middle":           {`{"rateLimit":{"rate":5}}`, `{}`, 0.9, `{"rateLimit":{"rate":5}}`},
		"nobody has anything": {`{"targets":{"a":0}}`, `{"targets":{"a":1}}`, 0.9, `{"targets":{"a":0}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := a.Between(actuator.Value(tt.from), actuator.Value(tt.to), tt.share)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := a.Between(actuator.Value(`{"targets":{"a":1}}`), actuator.Value(`{"targets":{"b":1}}`), 0.5); !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("between two sets of targets: %v", err)
	}
}

// Versions of Tyk that write what is empty, or a minute as 1m0s, mean the same.
func TestVersions(t *testing.T) {
	g := start(t)
	a := g.open(t, nil)
	before, err := a.Read(t.Context(), "api checkout")
	if err != nil {
		t.Fatal(err)
	}
	g.edit(t, "/tyk/apis/oas/checkout", func(all object) {
		in(all, extension, "upstream", "rateLimit")["per"] = "1m0s"
		mock := in(all, extension, "middleware", "operations", "listItems", "mockResponse")
		mock["fromOASExamples"], mock["note"], mock["list"] = nil, "", []any{}
	})
	if after, err := a.Read(t.Context(), "api checkout"); err != nil || !actuator.Same(after.Value, before.Value) {
		t.Errorf("live %s, %v; want %s", after.Value, err, before.Value)
	}
}

// A value is nothing that could change another part of a definition.
func TestForgedValue(t *testing.T) {
	g := start(t)
	a := g.open(t, nil)
	live, err := a.Read(t.Context(), "api checkout")
	if err != nil {
		t.Fatal(err)
	}
	before, err := g.Look()
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		`{"targets":{"http://10.0.0.1":-1,"http://10.0.0.2":1,"http://10.0.0.3":1}}`, `{"targets":{"http://elsewhere":1}}`,
		`{"targets":"x"}`, `{"info":{"state":{"active":false}}}`, `{"mockResponse nobody":{"enabled":true}}`, `{"authentication pay":{}}`,
		`"x"`, `null`,
	} {
		_, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: "api checkout", From: live, To: actuator.Value(to)})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("write %s: %v", to, err)
		}
	}
	if after, err := g.Look(); err != nil || after != before {
		t.Errorf("something was written: %v", err)
	}
}

// Answers that make no sense are trouble, never a value.
func TestNonsense(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing": "", "no JSON": "<html>", "a list": "[]", "another API": inventory,
		"more than enough": checkout + strings.Repeat(" ", 2<<20),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
			defer server.Close()
			a, err := tyk.New(tyk.Config{URL: server.URL, SecretFile: secretFile(t)}, tyk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Read(t.Context(), "api checkout"); !errors.Is(err, actuator.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a, err := tyk.New(tyk.Config{URL: "http://169.254.169.254", SecretFile: secretFile(t)}, tyk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Read(t.Context(), "api checkout")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}
