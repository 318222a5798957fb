package promapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	promconfig "github.com/prometheus/common/config"
)

// served is a client of a server that answers as told.
func served(t *testing.T, o Options, answer http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	o.URL = server.URL
	c, err := newClient(o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func matrixOf(samples int) string {
	var b strings.Builder
	for i := range samples {
		fmt.Fprintf(&b, `[%d,"1"],`, i)
	}
	return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"req"},"values":[` + strings.TrimSuffix(b.String(), ",") + `]}]}}`
}

// TestBounds: answers that are too large are refused while they arrive.
func TestBounds(t *testing.T) {
	for name, o := range map[string]Options{"bytes": {MaxResponseBytes: 500}, "samples": {MaxSamples: 99}} {
		c := served(t, o, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(matrixOf(100))) })
		if _, err := c.raw(t.Context(), polls, "req", time.Unix(0, 0), time.Unix(100, 0)); !errors.Is(err, errTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	c := served(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(422)
		_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}`))
	})
	if _, err := c.raw(t.Context(), polls, "req", time.Unix(0, 0), time.Unix(100, 0)); !errors.Is(err, errTooLarge) {
		t.Errorf("a server's own bound: error %v", err)
	}
}

// TestTenant: headers and passwords of the configuration are sent, and no
// message has them.
func TestTenant(t *testing.T) {
	reg := prometheus.NewRegistry()
	sender := promconfig.HTTPClientConfig{
		BasicAuth: &promconfig.BasicAuth{Username: "reader", Password: "hidden"},
		HTTPHeaders: &promconfig.Headers{Headers: map[string]promconfig.Header{
			"X-Scope-Orgid": {Values: []string{"team-a"}},
		}},
	}
	c := served(t, Options{HTTP: sender, Registerer: reg}, func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); r.Header.Get("X-Scope-OrgID") != "team-a" || password != "hidden" {
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		panic(http.ErrAbortHandler)
	})
	_, err := c.raw(t.Context(), polls, "req", time.Unix(0, 0), time.Unix(100, 0))
	if err == nil || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "client_error") {
		t.Errorf("error %v", err)
	}
	if got := testutil.ToFloat64(c.metrics.failed.WithLabelValues("unreachable")); got < 1 {
		t.Errorf("%v failures are counted", got)
	}
}

func TestClock(t *testing.T) {
	c := served(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"scalar","result":[0,"%d"]}}`, time.Now().Add(time.Hour).Unix())
	})
	ahead, err := c.ahead(context.Background(), time.Now)
	if err != nil || ahead < 59*time.Minute || ahead > 61*time.Minute {
		t.Errorf("ahead by %s, %v", ahead, err)
	}
}

func TestURLs(t *testing.T) {
	for _, bad := range []string{"", "localhost:9090", "ftp://x", "http://", "http://x?y", "http://u:secret@x/%zz"} {
		if _, err := New(Options{URL: bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
