package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func echoPath(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "path "+r.URL.Path) }

func TestRoutePrefix(t *testing.T) {
	for _, o := range []Options{
		{RoutePrefix: "/slo/"}, {RoutePrefix: "slo"}, {ExternalURL: "https://x.example/slo/"}, {ExternalURL: "https://x.example/a", RoutePrefix: "/slo"},
	} {
		o.Alertmanager = http.HandlerFunc(echoPath)
		for target, want := range map[string]string{
			"/slo/api/v1/slos":             `200 {"slos"`,
			"/slo/-/healthy":               "200 slo-engine is healthy.",
			"/slo/":                        "200 <!DOCTYPE html>",
			"/slo/alertmanager/api/v2/x":   "200 path /api/v2/x",
			"/slo/alertmanager":            "307 /slo/alertmanager/",
			"/slo":                         "307 /slo/",
			"/":                            "302 /slo/",
			"/api/v1/slos":                 `404 {"type":"urn:slo-engine:problem:not_found"`,
			"/slo/api/v1/slos/search:none": `404 {"type":"urn:slo-engine:problem:not_found"`,
		} {
			r := ask(t, o, "GET", target, "")
			got := r.Status[:4] + r.Header.Get("Location") + text(t, r)
			if !strings.HasPrefix(got, want) {
				t.Errorf("prefix %q: GET %s answers %.80q, want %q", o.RoutePrefix, target, got, want)
			}
		}
	}
}

// A sender of OTLP that has the wrong port is told of the right one.
func TestOTLPAtTheWrongPort(t *testing.T) {
	r := ask(t, Options{}, "POST", "/v1/metrics", "")
	if got := text(t, r); r.StatusCode != 404 || !strings.Contains(got, "4318") {
		t.Errorf("answers %d %s", r.StatusCode, got)
	}
}

// A prefix that means something to the mux must not end the process.
func TestOddRoutePrefix(t *testing.T) {
	for prefix, target := range map[string]string{"/{a}": "/%7Ba%7D/-/healthy", "/a b": "/a%20b/-/healthy", "/": "/-/healthy"} {
		if r := ask(t, Options{RoutePrefix: prefix}, "GET", target, ""); r.StatusCode != 200 {
			t.Errorf("prefix %q: GET %s answers %d", prefix, target, r.StatusCode)
		}
	}
}

func TestReload(t *testing.T) {
	calls := 0
	o := Options{Reload: func() error { calls++; return nil }}
	for _, method := range []string{"POST", "PUT"} {
		if r := ask(t, o, method, "/-/reload", ""); r.StatusCode != 200 || text(t, r) != "" {
			t.Errorf("%s answers %d", method, r.StatusCode)
		}
	}
	if calls != 2 {
		t.Errorf("reloaded %d times, want 2", calls)
	}
	o.Reload = func() error { return errors.New("slo-engine.yaml: listen: no port") }
	r := ask(t, o, "POST", "/-/reload", "")
	if got := text(t, r); r.StatusCode != 500 || got != "failed to reload config: slo-engine.yaml: listen: no port\n" {
		t.Errorf("failed reload answers %d %q", r.StatusCode, got)
	}
	if r := ask(t, Options{}, "POST", "/-/reload", ""); r.StatusCode != 404 {
		t.Errorf("reload of nothing answers %d", r.StatusCode)
	}
}

func TestUnhealthy(t *testing.T) {
	r := ask(t, Options{Healthy: func() error { return errors.New("shard 3 stands still") }}, "GET", "/-/healthy", "")
	if got := text(t, r); r.StatusCode != 503 || !strings.Contains(got, "shard 3 stands still") {
		t.Errorf("answers %d %q", r.StatusCode, got)
	}
}

// The front page shows names and labels of strangers.
func TestPageEscapes(t *testing.T) {
	in := evil()
	in.State = engine.StateBurning
	in.Alerts = []engine.AlertStatus{{Severity: `<img src=x onerror="x">`, Tier: "page_fast"}}
	s := shop()
	s.Instances = []*engine.Instance{in}
	r := ask(t, Options{Snapshot: at(s), Version: "1.2.3<b>"}, "GET", "/", "")
	body := text(t, r)
	for _, bad := range []string{"<script", "<img", "<b>", "javascript:"} {
		if strings.Contains(body, bad) {
			t.Errorf("page holds %q", bad)
		}
	}
	for _, good := range []string{
		"&lt;script&gt;", `href="api/v1/slos/checkout:evil:0000000000000000"`, "1.2.3&lt;b&gt;",
		`<a href="api/v1/slos?state=error">error</a>: 2`, "&#34;100%&#34; leaves no error budget to burn", "<style>" + pageStyle + "</style>",
	} {
		if !strings.Contains(body, good) {
			t.Errorf("page lacks %q:\n%s", good, body)
		}
	}
	policy := r.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy is %q", policy)
	}
}

