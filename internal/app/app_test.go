package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/formats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sound = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  objective: 99.9%
  window: 30d
  sli: {ratio: {total: requests_total, bad: 'requests_total{code=~"5.."}'}}
`

// folder makes a configuration on free ports and returns its file.
func folder(t *testing.T, slos, more string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "slos.yaml"), slos)
	file := filepath.Join(dir, "slo-engine.yaml")
	write(t, file, "listen: 127.0.0.1:0\notlp: {grpc: off, http: off}\nslo_files: [slos.yaml]\n"+more)
	return file
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs an app until the test ends or stop is called.
func run(t *testing.T, a *App) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-a.Serving():
	case err := <-done:
		cancel()
		t.Fatalf("run: %v", err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return response.StatusCode, string(body)
}

func TestServesAndStops(t *testing.T) {
	a, err := New(Options{ConfigFile: folder(t, sound, ""), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, a)
	deadline := time.Now().Add(30 * time.Second)
	for {
		code, body := get(t, "http://"+a.Addr()+"/api/v1/slos")
		if code == http.StatusOK && strings.Contains(body, `"shop:availability"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d %s", code, body)
		}
	}
	if code, body := get(t, "http://"+a.Addr()+"/alertmanager/api/v2/status"); code != http.StatusOK {
		t.Errorf("embedded Alertmanager: %d %s", code, body)
	}
	stop()
	if _, err := net.Dial("tcp", a.Addr()); err == nil {
		t.Error("the port is open after the end")
	}
}

// What New took it gives back, whichever step fails: the same folder and port
// can be used at once.
func TestFailedNewHoldsNothing(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	file := folder(t, sound, "")
	taken := func(cfg *config.Config) { cfg.Listen = busy.Addr().String() }
	if _, err := New(Options{ConfigFile: file, Overrides: []func(*config.Config){taken}}); err == nil || !strings.Contains(err.Error(), "listen for HTTP") {
		t.Fatalf("a taken port: %v", err)
	}
	a, err := New(Options{ConfigFile: file})
	if err != nil {
		t.Fatalf("the data folder is still held: %v", err)
	}
	if _, err := New(Options{ConfigFile: file}); err == nil || !strings.Contains(err.Error(), "in use by another slo-engine") {
		t.Errorf("a second engine on one folder: %v", err)
	}
	run(t, a)
}

func TestReload(t *testing.T) {
	var log safeBuffer
	file := folder(t, sound, "")
	slos := filepath.Join(filepath.Dir(file), "slos.yaml")
	a, err := New(Options{ConfigFile: file, Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	write(t, slos, sound+"---\n"+strings.Replace(sound, "name: availability", "name: second", 1)+"---\n"+strings.Replace(sound, "99.9%", "100%", 1))
	if err := a.Reload(); err != nil {
		t.Fatalf("a faulty document is no reason to refuse a reload: %v", err)
	}
	if !strings.Contains(log.String(), "leaves no error budget") {
		t.Errorf("the faulty document is not in the log:\n%s", log.String())
	}
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(config)+"lateness: 5m\n")
	if err := a.Reload(); err == nil || !strings.Contains(err.Error(), "lateness changed: that needs a restart") {
		t.Errorf("a setting that is read at start: %v", err)
	}
	write(t, file, "listne: x\n")
	if err := a.Reload(); err == nil || !strings.Contains(err.Error(), "listne") {
		t.Errorf("a broken configuration: %v", err)
	}
}

const plugged = `version: prometheus/v1
service: shop
slos:
  - {name: pay, objective: 99.9, sli: {plugin: {id: my/own}}, alerting: {name: Fails}}
`

// TestNotMeasuredHere: what is not measured here is a warning in the log, and an
// error where documents are read strictly.
func TestNotMeasuredHere(t *testing.T) {
	for more, want := range map[string][]string{
		"":                          {"level=WARN", `msg="not measured here: the query comes from Sloth's plugin`},
		"formats: {strict: true}\n": {"level=ERROR", `msg="the query comes from Sloth's plugin`},
	} {
		var log safeBuffer
		a, err := New(Options{ConfigFile: folder(t, plugged+"---\n"+sound, more), Log: &log})
		if err != nil {
			t.Fatal(err)
		}
		run(t, a)()
		for _, text := range append(want, `msg="SLOs loaded" component=slo slos=1 problems=1`) {
			if !strings.Contains(log.String(), text) {
				t.Errorf("%q: the log does not say %s:\n%s", more, text, log.String())
			}
		}
	}
}

// TestTracesItself: requests become spans, sent by OTLP, and log lines within
// them carry the trace's id.
func TestTracesItself(t *testing.T) {
	spans := make(chan []byte, 16)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && r.URL.Path == "/v1/traces" {
			select {
			case spans <- body:
			default:
			}
		}
	}))
	defer collector.Close()
	tracing := fmt.Sprintf("tracing: {otlp_endpoint: %q, insecure: true, sample_ratio: 1}\nlog: {level: debug, format: json}\n",
		strings.TrimPrefix(collector.URL, "http://"))
	var log safeBuffer
	a, err := New(Options{ConfigFile: folder(t, sound, tracing), Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, a)
	request, err := http.NewRequest(http.MethodGet, "http://"+a.Addr()+"/-/healthy", nil)
	if err != nil {
		t.Fatal(err)
	}
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	request.Header.Set("Traceparent", "00-"+id+"-00f067aa0ba902b7-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	stop() // sends what is left
	select {
	case body := <-spans:
		if !bytes.Contains(body, []byte("slo-engine")) {
			t.Errorf("the spans do not name the service: %q", body)
		}
	default:
		t.Error("no span was sent")
	}
	if !strings.Contains(log.String(), `"trace_id":"`+id+`"`) {
		t.Errorf("no log line carries the sender's trace id:\n%s", log.String())
	}
}

// safeBuffer is a buffer that many goroutines write to.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// A document with faults of different kinds shows them all in one round.
func TestCheckShowsEverythingAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slos.yaml")
	faulty := strings.NewReplacer("99.9%", "100%", "30d", "1s", "total: requests_total", "total: avg(requests_total)").Replace(sound)
	write(t, file, faulty)
	loaded, err := Check([]string{file}, formats.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, p := range loaded.Problems {
		fields[p.Field] = true
	}
	for _, field := range []string{"spec.objective", "spec.window", "spec.sli.ratio.total"} {
		if !fields[field] {
			t.Errorf("no problem of %s in %v", field, loaded.Problems)
		}
	}
	if len(loaded.Programs) != 0 {
		t.Error("a faulty document runs")
	}
}
