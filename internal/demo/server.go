package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// server is an HTTP server on a loopback port of the kernel's choice.
type server struct {
	address string // host:port
	url     string
	http    *http.Server
	done    chan struct{} // closed when Serve has returned
}

// serve starts a server. Its close must be called.
func serve(ctx context.Context, handler http.Handler) (*server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the shop: %w", err)
	}
	s := &server{
		address: listener.Addr().String(),
		url:     "http://" + listener.Addr().String(),
		http:    &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
		done:    make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		s.http.Serve(listener) // its only end is close
	}()
	return s, nil
}

// close waits for the requests under way, as long as ctx allows, and ends.
// It may be called twice.
func (s *server) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	<-s.done
	return err
}

// newClient is an HTTP client of its own, so that its connections can be
// closed with whoever uses it. Loopback needs no proxy.
func newClient(connections int, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			MaxIdleConns: connections, MaxIdleConnsPerHost: connections,
			IdleConnTimeout: 30 * time.Second,
		},
	}
}
