package actuatortest

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between an adapter and a gateway's HTTP API. It passes all on
// until it is told to fail. Requests that are not GET or HEAD are writes.
type Proxy struct {
	// URL is where the adapter finds the gateway.
	URL string

	target *url.URL
	pass   *httputil.ReverseProxy
	addr   string

	mu     sync.Mutex
	server *http.Server
	done   chan struct{} // closed when server has ended
	before func()
	answer http.HandlerFunc
	hang   chan struct{} // not nil: answers to writes are lost until it is closed
}

// NewProxy starts a proxy in front of a gateway's URL. It ends with the test.
func NewProxy(t testing.TB, gateway string) *Proxy {
	t.Helper()
	target, err := url.Parse(gateway)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: target, pass: &httputil.ReverseProxy{
		// The API may look at whom it is called as: SetURL says so.
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}}
	p.pass.Transport = &http.Transport{DisableKeepAlives: true}
	p.pass.ErrorLog = log.New(io.Discard, "", 0)
	p.addr = "127.0.0.1:0"
	p.listen(t)
	p.URL = "http://" + p.addr
	t.Cleanup(p.close)
	return p
}

func (p *Proxy) listen(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	server, done := &http.Server{Handler: p, ErrorLog: p.pass.ErrorLog}, make(chan struct{})
	p.addr, p.server, p.done = l.Addr().String(), server, done
	go func() {
		defer close(done)
		_ = server.Serve(l) // until close
	}()
}

func (p *Proxy) close() {
	p.mu.Lock()
	server, done := p.server, p.done
	p.mu.Unlock()
	_ = server.Close() // connections included
	<-done
}

// Down refuses connections until up is called. It is a Gateway.Down.
func (p *Proxy) Down(t testing.TB) (up func()) {
	t.Helper()
	p.close()
	return func() { p.listen(t) }
}

// Hang passes writes on and keeps their answers back. It is a Gateway.Hang.
func (p *Proxy) Hang(testing.TB) (end func()) {
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

// BeforeWrite runs do when the next write has come in, and passes that on then.
// It is a Gateway.BeforeWrite.
func (p *Proxy) BeforeWrite(_ testing.TB, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = do
}

// Answer is a Fault.Set: writes are answered by the proxy itself, and do not
// come to the gateway.
func (p *Proxy) Answer(status int, contentType, body string) func(testing.TB) (end func()) {
	return p.Handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// Handle is a Fault.Set: writes are answered by a handler.
func (p *Proxy) Handle(answer http.HandlerFunc) func(testing.TB) (end func()) {
	set := func(h http.HandlerFunc) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer = h
	}
	return func(testing.TB) func() {
		set(answer)
		return func() { set(nil) }
	}
}

// ServeHTTP passes a request on, or fails as told.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		p.pass.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	before, answer, hang := p.before, p.answer, p.hang
	p.before = nil
	p.mu.Unlock()
	if before != nil {
		before()
	}
	switch {
	case answer != nil:
		answer(w, r)
	case hang != nil:
		p.swallow(r, hang)
	default:
		p.pass.ServeHTTP(w, r)
	}
}

// swallow passes a request on, whether or not its sender waits, and keeps the
// answer.
func (p *Proxy) swallow(r *http.Request, end <-chan struct{}) {
	out, err := http.NewRequest(r.Method, p.target.JoinPath(r.URL.EscapedPath()).String(), r.Body)
	if err == nil {
		out.URL.RawQuery, out.Header, out.ContentLength = r.URL.RawQuery, r.Header.Clone(), r.ContentLength
		var resp *http.Response
		if resp, err = p.pass.Transport.RoundTrip(out); err == nil {
			resp.Body.Close()
		}
	}
	if err == nil {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}
	panic(http.ErrAbortHandler)
}
