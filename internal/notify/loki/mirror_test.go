package loki

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
)

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// tried waits for failures.
func (r *running) tried(times int) {
	r.Helper()
	eventually(r.T, func() error {
		if n := value(r.metrics.failures); n < times {
			return fmt.Errorf("%d attempts failed, want %d", n, times)
		}
		return nil
	})
}

func TestLinesArrive(t *testing.T) {
	f := newFake(t, nil)
	o := quick(f.URL + "/prefix/")
	o.TenantID, o.Labels = "shop", map[string]string{"env": "prod", "job": "slo"}
	o.HTTP.BasicAuth = &promconfig.BasicAuth{Username: "me", Password: "hush"}
	r := run(t, o)
	r.Put(Entry{Time: noon, Kind: KindAlert, Service: "pay", Severity: "critical", Line: "a"}, Entry{Time: noon, Kind: KindAlert, Service: "pay", Severity: "critical", Line: "b"})
	r.counted(map[string]float64{"sent": 2})
	const stream = `{env="prod", job="slo", kind="alert", service="pay", severity="critical"} 12:00:00 `
	same(t, "lines", []string{stream + "a", stream + "b"}, f.taken())
	if user, password, _ := (&http.Request{Header: f.header}).BasicAuth(); f.path != "/prefix/loki/api/v1/push" || f.header.Get("X-Scope-OrgID") != "shop" || user != "me" || password != "hush" {
		t.Errorf("path %s, header %v", f.path, f.header)
	}
	r.stop()
	r.counted(map[string]float64{"sent": 2, stopped: 0, "failures": 0})
}

func TestAddressOfThePushAPI(t *testing.T) {
	for address, want := range map[string]string{
		"http://loki": "http://loki/loki/api/v1/push", "http://loki/a/": "http://loki/a/loki/api/v1/push",
		"http://u:p@loki/loki/api/v1/push": "http://u:p@loki/loki/api/v1/push",
	} {
		if got, err := pushURL(address); err != nil || got.String() != want {
			t.Errorf("%s becomes %v, %v", address, got, err)
		}
	}
}

// Whatever Loki answers that may pass, or if it does not answer at all: lines
// wait, and arrive once and in order.
func TestRetries(t *testing.T) {
	for name, status := range map[string]int{"500": 500, "503": 503, "429": 429, "401": 401, "404": 404} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(n int) int {
				if n <= 3 {
					return status
				}
				return http.StatusNoContent
			})
			r := run(t, quick(f.URL))
			r.Put(entries(0, 10)...)
			r.counted(map[string]float64{"sent": 10, "failures": 3, refused: 0, gaveUp: 0})
			same(t, "lines", asTaken(0, 10), f.taken())
		})
	}
}

// An outage: nobody listens, then somebody does.
func TestAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	r := run(t, quick("http://"+address))
	r.Put(entries(0, 5)...)
	r.tried(3)
	r.Put(entries(5, 9)...)
	f := &fake{}
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	defer func() { server.Close(); <-done }()
	r.counted(map[string]float64{"sent": 9, queueFull: 0, gaveUp: 0})
	same(t, "lines", asTaken(0, 9), f.taken())
}

// What Loki refuses hurts only itself.
func TestRefused(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		f := newFake(t, func(n int) int {
			if n == 1 {
				return status
			}
			return http.StatusNoContent
		})
		r := run(t, quick(f.URL))
		r.Put(entries(0, 4)...)
		r.counted(map[string]float64{refused: 4, "failures": 1})
		r.Put(entries(4, 6)...)
		r.counted(map[string]float64{"sent": 2, refused: 4})
		same(t, "lines", asTaken(4, 6), f.taken())
	}
}

// Loki may fail at these lines for ever: the others have a right too.
func TestGivesUp(t *testing.T) {
	f := newFake(t, func(int) int { return 500 })
	o := quick(f.URL)
	o.GiveUp = 50 * time.Millisecond
	r := run(t, o)
	r.Put(entries(0, 4)...)
	r.counted(map[string]float64{gaveUp: 4})
	f.mu.Lock()
	f.answer = nil
	f.mu.Unlock()
	r.Put(entries(4, 6)...)
	r.counted(map[string]float64{"sent": 2, gaveUp: 4})
}

// A queue that is full forgets the oldest, says how many, and holds up nobody.
func TestQueueFull(t *testing.T) {
	f := newFake(t, nil)
	f.hang = make(chan struct{})
	o := quick(f.URL)
	o.QueueBytes = 10 * entry(0).size()
	r := run(t, o)
	r.Put(entry(0))
	eventually(t, func() error {
		if r.queue.len() > 0 {
			return errors.New("the first line is not under way")
		}
		return nil
	})
	began := time.Now()
	r.Put(entries(1, 7)...)
	r.Put(entries(7, 16)...)
	if took := time.Since(began); took > time.Second {
		t.Errorf("Put took %s", took)
	}
	// Bytes are what counts: the later lines are longer by one.
	kept := r.queue.len()
	if kept < 9 || kept > 10 {
		t.Errorf("%d lines wait", kept)
	}
	close(f.hang)
	r.counted(map[string]float64{"sent": float64(1 + kept), queueFull: float64(15 - kept)})
	same(t, "lines", append(asTaken(0, 1), asTaken(16-kept, 16)...), f.taken())
}

// Stopping sends what waits, at once.
func TestStopSends(t *testing.T) {
	f := newFake(t, nil)
	o := quick(f.URL)
	o.BatchWait, o.BatchSize = time.Hour, 1000
	r := run(t, o)
	r.Put(entries(0, 100)...)
	if took := r.stop(); took > 20*time.Second {
		t.Errorf("stopping took %s", took)
	}
	r.counted(map[string]float64{"sent": 100, stopped: 0})
	same(t, "lines", asTaken(0, 100), f.taken())
	r.Put(entry(100)) // nobody is there, and nobody minds
}

// Stopping waits neither for a Loki that hangs nor for one that is away.
func TestStopIsBounded(t *testing.T) {
	hanging := newFake(t, nil)
	hanging.hang = make(chan struct{})
	away := newFake(t, nil)
	away.Close()
	for name, f := range map[string]*fake{"hangs": hanging, "away": away} {
		t.Run(name, func(t *testing.T) {
			o := quick(f.URL)
			o.Timeout, o.DrainTimeout = 300*time.Millisecond, 100*time.Millisecond
			o.MinBackoff, o.MaxBackoff, o.BatchSize = time.Hour, time.Hour, 1000
			r := run(t, o)
			r.Put(entries(0, 500)...)
			if name == "away" {
				r.tried(1)
			}
			if took := r.stop(); took > 10*time.Second {
				t.Errorf("stopping took %s", took)
			}
			r.counted(map[string]float64{"sent": 0, stopped: 500})
		})
	}
}

func TestRunsOnce(t *testing.T) {
	r := run(t, quick(newFake(t, nil).URL))
	r.Put(entry(0))
	r.counted(map[string]float64{"sent": 1})
	r.stop()
	if err := r.Mirror.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "create another") {
		t.Errorf("a second run: %v", err)
	}
}

func TestFaultyOptions(t *testing.T) {
	for want, o := range map[string]Options{
		"its url is no address": {URL: "loki:3100"},
		"no such file":          {URL: "http://loki", HTTP: promconfig.HTTPClientConfig{TLSConfig: promconfig.TLSConfig{CAFile: "missing.pem"}}},
		"at most one of":        {URL: "http://loki", HTTP: promconfig.HTTPClientConfig{BearerToken: "x", BasicAuth: &promconfig.BasicAuth{}}},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
