package overload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// hangs is how long an answer may take before it is none.
const hangs = 30 * time.Second

// site is a running engine.
type site struct {
	*testing.T
	addr, otlp string // of its ports, host:port
	engine     *lab.Process
	client     *http.Client
	before     int64 // its memory before the attack, in bytes
}

func newSite(t *testing.T, slos, config string) *site {
	t.Helper()
	otlp := lab.FreeAddress(t)
	engine := lab.NewEngine(t, map[string]string{
		"slos.yaml": slos,
		"slo-engine.yaml": "otlp: {grpc: off, http: '" + otlp + "'}\nslo_files: [slos.yaml]\n" +
			"storage: {path: data}\n" + config,
	})
	return &site{T: t, addr: engine.Addr, otlp: otlp, engine: engine.Start(t), client: newClient(t)}
}

// newClient returns a client that leaves nothing behind.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: hangs, Transport: transport}
}

// reply is how a request was answered.
type reply struct {
	code  int
	text  string
	retry string // Retry-After
}

func (r reply) String() string { return fmt.Sprintf("%d %.300q", r.code, r.text) }

// taken and busy are the two answers to a request without fault.
func (r reply) taken() bool { return r.code/100 == 2 }
func (r reply) busy() bool  { return r.code == http.StatusServiceUnavailable && r.retry != "" }

var (
	remoteWrite  = map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
	otlpProtobuf = map[string]string{"Content-Type": "application/x-protobuf"}
)

// post sends a request; an error means that nobody answered.
func (s *site) post(url string, headers map[string]string, body []byte) (reply, error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	return s.do(req)
}

func (s *site) do(req *http.Request) (reply, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(text), resp.Header.Get("Retry-After")}, err
}

// write sends a request of remote write.
func (s *site) write(body []byte) (reply, error) {
	return s.post("http://"+s.addr+"/api/v1/write", remoteWrite, body)
}

// get reads a page that must be there.
func (s *site) get(path string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		return "", err
	}
	r, err := s.do(req)
	if err == nil && r.code != http.StatusOK {
		err = fmt.Errorf("GET %s: %v", path, r)
	}
	return r.text, err
}

// metric is the engine's own metric, with its labels as they are written.
func (s *site) metric(series string) float64 {
	s.Helper()
	text, err := s.get("/metrics")
	if err != nil {
		s.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		s.Fatalf("/metrics has no %s", series)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// counts are an SLO's events.
type counts struct{ Bad, Total float64 }

var eventsLine = regexp.MustCompile(`(?m)^slo_events_total\{.*result="(good|bad)".*slo="([^"]+)".*\} (\S+)$`)

// counted are the events of every SLO, all its groups together, since the
// engine began to count.
func (s *site) counted() (map[string]counts, error) {
	text, err := s.get("/metrics/slo")
	if err != nil {
		return nil, err
	}
	got := map[string]counts{}
	for _, line := range eventsLine.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseFloat(line[3], 64)
		if err != nil {
			return nil, err
		}
		c := got[line[2]]
		if c.Total += n; line[1] == "bad" {
			c.Bad += n
		}
		got[line[2]] = c
	}
	return got, nil
}

// agree waits until the engine has counted exactly this of an SLO.
func (s *site) agree(slo string, want counts) {
	s.Helper()
	lab.Eventually(s, time.Minute, func() error {
		got, err := s.counted()
		if err == nil && got[slo] != want {
			err = fmt.Errorf("%s: the engine counted %+v, it was sent %+v", slo, got[slo], want)
		}
		return err
	})
}

// rest notes what memory the engine holds before an attack.
func (s *site) rest() {
	s.Helper()
	err := forgetPeak(s.engine.PID())
	var e error
	s.before, e = peakMemory(s.engine.PID())
	if err = errors.Join(err, e); err != nil {
		s.Fatal(err)
	}
}

// grown is how far the peak of the engine's memory went since rest, in bytes.
func (s *site) grown() int64 {
	s.Helper()
	peak, err := peakMemory(s.engine.PID())
	if err != nil {
		s.Fatal(err)
	}
	return peak - s.before
}

// atMost fails the test when the engine's memory grew by more than a cap.
func (s *site) atMost(limit int64, why string) {
	s.Helper()
	if grown := s.grown(); grown > limit {
		s.Errorf("memory grew by %d MiB, want at most %d MiB: %s", grown>>20, limit>>20, why)
	}
}

// during asks the engine for pages until ctx ends, and fails the test when one
// does not come. It returns the slowest answer.
func (s *site) during(ctx context.Context, paths ...string) (slowest time.Duration) {
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for {
		for _, path := range paths {
			begun := time.Now()
			if _, err := s.get(path); err != nil {
				s.Error(err)
			}
			slowest = max(slowest, time.Since(begun))
		}
		select {
		case <-ctx.Done():
			return slowest
		case <-every.C:
		}
	}
}
