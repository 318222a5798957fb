package actuatortest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The proxy passes on what it is not told to trouble, and a person can come
// before a write.
func TestProxy(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, what)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		note(r.Method + " " + r.URL.RequestURI() + " " + string(body))
		_, _ = io.WriteString(w, "done")
	}))
	defer backend.Close()
	p := actuatortest.NewProxy(t, backend.URL)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path, body string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	p.BeforeWrite(t, func() { note("a person") })
	ask("GET", "/a?b=c", "")
	ask("PATCH", "/id/%2Fx?y=z", "1")
	end := p.Answer(412, "text/plain", "stale")(t)
	if status := ask("PUT", "/never", "2"); status != 412 {
		t.Errorf("status %d, want that of the proxy", status)
	}
	end()
	up := p.Down(t)
	if status := ask("GET", "/never", ""); status != 0 {
		t.Errorf("status %d of a gateway that is away", status)
	}
	up()
	ask("DELETE", "/d", "")
	want := []string{"GET /a?b=c ", "a person", "PATCH /id/%2Fx?y=z 1", "DELETE /d "}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the gateway saw (-want +got):\n%s", diff)
	}
}
