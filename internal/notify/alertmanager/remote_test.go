package alertmanager

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonconfig "github.com/prometheus/common/config"
)

// upstream answers as told and keeps the last request.
type upstream struct {
	*httptest.Server
	status int
	body   string
	header http.Header

	last     *http.Request
	lastBody string
	hits     int
}

func newUpstream(t *testing.T, tls bool) *upstream {
	u := &upstream{status: http.StatusOK, header: http.Header{}}
	u.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		u.last, u.lastBody, u.hits = r, string(b), u.hits+1
		for k, v := range u.header {
			w.Header()[k] = v
		}
		w.WriteHeader(u.status)
		io.WriteString(w, u.body)
	}))
	u.Config.ErrorLog = nil
	if tls {
		u.StartTLS()
	} else {
		u.Start()
	}
	t.Cleanup(u.Close)
	return u
}

func newRemote(t *testing.T, opts RemoteOptions) *Remote {
	t.Helper()
	r, err := NewRemote(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func batchOfOne() []Outgoing {
	t0 := time.Date(2026, 3, 1, 2, 3, 4, 56789000, time.UTC)
	return []Outgoing{{
		Labels:      map[string]string{"alertname": "ErrorBudgetBurn", "severity": "critical"},
		Annotations: map[string]string{"summary": `it "burns"`},
		StartsAt:    t0, EndsAt: t0.Add(4 * time.Minute),
		GeneratorURL: "http://slo.example/slos/x",
	}}
}

func TestRemoteSpeaksAPIv2(t *testing.T) {
	am := newUpstream(t, false)
	r := newRemote(t, RemoteOptions{URL: am.URL + "/prefix/am/"})
	if err := r.Send(t.Context(), batchOfOne()); err != nil {
		t.Fatal(err)
	}
	if got := am.last.Method + " " + am.last.URL.Path; got != "POST /prefix/am/api/v2/alerts" {
		t.Errorf("request %s", got)
	}
	if got := am.last.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	want := `[{"labels":{"alertname":"ErrorBudgetBurn","severity":"critical"},"annotations":{"summary":"it \"burns\""},` +
		`"startsAt":"2026-03-01T02:03:04.056789Z","endsAt":"2026-03-01T02:07:04.056789Z","generatorURL":"http://slo.example/slos/x"}]`
	if am.lastBody != want {
		t.Errorf("body\n%s\nwant\n%s", am.lastBody, want)
	}
}

func TestRemoteVerdicts(t *testing.T) {
	tests := []struct {
		status            int
		rejected, content bool
	}{
		{200, false, false},
		{202, false, false},
		{307, true, false},
		{400, true, true},
		{401, true, false},
		{404, true, false},
		{408, false, false},
		{413, true, true},
		{422, true, true},
		{429, false, false},
		{500, false, false},
		{503, false, false},
	}
	am := newUpstream(t, false)
	am.body = strings.Repeat("because ", 200)
	r := newRemote(t, RemoteOptions{URL: am.URL})
	for _, tt := range tests {
		am.status = tt.status
		err := r.Send(t.Context(), batchOfOne())
		var rejection *Rejection
		rejected := errors.As(err, &rejection)
		if rejected != tt.rejected || (rejected && rejection.Content != tt.content) || (err == nil) != (tt.status < 300) {
			t.Errorf("%d: error %v (rejected %t), want rejected %t content %t", tt.status, err, rejected, tt.rejected, tt.content)
		}
		if err == nil || tt.status == 307 {
			continue
		}
		if !strings.Contains(err.Error(), http.StatusText(tt.status)) || !strings.Contains(err.Error(), "because because") || len(err.Error()) > bodyExcerpt+100 {
			t.Errorf("%d: error is %d bytes, want status and the body's beginning: %v", tt.status, len(err.Error()), err)
		}
	}
}

func TestRemoteFollowsNoRedirect(t *testing.T) {
	elsewhere := newUpstream(t, false)
	am := newUpstream(t, false)
	am.status = http.StatusPermanentRedirect
	am.header.Set("Location", elsewhere.URL)
	r := newRemote(t, RemoteOptions{URL: am.URL, HTTP: commonconfig.HTTPClientConfig{FollowRedirects: true}})
	err := r.Send(t.Context(), batchOfOne())
	if err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
		t.Errorf("error %v, want one that names where the redirect leads", err)
	}
	if elsewhere.hits != 0 {
		t.Error("the redirect was followed")
	}
}

func TestRemoteTLS(t *testing.T) {
	am := newUpstream(t, true)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: am.Certificate().Raw})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := newRemote(t, RemoteOptions{URL: am.URL, HTTP: commonconfig.HTTPClientConfig{TLSConfig: commonconfig.TLSConfig{CAFile: ca}}})
	if err := trusting.Send(t.Context(), batchOfOne()); err != nil {
		t.Errorf("with its authority: %v", err)
	}
	wary := newRemote(t, RemoteOptions{URL: am.URL})
	if err := wary.Send(t.Context(), batchOfOne()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without its authority: %v, want a refusal of the certificate", err)
	}
}

func TestRemoteAuthorizes(t *testing.T) {
	am := newUpstream(t, false)
	r := newRemote(t, RemoteOptions{URL: am.URL, HTTP: commonconfig.HTTPClientConfig{
		BasicAuth: &commonconfig.BasicAuth{Username: "engine", Password: "secret"},
	}})
	if err := r.Send(t.Context(), batchOfOne()); err != nil {
		t.Fatal(err)
	}
	if user, password, _ := am.last.BasicAuth(); user != "engine" || password != "secret" {
		t.Errorf("basic auth %q %q", user, password)
	}
	bearer := newRemote(t, RemoteOptions{URL: am.URL, HTTP: commonconfig.HTTPClientConfig{
		Authorization: &commonconfig.Authorization{Type: "Bearer", Credentials: "token"},
	}})
	if err := bearer.Send(t.Context(), batchOfOne()); err != nil {
		t.Fatal(err)
	}
	if got := am.last.Header.Get("Authorization"); got != "Bearer token" {
		t.Errorf("authorization %q", got)
	}
}

func TestRemoteEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	am := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer am.Close()
	defer close(release)
	r := newRemote(t, RemoteOptions{URL: am.URL})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Send(ctx, batchOfOne()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

func TestRemoteTellsNoSecret(t *testing.T) {
	r := newRemote(t, RemoteOptions{URL: "http://user:hunter2@127.0.0.1:1/am"})
	if got := r.Name(); got != "http://127.0.0.1:1/am" {
		t.Errorf("name %q", got)
	}
	if err := r.Send(t.Context(), batchOfOne()); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one without the password", err)
	}
}

func TestNewRemoteRefuses(t *testing.T) {
	tests := map[string]RemoteOptions{
		"no url":       {},
		"no scheme":    {URL: "127.0.0.1:9093"},
		"other scheme": {URL: "ftp://host"},
		"no host":      {URL: "http:///am"},
		"query":        {URL: "http://host/?a=b"},
		"broken":       {URL: "http://user:hunter2@host:port"},
		"two auths": {URL: "http://host", HTTP: commonconfig.HTTPClientConfig{
			BasicAuth: &commonconfig.BasicAuth{Username: "u"}, BearerToken: "t"}},
		"missing ca": {URL: "http://u:hunter2@host", HTTP: commonconfig.HTTPClientConfig{TLSConfig: commonconfig.TLSConfig{CAFile: "/nowhere/ca.pem"}}},
	}
	for name, opts := range tests {
		r, err := NewRemote(opts)
		if err == nil {
			r.Close()
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}
