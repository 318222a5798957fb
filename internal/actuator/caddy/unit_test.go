package caddy_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/caddy"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	tests := map[string]struct {
		c    caddy.Config
		want []string // parts of the error; none: it is sound
	}{
		"the usual":    {caddy.Config{Admin: "http://127.0.0.1:2019/", Proxy: "checkout"}, nil},
		"by place":     {caddy.Config{Admin: "https://caddy:2021", Proxy: "/config/apps/http/servers/srv0/routes/0/handle/0", Routes: routes}, nil},
		"nothing":      {caddy.Config{}, []string{"admin: missing"}},
		"a user":       {caddy.Config{Admin: "http://me:secret@127.0.0.1:2019"}, []string{"admin: not the address"}},
		"a path":       {caddy.Config{Admin: "http://127.0.0.1:2019/config/"}, []string{"admin: not the address"}},
		"no such file": {caddy.Config{Admin: "https://caddy:2021", CAFile: "nowhere.pem", CertFile: "nowhere.pem"}, []string{"caFile: ", "certFile, keyFile: "}},
		"much": {
			caddy.Config{Admin: "unix//run/caddy.sock", Proxy: "a b", Routes: "/config/apps/http", Timeout: time.Hour},
			[]string{"admin: ", "proxy: ", "routes: ", "timeout: "},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := caddy.New(tt.c, caddy.Options{})
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
	with, without := caddy.Config{Admin: "http://127.0.0.1:2019/", Proxy: "a"}, caddy.Config{Admin: "http://127.0.0.1:2019", Resume: true}
	if with.Name() != without.Name() {
		t.Errorf("one Caddy is %q and %q", with.Name(), without.Name())
	}
}

// answering is an adapter whose Caddy says the same to every question.
func answering(t *testing.T, etag, text string) *caddy.Actuator {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", etag)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	a, err := caddy.New(caddy.Config{Admin: s.URL, Proxy: "checkout", Routes: routes}, caddy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// handler is a reverse_proxy handler with a policy.
func handler(policy string) string {
	return `{"handler":"reverse_proxy","load_balancing":{"selection_policy":` + policy + `},"upstreams":[{"dial":"a:1"},{"dial":"b:1"},{"dial":"c:1"}]}`
}

const etag = `"/config/apps/http/servers/www/routes/3/handle/0 1234"`

// Answers that make no sense are trouble, never a value.
func TestNonsense(t *testing.T) {
	for name, tt := range map[string]struct {
		etag, text string
		want       error
	}{
		"nothing":           {etag, "", actuator.ErrMissing},
		"null":              {etag, "null", actuator.ErrMissing},
		"another handler":   {etag, `{"handler":"file_server"}`, actuator.ErrMissing},
		"dynamic upstreams": {etag, `{"handler":"reverse_proxy","dynamic_upstreams":{"source":"a"}}`, actuator.ErrMissing},
		"no ETag":           {"", handler("null"), actuator.ErrUnavailable},
		"a foreign ETag":    {`W/"33a64df5"`, handler("null"), actuator.ErrUnavailable},
		"sticky sessions":   {etag, handler(`{"policy":"ip_hash"}`), actuator.ErrUnsupported},
		"too few weights":   {etag, handler(`{"policy":"weighted_round_robin","weights":[1,2]}`), actuator.ErrUnsupported},
		"more than enough":  {etag, `"` + strings.Repeat("a", 1<<20) + `"`, actuator.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, tt.etag, tt.text).Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "a:1"})
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// weightsOf are those of a value.
func weightsOf(t *testing.T, v actuator.Value) string {
	t.Helper()
	var s struct {
		Policy struct{ Weights []int } `json:"selection_policy"`
	}
	if err := json.Unmarshal(v, &s); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(s.Policy.Weights)
}

func wrr(weights string) string {
	return `{"policy":"weighted_round_robin","weights":` + weights + `}`
}

// What a shift makes of weights.
func TestShift(t *testing.T) {
	tests := map[string]struct {
		policy string
		action actuator.Action
		want   string
		err    error
	}{
		"all to one":              {"null", actuator.Action{From: "b:1", To: "a:1", Share: 1}, "[2 0 1]", nil},
		"half to one":             {`{"policy":"random"}`, actuator.Action{From: "b:1", To: "a:1", Share: 0.5}, "[3 1 2]", nil},
		"some to all others":      {"null", actuator.Action{From: "b:1", Share: 0.25}, "[3 2 3]", nil},
		"large ones become small": {wrr("[600,200,200]"), actuator.Action{From: "b:1", To: "a:1", Share: 0.5}, "[7 1 2]", nil},
		"a canary keeps its own":  {wrr("[499,500,1]"), actuator.Action{From: "b:1", To: "a:1", Share: 1}, "[500 0 1]", nil},
		"a giver without weight":  {wrr("[1,0,1]"), actuator.Action{From: "b:1", Share: 1}, "", actuator.ErrRefused},
		"a taker without weight":  {wrr("[0,1,1]"), actuator.Action{From: "b:1", To: "a:1", Share: 1}, "", actuator.ErrRefused},
		"to itself":               {"null", actuator.Action{From: "b:1", To: "b:1", Share: 1}, "", actuator.ErrRefused},
		"nobody is left":          {wrr("[0,1,0]"), actuator.Action{From: "b:1", Share: 1}, "", actuator.ErrRefused},
		"not a share":             {"null", actuator.Action{From: "b:1", Share: 1.5}, "", actuator.ErrRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.action.Kind = actuator.Shift
			plan, err := answering(t, etag, handler(tt.policy)).Plan(t.Context(), tt.action)
			if !errors.Is(err, tt.err) {
				t.Fatalf("plan: %v, want %v", err, tt.err)
			}
			if tt.err == nil && weightsOf(t, plan.After) != tt.want {
				t.Errorf("weights %s, want %s", weightsOf(t, plan.After), tt.want)
			}
		})
	}
}

// Values on the way back.
func TestBetween(t *testing.T) {
	a := answering(t, etag, "")
	value := func(policy, upstreams string) actuator.Value {
		return actuator.Value(`{"selection_policy":` + policy + `,"upstreams":` + upstreams + `}`)
	}
	const two = `["a:1","b:1"]`
	tests := map[string]struct {
		from, to actuator.Value
		share    float64
		want     actuator.Value
	}{
		"half":           {value(wrr("[1,0]"), two), value("null", two), 0.5, value(wrr("[3,1]"), two)},
		"shares":         {value(wrr("[90,10]"), two), value(wrr("[1,1]"), two), 0.5, value(wrr("[7,3]"), two)},
		"a closed route": {actuator.Value(`{"handle":[]}`), actuator.Absent, 0.9, actuator.Value(`{"handle":[]}`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := a.Between(tt.from, tt.to, tt.share)
			if err != nil || !actuator.Same(got, tt.want) {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
	for _, to := range []actuator.Value{value("null", `["a:1","c:1"]`), actuator.Value(`"x"`)} {
		if _, err := a.Between(value("null", two), to, 0.5); !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("between two sets of upstreams: %v", err)
		}
	}
}

// A value is nothing that could bring other configuration in.
func TestForgedValue(t *testing.T) {
	a := answering(t, etag, handler("null"))
	live, err := a.Read(t.Context(), "proxy checkout")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		`{"selection_policy":null,"upstreams":["evil:1","b:1","c:1"]}`, `{"selection_policy":{"x":1},"upstreams":["a:1","b:1","c:1"]}`, `"503"`, `null`,
	} {
		_, err := a.Write(t.Context(), actuator.Write{Target: "proxy checkout", From: live, To: actuator.Value(to)})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("write %s: %v", to, err)
		}
	}
	a = answering(t, `"`+routes+` 12"`, "[]")
	for _, to := range []string{`{"handle":[{"handler":"reverse_proxy"}]}`, `{"handle":[]}`, `7`} {
		_, err := a.Write(t.Context(), actuator.Write{
			Target: "route " + routes + " /pay", From: actuator.Live{Value: actuator.Absent}, To: actuator.Value(to),
		})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("write route %s: %v", to, err)
		}
	}
}

// What Caddy itself refuses is refused, and leaves it as it was; a list without
// routes gets its first one.
func TestRealRefusal(t *testing.T) {
	p := startProxy(t, "", false)
	a := p.adapter(t, p.Admin)
	live, err := a.Read(t.Context(), "proxy checkout")
	if err != nil {
		t.Fatal(err)
	}
	before, err := p.ask(t.Context(), p.Admin+"/config/")
	if err != nil {
		t.Fatal(err)
	}
	to := strings.Replace(string(live.Value), "null", wrr("[0,0,0]"), 1)
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: "proxy checkout", From: live, To: actuator.Value(to)})
	if !errors.Is(err, actuator.ErrRefused) || !strings.Contains(err.Error(), "positive weight") {
		t.Errorf("weights that are all 0: %v", err)
	}
	after, err := p.ask(t.Context(), p.Admin+"/config/")
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("something of it stayed (-before +after): %v\n%s", err, diff)
	}
	p.tell(t, "PATCH", routes, "[]")
	p.round(t, a, actuator.Action{ID: "act-01", Kind: actuator.CloseRoute, Route: "/list"})
	if text, err := p.ask(t.Context(), p.Admin+routes); err != nil || text != "[]" {
		t.Errorf("afterwards the list is %s, %v", text, err)
	}
}

