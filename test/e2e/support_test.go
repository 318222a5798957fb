package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// patience is how long a test waits for what must come on a slow machine.
const patience = time.Minute

// web keeps no connection open, so that a test leaves no goroutine behind.
var web = &http.Client{Timeout: patience, Transport: &http.Transport{
	DisableKeepAlives: true, ExpectContinueTimeout: patience,
}}

// ask makes a request and returns status and body.
func ask(t testing.TB, method, url, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer of %s: %v", url, err)
	}
	return resp.StatusCode, string(answer)
}

// look is a GET that must succeed.
func look(t testing.TB, url string) string {
	t.Helper()
	code, body := ask(t, http.MethodGet, url, "", "")
	if code != http.StatusOK {
		t.Fatalf("%s answers %d: %s", url, code, body)
	}
	return body
}

// count is what a test knows to have happened, or what the engine says.
type count struct{ Good, Bad float64 }

func (c count) plus(good, bad float64) count { return count{c.Good + good, c.Bad + bad} }

// awaitCounts wants the engine to have counted exactly this since it started:
// by the name of an SLO, for groups followed by the values of their labels.
// SLOs without any sample are left out.
func (r *running) awaitCounts(t testing.TB, want map[string]count) {
	t.Helper()
	lab.Eventually(t, patience, func() error {
		got, err := counts(t.Context(), r.Client)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("counts differ (-sent +counted):\n%s", diff)
		}
		return nil
	})
}

func counts(ctx context.Context, c *client.Client) (map[string]count, error) {
	slos, err := c.SLOs(ctx, client.Filter{})
	if err != nil {
		return nil, err
	}
	got := map[string]count{}
	for _, s := range slos {
		if s.State == "error" {
			continue
		}
		detail, err := c.SLO(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		if since := detail.SinceStart; since != nil {
			got[nameWithGroup(s)] = count{*since.GoodEvents, *since.BadEvents}
		}
	}
	return got, nil
}

func nameWithGroup(s apitypes.SLO) string {
	name := s.Name
	for _, label := range slices.Sorted(maps.Keys(s.Group)) {
		name += " " + s.Group[label]
	}
	return name
}

// writer sends remote write 1.0. It belongs to one goroutine.
type writer struct {
	url string
	// shift is how far its clock is off.
	shift time.Duration
	last  int64 // time of the newest sample: two of one millisecond are one
}

// counterSample is one series as a scrape would find it: name and labels in pairs.
type counterSample struct {
	labels []string
	value  float64
}

// write sends one sample set, and returns the answer.
func (w *writer) write(t testing.TB, samples ...counterSample) (int, string) {
	t.Helper()
	code, answer, err := w.send(t.Context(), samples...)
	if err != nil {
		t.Fatal(err)
	}
	return code, answer
}

// send is write for other goroutines than the test's.
func (w *writer) send(ctx context.Context, samples ...counterSample) (int, string, error) {
	w.last = max(w.last+1, time.Now().Add(w.shift).UnixMilli())
	var request prompb.WriteRequest
	for _, s := range samples {
		series := prompb.TimeSeries{Samples: []prompb.Sample{{Value: s.value, Timestamp: w.last}}}
		for i := 0; i < len(s.labels); i += 2 {
			series.Labels = append(series.Labels, prompb.Label{Name: s.labels[i], Value: s.labels[i+1]})
		}
		request.Timeseries = append(request.Timeseries, series)
	}
	message, err := request.Marshal()
	if err != nil {
		return 0, "", err
	}
	return post(ctx, w.url+"/api/v1/write", snappy.Encode(nil, message), remoteWriteHeaders)
}

var remoteWriteHeaders = map[string]string{
	"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
}

// post sends bytes as they are.
func post(ctx context.Context, url string, body []byte, headers map[string]string) (code int, answer string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := web.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// requests is a sample of the counter that the SLOs of these tests read.
func requests(code string, total float64, more ...string) counterSample {
	return counterSample{append([]string{"__name__", "http_requests_total", "code", code, "instance", "i1", "job", "shop"}, more...), total}
}

// sender is a shop that serves when it is told to, by remote write.
type sender struct {
	to      *writer
	ok, bad float64
	// count is what was served since the engine knows the shop.
	count count
}

// newSender tells the engine what was served before it watched.
func newSender(t testing.TB, r *running) *sender {
	t.Helper()
	s := &sender{to: &writer{url: r.URL}, ok: 1000, bad: 10}
	s.serve(t, 0, 0)
	return s
}

// serve answers some requests more. The engine must take it.
func (s *sender) serve(t testing.TB, ok, bad float64) {
	t.Helper()
	s.ok, s.bad, s.count = s.ok+ok, s.bad+bad, s.count.plus(ok, bad)
	code, answer := s.to.write(t, requests("200", s.ok), requests("500", s.bad))
	if code != http.StatusNoContent {
		t.Fatalf("remote write answers %d: %s", code, answer)
	}
}

// exitCode is that of a process that has ended.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
