package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

func newStream(reg prometheus.Registerer, kept int) *Stream {
	return NewStream(StreamOptions{Kept: kept, Now: func() time.Time { return noon }, Registerer: reg})
}

// pipe is a listener in a bubble: a ResponseWriter whose writes take a while.
type pipe struct {
	header http.Header

	mu       sync.Mutex
	text     strings.Builder
	takes    time.Duration // per write
	deadline time.Time
}

func (p *pipe) Header() http.Header { return p.header }
func (p *pipe) WriteHeader(int)     {}
func (p *pipe) Flush()              {}

func (p *pipe) SetWriteDeadline(t time.Time) error { p.deadline = t; return nil }

func (p *pipe) Write(b []byte) (int, error) {
	if left := time.Until(p.deadline); p.takes > left {
		time.Sleep(left)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(p.takes)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *pipe) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.text.Reset()
	return p.text.String()
}

// listen asks a stream; the function returned ends the request, or waits until
// the stream has.
func listen(s *Stream, query, lastID string, takes time.Duration) (p *pipe, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequest("GET", "/api/v1/events?"+query, nil).WithContext(ctx)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	p = &pipe{header: http.Header{}, takes: takes}
	done := make(chan struct{})
	go func() { defer close(done); s.ServeHTTP(p, r) }()
	synctest.Wait()
	return p, func() { cancel(); <-done }
}

func publish(s *Stream, n int) {
	s.Publish(StreamAction, noon, "checkout", fmt.Appendf(nil, `{"n": %d}`, n))
}

func wantSaid(t *testing.T, p *pipe, want string) {
	t.Helper()
	synctest.Wait()
	if got := p.said(); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

const run = "mm7p6yuy" // noon in milliseconds, to the base 36

func eventText(n int) string {
	return fmt.Sprintf("event: action\nid: %s-%d\ndata: "+`{"type":"action","at":"2026-03-01T12:00:00.250Z","service":"checkout","data":{"n":%d}}`+"\n\n", run, n, n)
}

func TestStreamTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		s := newStream(reg, 10)
		publish(s, 1) // before anybody listens
		p, end := listen(s, "", "", 0)
		wantSaid(t, p, "retry: 2000\nid: "+run+"-1\n\n")
		publish(s, 2)
		wantSaid(t, p, eventText(2))
		publish(s, 3)
		publish(s, 4)
		wantSaid(t, p, eventText(3)+eventText(4))
		time.Sleep(15*time.Second + time.Millisecond)
		wantSaid(t, p, ": alive\nid: "+run+"-4\n\n")
		if got := testutil.ToFloat64(s.clients); got != 1 {
			t.Errorf("%v clients", got)
		}
		end()
		if got := testutil.ToFloat64(s.clients); got != 0 {
			t.Errorf("%v clients after the end", got)
		}
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store"} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
	})
}

func TestStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream(nil, 3)
		for n := range 5 {
			publish(s, n+1)
		}
		const missed = "event: missed\ndata: {\"reason\":\"not_kept\"}\n\n"
		begin := func(n int) string { return fmt.Sprintf("retry: 2000\nid: %s-%d\n\n", run, n) }
		for id, want := range map[string]string{
			run + "-5":  begin(5),
			run + "-3":  begin(3) + eventText(4) + eventText(5),
			run + "-2":  begin(2) + eventText(3) + eventText(4) + eventText(5),
			run + "-1":  begin(2) + missed + eventText(3) + eventText(4) + eventText(5),
			run + "-77": begin(2) + missed + eventText(3) + eventText(4) + eventText(5),
			"other-5":   begin(2) + missed + eventText(3) + eventText(4) + eventText(5),
			"\"<b>":     begin(2) + missed + eventText(3) + eventText(4) + eventText(5),
		} {
			p, end := listen(s, "", id, 0)
			wantSaid(t, p, want)
			end()
		}
	})
}

func TestStreamFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream(nil, 100)
		p, end := listen(s, "type=action&type=gate&service=checkout&service=search", "", 0)
		wantSaid(t, p, "retry: 2000\nid: "+run+"-0\n\n")
		for _, service := range []string{"checkout", "search", "other"} {
			for _, kind := range streamKinds {
				s.Publish(kind, noon, service, json.RawMessage(`{}`))
			}
		}
		synctest.Wait()
		got := p.said()
		for text, want := range map[string]int{"event: ": 4, "event: action": 2, "event: gate": 2, `"service":"search"`: 2} {
			if n := strings.Count(got, text); n != want {
				t.Errorf("%q %d times, want %d", text, n, want)
			}
		}
		end()
	})
	for query, want := range map[string]string{"type=x": "known are alert, action and gate", "x=y": "known are type and service", "service=%zz": "cannot be read"} {
		r := ask(t, Options{Stream: newStream(nil, 1)}, "GET", "/api/v1/events?"+query, "")
		if got := text(t, r); r.StatusCode != 400 || !strings.Contains(got, want) {
			t.Errorf("?%s answers %d %s", query, r.StatusCode, got)
		}
	}
}

