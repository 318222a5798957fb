package crash

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// client is how all tests talk to their engines.
var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

// site is an engine with what its processes leave to one another.
type site struct {
	*testing.T
	*lab.Engine
	running *lab.Process
	slowest time.Duration // the longest start to the first evaluation
}

// newSite makes the folder of an engine that tells these Alertmanagers, by
// address, and tells them again every so often.
func newSite(t *testing.T, slos string, resend time.Duration, alertmanagers ...string) *site {
	t.Helper()
	var list []string
	for _, url := range alertmanagers {
		list = append(list, "{url: '"+url+"'}")
	}
	return &site{T: t, Engine: lab.NewEngine(t, map[string]string{
		"slos.yaml": slos,
		"slo-engine.yaml": "otlp: {grpc: off, http: off}\nslo_files: [slos.yaml]\nstorage: {path: data}\n" +
			"alerting: {alertmanagers: [" + strings.Join(list, ", ") + "], resend_interval: " + resend.String() + "}\n",
	})}
}

// resend is how often alerts are told again. One that is not lives four times
// as long.
const resend = 3 * time.Second

// start starts the engine and waits for its first evaluation.
func (s *site) start() {
	s.Helper()
	begun := time.Now()
	s.running = s.Start(s)
	s.slowest = max(s.slowest, time.Since(begun))
}

// kill ends the engine as kill -9 does.
func (s *site) kill() { s.running.Kill() }

// reload makes the engine read its SLOs again, and so write a snapshot.
func (s *site) reload() { s.running.Signal(syscall.SIGHUP) }

// get reads a page that must be there.
func (s *site) get(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.300s", path, resp.Status, text)
	}
	return string(text), err
}

// metric is one of the engine's own.
func (s *site) metric(series string) (float64, error) {
	text, err := s.get("/metrics")
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("/metrics has no %s", series)
	}
	return strconv.ParseFloat(found[1], 64)
}

// counts are an SLO's events.
type counts struct{ Good, Total float64 }

var eventsLine = regexp.MustCompile(`(?m)^slo_events_total\{.*result="(good|bad)".*slo_id="([^"]+)".*\} (\S+)$`)

// read asks for the events of every SLO since the engine began to count, by
// id. These do not wait for a sample set to be whole, as windows do.
func (s *site) read() (map[string]counts, error) {
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
		if c.Total += n; line[1] == "good" {
			c.Good += n
		}
		got[line[2]] = c
	}
	return got, nil
}

// write sends one request of remote write; false when it was not
// acknowledged.
func (s *site) write(body []byte) (bool, error) {
	req, err := http.NewRequest(http.MethodPost, s.URL+"/api/v1/write", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := client.Do(req)
	if err != nil {
		return false, nil // the engine is gone
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	switch resp.StatusCode / 100 {
	case 2:
		return true, nil
	case 5:
		return false, nil // come again
	}
	return false, fmt.Errorf("answered %s: %s", resp.Status, text)
}
