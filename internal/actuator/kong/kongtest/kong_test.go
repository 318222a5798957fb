package kongtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator/kong/kongtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	noID  = "00000000-0000-4000-8000-000000000000"
	oneID = "00000000-0000-4000-8000-000000000001"
)

// call makes one call at the first node, and tells the status.
func call(t *testing.T, k *kongtest.Kong, line, body string) *http.Response {
	t.Helper()
	method, path, _ := strings.Cut(line, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, k.Admin(0)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// The codes that Kong documents.
func TestCodes(t *testing.T) {
	k := kongtest.Start(t, 1)
	k.Upstream("u", "round-robin", false, map[string]int{"a:1": 100})
	k.Service("s", "u")
	k.Route("r", "s")
	limiter := `{"name":"rate-limiting","config":{"second":5}}`
	for _, tt := range []struct {
		line, body string
		want       int
	}{
		{"GET /upstreams/u", "", 200},
		{"GET /upstreams/x", "", 404},
		{"GET /upstreams/x/health", "", 404},
		{"GET /routes/x/plugins", "", 404},
		{"POST /upstreams/u/targets", `{"target":"b:1"}`, 201},
		{"POST /upstreams/u/targets", `{"target":"b:1"}`, 409},
		{"POST /upstreams/u/targets", `{"target":"b"}`, 400},
		{"PATCH /upstreams/u/targets/a:1", `{"weight":65535}`, 200},
		{"PATCH /upstreams/u/targets/a:1", `{"weight":65536}`, 400},
		{"PATCH /upstreams/u/targets/a:1", `{"weight":-1}`, 400},
		{"PATCH /upstreams/u/targets/a:1", `{"wait":1}`, 400},
		{"PATCH /upstreams/u/targets/c:1", `{"weight":1}`, 404},
		{"PUT /upstreams/u/targets/c:1", `{"weight":1}`, 404},
		{"PUT /upstreams/u/targets/a:1/unhealthy", "", 204},
		{"DELETE /upstreams/u/targets/b:1", "", 204},
		{"PUT /plugins/" + oneID, limiter, 200},
		{"PUT /plugins/" + oneID, limiter, 200},
		{"GET /plugins/" + oneID, "", 200},
		{"POST /plugins", limiter, 409},
		{"PUT /plugins/x", limiter, 400},
		{"POST /plugins", `{"name":"rate-limiting","route":{"id":"` + noID + `"},"config":{"second":5}}`, 400},
		{"POST /plugins", `{"name":"nobody"}`, 400},
		{"POST /plugins", `{"name":"request-termination"}`, 201},
		{"PATCH /plugins/" + oneID, `{"config":{"second":null,"minute":60}}`, 200},
		{"PATCH /plugins/" + oneID, `{"config":{"second":61}}`, 400},
		{"PATCH /plugins/" + oneID, `{"config":{"minute":null}}`, 400},
		{"PATCH /plugins/" + oneID, `{"config":{"limit_by":"moon"}}`, 400},
		{"PATCH /plugins/" + oneID, `{"config":{"often":1}}`, 400},
		{"PATCH /plugins/" + oneID, `{"tags":["a,b"]}`, 400},
		{"PATCH /plugins/" + noID, `{}`, 404},
		{"DELETE /plugins/" + oneID, "", 204},
		{"DELETE /plugins/" + oneID, "", 204},
		{"POST /config", "{}", 400},
		{"POST /plugins", strings.Repeat(" ", 1<<20) + limiter, 413},
	} {
		if got := call(t, k, tt.line, tt.body).StatusCode; got != tt.want {
			t.Errorf("%s %.100s: %d, want %d", tt.line, tt.body, got, tt.want)
		}
	}
}

// Without a database there is only one thing to write.
func TestWithoutDatabase(t *testing.T) {
	k := kongtest.Start(t, 1)
	k.WithoutDatabase()
	for _, tt := range []struct {
		line, body string
		want       int
	}{
		{"POST /plugins", `{"name":"request-termination"}`, 405},
		{"DELETE /plugins/" + oneID, "", 405},
		{"POST /config?check_hash=1", `{"_format_version":"3.0"}`, 201},
		{"POST /config?check_hash=1", `{"_format_version":"3.0"}`, 304},
		{"POST /config", `{"_format_version":"3.0"}`, 201},
		{"POST /config", "{", 400},
	} {
		if got := call(t, k, tt.line, tt.body).StatusCode; got != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.line, tt.body, got, tt.want)
		}
	}
	k.Refuse(http.StatusTooManyRequests)
	if resp := call(t, k, "POST /config", "{}"); resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("while it loads: %s", resp.Status)
	}
	k.Refuse(http.StatusServiceUnavailable)
	if resp := call(t, k, "POST /config", "{}"); resp.StatusCode != 503 {
		t.Errorf("while it exits: %s", resp.Status)
	}
}

// A change is seen by the other nodes after a while, and not at once.
func TestVisibility(t *testing.T) {
	k := kongtest.Start(t, 2)
	k.Upstream("u", "round-robin", false, map[string]int{"a:1": 100, "b:1": 100})
	k.Service("s", "u")
	k.Route("r", "s")
	k.Restart()
	toB := func(node int) (n int) {
		for range 10 {
			if _, target := k.Send(node, "r"); target == "b:1" {
				n++
			}
		}
		return n
	}
	if toB(0) != 5 || toB(1) != 5 {
		t.Error("at first it is not one half each")
	}
	call(t, k, "PATCH /upstreams/u/targets/b:1", `{"weight":0}`)
	if toB(1) != 5 {
		t.Error("the other node knows of it at once")
	}
	k.Advance(2 * kongtest.Every)
	if toB(0) != 0 || toB(1) != 0 {
		t.Error("after ten seconds not all know of it")
	}
}
