package scaler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// asked is a question about a minute up to noon.
var asked = Question{Query: "x", From: noon.Add(-time.Minute), To: noon, Step: 10 * time.Second, Lookback: time.Minute}

const answered = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"a"},"values":[[%d,"%s"]]}]}}`

func serving(t *testing.T, h http.HandlerFunc) *Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s, err := NewServer(ServerOptions{URL: strings.Replace(server.URL, "http://", "http://me:secret@", 1), Timeout: 5 * time.Second, MaxQueriesPerSecond: 1000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestServerAsks(t *testing.T) {
	s := serving(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			"query": "x", "start": "1774958340", "end": "1774958400", "step": "10", "lookback_delta": "60s", "timeout": "5s",
		} {
			if got := strings.TrimSuffix(strings.Replace(r.FormValue(name), "1m0s", "60s", 1), ".000"); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		fmt.Fprintf(w, answered, noon.Unix(), "4.5")
	})
	matrix, err := s.Ask(t.Context(), asked)
	if err != nil || len(matrix) != 1 || matrix[0].Values[0].Value != 4.5 || !matrix[0].Values[0].Timestamp.Time().Equal(noon) {
		t.Errorf("got %v, %v", matrix, err)
	}
}

// What is no whole answer is an error that says why, and no password.
func TestServersThatFail(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"away":      {say(502, "bad gateway"), "does not answer: server_error: server error: 502"},
		"no PromQL": {say(400, `{"status":"error","errorType":"bad_data","error":"parse error"}`), "bad_data: parse error"},
		"no JSON":   {say(200, `<html>`), "does not answer: "},
		"in part":   {say(200, `{"status":"success","warnings":["a store is away"],"data":{"resultType":"matrix","result":[]}}`), "answers in part: a store is away"},
		"a vector":  {say(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`), "answers with a vector"},
		"far too much": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", mostBytes+1)))
		}, "request body too large"},
	} {
		_, err := serving(t, c.h).Ask(t.Context(), asked)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := serving(t, nil)
	gone.timeout = time.Nanosecond
	if _, err := gone.Ask(t.Context(), asked); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too late: %v", err)
	}
	if _, err := NewServer(ServerOptions{URL: "http://me:secret@[::1"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("no url: %v", err)
	}
}

// No more than four are asked at a time; who waits for longer than the timeout is
// told so.
func TestServerIsNotFlooded(t *testing.T) {
	hold, busy := make(chan struct{}), make(chan struct{}, 100)
	s := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		busy <- struct{}{}
		<-hold
		fmt.Fprintf(w, answered, noon.Unix(), "1")
	})
	done := make(chan error, mostAtOnce)
	for range mostAtOnce {
		go func() {
			_, err := s.Ask(t.Context(), asked)
			done <- err
		}()
	}
	for range mostAtOnce {
		<-busy
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Ask(ctx, asked); err == nil || !strings.Contains(err.Error(), "is busy") {
		t.Errorf("one more: %v", err)
	}
	close(hold)
	for range mostAtOnce {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(busy) > 0 {
		t.Error("one more was asked")
	}
}

// A handler in this process is asked as a server is.
func TestHistory(t *testing.T) {
	status, body := 200, fmt.Sprintf(answered, noon.Unix(), "4.5")
	s, err := NewHistory(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/query_range" || r.FormValue("query") != "x" {
			t.Errorf("%s %s", r.URL, r.FormValue("query"))
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}), 0)
	if err != nil {
		t.Fatal(err)
	}
	if matrix, err := s.Ask(t.Context(), asked); err != nil || matrix[0].Values[0].Value != 4.5 {
		t.Errorf("got %v, %v", matrix, err)
	}
	status, body = 503, "not yet"
	if _, err := s.Ask(t.Context(), asked); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("not yet: %v", err)
	}
	status, body = 200, strings.Repeat(" ", mostBytes+2)
	if _, err := s.Ask(t.Context(), asked); err == nil {
		t.Error("too much is taken")
	}
}
