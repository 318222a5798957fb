package scaler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"golang.org/x/time/rate"
)

// Source answers PromQL. It may be asked by several goroutines.
type Source interface {
	// Ask returns a series for each that the query has, with a point at each step at
	// which it is known. An answer that is not whole is an error.
	Ask(ctx context.Context, q Question) (model.Matrix, error)
}

// Question is PromQL at some times: From, and every Step after it up to To.
type Question struct {
	Query    string
	From, To time.Time
	Step     time.Duration
	// Lookback is how old a sample may be and still be the value of a time.
	Lookback time.Duration
}

// ServerOptions say how a server is asked.
type ServerOptions struct {
	// URL is its address, with its path prefix if it has one.
	URL string
	// HTTP is how to talk to it.
	HTTP promconfig.HTTPClientConfig
	// Timeout bounds one query, with the time that it waits for its turn. 0: 10 s.
	Timeout time.Duration
	// MaxQueriesPerSecond bounds how many are asked. 0: 10.
	MaxQueriesPerSecond float64
}

// Bounds of every server: queries at a time, and bytes of an answer.
const (
	mostAtOnce = 4
	mostBytes  = 16 << 20
)

// Server asks a server that speaks Prometheus's query API.
type Server struct {
	api     promv1.API
	client  *http.Client
	turns   *rate.Limiter
	places  chan struct{}
	timeout time.Duration
}

// NewServer makes no connection yet. It fails for a URL that is none and for HTTP
// settings that contradict each other or name files that cannot be read.
func NewServer(o ServerOptions) (*Server, error) {
	client, err := promconfig.NewClientFromConfig(o.HTTP, "scaler")
	if err != nil {
		return nil, fmt.Errorf("configure queries of scalers: %w", err)
	}
	return newServer(o, client)
}

// NewHistory asks a handler of Prometheus's API in this process, such as that of
// the engine's history.
func NewHistory(h http.Handler, timeout time.Duration) (*Server, error) {
	return newServer(ServerOptions{URL: "http://" + History, Timeout: timeout, MaxQueriesPerSecond: 1000}, &http.Client{Transport: within{h}})
}

func newServer(o ServerOptions, client *http.Client) (*Server, error) {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxQueriesPerSecond == 0 {
		o.MaxQueriesPerSecond = 10
	}
	client.Transport = bounded{client.Transport}
	raw, err := api.NewClient(api.Config{Address: o.URL, Client: client})
	if err != nil { // whose text may have a password in it
		return nil, errors.New("configure queries of scalers: the address is no url; want http://host:port/prefix")
	}
	return &Server{
		api: promv1.NewAPI(raw), client: client, timeout: o.Timeout,
		turns: rate.NewLimiter(rate.Limit(o.MaxQueriesPerSecond), mostAtOnce), places: make(chan struct{}, mostAtOnce),
	}, nil
}

// Ask waits for its turn, and asks.
func (s *Server) Ask(ctx context.Context, q Question) (model.Matrix, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("is busy: %w", ctx.Err())
	}
	if err := s.turns.Wait(ctx); err != nil {
		return nil, fmt.Errorf("is asked too much at once: %w", err)
	}
	value, warnings, err := s.api.QueryRange(ctx, q.Query, promv1.Range{Start: q.From, End: q.To, Step: q.Step},
		promv1.WithTimeout(s.timeout), promv1.WithLookbackDelta(q.Lookback))
	if err != nil {
		return nil, fmt.Errorf("does not answer: %w", plain(err))
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("answers in part: %s", strings.Join(warnings, "; "))
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("answers with a %s", value.Type())
	}
	return matrix, nil
}

// Close gives its connections back.
func (s *Server) Close() { s.client.CloseIdleConnections() }

// plain is an error without the URL, which may hold a password; what the server
// says is part of it.
func plain(err error) error {
	if said := (*promv1.Error)(nil); errors.As(err, &said) {
		detail, _, _ := strings.Cut(strings.TrimSpace(said.Detail), "\n")
		return fmt.Errorf("%s: %s %.200s", said.Type, said.Msg, detail)
	}
	if of := (*url.Error)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// bounded ends answers that are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, mostBytes)
	}
	return answer, err
}

// CloseIdleConnections is what http.Client asks for.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
