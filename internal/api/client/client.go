// Package client asks a running engine over HTTP.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// Client asks one engine. It is safe for use by many goroutines.
type Client struct {
	base *url.URL
	http *http.Client
}

// Options are what a Client is made of; the zero value is usable.
type Options struct {
	// HTTP makes the requests. nil: one with Timeout and Transport.
	HTTP *http.Client
	// Transport says who asks: it adds what the engine's auth wants. nil: nothing
	// is added. Redirects are not followed, for they might lead its secrets
	// elsewhere. Not used with HTTP.
	Transport http.RoundTripper
	// Timeout bounds a whole request. 0: 30 s. Not used with HTTP.
	Timeout time.Duration
}

// New returns a client of the engine at base, such as http://127.0.0.1:9490,
// the route prefix included. It makes no request.
func New(base string, o Options) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("read engine URL: want one such as http://127.0.0.1:9490: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("read engine URL %q: want one such as http://127.0.0.1:9490", base)
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.HTTP == nil {
		o.HTTP = o.client()
	}
	return &Client{base: u, http: o.HTTP}, nil
}

func (o Options) client() *http.Client {
	c := &http.Client{Timeout: o.Timeout, Transport: o.Transport}
	if o.Transport != nil {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}

// Filter selects SLOs; what is empty selects all.
type Filter struct {
	Service string
	SLO     string
	// States takes SLOs in any of these.
	States []string
	// Labels must all match, of the group or of the SLO.
	Labels map[string]string
}

func (f Filter) query() url.Values {
	q := url.Values{}
	if f.Service != "" {
		q.Set("service", f.Service)
	}
	if f.SLO != "" {
		q.Set("slo", f.SLO)
	}
	for _, s := range f.States {
		q.Add("state", s)
	}
	for name, value := range f.Labels {
		q.Set("label."+name, value)
	}
	return q
}

// SLOs lists the SLOs that the filter selects.
func (c *Client) SLOs(ctx context.Context, f Filter) ([]apitypes.SLO, error) {
	var list apitypes.SLOList
	err := c.get(ctx, &list, f.query(), "api/v1/slos")
	return list.SLOs, err
}

// SLO returns one SLO by its id.
func (c *Client) SLO(ctx context.Context, id string) (apitypes.Detail, error) {
	var detail apitypes.Detail
	err := c.get(ctx, &detail, nil, "api/v1/slos", id)
	return detail, err
}

// Service returns one service with its SLOs.
func (c *Client) Service(ctx context.Context, name string) (apitypes.Service, error) {
	var service apitypes.Service
	err := c.get(ctx, &service, nil, "api/v1/services", name, "slo")
	return service, err
}

// Backends lists the servers that SLOs are read from.
func (c *Client) Backends(ctx context.Context) ([]apitypes.Backend, error) {
	var list apitypes.BackendList
	err := c.get(ctx, &list, nil, "api/v1/backends")
	return list.Backends, err
}

// Alerts lists the alerts that fire, and those resolved a short while ago.
func (c *Client) Alerts(ctx context.Context) ([]apitypes.Alert, error) {
	var list apitypes.AlertList
	err := c.get(ctx, &list, nil, "api/v1/alerts")
	return list.Alerts, err
}

func (c *Client) get(ctx context.Context, answer any, query url.Values, first string, segments ...string) error {
	target, err := c.target(query, first, segments)
	if err != nil {
		return err
	}
	return c.ask(ctx, http.MethodGet, target, nil, answer)
}

// send asks for a change; body is sent as JSON.
func (c *Client) send(ctx context.Context, method string, body, answer any, first string, segments ...string) error {
	target, err := c.target(nil, first, segments)
	if err != nil {
		return err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ask engine: %w", err)
	}
	return c.ask(ctx, method, target, text, answer)
}

// ask makes a request, and reads the answer. No body: there is none.
func (c *Client) ask(ctx context.Context, method, target string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask engine: %w", err)
	}
	req.Header.Set("Accept", "application/json, "+apitypes.ProblemType)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask engine at %s: %w", c.base.Redacted(), plain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("read answer of %s: is this a slo-engine? %w", req.URL.Redacted(), err)
	}
	return nil
}

// target is a URL below the engine's. Segments are names that may hold
// anything, but not be empty or mean another place.
func (c *Client) target(query url.Values, first string, segments []string) (string, error) {
	path := strings.TrimSuffix(c.base.EscapedPath(), "/") + "/" + first
	for _, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", fmt.Errorf("ask engine: %q is not a name", s)
		}
		path += "/" + url.PathEscape(s)
	}
	u := *c.base
	u.RawPath = path
	u.Path, _ = url.PathUnescape(path) // every part of it was escaped above
	u.RawQuery = query.Encode()
	return u.String(), nil
}