func TestPageIsBounded(t *testing.T) {
	s := shop()
	s.Instances = nil
	for range maxAttention + 5 {
		s.Instances = append(s.Instances, burning())
	}
	body := text(t, ask(t, Options{Snapshot: at(s)}, "GET", "/", ""))
	// The two faulty documents come after the instances.
	if got := strings.Count(body, "<tr><td>"); got != maxAttention || !strings.Contains(body, "7 more") {
		t.Errorf("%d rows, want %d", got, maxAttention)
	}
}

func TestPanicHurtsOnlyItself(t *testing.T) {
	var log bytes.Buffer
	reg := prometheus.NewRegistry()
	o := Options{
		Snapshot:   at(shop()),
		Registerer: reg,
		Logger:     slog.New(slog.NewTextHandler(&log, nil)),
		Write: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Half") != "" {
				_, _ = io.WriteString(w, strings.Repeat("half", 10_000))
			}
			panic("boom")
		}),
	}
	server := httptest.NewServer(New(o))
	defer server.Close()
	r, err := http.Post(server.URL+"/api/v1/write", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := text(t, r); r.StatusCode != 500 || strings.Contains(got, "boom") {
		t.Errorf("answers %d %q", r.StatusCode, got)
	}
	if !strings.Contains(log.String(), "panic=boom") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("log does not say where: %s", log.String())
	}
	if got, err := testutil.GatherAndCount(reg, "slo_engine_http_requests_total"); got != 1 || err != nil {
		t.Errorf("panic not counted: %d %v", got, err)
	}
	if err := readHalf(server.URL + "/api/v1/write"); err == nil {
		t.Error("half an answer looks like a whole one")
	}
}

func readHalf(url string) error {
	r, err := http.NewRequest("POST", url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("X-Half", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// Requests are counted under the route, never under the path a stranger chose.
func TestRequestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := New(Options{Snapshot: at(shop()), Registerer: reg})
	for _, target := range []string{"/api/v1/slos", "/api/v1/slos/a:b", "/api/v1/slos/c:d", "/x", "/y"} {
		exchange(h, "GET", target, "")
	}
	exchange(h, "POST", "/-/reload", "", "Host: evil.example")
	exchange(h, "PATCH", "/api/v1/slos", "")
	want := `
# HELP slo_engine_http_requests_total HTTP requests answered, by route and status code.
# TYPE slo_engine_http_requests_total counter
slo_engine_http_requests_total{code="200",handler="/api/v1/slos"} 1
slo_engine_http_requests_total{code="405",handler="/api/v1/slos"} 1
slo_engine_http_requests_total{code="404",handler="/api/v1/slos/{id}"} 2
slo_engine_http_requests_total{code="404",handler="other"} 2
slo_engine_http_requests_total{code="403",handler="/-/reload"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "slo_engine_http_requests_total"); err != nil {
		t.Error(err)
	}
}

func TestGzip(t *testing.T) {
	r := ask(t, Options{}, "GET", "/api/v1/slos", "", "Accept-Encoding: gzip")
	if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("headers are %v", r.Header)
	}
	plain, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(plain)
	if err != nil || !bytes.HasPrefix(body, []byte(`{"slos":[{`)) {
		t.Errorf("body is %.40q, %v", body, err)
	}
}

func TestHead(t *testing.T) {
	for _, target := range []string{"/api/v1/slos", "/", "/-/ready", "/metrics/slo"} {
		if r := ask(t, Options{}, "HEAD", target, ""); r.StatusCode != 200 {
			t.Errorf("HEAD %s answers %d", target, r.StatusCode)
		}
	}
}

// TestUnservedIsQuarantined: a sound document that is not measured here is not
// used, and says so.
func TestUnservedIsQuarantined(t *testing.T) {
	s := shop()
	s.Problems = []slo.Problem{problem("slos/wifi.yaml", 1, 30, slo.Unserved, "wifi:good", "slos[0].sli.plugin", "is not run here", "")}
	reg := prometheus.NewRegistry()
	o := Options{Snapshot: at(s), Gatherer: reg, Registerer: reg}
	body := text(t, ask(t, o, "GET", "/api/v1/slos?state=error", ""))
	for _, want := range []string{`"id":"wifi:good"`, `"state":"error"`, `"severity":"unserved"`, "warning: not measured here: slos[0].sli.plugin: is not run here"} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	if body := text(t, ask(t, Options{Snapshot: at(s), Gatherer: reg}, "GET", "/metrics", "")); !strings.Contains(body, "slo_engine_documents_quarantined 1") {
		t.Errorf("/metrics is %s", body)
	}
}

func TestOwnMetricsArePassedOn(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := ask(t, Options{Gatherer: reg, Registerer: reg}, "GET", "/metrics", "")
	if body := text(t, r); !strings.Contains(body, "slo_engine_documents_quarantined 2") {
		t.Errorf("/metrics is %s", body)
	}
}