// round writes what an action plans, and takes it back.
func (p *proxy) round(t *testing.T, a *caddy.Actuator, action actuator.Action) {
	t.Helper()
	plan, err := a.Plan(t.Context(), action)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []actuator.Write{{From: plan.Before, To: plan.After}, {From: actuator.Live{Value: plan.After}, To: plan.Before.Value}} {
		w.Action, w.Target = action.ID, plan.Target
		if _, err := a.Write(t.Context(), w); err != nil {
			t.Fatalf("write %s: %v", w.To, err)
		}
		live, err := a.Read(t.Context(), plan.Target)
		if err != nil || !actuator.Same(live.Value, w.To) {
			t.Fatalf("live is %s, %v; want %s", live.Value, err, w.To)
		}
	}
}

// A person's own answer before a route is what is live, and is there again
// afterwards; another one meanwhile is seen.
func TestOtherPeoplesRoutes(t *testing.T) {
	p := startProxy(t, "", false)
	a := p.adapter(t, p.Admin)
	p.tell(t, "PUT", routes+"/0", `{"@id": "mine", "match": [{"path": ["/pay", "/pay/*"]}], "handle": [{"handler": "static_response", "status_code": 404}]}`)
	before, err := p.ask(t.Context(), p.Admin+routes)
	if err != nil {
		t.Fatal(err)
	}
	p.round(t, a, actuator.Action{ID: "act-01", Kind: actuator.CloseRoute, Route: "pay"})
	after, err := p.ask(t.Context(), p.Admin+routes)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("after the undo (-before +after): %v\n%s", err, diff)
	}
}

