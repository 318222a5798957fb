package apisix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

const (
	maxAnswer = 1 << 20 // bytes that are taken of an answer
	maxShown  = 500     // bytes that are kept of it for people
	adminPath = "/apisix/admin"
)

// document is an object of APISIX's, or a part of one.
type document = map[string]json.RawMessage

// answer is what was said.
type answer struct {
	status int
	body   []byte
}

// text is an answer as people read it.
func (a answer) text() string {
	return fmt.Sprintf("%d %s: %.*q", a.status, http.StatusText(a.status), maxShown, a.body)
}

// get is an object by its path, such as /routes/pay, with its revision.
func (g *gateway) get(ctx context.Context, path string) (value document, revision string, err error) {
	got, _, err := g.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, "", fmt.Errorf("ask %s for %s: %w: %w", g.c.Name(), path, actuator.ErrUnavailable, err)
	}
	if got.status != http.StatusOK {
		kind := kindOf(got)
		if kind == actuator.ErrUncertain || kind == actuator.ErrConflict { // nothing was to be written
			kind = actuator.ErrUnavailable
		}
		return nil, "", fmt.Errorf("ask %s for %s: %w: %s", g.c.Name(), path, kind, got.text())
	}
	var object struct {
		Value         document    `json:"value"`
		ModifiedIndex json.Number `json:"modifiedIndex"`
	}
	if err := json.Unmarshal(got.body, &object); err != nil || object.Value == nil {
		return nil, "", fmt.Errorf("ask %s for %s: %w: it answers 200, and no object of the Admin API of version 3", g.c.Name(), path, actuator.ErrUnavailable)
	}
	return object.Value, object.ModifiedIndex.String(), nil
}

// tell changes an object.
func (g *gateway) tell(ctx context.Context, method, path string, body []byte) (text string, err error) {
	got, sent, err := g.call(ctx, method, path, body)
	switch {
	case err == nil && got.status/100 == 2:
		return fmt.Sprintf("%d %s", got.status, http.StatusText(got.status)), nil // the rest is the object
	case err == nil:
		return got.text(), fmt.Errorf("tell %s: %w: %s", g.c.Name(), kindOf(got), got.text())
	case sent:
		return "", fmt.Errorf("tell %s: %w: %w", g.c.Name(), actuator.ErrUncertain, err)
	}
	return "", fmt.Errorf("tell %s: %w: %w", g.c.Name(), actuator.ErrUnavailable, err)
}

// notThere are what APISIX says with 503 where it has not come to etcd.
var notThere = []string{"connection refused", "no healthy etcd endpoint", "no route to host"}

// kindOf is which of the actuator's errors a failure is.
func kindOf(a answer) error {
	said := func(text string) bool { return bytes.Contains(a.body, []byte(text)) }
	switch a.status {
	case http.StatusNotFound:
		return actuator.ErrMissing
	case http.StatusTooManyRequests:
		return actuator.ErrUnavailable
	case http.StatusServiceUnavailable:
		for _, text := range notThere {
			if said(text) {
				return actuator.ErrUnavailable
			}
		}
		switch {
		case said("value changed before overwritten"):
			return actuator.ErrConflict
		case !said("error_msg"):
			return actuator.ErrUnavailable // of something in front of it
		}
		return actuator.ErrUncertain // etcd may have it
	}
	if a.status >= 500 {
		return actuator.ErrUncertain
	}
	return actuator.ErrRefused
}

// call makes one request of the Admin API. Sent says that APISIX may have it.
func (g *gateway) call(ctx context.Context, method, path string, body []byte) (got answer, sent bool, err error) {
	key, err := g.c.key()
	if err != nil {
		return got, false, err
	}
	header := http.Header{"X-Api-Key": {key}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	return g.do(ctx, method, strings.TrimRight(g.c.URL, "/")+adminPath+path, header, body)
}

// do makes one request.
func (g *gateway) do(ctx context.Context, method, address string, header http.Header, body []byte) (got answer, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.c.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return got, false, err
	}
	req.Header = header
	resp, err := g.client.Do(req)
	if err != nil {
		return got, sent, bare(err)
	}
	defer resp.Body.Close()
	got.status = resp.StatusCode
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(got.body) > maxAnswer {
		err = fmt.Errorf("it answers more than %d bytes", maxAnswer)
	}
	return got, true, err
}

// bare is an error without the address, which stands in front of it already.
func bare(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}

// request is one as people read it.
func (g *gateway) request(method, path, body string) actuator.Request {
	r := actuator.Request{Line: method + " " + strings.TrimRight(g.c.URL, "/") + adminPath + path, Body: body}
	if body != "" {
		r.Headers = []string{"Content-Type: application/json"}
	}
	return r
}
