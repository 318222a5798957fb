package apisix_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/apisix"
	"github.com/slo-engine/slo-engine/internal/actuator/apisix/apisixtest"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	b := newBed(t)
	tests := map[string]struct {
		c    apisix.Config
		want []string // parts of the error; none: it is sound
	}{
		"sound":   {apisix.Config{URL: "http://127.0.0.1:9180/", KeyFile: b.keyFile, Upstream: "checkout"}, nil},
		"nothing": {apisix.Config{}, []string{"url: missing", "keyFile: missing"}},
		"much": {
			apisix.Config{URL: "ftp://a", KeyFile: "nowhere", Upstream: "a/b", Route: "a b", Trip: true, Control: []string{"http://a:1", "a:1"}, Timeout: time.Hour},
			[]string{"url: not", "keyFile: open nowhere", "upstream: ", "route: \"a b\"", "route: upstream is there", "trip: ", "control[1]: ", "timeout: "},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := apisix.New(tt.c, apisix.Options{})
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
	if a, b := (apisix.Config{URL: "http://a:9180/", Upstream: "1"}), (apisix.Config{URL: "http://a:9180"}); a.Name() != b.Name() {
		t.Errorf("names %q and %q", a.Name(), b.Name())
	}
}

// What a plan shows is what is sent, but for what is the route's own.
func TestRequests(t *testing.T) {
	b := newBed(t)
	plan := func(c apisix.Config, action actuator.Action) actuator.Plan {
		t.Helper()
		a := b.open(t, c)
		p, err := a.Plan(t.Context(), action)
		if err != nil {
			t.Fatal(err)
		}
		x, err := a.Write(t.Context(), actuator.Write{Action: action.ID, Target: p.Target, From: p.Before, To: p.After, Until: action.Expires})
		if diff := cmp.Diff(p.Requests, x.Requests); err != nil || diff != "" {
			t.Errorf("%v (-planned +sent):\n%s", err, diff)
		}
		return p
	}
	json := []string{"Content-Type: application/json"}
	at := b.Admin.URL + "/apisix/admin"
	p := plan(apisix.Config{Upstream: "checkout"}, actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: v2})
	want := []actuator.Request{{Line: "PATCH " + at + "/upstreams/checkout/nodes", Headers: json, Body: `{"127.0.0.1:8001":1,"127.0.0.1:8002":0,"127.0.0.1:8003":1}`}}
	if diff := cmp.Diff(want, p.Requests); diff != "" {
		t.Errorf("requests (-want +planned):\n%s", diff)
	}
	p = plan(apisix.Config{}, actuator.Action{ID: "act-02", Kind: actuator.RateLimit, Route: "pay", PerSecond: 5, Expires: b.Now().Add(90500 * time.Millisecond)})
	want = []actuator.Request{{
		Line: "PUT " + at + "/routes/slo-pay?ttl=91", Headers: json,
		Body: `{"desc":"slo-engine, action act-02, over route pay","labels":{"slo_action":"act-02","slo_does":"rate:5","slo_route":"` + hashOf(p) + `"},` +
			`"plugins":{"limit-count":{"count":5,"key":"slo-engine","key_type":"constant","policy":"local","rejected_code":429,"time_window":1}},"priority":1,` +
			`"…":"all else as in route pay"}`,
	}}
	if diff := cmp.Diff(want, p.Requests); diff != "" {
		t.Errorf("requests (-want +planned):\n%s", diff)
	}
	if dump := b.Dump(); !strings.Contains(dump, `"key-auth":{"key":"`+secret+`"},"limit-count"`) || !strings.Contains(dump, `"team":"payments"`) {
		t.Errorf("the overlay is no copy of the route:\n%s", dump)
	}
}

// hashOf is that of the route in a plan's value.
func hashOf(p actuator.Plan) string {
	_, rest, _ := strings.Cut(string(p.After), `"route":"`)
	hash, _, _ := strings.Cut(rest, `"`)
	return hash
}

