package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// scale makes the tests longer: 1 is for every day, 100 for `make prove`.
var scale = flag.Int("prove.scale", 1, "how often to crash, in units of a short test")

// binary is the engine, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "slo-engine-crash")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "slo-engine")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/slo-engine")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the engine: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// site is an engine's folder and address, which outlive its processes.
type site struct {
	*testing.T
	dir, addr string
	pager     *pager
	running   *lab.Process
	starts    int
	slowest   time.Duration // the longest start to the first evaluation
}

func newSite(t *testing.T, slos, config string) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{T: t, dir: t.TempDir(), addr: listener.Addr().String(), pager: newPager(t)}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s.write("slos.yaml", slos)
	s.write("slo-engine.yaml", "listen: "+s.addr+"\notlp: {grpc: off, http: off}\nslo_files: [slos.yaml]\n"+
		"alerting: {alertmanagers: [{url: '"+s.pager.url+"'}]}\n"+config)
	return s
}

func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// start starts the engine and waits for its first evaluation.
func (s *site) start() {
	s.Helper()
	path, err := binary()
	if err != nil {
		s.Fatal(err)
	}
	begun := time.Now()
	s.running = lab.Start(s, lab.Cmd{
		Name: path, Args: []string{"serve", "--config", filepath.Join(s.dir, "slo-engine.yaml")}, Dir: s.dir,
		Ready: lab.HTTPReady("http://" + s.addr + "/-/ready"),
	})
	s.starts++
	s.slowest = max(s.slowest, time.Since(begun))
}

// kill ends the engine as kill -9 does.
func (s *site) kill() { s.running.Kill() }

// reload makes the engine read its SLOs again, and so write a snapshot.
func (s *site) reload() { s.running.Signal(syscall.SIGHUP) }

// counts are an SLO's events.
type counts struct{ Good, Total float64 }

var eventsLine = regexp.MustCompile(`(?m)^slo_events_total\{.*result="(good|bad)".*slo_id="([^"]+)".*\} (\S+)$`)

// read asks for the events of every SLO since the engine began to count, by
// id. These do not wait for a sample set to be whole, as windows do.
func (s *site) read() (map[string]counts, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+"/metrics/slo", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	got := map[string]counts{}
	for _, line := range eventsLine.FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.ParseFloat(line[3], 64)
		if err != nil {
			return nil, err
		}
		c := got[line[2]]
		if c.Total += n; line[1] == "good" {
			c.Good += n
		}
		got[line[2]] = c
	}
	return got, nil
}

// pager is an Alertmanager that remembers what it was told.
type pager struct {
	url string
	mu  sync.Mutex
	// begun are the startsAt of each alert, by its labels; resolved counts the
	// alerts that ended.
	begun    map[string]map[time.Time]int
	resolved map[string]int
}

func newPager(t *testing.T) *pager {
	p := &pager{begun: map[string]map[time.Time]int{}, resolved: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(p.take))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *pager) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var alerts []struct {
		Labels           map[string]string
		StartsAt, EndsAt time.Time
	}
	if err == nil {
		err = json.Unmarshal(body, &alerts)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range alerts {
		name := a.Labels["alertname"] + "/" + a.Labels["severity"] + "/" + a.Labels["slo_id"]
		if a.EndsAt.Before(time.Now()) {
			p.resolved[name]++
			continue
		}
		if p.begun[name] == nil {
			p.begun[name] = map[time.Time]int{}
		}
		p.begun[name][a.StartsAt]++
	}
}

// post sends one request; false when it was not acknowledged.
func post(client *http.Client, url string, headers map[string]string, body []byte) (bool, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return false, nil // the engine is gone
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	switch {
	case resp.StatusCode/100 == 2:
		return true, nil
	case resp.StatusCode/100 == 5:
		return false, nil // come again
	}
	return false, fmt.Errorf("answered %s: %s", resp.Status, text)
}
