package backfill

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/test/lab"
)

// troubles are what goes wrong between us and a server, and how it is named.
var troubles = []struct {
	name, says string
	spoil      func(w http.ResponseWriter, path string) bool
}{
	{"down", "EOF", func(http.ResponseWriter, string) bool { panic(http.ErrAbortHandler) }},
	{"slow", "deadline exceeded", func(http.ResponseWriter, string) bool {
		time.Sleep(700 * time.Millisecond) //lint:sleep the server is slow
		return false
	}},
	{"garbage", "bad_response", answers(200, "<html>please log in</html>")},
	{"not found", "client_error", answers(404, "no such page")},
	{"broken", "server_error", answers(502, "bad gateway")},
	{"partial", "the answer is partial: a store is away", answers(200,
		`{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["a store is away"]}`)},
	{"another server", "is it the same server", func(w http.ResponseWriter, path string) bool {
		return strings.HasSuffix(path, "/query") && answers(200, fmt.Sprintf(
			`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"http_requests_total","job":"shop0","instance":"pod0","code":"200","replica":"b"},"values":[[%d,"7"]]}]}}`,
			time.Now().Unix()))(w, path)
	}},
	{"another kind", "where a matrix was asked for", answers(200,
		`{"status":"success","data":{"resultType":"vector","result":[]}}`)},
}

func answers(code int, body string) func(http.ResponseWriter, string) bool {
	return func(w http.ResponseWriter, _ string) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// TestTroubles: whatever a server does in the middle is named, asked again, and
// leaves no trace in the counts.
func TestTroubles(t *testing.T) {
	t.Parallel()
	w := newWorld(2, 30*time.Hour, time.Minute)
	present := httptest.NewServer(w)
	defer present.Close()
	url := w.prometheus(t, present.URL)
	lab.Eventually(t, time.Minute, func() error {
		if w.scraped() < 5 {
			return fmt.Errorf("scraped %d times", w.scraped())
		}
		return nil
	})
	for i, trouble := range troubles {
		if testing.Short() && i%3 != 2 {
			continue
		}
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			front := newProxy(t, url)
			r := start(t, &journal{}, promapi.Options{
				URL: front.URL, PollInterval: time.Second, MaxQueriesPerSecond: 8, QueryTimeout: 500 * time.Millisecond,
			}, specs(w))
			r.until(time.Minute, "a poll", func() error {
				for _, p := range r.polls() {
					if p.Succeeded.IsZero() {
						return fmt.Errorf("%s", p.Problem)
					}
				}
				return nil
			})
			if past := r.pasts()[1]; past.State == promapi.PastDone {
				t.Fatal("the past was read before the trouble began")
			}
			front.breakBy(trouble.spoil)
			r.until(time.Minute, "the trouble is named", func() error {
				for _, p := range r.polls() {
					if !strings.Contains(p.Problem, trouble.says) {
						return fmt.Errorf("problem %q", p.Problem)
					}
				}
				return nil
			})
			front.breakBy(nil)
			r.read(2 * time.Minute)
			r.exact(w, 20)
			if p := r.polls()[0]; p.Problem != "" {
				t.Errorf("still a problem: %s", p.Problem)
			}
		})
	}
}

// TestVictoriaMetrics: another server, the same numbers.
func TestVictoriaMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(2, 10*24*time.Hour, time.Minute)
	dir := t.TempDir()
	port := freeAddress(t)
	lab.Start(t, lab.Cmd{Name: lab.Binary(t, "victoria-metrics"), Args: []string{
		"-storageDataPath=" + dir, "-httpListenAddr=" + port, "-retentionPeriod=90d", "-search.latencyOffset=0s", "-search.disableCache",
	}, Ready: lab.HTTPReady("http://" + port + "/health")})
	w.push(t, "http://"+port)
	r := start(t, &journal{}, promapi.Options{URL: "http://" + port, PollInterval: time.Second, MaxQueriesPerSecond: 50}, specs(w))
	r.read(2 * time.Minute)
	r.until(time.Minute, "a tick", func() error {
		for _, s := range w.shops {
			if in := r.instance(s.name + ":availability"); in == nil || in.Period.Coverage < 0.33 {
				return fmt.Errorf("%s: %+v", s.name, in)
			}
		}
		return nil
	})
	worst := r.near(w, 0.001)
	t.Logf("worst ratio apart by %.5f %%", 100*worst)
}

// push imports the world's past.
func (w *world) push(t *testing.T, to string) {
	reader, writer := io.Pipe()
	go func() {
		out := bufio.NewWriter(writer)
		w.past(out, time.Time.UnixMilli)
		_ = writer.CloseWithError(out.Flush())
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to+"/api/v1/import/prometheus", reader)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		t.Fatalf("import: %s", answer.Status)
	}
	lab.Eventually(t, time.Minute, func() error {
		return lab.HTTPReady(to + "/internal/force_flush")(t.Context())
	})
}

// freeAddress is one that the kernel has just given out: the server cannot
// choose its own and say which.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