// A node whose checks fail is not healthy, and one that follows later is named.
func TestMembers(t *testing.T) {
	b := newBed(t)
	b.Ill(v2, true)
	b.Put("/upstreams/checkout", object{"nodes": object{v1: 3, v2: 1}, "checks": object{}})
	a := b.open(t, apisix.Config{Upstream: "checkout"})
	live, err := a.Read(t.Context(), "upstream checkout")
	if err != nil || len(live.Unsettled) != 1 || !strings.HasSuffix(b.Control.URL, live.Unsettled[0]) {
		t.Errorf("not settled: %v, %v", live.Unsettled, err)
	}
	b.Advance(apisixtest.Delay)
	live, err = a.Read(t.Context(), "upstream checkout")
	if err != nil || live.Unsettled != nil {
		t.Errorf("still not settled: %v, %v", live.Unsettled, err)
	}
	want := []actuator.Member{{Name: v1, Share: 0.75, Healthy: new(true)}, {Name: v2, Share: 0.25, Healthy: new(false)}}
	if diff := cmp.Diff(want, live.Members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// A node that says nothing does not have it, and is no reason to know nothing.
func TestSilentNode(t *testing.T) {
	b := newBed(t)
	b.Control.Close()
	for target, a := range map[string]actuator.Actuator{
		"upstream checkout": b.open(t, apisix.Config{Upstream: "checkout"}), "route pay": b.open(t, apisix.Config{}),
	} {
		live, err := a.Read(t.Context(), target)
		if err != nil || len(live.Unsettled) != 1 {
			t.Errorf("%s: not settled: %v, %v", target, live.Unsettled, err)
		}
	}
}

// A write that comes between APISIX's own read and write is a conflict, and
// nothing of ours is written.
func TestRace(t *testing.T) {
	b := newBed(t)
	a := b.open(t, apisix.Config{Upstream: "checkout"})
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: v2})
	if err != nil {
		t.Fatal(err)
	}
	b.Race(func() { b.Put("/upstreams/checkout", object{"nodes": object{v1: 9, v2: 9, v3: 9}}) })
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	if !errors.Is(err, actuator.ErrConflict) {
		t.Errorf("error %v", err)
	}
	if dump := b.Dump(); !strings.Contains(dump, `{"127.0.0.1:8001":9,"127.0.0.1:8002":9,"127.0.0.1:8003":9}`) {
		t.Errorf("theirs is gone:\n%s", dump)
	}
}

// A viewer's key reads, and writes nothing.
func TestViewer(t *testing.T) {
	b := newBed(t)
	a := b.open(t, apisix.Config{Upstream: "checkout"})
	if err := os.WriteFile(b.keyFile, []byte(apisixtest.ViewerKey), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: v2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After})
	if !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("error %v", err)
	}
}

// A breaker that trips lets requests through until the dependency fails.
func TestTrip(t *testing.T) {
	b := newBed(t)
	a := b.open(t, apisix.Config{Trip: true})
	p, err := a.Plan(t.Context(), actuator.Action{ID: "act-01", Kind: actuator.Breaker, Dependency: "inventory", Status: 504})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}); err != nil {
		t.Fatal(err)
	}
	b.Advance(apisixtest.Delay)
	if seen, err := b.answers(t.Context(), "/inventory", 5); err != nil || seen[v2] != 5 {
		t.Errorf("while it is well: %v, %v", seen, err)
	}
	b.Ill(v2, true)
	if seen, err := b.answers(t.Context(), "/inventory", 5); err != nil || seen["500"] != 3 || seen["504"] != 2 {
		t.Errorf("while it is ill: %v, %v", seen, err)
	}
}

