package embedded

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
)

func TestBadConfigIsRefused(t *testing.T) {
	tests := map[string]struct{ config, want string }{
		"unknown field":    {"route:\n  receiver: x\n  group_wiat: 1s\nreceivers: [{name: x}]\n", "line 3: field group_wiat not found"},
		"not yaml":         {"route: [\n", "yaml: line 1"},
		"empty":            {"", "no route provided"},
		"missing receiver": {"route: {receiver: nobody}\n", `undefined receiver "nobody"`},
		"missing secret": {"route: {receiver: x}\nreceivers: [{name: x, webhook_configs: [{url: 'http://h/', http_config: {tls_config: {ca_file: gone.pem}}}]}]\n",
			`build receiver "x"`},
		"bad template": {"route: {receiver: x}\nreceivers: [{name: x}]\ntemplates: ['*.yml']\n# {{ nonsense }}\n", "parse templates"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := writeConfig(t, "", tt.config)
			_, err := New(Options{ConfigFile: file, DataDir: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v, want the file and %q", err, tt.want)
			}
		})
	}
}

// A bad file changes nothing; a good one redirects the pages.
func TestReload(t *testing.T) {
	before, after := newPager(t), newPager(t)
	file := writeConfig(t, "", configFor(before.URL))
	reg := prometheus.NewPedanticRegistry()
	a := started(t, Options{ConfigFile: file, Registerer: reg})

	writeConfig(t, file, "route: {receiver: nobody}")
	if err := a.Reload(); err == nil {
		t.Fatal("the bad configuration was accepted")
	}
	if got := testutil.ToFloat64(a.metrics.reloadOK); got != 0 {
		t.Errorf("last reload successful: %v", got)
	}
	send(t, a, burn("critical"))
	before.awaitTold(t, "firing critical")

	writeConfig(t, file, configFor(after.URL))
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(a.metrics.reloadOK); got != 1 {
		t.Errorf("last reload successful: %v", got)
	}
	// What was told keeps being known; its end goes the new way.
	send(t, a, ended(burn("critical")))
	after.awaitTold(t, "resolved critical")
	before.awaitTold(t, "firing critical")
}

func TestTwoAtOnce(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	pagers := map[string]*pager{}
	ams := map[string]*Alertmanager{}
	for _, name := range []string{"one", "two"} {
		pagers[name] = newPager(t)
		ams[name] = started(t, Options{
			ConfigFile: writeConfig(t, "", configFor(pagers[name].URL)),
			Registerer: prometheus.WrapRegistererWith(prometheus.Labels{"instance": name}, reg),
		})
	}
	setSilence(t, ams["two"])
	send(t, ams["one"], burn("critical"))
	send(t, ams["two"], burn("critical"))
	pagers["one"].awaitTold(t, "firing critical")
	wantSilenced(t, ams["one"], false)
	wantSilenced(t, ams["two"], true)
	if got := pagers["two"].told(); got != "" {
		t.Errorf("the silenced one was told %s", got)
	}
	if _, err := reg.Gather(); err != nil {
		t.Errorf("gather: %v", err)
	}
}

func TestMetricsComeAndGo(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	opts := Options{DataDir: t.TempDir(), Registerer: reg}
	a := started(t, opts)
	if n := count(t, reg); n < 20 {
		t.Errorf("%d metric families while it runs", n)
	}
	if _, err := New(Options{DataDir: t.TempDir(), Registerer: reg}); err == nil {
		t.Error("a second instance shares the metrics of the first")
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, reg); n != 0 {
		t.Errorf("%d metric families after Stop", n)
	}
	started(t, opts)
}

func count(t *testing.T, g prometheus.Gatherer) int {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return len(families)
}

func TestLifecycle(t *testing.T) {
	background := context.Background()
	a, err := New(Options{DataDir: filepath.Join(t.TempDir(), "made", "for", "it")})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, a, "/alertmanager/-/healthy", http.StatusOK)
	wantStatus(t, a, "/alertmanager/-/ready", http.StatusServiceUnavailable)
	wantStatus(t, a, "/alertmanager/api/v2/alerts", http.StatusServiceUnavailable)
	if err := a.Send(background, []alertmanager.Outgoing{burn("critical")}); err == nil {
		t.Error("Send before Start succeeded")
	}
	if silenced, inhibited := a.Mutes(nil); silenced || inhibited {
		t.Error("something is muted before Start")
	}
	if err := a.Reload(); err != nil {
		t.Errorf("Reload before Start: %v", err)
	}
	if err := a.Start(background); err != nil {
		t.Fatal(err)
	}
	if err := a.Start(background); err == nil {
		t.Error("a second Start succeeded")
	}
	wantStatus(t, a, "/alertmanager/-/ready", http.StatusOK)
	wantStatus(t, a, "/alertmanager/api/v2/status", http.StatusOK)
	wantStatus(t, a, "/elsewhere", http.StatusNotFound)
	for range 2 {
		if err := a.Stop(background); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	wantStatus(t, a, "/alertmanager/-/ready", http.StatusServiceUnavailable)
	if err := a.Start(background); err == nil {
		t.Error("Start after Stop succeeded")
	}
	if err := a.Reload(); err == nil {
		t.Error("Reload after Stop succeeded")
	}
	if err := a.Send(background, nil); err == nil {
		t.Error("Send after Stop succeeded")
	}
}

func TestStopUnstarted(t *testing.T) {
	a, err := New(Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
}

func TestRoutePrefix(t *testing.T) {
	for prefix, path := range map[string]string{"/": "/api/v2/status", "am/": "/am/api/v2/status", "/a/b": "/a/b/api/v2/status"} {
		a := started(t, Options{RoutePrefix: prefix})
		wantStatus(t, a, path, http.StatusOK)
		wantStatus(t, a, strings.Replace(path, "api/v2/status", "-/ready", 1), http.StatusOK)
	}
}

func wantStatus(t *testing.T, a *Alertmanager, path string, want int) {
	t.Helper()
	if got, body := call(t, a, "GET", path, ""); got != want {
		t.Errorf("GET %s: %d %s, want %d", path, got, body, want)
	}
}
