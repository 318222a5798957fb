package api

import (
	"net/http"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) })
	o := Options{
		Reload: func() error { return nil }, Write: ok, Alertmanager: ok,
		ExternalURL: "https://slo.example.com/", AllowedHosts: []string{"engine.Monitoring.svc"},
	}
	for _, c := range []struct {
		name, method, target string
		headers              string // separated by |
		status               int
	}{
		{"loopback name", "POST", "/-/reload", "Host: localhost:9490", 200},
		{"loopback name in capitals, final dot", "POST", "/-/reload", "Host: LOCALHOST.:80", 200},
		{"loopback v4", "POST", "/-/reload", "Host: 127.0.0.1:1", 200},
		{"loopback v6", "POST", "/-/reload", "Host: [::1]:9490", 200},
		{"loopback v6 without port", "POST", "/-/reload", "Host: [::1]", 200},
		{"external host", "POST", "/-/reload", "Host: slo.example.com", 200},
		{"allowed host", "PUT", "/-/reload", "Host: engine.monitoring.svc:9490", 200},
		{"rebound name", "POST", "/-/reload", "Host: evil.example:9490", 403},
		{"rebound name that looks like loopback", "POST", "/-/reload", "Host: 127.0.0.1.evil.example", 403},
		{"no host", "POST", "/-/reload", "Host: ", 403},
		{"rebound write", "POST", "/api/v1/write", "Host: evil.example", 403},
		{"rebound silence", "DELETE", "/alertmanager/api/v2/silence/1", "Host: evil.example", 403},
		{"reading by any name", "GET", "/api/v1/slos", "Host: evil.example", 200},
		{"own page", "POST", "/-/reload", "Origin: http://localhost:9490", 200},
		{"own page behind a proxy", "POST", "/-/reload", "Origin: https://slo.example.com", 200},
		{"other page", "POST", "/-/reload", "Origin: http://evil.example", 403},
		{"same name, other port", "POST", "/-/reload", "Origin: http://localhost:3000", 403},
		{"page without origin", "POST", "/-/reload", "Origin: null", 403},
		{"cross-site by fetch metadata", "POST", "/-/reload", "Sec-Fetch-Site: cross-site", 403},
		{"other page writes", "POST", "/api/v1/write", "Origin: http://evil.example", 403},
		{"other page reads", "GET", "/api/v1/slos", "Origin: http://evil.example", 200},
		{"write needs no JSON", "POST", "/api/v1/write", "Content-Type: application/x-protobuf", 200},
		{"silence as JSON", "POST", "/alertmanager/api/v2/silences", "Content-Type: application/json; charset=utf-8", 200},
		{"silence as a form", "POST", "/alertmanager/api/v2/silences", "Content-Type: text/plain", 415},
		{"silence as nothing", "POST", "/alertmanager/api/v2/silences", "", 415},
		{"silence removed", "DELETE", "/alertmanager/api/v2/silence/1", "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ask(t, o, c.method, c.target, "", splitHeaders(c.headers)...)
			if r.StatusCode != c.status {
				t.Errorf("%s %s with %q answers %d %s, want %d", c.method, c.target, c.headers, r.StatusCode, text(t, r), c.status)
			}
			if r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("answer may be sniffed")
			}
			if r.StatusCode >= 400 && r.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("refusal is %q", r.Header.Get("Content-Type"))
			}
		})
	}
}

func splitHeaders(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

func TestAnyHost(t *testing.T) {
	o := Options{Reload: func() error { return nil }, AllowedHosts: []string{"*"}}
	if r := ask(t, o, "POST", "/-/reload", "", "Host: anything.example"); r.StatusCode != 200 {
		t.Errorf("answers %d, want 200", r.StatusCode)
	}
}
