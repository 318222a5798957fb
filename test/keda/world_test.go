package keda

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the engine, built once, as it is: with its own module's versions.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "slo-engine-keda-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "slo-engine")
	build := exec.Command("go", "build", "-o", path, "./cmd/slo-engine")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build the engine: %w\n%s", err, out)
	}
	return path, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// world is a Prometheus that says what it is told to, and an engine that asks it.
type world struct {
	mu   sync.Mutex
	says string // a number; empty: it knows no series; away: it fails

	keda, kubernetes string // addresses of the engine
}

const configuration = `
listen: 127.0.0.1:0
otlp: {grpc: off, http: off}
slo_files: [none.yaml]
prometheus: [{url: "%s", max_queries_per_second: 1000}]
scaling:
  poll_interval: 1s
  stale_after: 2s
  keda: {listen: "127.0.0.1:0"}
  scalers:
  - name: checkout
    service: checkout
    slo: availability
    queue: {query: sum(queue_depth), target: 100}
  - name: other
    service: checkout
    queue: {query: nothing, target: 100}
`

// start starts both until the test is over.
func start(t *testing.T, says string) *world {
	t.Helper()
	w := &world{says: says}
	prometheus := httptest.NewServer(w)
	t.Cleanup(prometheus.Close)
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "slo-engine.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, prometheus.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	engine := exec.Command(path, "serve", "--config", file)
	said, err := engine.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	t.Cleanup(func() {
		_ = engine.Process.Signal(syscall.SIGTERM)
		<-read // before Wait, which closes the pipe
		if err := engine.Wait(); err != nil {
			t.Errorf("the engine ends with: %v", err)
		}
	})
	found := make(chan struct{})
	go func() {
		defer close(read)
		w.listen(t, said, found)
	}()
	select {
	case <-found:
	case <-read:
		t.Fatal("the engine ends before it serves")
	}
	return w
}

// listen reads the engine's log, and the addresses in it.
func (w *world) listen(t *testing.T, log io.Reader, found chan<- struct{}) {
	addresses := regexp.MustCompile(`msg="listening for KEDA".* address=(\S+)|msg=serving http=(\S+)`)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if said := lines.Text(); strings.Contains(said, "component=scaler") || strings.Contains(said, "level=ERROR") {
			t.Log(said)
		}
		if match := addresses.FindStringSubmatch(lines.Text()); match != nil {
			w.keda, w.kubernetes = cmp.Or(match[1], w.keda), cmp.Or(match[2], w.kubernetes)
			if w.keda != "" && w.kubernetes != "" {
				close(found)
			}
		}
	}
}

func (w *world) say(number string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says = number
}

// ServeHTTP answers query_range.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	series := fmt.Sprintf(`{"metric":{},"values":[[%s,%q]]}`, r.FormValue("end"), w.says)
	switch {
	case w.says == "away":
		rw.WriteHeader(http.StatusBadGateway)
		return
	case w.says == "", strings.Contains(r.FormValue("query"), "nothing"):
		series = ""
	}
	fmt.Fprintf(rw, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, series)
}

// eventually waits until f says what is wanted.
func eventually(t *testing.T, want string, f func() string) {
	t.Helper()
	got := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if got = f(); strings.Contains(got, want) {
			return
		}
	}
	t.Errorf("got %s, want %s", got, want)
}
