package tyktest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator/tyk/tyktest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The codes that Tyk documents, and when a change takes effect.
func TestCodes(t *testing.T) {
	k := tyktest.Start(t, 2, "secret")
	const a, b = `{"x-tyk-api-gateway":{"info":{"id":"a"}}}`, `{"api_id":"b"}`
	k.API(t, "a", true, a)
	k.API(t, "b", false, b)
	k.Restart()
	for _, tt := range []struct {
		line, body, secret string
		want               int
	}{
		{"GET /tyk/apis/oas/a", "", "guess", 403},
		{"GET /tyk/apis/oas/a", "", "secret", 200},
		{"GET /tyk/apis/oas/c", "", "secret", 404},
		{"GET /tyk/apis/oas/b", "", "secret", 400},
		{"PUT /tyk/apis/oas/a", a, "secret", 200},
		{"PUT /tyk/apis/oas/a", "{", "secret", 400},
		{"PUT /tyk/apis/oas/a", strings.Replace(a, `"a"`, `"b"`, 1), "secret", 400},
		{"PUT /tyk/apis/a", `{"api_id":"a"}`, "secret", 400},
		{"PUT /tyk/apis/oas/b", strings.Replace(a, `"a"`, `"b"`, 1), "secret", 400},
		{"PUT /tyk/apis/c", `{"api_id":"c"}`, "secret", 404},
		{"PUT /tyk/apis/b", b, "secret", 200},
		{"GET /tyk/reload/group", "", "secret", 200},
		{"GET /tyk/reload/?block=true", "", "secret", 200},
		{"GET /tyk/reload/group", "", "", 403},
	} {
		if got := call(t, k, tt.line, tt.body, tt.secret); got != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.line, tt.body, got, tt.want)
		}
	}
	k.Dashboard()
	if got := call(t, k, "PUT /tyk/apis/b", b, "secret"); got != 500 {
		t.Errorf("where the APIs are the Dashboard's: %d", got)
	}
}

func TestReload(t *testing.T) {
	k := tyktest.Start(t, 2, "secret")
	k.API(t, "b", false, `{"api_id":"b","proxy":{"target_list":["x"]}}`)
	k.Restart()
	goes := func(node int) string {
		_, target := k.Send(node, "b", "", false)
		return target
	}
	call(t, k, "PUT /tyk/apis/b", `{"api_id":"b","proxy":{"target_list":["y"]}}`, "secret")
	k.Advance(10 * tyktest.Tick)
	if goes(0) != "x" {
		t.Error("it takes effect without a reload")
	}
	call(t, k, "GET /tyk/reload/group", "", "secret")
	if goes(0) != "x" {
		t.Error("it takes effect at once")
	}
	k.Advance(tyktest.Tick)
	if goes(0) != "y" || goes(1) != "y" {
		t.Error("it does not take effect")
	}
}

func call(t *testing.T, k *tyktest.Tyk, line, body, secret string) int {
	t.Helper()
	method, path, _ := strings.Cut(line, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, k.URL(0)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Tyk-Authorization", secret)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
