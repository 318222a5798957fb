package haproxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
	"github.com/slo-engine/slo-engine/test/lab"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proxy is a real HAProxy in front of servers that answer their names.
type proxy struct {
	*lab.HAProxy
	client *http.Client

	mu   sync.Mutex
	path string        // of the socket that the adapter is led to
	hang chan struct{} // not nil: answers to writes are lost until it is closed
}

const config = `
frontend www
  bind ADDR
  http-request deny deny_status 503 if { path,map_beg(DIR/closed.map) -m str 503 }
  http-request deny deny_status 429 if { path,map_beg(DIR/closed.map) -m str 429 }
  stick-table type string len 128 size 10k expire 10s store http_req_rate(1s)
  http-request track-sc0 path
  http-request set-var(txn.limit) path,map_str_int(DIR/limits.map)
  http-request set-var(txn.rate) sc_http_req_rate(0)
  http-request deny deny_status 429 if { var(txn.limit) -m found } { var(txn.limit),sub(txn.rate) lt 0 }
  use_backend inventory if { path_beg /inventory }
  use_backend static if { path_beg /static }
  default_backend checkout
backend checkout
  balance roundrobin
  server v1 V1 check inter 100ms
  server v2 V2 check inter 100ms
  server v3 V3
  server spare V3 backup
backend inventory
  server i1 V1
  server i2 V2
backend static
  balance static-rr
  server v1 V1
  server v2 V2 weight 3
backend hashed
  balance source
  server v1 V1
  server v2 V2 weight 3
  server v3 V3 disabled
backend first
  balance first
  server v1 V1
  server v2 V2
`

// startProxy starts it in its first state: three servers of weight 1, closed
// and limits without entries but one of a person's.
func startProxy(t testing.TB) *proxy {
	t.Helper()
	replace := []string{}
	for _, name := range []string{"v1", "v2", "v3"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		replace = append(replace, strings.ToUpper(name), s.Listener.Addr().String())
	}
	p := &proxy{client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	p.HAProxy = lab.StartHAProxy(t, func(addr, dir string) string {
		for _, name := range []string{"closed.map", "limits.map"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("/other 404\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return "global\n  stats socket unix@user.sock level user\n" +
			strings.NewReplacer(append(replace, "ADDR", addr, "DIR", dir)...).Replace(config)
	})
	p.path = p.Socket
	return p
}

// open makes an adapter whose calls the proxy can trouble.
func (p *proxy) open(t testing.TB) actuator.Actuator {
	t.Helper()
	return p.adapter(t, "checkout")
}

func (p *proxy) adapter(t testing.TB, backend string) *haproxy.Actuator {
	t.Helper()
	a, err := haproxy.New(haproxy.Config{
		Socket: p.Socket, Backend: backend,
		CloseMap: filepath.Join(p.Dir, "closed.map"), RateMap: filepath.Join(p.Dir, "limits.map"),
	}, haproxy.Options{Dial: p.dial})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p *proxy) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, network, p.path)
	if err != nil || p.hang == nil {
		return conn, err
	}
	return &silent{Conn: conn, end: p.hang, over: make(chan struct{})}, nil
}

// lead leads the adapter to another socket in HAProxy's folder.
func (p *proxy) lead(name string) func(testing.TB) (back func()) {
	set := func(path string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.path = path
	}
	return func(testing.TB) func() {
		set(filepath.Join(p.Dir, name))
		return func() { set(p.Socket) }
	}
}

func (p *proxy) silence(testing.TB) (end func()) {
	hang := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = hang
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hang = nil
		close(hang)
	}
}

// silent is a connection that carries writes out and loses the answers to them.
type silent struct {
	net.Conn
	end     <-chan struct{}
	over    chan struct{}
	once    sync.Once
	swallow bool
}

func (s *silent) Write(b []byte) (int, error) {
	s.swallow = !strings.HasPrefix(string(b), "show ")
	return s.Conn.Write(b)
}

func (s *silent) Read(b []byte) (int, error) {
	if !s.swallow {
		return s.Conn.Read(b)
	}
	_, _ = io.Copy(io.Discard, s.Conn) // it is carried out
	select {
	case <-s.end:
	case <-s.over:
	}
	return 0, os.ErrDeadlineExceeded
}

func (s *silent) SetDeadline(t time.Time) error {
	s.once.Do(func() { close(s.over) })
	return s.Conn.SetDeadline(t)
}

// say is a person at the socket.
func (p *proxy) say(t testing.TB, command string) string {
	t.Helper()
	text, err := p.ask(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *proxy) ask(ctx context.Context, command string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", p.Socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}

// look is every weight, every forced state and every entry.
func (p *proxy) look(ctx context.Context) (string, error) {
	var seen []string
	text, err := p.ask(ctx, "show servers state")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 8 && f[0] != "#" {
			seen = append(seen, fmt.Sprintf("%s/%s admin %s weight %s", f[1], f[3], f[6], f[7]))
		}
	}
	for _, name := range []string{"closed.map", "limits.map"} {
		text, err := p.ask(ctx, "show map "+filepath.Join(p.Dir, name))
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(text) {
			if f := strings.Fields(line); len(f) == 3 {
				seen = append(seen, fmt.Sprintf("%s %s %s", name, f[1], f[2]))
			}
		}
	}
	return strings.Join(seen, "\n"), nil
}

// answers counts what a number of requests got: a server's name, or a status.
func (p *proxy) answers(ctx context.Context, path string, n int) (map[string]int, error) {
	seen := map[string]int{}
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := p.client.Do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			body = fmt.Append(nil, resp.StatusCode)
		}
		seen[string(body)]++
	}
	return seen, nil
}