// Who fails is not healthy, and gets nothing; the share of who is down goes to
// one upstream, as Caddy does it, and traffic shows it.
func TestHealth(t *testing.T) {
	p := startProxy(t, `"health_checks": {"passive": {"fail_duration": "1h", "unhealthy_status": [500]}},
	  "load_balancing": {"retries": 1, "selection_policy": {"policy": "weighted_round_robin", "weights": [3, 2, 1]}},`, false)
	a := p.adapter(t, p.Admin)
	members := func() []actuator.Member {
		live, err := a.Read(t.Context(), "proxy checkout")
		if err != nil {
			t.Fatal(err)
		}
		return live.Members
	}
	well, ill := true, false
	want := []actuator.Member{
		{Name: p.v["V1"], Share: 3. / 6, Healthy: &well}, {Name: p.v["V2"], Share: 2. / 6, Healthy: &well}, {Name: p.v["V3"], Share: 1. / 6, Healthy: &well},
	}
	if diff := cmp.Diff(want, members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	p.ill.Store("V2")
	lasting := time.Now().Add(within)
	for !cmp.Equal(members()[1].Healthy, &ill) && time.Now().Before(lasting) {
		if _, err := p.answers(t.Context(), "/", 6); err != nil {
			t.Fatal(err)
		}
	}
	want[0].Share, want[1].Share, want[1].Healthy, want[2].Share = 4./6, 0, &ill, 2./6
	if diff := cmp.Diff(want, members()); diff != "" {
		t.Errorf("members with one down (-want +got):\n%s", diff)
	}
	seen, err := p.answers(t.Context(), "/", 60)
	if diff := cmp.Diff(map[string]int{p.v["V1"]: 40, p.v["V3"]: 20}, seen); err != nil || diff != "" {
		t.Errorf("traffic with one down: %v (-want +got):\n%s", err, diff)
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a, err := caddy.New(caddy.Config{Admin: "http://169.254.169.254", Proxy: "checkout"}, caddy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Read(t.Context(), "proxy checkout")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// A certificate is believed if the settings say so.
func TestTrust(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", etag)
		_, _ = io.WriteString(w, handler("null"))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]error{ca: nil, "": actuator.ErrUnavailable} {
		a, err := caddy.New(caddy.Config{Admin: s.URL, CAFile: file}, caddy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(t.Context(), "proxy checkout"); !errors.Is(err, want) {
			t.Errorf("with caFile %q: %v, want %v", file, err, want)
		}
	}
}

// The example of the documentation is one.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/gateways/caddy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	checked := 0
	var playbooks []*slo.Remediation
	_, problems := slo.Loader{Remediations: &playbooks, Remedy: func(r slo.Remedy) []slo.Problem {
		var c caddy.Config
		problems := r.Settings.Check(&c)
		if _, err := caddy.New(c, caddy.Options{}); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
		checked++
		return problems
	}}.Load(slo.File{Name: "caddy.md", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Error(p)
		}
	}
	if checked == 0 || len(playbooks) == 0 {
		t.Errorf("%d actions in %d playbooks", checked, len(playbooks))
	}
}