// A listener that reads slower than is told is let go, and holds up nobody.
func TestStreamDropsTheSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream(nil, 5)
		slow, endSlow := listen(s, "", "", time.Second)
		stuck, endStuck := listen(s, "", "", time.Hour)
		fast, endFast := listen(s, "", "", 0)
		wantSaid(t, fast, "retry: 2000\nid: "+run+"-0\n\n")
		for n := range 20 {
			publish(s, n+1)
			wantSaid(t, fast, eventText(n+1))
		}
		time.Sleep(time.Minute)
		if got := slow.said(); !strings.HasSuffix(got, ": too slow: more was told than is kept; come again with the last id\n\n") {
			t.Errorf("the slow one heard %q", got)
		}
		if got := stuck.said(); got != "" {
			t.Errorf("the stuck one heard %q", got)
		}
		if got := testutil.ToFloat64(s.dropped); got != 2 {
			t.Errorf("%v were dropped", got)
		}
		if got := testutil.ToFloat64(s.clients); got != 1 {
			t.Errorf("%v still listen", got)
		}
		endSlow()
		endStuck()
		endFast()
	})
}

func TestStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream(nil, 5)
		p, end := listen(s, "", "", 0)
		publish(s, 1)
		synctest.Wait()
		s.Close()
		s.Close()
		publish(s, 2)
		wantSaid(t, p, "retry: 2000\nid: "+run+"-0\n\n"+eventText(1)+": the engine is stopping\n\n")
		end()
		if r := ask(t, Options{Stream: s}, "GET", "/api/v1/events", ""); r.StatusCode != 503 {
			t.Errorf("after the end it answers %d", r.StatusCode)
		}
	})
}

func TestStreamBoundsItsListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStream(StreamOptions{MaxClients: 1})
		_, end := listen(s, "", "", 0)
		if r := ask(t, Options{Stream: s}, "GET", "/api/v1/events", ""); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("a second one is answered %d", r.StatusCode)
		}
		end()
	})
}

// What is no JSON is not told, and nothing ends by it; a HEAD is answered.
func TestStreamOddities(t *testing.T) {
	s := newStream(nil, 5)
	s.Publish(StreamAlert, noon, "x", json.RawMessage("{"))
	if s.next != 1 {
		t.Error("what is no JSON was told")
	}
	s.Publish(StreamAlert, noon, "x", json.RawMessage("{\n\"a\": \"<b>\\n\"\n}"))
	if got := string(s.ring[1].text); strings.Count(got, "\n") != 4 || strings.Contains(got, "<") {
		t.Errorf("told as %q", got)
	}
	if r := ask(t, Options{Stream: s}, "HEAD", "/api/v1/events", ""); r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD answers %d", r.StatusCode)
	}
}

// Through a real server, whose deadlines would end a usual answer, and whose
// shutdown waits for those that are under way.
func TestStreamThroughAServer(t *testing.T) {
	s := NewStream(StreamOptions{Heartbeat: 50 * time.Millisecond})
	server := httptest.NewUnstartedServer(New(Options{Snapshot: at(shop()), Stream: s}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	server.Config.RegisterOnShutdown(s.Close)
	server.Start()
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/events?type=alert", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	alive := 0
	for alive < 10 && lines.Scan() { // half a second: longer than any deadline of the server
		if lines.Text() == ": alive" {
			alive++
		}
	}
	s.Publish(StreamAlert, noon, "checkout", json.RawMessage(`{"a":1}`))
	var told apitypes.StreamEvent
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(data), &told); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if told.Type != "alert" || told.Service != "checkout" || string(told.Data) != `{"a":1}` || lines.Err() != nil {
		t.Fatalf("told %+v after %d signs of life, %v", told, alive, lines.Err())
	}
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if last != ": the engine is stopping" || errors.Is(lines.Err(), context.DeadlineExceeded) {
		t.Errorf("at the end it said %q, %v", last, lines.Err())
	}
}