// A person who changes the overlay, or what it lies over, makes it contested; it
// is not renewed then. What another action has laid is not written.
func TestOverlayOfOthers(t *testing.T) {
	shut := actuator.Action{ID: "act-01", Kind: actuator.CloseRoute, Route: "list"}
	for name, disturb := range map[string]func(*bed){
		"the overlay":          func(b *bed) { b.Put("/routes/slo-list", object{"uri": "/list", "upstream_id": "canary"}) },
		"the overlay's status": func(b *bed) { b.Put("/routes/slo-list", edited(b, `"http_status":503`, `"http_status":404`)) },
		"another field":        func(b *bed) { b.Put("/routes/slo-list", edited(b, `"uri":`, `"host":"a","uri":`)) },
		"another plugin":       func(b *bed) { b.Put("/routes/slo-list", edited(b, `"plugins":{`, `"plugins":{"key-auth":{},`)) },
		"the route":            func(b *bed) { b.Put("/routes/list", object{"uri": "/list", "upstream_id": "canary", "priority": 7}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			a := b.open(t, apisix.Config{})
			p, err := a.Plan(t.Context(), shut)
			if err != nil {
				t.Fatal(err)
			}
			w := actuator.Write{Action: "act-01", Target: p.Target, From: p.Before, To: p.After}
			if _, err := a.Write(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			disturb(b)
			live, err := a.Read(t.Context(), p.Target)
			if err != nil || actuator.Same(live.Value, p.After) || actuator.Same(live.Value, p.Before.Value) {
				t.Errorf("live is %s, %v", live.Value, err)
			}
			err = a.(actuator.Leaser).Renew(t.Context(), p.Target, "act-01", b.Now().Add(time.Minute))
			if !errors.Is(err, actuator.ErrGone) {
				t.Errorf("renew: %v", err)
			}
			if _, err := a.Plan(t.Context(), actuator.Action{ID: "act-02", Kind: actuator.CloseRoute, Route: "list"}); !errors.Is(err, actuator.ErrConflict) {
				t.Errorf("plan over it: %v", err)
			}
		})
	}
}

// edited is what an action has laid, with another text in the place of one.
func edited(b *bed, old, text string) object {
	for line := range strings.Lines(b.Dump()) {
		if laid, found := strings.CutPrefix(line, "/routes/slo-list "); found {
			return decode(strings.Replace(laid, old, text, 1))
		}
	}
	panic("there is none")
}

// Objects that cannot be changed so are refused, each for its reason.
func TestObjects(t *testing.T) {
	b := newBed(t)
	b.Put("/upstreams/found", object{"service_name": "dns"})
	b.Put("/upstreams/ewma", object{"type": "ewma", "nodes": object{v1: 1}})
	b.Put("/upstreams/spare", object{"nodes": []object{{"host": "a", "port": 1, "weight": 1}, {"host": "b", "port": 1, "weight": 1, "priority": -1}}})
	b.Put("/upstreams/twice", object{"nodes": []object{{"host": "a", "port": 1, "weight": 1}, {"host": "a", "port": 1, "weight": 1}}})
	b.Put("/routes/own", object{"uri": "/own", "upstream_id": "checkout", "plugins": object{"limit-count": object{"count": 1, "time_window": 1}}})
	b.Put("/routes/off", object{"uri": "/off", "upstream_id": "checkout", "status": 0})
	b.Put("/routes/script", object{"uri": "/script", "upstream_id": "checkout", "script": "return {}"})
	eject := actuator.Action{ID: "act-01", Kind: actuator.Eject, Member: v1}
	for _, tt := range []struct {
		c    apisix.Config
		a    actuator.Action
		want error
	}{
		{apisix.Config{Upstream: "nowhere"}, eject, actuator.ErrMissing},
		{apisix.Config{Upstream: "found"}, eject, actuator.ErrUnsupported},
		{apisix.Config{Upstream: "ewma"}, eject, actuator.ErrUnsupported},
		{apisix.Config{Upstream: "spare"}, eject, actuator.ErrUnsupported},
		{apisix.Config{Upstream: "twice"}, eject, actuator.ErrRefused},
		{apisix.Config{Route: "pay"}, eject, actuator.ErrUnsupported},
		{apisix.Config{}, actuator.Action{Kind: actuator.RateLimit, Route: "own", PerSecond: 5}, actuator.ErrRefused},
		{apisix.Config{}, actuator.Action{Kind: actuator.RateLimit, Route: "pay", PerSecond: 0.5}, actuator.ErrRefused},
		{apisix.Config{}, actuator.Action{Kind: actuator.CloseRoute, Route: "off"}, actuator.ErrRefused},
		{apisix.Config{}, actuator.Action{Kind: actuator.CloseRoute, Route: "pay", Status: 99}, actuator.ErrRefused},
		{apisix.Config{}, actuator.Action{Kind: actuator.CloseRoute, Route: "script"}, actuator.ErrUnsupported},
	} {
		if _, err := b.open(t, tt.c).Plan(t.Context(), tt.a); !errors.Is(err, tt.want) {
			t.Errorf("%+v %+v: %v, want %v", tt.c, tt.a, err, tt.want)
		}
	}
}

// A value is nothing that could smuggle anything in.
func TestForgedValue(t *testing.T) {
	b := newBed(t)
	pool, over := b.open(t, apisix.Config{Upstream: "checkout"}), b.open(t, apisix.Config{})
	for target, list := range map[string][]string{
		"upstream checkout": {`{"127.0.0.1:8001":-1,"127.0.0.1:8002":1,"127.0.0.1:8003":1}`, `{"10.0.0.1:80":1}`, `null`, `"x"`},
		"route pay":         {`{"action":"act-01","does":"open:1","route":"ROUTE"}`, `{"changed":"x","route":"ROUTE"}`, `{"action":"act-01","does":"close:503","route":"x"}`, `"x"`},
	} {
		a := map[bool]actuator.Actuator{true: pool, false: over}[target == "upstream checkout"]
		live, err := a.Read(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		before := b.Dump()
		for _, to := range list {
			to = strings.Replace(to, "ROUTE", hashOf(actuator.Plan{After: live.Value}), 1)
			_, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: target, From: live, To: actuator.Value(to)})
			if !errors.Is(err, actuator.ErrRefused) {
				t.Errorf("write %s: %v", to, err)
			}
		}
		if diff := cmp.Diff(before, b.Dump()); diff != "" {
			t.Errorf("something was written (-before +after):\n%s", diff)
		}
	}
}

