package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

var update = flag.Bool("update", false, "write the answers to testdata instead of comparing them")

// exchanges are requests whose whole answer is kept in testdata/NAME.txt.
var exchanges = []struct{ name, method, target string }{
	{"slos_all", "GET", "/api/v1/slos"},
	{"slos_by_service_and_name", "GET", "/api/v1/slos?service=checkout&slo=checkout-availability"},
	{"slos_by_state", "GET", "/api/v1/slos?state=error"},
	{"slos_none", "GET", "/api/v1/slos?service=nobody"},
	{"slos_unknown_parameter", "GET", "/api/v1/slos?team=a&service=checkout&label.=x"},
	{"slos_unknown_state", "GET", "/api/v1/slos?state=fine"},
	{"slos_bad_query", "GET", "/api/v1/slos?service=%zz"},
	{"slo_detail_ratio", "GET", "/api/v1/slos/checkout:checkout-availability"},
	{"slo_detail_latency_group", "GET", "/api/v1/slos/checkout:checkout-latency:9f86d081884c7d65"},
	{"slo_detail_cold_threshold", "GET", "/api/v1/slos/search:search-queue"},
	{"slo_detail_quarantined", "GET", "/api/v1/slos/pay:pay-availability"},
	{"slo_detail_grouped_without_group", "GET", "/api/v1/slos/checkout:checkout-latency"},
	{"slo_detail_missing", "GET", "/api/v1/slos/nobody:nothing"},
	{"slo_detail_parameter", "GET", "/api/v1/slos/search:search-queue?since=1h"},
	{"service", "GET", "/api/v1/services/checkout/slo"},
	{"service_unknown_budget", "GET", "/api/v1/services/search/slo"},
	{"service_quarantined", "GET", "/api/v1/services/pay/slo"},
	{"service_missing", "GET", "/api/v1/services/nobody/slo"},
	{"alerts", "GET", "/api/v1/alerts"},
	{"not_there", "GET", "/api/v2/slos"},
	{"method_not_allowed", "DELETE", "/api/v1/slos"},
	{"reload_by_get", "GET", "/-/reload"},
	{"write_switched_off", "POST", "/api/v1/write"},
	{"alertmanager_elsewhere", "GET", "/alertmanager/api/v2/alerts"},
	{"no_history", "POST", "/prometheus/api/v1/query"},
}

func someAlerts() []alerts.Alert {
	label := func(id string) map[string]string {
		return map[string]string{"alertname": alerts.NameBurn, "slo_id": id, "severity": "critical", "evil": "<b>\n\"\xff"}
	}
	return []alerts.Alert{
		{Labels: label("b:b"), Annotations: map[string]string{"summary": "burns"}, StartsAt: noon, GeneratorURL: "http://localhost:9490/"},
		{Labels: label("a:a"), StartsAt: noon, ResolvedAt: noon.Add(time.Minute)},
	}
}

func TestGolden(t *testing.T) {
	for _, x := range exchanges {
		t.Run(x.name, func(t *testing.T) {
			golden(t, x.name, transcript(t, x.method, x.target, ask(t, Options{Alerts: someAlerts}, x.method, x.target, "")))
		})
	}
}

// golden compares an answer with what is kept of it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("answer differs (-want +got), go test -update if it should:\n%s", diff)
	}
}

// transcript is an exchange as people read it.
func transcript(t *testing.T, method, target string, r *http.Response) []byte {
	t.Helper()
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s\n\n%d %s\n", method, target, r.StatusCode, r.Header.Get("Content-Type"))
	for _, name := range []string{"Allow", "Retry-After"} {
		if v := r.Header.Get(name); v != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, v)
		}
	}
	out.WriteByte('\n')
	if err := json.Indent(&out, []byte(text(t, r)), "", "  "); err != nil {
		t.Fatalf("answer is not JSON: %v", err)
	}
	return out.Bytes()
}

func TestFilterSelects(t *testing.T) {
	for query, want := range map[string]string{
		"":                               "checkout:checkout-availability checkout:checkout-latency:9f86d081884c7d65 search:search-queue pay:pay-availability ",
		"service=search":                 "search:search-queue",
		"service=search&service=pay":     "search:search-queue pay:pay-availability",
		"service=checkout&state=burning": "checkout:checkout-latency:9f86d081884c7d65",
		"slo=search-queue":               "search:search-queue",
		"state=unknown&state=ok":         "checkout:checkout-availability search:search-queue",
		"label.team=payments":            "checkout:checkout-availability checkout:checkout-latency:9f86d081884c7d65",
		"label.route=%2Fpay":             "checkout:checkout-latency:9f86d081884c7d65",
		"label.team=":                    "search:search-queue pay:pay-availability ",
		"label.team=x":                   "",
		"service=pay&label.team=x":       "",
	} {
		var list struct {
			SLOs []struct{ ID string }
		}
		r := ask(t, Options{}, "GET", "/api/v1/slos?"+query, "")
		if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var ids []string
		for _, s := range list.SLOs {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("?%s selects %q, want %q", query, got, want)
		}
	}
}

// Before the first tick there is nothing to answer from, and that is said.
func TestStartingEngine(t *testing.T) {
	o := Options{
		Snapshot: func() *engine.Snapshot { return nil },
		Ready:    func() error { return errors.New("journal is being replayed") },
	}
	for _, c := range []struct {
		target string
		status int
		want   string
	}{
		{"/api/v1/slos", 503, "the engine is starting"},
		{"/api/v1/slos/a:b", 503, "the engine is starting"},
		{"/api/v1/services/a/slo", 503, "the engine is starting"},
		{"/api/v1/alerts", 200, `{"alerts":[]}`},
		{"/-/healthy", 200, "slo-engine is healthy."},
		{"/-/ready", 503, "slo-engine is not ready: journal is being replayed"},
		{"/metrics/slo", 200, ""},
		{"/", 200, "The engine is starting"},
	} {
		r := ask(t, o, "GET", c.target, "")
		if body := text(t, r); r.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("GET %s answers %d %q, want %d %q", c.target, r.StatusCode, body, c.status, c.want)
		}
	}
}
