package traefik_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/traefik"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	api := []string{"http://127.0.0.1:8080"}
	tests := map[string]struct {
		c    traefik.Config
		want []string // parts of the error; none: it is sound
	}{
		"a folder":       {traefik.Config{API: api, Directory: "/etc/traefik/dynamic", Service: "checkout@docker"}, nil},
		"an etcd":        {traefik.Config{API: api, Etcd: &traefik.Etcd{Endpoints: []string{"https://etcd:2379"}}}, nil},
		"nothing":        {traefik.Config{}, []string{"api: missing", "directory: missing"}},
		"no member":      {traefik.Config{API: api, Etcd: &traefik.Etcd{}}, []string{"etcd.endpoints: missing"}},
		"both":           {traefik.Config{API: api, Directory: "/d", Etcd: &traefik.Etcd{Endpoints: []string{"a:1"}}}, []string{"directory: there is etcd"}},
		"half a login":   {traefik.Config{API: api, Directory: "/d", User: "me"}, []string{"user, passwordFile: "}},
		"a user":         {traefik.Config{API: []string{"http://me:secret@x"}, Directory: "/d"}, []string{"api[0]: "}},
		"no such files":  {traefik.Config{API: api, Directory: "/d", User: "me", PasswordFile: "nowhere"}, []string{"passwordFile: "}},
		"no certificate": {traefik.Config{API: api, Etcd: &traefik.Etcd{Endpoints: []string{"a:1"}, CAFile: "nowhere", KeyFile: "nowhere"}}, []string{"etcd.caFile: ", "etcd.certFile, etcd.keyFile: "}},
		"much": {
			traefik.Config{API: []string{"ftp://x"}, Directory: "d", Service: "checkout", Timeout: time.Hour, Etcd: &traefik.Etcd{
				Endpoints: []string{"x"}, RootKey: "/a", User: "me",
			}},
			[]string{"api[0]: ", "directory: ", "service: ", "timeout: ", "etcd.endpoints[0]: ", "etcd.rootKey: ", "etcd.user, "},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := traefik.New(tt.c, traefik.Options{})
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
	one := traefik.Config{API: api, Etcd: &traefik.Etcd{Endpoints: []string{"a:1", "b:1"}}}
	same := traefik.Config{Service: "x@file", Etcd: &traefik.Etcd{Endpoints: []string{"b:1", "a:1"}, RootKey: "traefik"}}
	if one.Name() != same.Name() {
		t.Errorf("one Traefik is %q and %q", one.Name(), same.Name())
	}
}

// api is a Traefik's API with what is in a map by path; "routers" and the like
// are lists of all of it.
func api(t *testing.T, all map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api/http/")
		if text, there := all[path]; there {
			_, _ = w.Write([]byte(text))
			return
		}
		if strings.Contains(path, "/") {
			http.Error(w, `{"message":"service not found: x"}`, http.StatusNotFound)
			return
		}
		var list []json.RawMessage
		for at, text := range all {
			var named struct{ Name string }
			if err := json.Unmarshal([]byte(text), &named); err == nil && strings.HasPrefix(at, path+"/") && strings.Contains(named.Name, r.URL.Query().Get("search")) {
				list = append(list, json.RawMessage(text))
			}
		}
		_ = json.NewEncoder(w).Encode(list)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// some is a small configuration.
func some(change map[string]string) map[string]string {
	all := map[string]string{
		"routers/www@docker":       `{"name":"www@docker","provider":"docker","rule":"Host(` + "`a`" + `)","priority":9,"service":"checkout","middlewares":["auth","tag@file"],"tls":{"options":"strict","certResolver":"le"},"status":"enabled","using":["web"],"observability":{"metrics":true}}`,
		"services/checkout@docker": `{"name":"checkout@docker","weighted":{"services":[{"name":"v1","weight":100},{"name":"v2","weight":100},{"name":"v2@file","weight":0}],"sticky":{"cookie":{"name":"s"}}}}`,
		"services/v1@docker":       `{"name":"v1@docker","loadBalancer":{"healthCheck":{}},"serverStatus":{"http://a":"DOWN","http://b":"UP"}}`,
		"services/v2@docker":       `{"name":"v2@docker","loadBalancer":{},"serverStatus":{"http://a":"UP"}}`,
		"services/v2@file":         `{"name":"v2@file","loadBalancer":{"healthCheck":{}},"serverStatus":{"http://a":"DOWN"}}`,
	}
	for at, text := range change {
		all[at] = text
	}
	return all
}

// An overlay over what another provider has says whose names it means, and keeps
// what it does not change.
func TestForeignNames(t *testing.T) {
	dir := t.TempDir()
	a := adapter(t, traefik.Config{API: []string{api(t, some(nil))}, Service: "checkout@docker", Directory: dir}, traefik.Options{})
	plan, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Shift, From: "v2@docker", To: "v1", Share: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	name := traefik.NameOf(plan.Target) + "-0"
	var got any
	if err := json.Unmarshal(plan.After, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"weights": map[string]any{"v1": 100., "v2@docker": 100., "v2@file": 0.},
		"overlay": map[string]any{
			"routers": map[string]any{name: map[string]any{
				"rule": "Host(`a`)", "priority": 10., "service": name + "@file", "middlewares": []any{"auth@docker", "tag@file"},
				"tls": map[string]any{"options": "strict@docker", "certResolver": "le"}, "observability": map[string]any{"metrics": true},
			}},
			"services": map[string]any{name: map[string]any{"weighted": map[string]any{
				"services": []any{
					map[string]any{"name": "v1@docker", "weight": 125.}, map[string]any{"name": "v2@docker", "weight": 75.}, map[string]any{"name": "v2@file", "weight": 0.},
				},
				"sticky": map[string]any{"cookie": map[string]any{"name": "s"}},
			}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	well, ill := true, false
	members := []actuator.Member{{Name: "v1", Share: 0.5, Healthy: &well}, {Name: "v2@docker", Share: 0.5}, {Name: "v2@file", Healthy: &ill}}
	if diff := cmp.Diff(members, plan.Before.Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a plan has written: %v, %v", files, err)
	}
}

// What cannot be done is said.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		change map[string]string
		action actuator.Action
		want   error
	}{
		"no API": {map[string]string{"services/checkout@docker": "<html>"}, actuator.Action{Kind: actuator.Eject, Member: "v1"}, actuator.ErrUnavailable},
		"another type": {map[string]string{"services/checkout@docker": `{"name":"checkout@docker","loadBalancer":{}}`},
			actuator.Action{Kind: actuator.Eject, Member: "v1"}, actuator.ErrMissing},
		"two of a name":          {nil, actuator.Action{Kind: actuator.Eject, Member: "v2"}, actuator.ErrMissing},
		"no weight":              {nil, actuator.Action{Kind: actuator.Shift, From: "v2@docker", To: "v2@file", Share: 1}, actuator.ErrRefused},
		"not a share":            {nil, actuator.Action{Kind: actuator.Shift, From: "v2@docker", Share: 2}, actuator.ErrRefused},
		"not a status":           {nil, actuator.Action{Kind: actuator.CloseRoute, Route: "www@docker", Status: 99}, actuator.ErrRefused},
		"not a rate":             {nil, actuator.Action{Kind: actuator.RateLimit, Route: "www@docker"}, actuator.ErrRefused},
		"a provider that starts": {nil, actuator.Action{Kind: actuator.Breaker, Dependency: "inventory@consul"}, actuator.ErrUnavailable},
		"as high as can be": {map[string]string{"routers/www@docker": `{"name":"www@docker","provider":"docker","rule":"a","priority":9223372036854775807,"service":"checkout"}`},
			actuator.Action{Kind: actuator.CloseRoute, Route: "www@docker"}, actuator.ErrRefused},
		"in layers": {map[string]string{"routers/www@docker": `{"name":"www@docker","provider":"docker","rule":"a","parentRefs":["b"],"service":"checkout"}`},
			actuator.Action{Kind: actuator.CloseRoute, Route: "www@docker"}, actuator.ErrUnsupported},
		"another action's": {map[string]string{"routers/slo-x-0@file": `{"name":"slo-x-0@file","provider":"file","rule":"Host(` + "`a`" + `)","service":"slo-x-0@file"}`},
			actuator.Action{Kind: actuator.CloseRoute, Route: "www@docker"}, actuator.ErrRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := adapter(t, traefik.Config{API: []string{api(t, some(tt.change))}, Service: "checkout@docker", Directory: t.TempDir()}, traefik.Options{})
			if _, err := a.Plan(t.Context(), tt.action); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// A node that does not have it yet is named, and one that does not answer, too.
func TestNodes(t *testing.T) {
	has, lacks := api(t, some(nil)), api(t, some(map[string]string{
		"routers/" + traefik.NameOf("router www@docker") + "-0@file": `{"name":"` + traefik.NameOf("router www@docker") + `-0@file","rule":"a"}`,
	}))
	const away = "http://127.0.0.1:1"
	a := adapter(t, traefik.Config{API: []string{away, has, lacks}, Directory: t.TempDir()}, traefik.Options{})
	live, err := a.Read(t.Context(), "router www@docker")
	if diff := cmp.Diff([]string{away, lacks}, live.Unsettled); err != nil || diff != "" {
		t.Errorf("unsettled: %v (-want +got):\n%s", err, diff)
	}
}

// A value is nothing that could bring other configuration in.
func TestForgedValue(t *testing.T) {
	a := adapter(t, traefik.Config{API: []string{api(t, some(nil))}, Service: "checkout@docker", Directory: t.TempDir()}, traefik.Options{})
	name := traefik.NameOf("router www@docker")
	for target, values := range map[string][]string{
		"router www@docker": {
			`{"routers":{"www":{"rule":"a"}}}`, `{"routers":{"` + name + `-0/../x":{}}}`, `{"services":{}}`, `{"tls":{}}`, `7`, `{"routers":{"` + name + `-0":{}},"middlewares":{"auth":{}}}`,
		},
		"service checkout@docker": {
			`null`, `{"overlay":null}`, `{"overlay":null,"weights":{"v1":7}}`, `{"overlay":{"routers":{"www":{}}},"weights":{"v1":100,"v2@docker":100,"v2@file":0}}`,
		},
	} {
		live, err := a.Read(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range values {
			if actuator.Same(live.Value, actuator.Value(to)) {
				continue
			}
			_, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: target, From: live, To: actuator.Value(to)})
			if !errors.Is(err, actuator.ErrRefused) {
				t.Errorf("write %s: %v", to, err)
			}
		}
	}
}

// A folder that is not there is trouble, not an overlay that is not there.
func TestNoFolder(t *testing.T) {
	a := adapter(t, traefik.Config{API: []string{api(t, some(nil))}, Directory: filepath.Join(t.TempDir(), "gone")}, traefik.Options{})
	if _, err := a.Read(t.Context(), "router www@docker"); !errors.Is(err, actuator.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

// The API may want a password, which nobody sees.
func TestPassword(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "hush" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`[]`))
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "password")
	for password, want := range map[string]error{"hush\n": actuator.ErrUnavailable, "hash": actuator.ErrRefused} {
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
		a := adapter(t, traefik.Config{API: []string{s.URL}, User: "me", PasswordFile: file, Directory: t.TempDir()}, traefik.Options{})
		_, err := a.Read(t.Context(), "router www@docker")
		if !errors.Is(err, want) || strings.Contains(err.Error(), strings.TrimSpace(password)) {
			t.Errorf("with %q: %v", password, err)
		}
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a := adapter(t, traefik.Config{API: []string{"http://169.254.169.254"}, Directory: t.TempDir()}, traefik.Options{})
	_, err := a.Read(t.Context(), "router www@docker")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// The examples of the documentation are some.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/gateways/traefik.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	checked := 0
	var playbooks []*slo.Remediation
	_, problems := slo.Loader{Remediations: &playbooks, Remedy: func(r slo.Remedy) []slo.Problem {
		var c traefik.Config
		problems := r.Settings.Check(&c)
		if _, err := traefik.New(c, traefik.Options{}); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
		checked++
		return problems
	}}.Load(slo.File{Name: "traefik.md", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Error(p)
		}
	}
	if checked == 0 || len(playbooks) == 0 {
		t.Errorf("%d actions in %d playbooks", checked, len(playbooks))
	}
}