// Answers that make no sense are trouble, never a value; redirects are not
// followed, and link-local addresses not called.
func TestNonsense(t *testing.T) {
	b := newBed(t)
	text, status := "", http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", b.Admin.URL)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}))
	defer s.Close()
	read := func(url string) error {
		_, err := b.open(t, apisix.Config{URL: url, Upstream: "checkout"}).Read(t.Context(), "upstream checkout")
		return err
	}
	for _, tt := range []struct {
		status int
		text   string
		want   error
	}{
		{200, "", actuator.ErrUnavailable},
		{200, `{"node":{"value":{"plugins":{"key-auth":{"key":"` + secret + `"}}}}}`, actuator.ErrUnavailable},
		{200, `{"value":{"nodes":"x"}}`, actuator.ErrRefused},
		{200, strings.Repeat(" ", 1<<20) + `{"value":{"nodes":{}}}`, actuator.ErrUnavailable},
		{302, "", actuator.ErrRefused},
		{503, `{"error_msg":"timeout"}`, actuator.ErrUnavailable},
	} {
		text, status = tt.text, tt.status
		if err := read(s.URL); !errors.Is(err, tt.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%d %.40q: %v, want %v", tt.status, tt.text, err, tt.want)
		}
	}
	if err := read("http://169.254.169.254:80"); !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// The examples of the documentation are such that the engine takes.
func TestDocumentedPlaybook(t *testing.T) {
	page, err := os.ReadFile("../../../docs/gateways/apisix.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/gateways/apisix.md has no example")
	}
	b := newBed(t)
	var read []apisix.Config
	loader := slo.Loader{Remediations: new([]*slo.Remediation), Remedy: func(r slo.Remedy) []slo.Problem {
		var c apisix.Config
		problems := r.Settings.Check(&c)
		c.KeyFile = b.keyFile // that of the page is on another machine
		if _, err := apisix.New(c, apisix.Options{}); err != nil {
			t.Error(err)
		}
		read = append(read, c)
		return problems
	}}
	_, problems := loader.Load(slo.File{Name: "apisix.yaml", Data: []byte(example)})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Errorf("%s: %s", p.Field, p.Message)
		}
	}
	want := []apisix.Config{
		{URL: "http://127.0.0.1:9180", KeyFile: b.keyFile, Upstream: "checkout", Control: []string{"http://127.0.0.1:9090"}},
		{URL: "http://127.0.0.1:9180", KeyFile: b.keyFile},
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
