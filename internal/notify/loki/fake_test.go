package loki

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/grafana/loki/pkg/push"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// fake is a Loki that answers as a test says.
type fake struct {
	*httptest.Server
	mu sync.Mutex
	// answer is asked for the status of each push; nil: 204.
	answer func(n int) int
	pushes int
	header http.Header
	path   string
	lines  []string // "{labels} line" of what was taken
	// hang holds requests until it is closed, or they end.
	hang chan struct{}
}

func newFake(t *testing.T, answer func(n int) int) *fake {
	f := &fake{answer: answer}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who sent it has gone
	}
	if f.hang != nil {
		select {
		case <-f.hang:
		case <-r.Context().Done():
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pushes++
	f.header, f.path = r.Header, r.URL.Path
	status := http.StatusNoContent
	if f.answer != nil {
		status = f.answer(f.pushes)
	}
	if status == http.StatusNoContent {
		var request push.PushRequest
		if body, err = snappy.Decode(nil, body); err == nil {
			err = request.Unmarshal(body)
		}
		if err != nil {
			panic(err) // which the client sees as a broken connection
		}
		for _, stream := range request.Streams {
			for _, e := range stream.Entries {
				f.lines = append(f.lines, stream.Labels+" "+e.Timestamp.UTC().Format(time.TimeOnly)+" "+e.Line)
			}
		}
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, "status %d it is\n", status)
}

func (f *fake) taken() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lines)
}

// running is a mirror and what it counts.
type running struct {
	*Mirror
	*testing.T
	registry *prometheus.Registry
	stop     func() time.Duration
}

// quick are options with which nobody waits for long.
func quick(url string) Options {
	return Options{
		URL: url, BatchWait: 10 * time.Millisecond, Timeout: 5 * time.Second,
		MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
	}
}

// run runs a mirror until the test ends, or stop ends it and says how long that
// took.
func run(t *testing.T, o Options) *running {
	t.Helper()
	r := &running{T: t, registry: prometheus.NewRegistry()}
	o.Registerer = r.registry
	var err error
	if r.Mirror, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Mirror.Run(ctx) }()
	r.stop = sync.OnceValue(func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		return time.Since(began)
	})
	t.Cleanup(func() { r.stop() })
	return r
}

// counted waits until a metric has a value: "dropped refused", "sent".
func (r *running) counted(want map[string]float64) {
	r.Helper()
	eventually(r.T, func() error {
		got := map[string]float64{"sent": testutil.ToFloat64(r.metrics.sent), "failures": testutil.ToFloat64(r.metrics.failures)}
		for _, reason := range []string{queueFull, refused, gaveUp, stopped} {
			got[reason] = testutil.ToFloat64(r.metrics.dropped.WithLabelValues(reason))
		}
		for name, value := range want {
			if got[name] != value {
				return fmt.Errorf("counted %v, want %v", got, want)
			}
		}
		return nil
	})
}

// eventually wants a check to pass within half a minute.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for again := time.NewTicker(time.Millisecond); ; {
		err := check()
		if err == nil {
			again.Stop()
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// entry is the nth of a test.
func entry(n int) Entry {
	return Entry{Time: noon.Add(time.Duration(n) * time.Second), Kind: KindAudit, Line: fmt.Sprintf("line %d", n)}
}

func entries(from, to int) (list []Entry) {
	for n := from; n < to; n++ {
		list = append(list, entry(n))
	}
	return list
}

// asTaken are entries as the fake shows them.
func asTaken(from, to int) (list []string) {
	for _, e := range entries(from, to) {
		list = append(list, `{job="slo-engine", kind="audit"} `+e.Time.Format(time.TimeOnly)+" "+e.Line)
	}
	return list
}
