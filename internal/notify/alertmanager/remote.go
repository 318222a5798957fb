package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	commonconfig "github.com/prometheus/common/config"
)

// bodyExcerpt is how much of an Alertmanager's answer an error quotes, in bytes.
const bodyExcerpt = 512

// RemoteOptions say where an Alertmanager is and how it is reached.
type RemoteOptions struct {
	// URL is its base: scheme, host and path prefix if it has one. Alerts go
	// to /api/v2/alerts beneath it.
	URL string
	// HTTP holds TLS, authorization and proxy. Redirects are not followed,
	// whatever it says: alerts go where the configuration sends them.
	HTTP commonconfig.HTTPClientConfig
}

// Remote is a [Sender] for a user's own Alertmanager.
type Remote struct {
	name   string
	base   *url.URL
	client *http.Client
}

// NewRemote returns a sender for the Alertmanager at opts.URL. It makes no
// connection yet; it fails for a URL that is none and for HTTP settings that
// contradict each other or name files that cannot be read.
func NewRemote(opts RemoteOptions) (*Remote, error) {
	u, err := parseBase(opts.URL)
	if err != nil {
		return nil, err
	}
	name := *u
	name.User = nil
	opts.HTTP.FollowRedirects = false
	if err := opts.HTTP.Validate(); err != nil {
		return nil, fmt.Errorf("configure alertmanager %s: %w", &name, err)
	}
	client, err := commonconfig.NewClientFromConfig(opts.HTTP, "alertmanager")
	if err != nil {
		return nil, fmt.Errorf("configure alertmanager %s: %w", &name, err)
	}
	return &Remote{name: name.String(), base: u, client: client}, nil
}

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's own error quotes the URL, which may hold a password.
		return nil, errors.New("parse alertmanager url: it is not a url; want http://host:port/prefix")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("parse alertmanager url %q: want http or https and a host, like http://127.0.0.1:9093", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parse alertmanager url %q: want no query and no fragment", u.Redacted())
	}
	return u, nil
}

// Name is the base URL without user and password.
func (r *Remote) Name() string { return r.name }

// Close releases idle connections; the sender may still be used afterwards.
func (r *Remote) Close() { r.client.CloseIdleConnections() }

// Send posts the batch. An answer that a retry may better (429, 408, 5xx) and a
// failure of the network are plain errors; any other but 2xx is a [*Rejection].
func (r *Remote) Send(ctx context.Context, batch []Outgoing) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return &Rejection{Content: true, Err: fmt.Errorf("encode alerts: %w", err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base.JoinPath("api/v2/alerts").String(), bytes.NewReader(body))
	if err != nil {
		return &Rejection{Err: fmt.Errorf("post alerts: %w", err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "slo-engine")
	resp, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("post alerts: %w", err)
	}
	defer resp.Body.Close()
	return verdict(resp)
}

// verdict turns an answer into the error of Send.
func verdict(resp *http.Response) error {
	// Reading what is left lets the connection be used again; the limit keeps
	// an endless body from holding the lane.
	defer func() { _, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) }()
	code := resp.StatusCode
	if code/100 == 2 {
		return nil
	}
	excerpt, _ := io.ReadAll(io.LimitReader(resp.Body, bodyExcerpt))
	err := fmt.Errorf("post alerts: alertmanager answered %s: %s", resp.Status, strings.TrimSpace(string(excerpt)))
	switch {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return err
	case code/100 == 3:
		err = fmt.Errorf("post alerts: alertmanager answered %s to %q, and redirects are not followed; use the url it leads to",
			resp.Status, resp.Header.Get("Location"))
	}
	return &Rejection{Content: refusesContent(code), Err: err}
}

// refusesContent reports whether the status blames the alerts. Any other, like
// 401 or 404, would meet each half of the batch as well.
func refusesContent(code int) bool {
	switch code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
