package etcd_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/etcd"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	local := []string{"http://127.0.0.1:2379"}
	tests := map[string]struct {
		c    etcd.Config
		want []string // parts of the error; none: it is sound
	}{
		"sound":   {etcd.Config{Endpoints: local, Prefix: "/gateway", Group: "checkout"}, nil},
		"nothing": {etcd.Config{}, []string{"endpoints: missing", "prefix: "}},
		"much": {
			etcd.Config{
				Endpoints: []string{"127.0.0.1:2379", "http://a:1", "https://u:p@b:2"}, Prefix: "gateway/", Group: "a b", Timeout: time.Hour,
				Username: "root", CAFile: "nowhere.pem",
			},
			[]string{"endpoints[0]: ", "endpoints[2]: ", "prefix: ", "group: ", "timeout: ", "passwordFile: username", "caFile: open nowhere.pem", "caFile, certFile, keyFile: are for https"},
		},
		"both schemes": {etcd.Config{Endpoints: []string{"http://a:1", "https://b:2"}, Prefix: "/g"}, []string{"http and https"}},
		"no password":  {etcd.Config{Endpoints: local, Prefix: "/g", Username: "root", PasswordFile: empty}, []string{"passwordFile: " + empty + " is empty"}},
		"half a pair":  {etcd.Config{Endpoints: []string{"https://a:1"}, Prefix: "/g", CertFile: empty}, []string{"keyFile: "}},
		"no CA":        {etcd.Config{Endpoints: []string{"https://a:1"}, Prefix: "/g", CAFile: empty}, []string{"caFile: " + empty + " holds no certificate"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := etcd.New(tt.c, etcd.Options{})
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// A gateway has one name, in whatever order its endpoints are written.
func TestName(t *testing.T) {
	a := etcd.Config{Endpoints: []string{"http://b:1", "http://a:1"}, Prefix: "/gateway", Group: "checkout"}
	b := etcd.Config{Endpoints: []string{"http://a:1", "http://b:1"}, Prefix: "/gateway"}
	if want := "etcd http://a:1,http://b:1 /gateway"; a.Name() != want || b.Name() != want {
		t.Errorf("names %q and %q, want %q", a.Name(), b.Name(), want)
	}
}

// Groups know what lies between; all else is there or not.
func TestBetween(t *testing.T) {
	a := open(t, "http://127.0.0.1:1", "/gateway")
	tests := map[string][3]actuator.Value{
		"weights":       {actuator.Value(`{"v1":100,"v2":0}`), actuator.Value(`{"v1":50,"v2":50}`), actuator.Value(`{"v1":75,"v2":25}`)},
		"a state":       {actuator.Value(`{"state":"closed"}`), actuator.Value(`{"state":"open"}`), actuator.Value(`{"state":"closed"}`)},
		"a rate":        {actuator.Value(`5`), actuator.Value(`100`), actuator.Value(`5`)},
		"a new rate":    {actuator.Value(`5`), actuator.Absent, actuator.Value(`5`)},
		"a new member":  {actuator.Value(`{"v1":1}`), actuator.Value(`{"v1":1,"v2":1}`), nil},
		"two documents": {actuator.Value(`{"v1":1}`), actuator.Value(`"torn`), actuator.Value(`{"v1":1}`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := a.Between(tt[0], tt[1], 0.5)
			if !actuator.Same(got, tt[2]) || (err != nil) != (tt[2] == nil) {
				t.Errorf("got %s, %v; want %s", got, err, tt[2])
			}
			if end, err := a.Between(tt[0], tt[1], 1); err != nil || !actuator.Same(end, tt[1]) {
				t.Errorf("at the end it is %s, %v", end, err)
			}
		})
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a := open(t, "http://169.254.169.254:80", "/gateway")
	_, err := a.Read(t.Context(), "weights checkout")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// The example of the documentation is one that the engine takes.
func TestDocumentedPlaybook(t *testing.T) {
	page, err := os.ReadFile("../../../docs/gateways/etcd.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/gateways/etcd.md has no example")
	}
	var read []etcd.Config
	loader := slo.Loader{Remediations: new([]*slo.Remediation), Remedy: func(r slo.Remedy) []slo.Problem {
		var c etcd.Config
		problems := r.Settings.Check(&c)
		if _, err := etcd.New(c, etcd.Options{}); err != nil {
			t.Error(err)
		}
		read = append(read, c)
		return problems
	}}
	_, problems := loader.Load(slo.File{Name: "etcd.yaml", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%s: %s", p.Field, p.Message)
		}
	}
	want := []etcd.Config{{Endpoints: []string{"http://127.0.0.1:2379"}, Prefix: "/gateway", Group: "checkout"}}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
