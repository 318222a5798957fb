package promapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// client asks one server, as fast as it may.
type client struct {
	name    string // of the backend, for messages
	api     promv1.API
	http    *http.Client
	pacer   *pacer
	places  chan struct{} // one for each query at a time
	timeout time.Duration
	samples int
	metrics *metrics
}

func newClient(o Options) (*client, error) {
	u, err := parseBase(o.URL)
	if err != nil {
		return nil, err
	}
	if err := o.HTTP.Validate(); err != nil {
		return nil, fmt.Errorf("configure backend %s: %w", o.Name, err)
	}
	client := &client{
		name: o.Name, pacer: newPacer(o.MaxQueriesPerSecond), places: make(chan struct{}, o.Concurrency),
		timeout: o.QueryTimeout, samples: o.MaxSamples, metrics: newMetrics(o.Registerer, o.Name),
	}
	if client.http, err = promconfig.NewClientFromConfig(o.HTTP, "backend"); err != nil {
		return nil, fmt.Errorf("configure backend %s: %w", o.Name, err)
	}
	client.http.Transport = bounded{client.http.Transport, o.MaxResponseBytes}
	if o.Language == slo.LogQL {
		u = u.JoinPath("loki")
		client.http.Transport = spelled{client.http.Transport}
	}
	raw, err := api.NewClient(api.Config{Address: u.String(), Client: client.http})
	if err != nil {
		return nil, fmt.Errorf("configure backend %s: %w", o.Name, err)
	}
	client.api = promv1.NewAPI(raw)
	return client, nil
}

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil { // whose text quotes the URL, which may hold a password
		return nil, errors.New("parse backend url: it is not a url; want http://host:port/prefix")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("parse backend url %q: want http or https and a host, like http://127.0.0.1:9090", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parse backend url %q: want no query and no fragment", u.Redacted())
	}
	return u, nil
}

// Why an answer could not be used.
var (
	errPartial  = errors.New("the answer is partial")
	errTooLarge = errors.New("the answer is too large")
)

// raw are the samples of (from, to], as they are stored.
func (c *client) raw(ctx context.Context, l lane, selector string, from, to time.Time) (model.Matrix, error) {
	window := to.Sub(from).Milliseconds()
	query := fmt.Sprintf("%s[%dms]", selector, window)
	return c.ask(ctx, l, func(ctx context.Context) (model.Value, promv1.Warnings, error) {
		return c.api.Query(ctx, query, to, promv1.WithTimeout(c.timeout))
	})
}

// steps are the values at from, and at every step after it up to to.
func (c *client) steps(ctx context.Context, l lane, selector string, from, to time.Time, step time.Duration) (model.Matrix, error) {
	return c.ask(ctx, l, func(ctx context.Context) (model.Value, promv1.Warnings, error) {
		return c.api.QueryRange(ctx, selector, promv1.Range{Start: from, End: to, Step: step}, promv1.WithTimeout(c.timeout))
	})
}

// ahead is by how much the server's clock is ahead of ours, to about the time
// that the answer took.
func (c *client) ahead(ctx context.Context, now func() time.Time) (time.Duration, error) {
	var began, ended time.Time
	value, err := c.query(ctx, polls, func(ctx context.Context) (model.Value, promv1.Warnings, error) {
		began = now()
		defer func() { ended = now() }()
		return c.api.Query(ctx, "time()", time.Time{}, promv1.WithTimeout(c.timeout))
	})
	if err != nil {
		return 0, err
	}
	scalar, ok := value.(*model.Scalar)
	if !ok {
		return 0, fmt.Errorf("ask %s for its time: it answers with a %s", c.name, value.Type())
	}
	theirs := time.UnixMilli(int64(float64(scalar.Value) * 1000))
	return theirs.Sub(began.Add(ended.Sub(began) / 2)), nil
}

// ask is query for a matrix of bounded size.
func (c *client) ask(ctx context.Context, l lane, query func(context.Context) (model.Value, promv1.Warnings, error)) (model.Matrix, error) {
	value, err := c.query(ctx, l, query)
	if err != nil {
		return nil, err
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("ask %s: it answers with a %s where a matrix was asked for", c.name, value.Type())
	}
	n := 0
	for _, s := range matrix {
		n += len(s.Values) + len(s.Histograms)
	}
	c.metrics.samples.Add(float64(n))
	if n > c.samples {
		return nil, fmt.Errorf("ask %s: %w: %d samples, and at most %d are taken", c.name, errTooLarge, n, c.samples)
	}
	return matrix, nil
}

// query waits for its turn and asks.
func (c *client) query(ctx context.Context, l lane, query func(context.Context) (model.Value, promv1.Warnings, error)) (model.Value, error) {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := c.pacer.wait(ctx, l); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	began := time.Now()
	value, warnings, err := query(ctx)
	c.metrics.asked(l, time.Since(began), reasonOf(err, warnings))
	switch {
	case err != nil:
		return nil, fmt.Errorf("ask %s: %w", c.name, plain(err))
	case len(warnings) > 0:
		return nil, fmt.Errorf("ask %s: %w: %s", c.name, errPartial, strings.Join(warnings, "; "))
	}
	return value, nil
}

// plain is an error without the URL, which may hold a password; what the
// server says is part of it.
func plain(err error) error {
	if said := (*promv1.Error)(nil); errors.As(err, &said) {
		if tooMuch(said) {
			return fmt.Errorf("%w: %s", errTooLarge, said.Msg)
		}
		detail, _, _ := strings.Cut(strings.TrimSpace(said.Detail), "\n")
		return fmt.Errorf("%s: %s %.200s", said.Type, said.Msg, detail)
	}
	if of := (*url.Error)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// tooMuch reports whether the server says that the question was too large.
func tooMuch(e *promv1.Error) bool {
	text := e.Msg + " " + e.Detail
	for _, sign := range []string{"too many samples", "exceeded maximum resolution", "query timed out", "max-samples", "limit"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return e.Type == promv1.ErrTimeout
}

func (c *client) close() { c.http.CloseIdleConnections() }

// bounded ends answers that are too long.
type bounded struct {
	http.RoundTripper
	bytes int64
}

// RoundTrip is http.RoundTripper's.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = &limited{ReadCloser: answer.Body, left: b.bytes, most: b.bytes}
	}
	return answer, err
}

// CloseIdleConnections is what http.Client asks for.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// limited is a body that ends with an error where it is too long.
type limited struct {
	io.ReadCloser
	left, most int64
}

// Read is io.Reader's.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLarge, l.most)
	}
	return n, err
}
