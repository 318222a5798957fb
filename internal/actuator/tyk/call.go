package tyk

import (
	"bytes"
	"context"
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
	maxAnswer = 1 << 20 // bytes that are read of an answer
	maxShown  = 500     // bytes that are kept of it for people
)

// answer is what Tyk said.
type answer struct {
	status int
	body   []byte
}

// text is an answer as people read it.
func (a answer) text() string {
	return fmt.Sprintf("%d %s: %.*q", a.status, http.StatusText(a.status), maxShown, a.body)
}

// path is that of an API's definition.
func (a *Actuator) path(api string) string {
	if a.c.Format == classic {
		return "/tyk/apis/" + url.PathEscape(api)
	}
	return "/tyk/apis/oas/" + url.PathEscape(api)
}

// load gets the definition that a node has loaded.
func (a *Actuator) load(ctx context.Context, node, api string) (d document, err error) {
	got, _, err := a.call(ctx, http.MethodGet, node+a.path(api), nil)
	if err != nil {
		return d, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	kind := actuator.ErrUnavailable
	switch got.status {
	case http.StatusOK:
		if d, err = a.parse(api, got.body); err != nil {
			return d, fmt.Errorf("ask %s for api %s: %w: %w", node, api, actuator.ErrUnavailable, err)
		}
		return d, nil
	case http.StatusNotFound:
		kind = actuator.ErrMissing
	case http.StatusBadRequest:
		return d, fmt.Errorf("ask %s for api %s: %w: is it of the format that the playbook says? %s", node, api, actuator.ErrRefused, got.text())
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = actuator.ErrRefused
	}
	return d, fmt.Errorf("ask %s for api %s: %w: %s", node, api, kind, got.text())
}

// put writes a whole definition, which changes nothing until a reload.
func (a *Actuator) put(ctx context.Context, api string, body []byte) (answer, error) {
	got, sent, err := a.call(ctx, http.MethodPut, a.c.URL+a.path(api), body)
	switch {
	case err == nil:
		return got, judge(got)
	case sent:
		return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUncertain, err)
	}
	return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
}

// judge is what an answer to a PUT means.
func judge(a answer) error {
	kind := actuator.ErrRefused
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		kind = actuator.ErrMissing
	case http.StatusConflict:
		kind = actuator.ErrConflict
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind = actuator.ErrUnavailable
	case http.StatusInternalServerError:
		if kind = actuator.ErrUncertain; strings.Contains(string(a.body), "use_db_app_configs") {
			kind = actuator.ErrRefused // its APIs are the Dashboard's
		}
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		kind = actuator.ErrUncertain
	}
	return fmt.Errorf("tell tyk: %w: %s", kind, a.text())
}

// reloads are the requests that make Tyk use what is in its files: all gateways of
// the group are told, and this one is waited for.
func (a *Actuator) reloads() []string {
	this := a.c.URL + "/tyk/reload/?block=true"
	if a.c.Reload == reloadThis {
		return []string{this}
	}
	return []string{a.c.URL + "/tyk/reload/group", this}
}

// reload makes one of them. ErrUncertain: it may come; ErrUnavailable and
// ErrRefused: it does not.
func (a *Actuator) reload(ctx context.Context, address string) (answer, error) {
	got, sent, err := a.call(ctx, http.MethodGet, address, nil)
	kind := actuator.ErrRefused
	switch {
	case err != nil && sent:
		return got, fmt.Errorf("ask for a reload: %w: %w", actuator.ErrUncertain, err)
	case err != nil:
		return got, fmt.Errorf("ask for a reload: %w: %w", actuator.ErrUnavailable, err)
	case got.status == http.StatusOK:
		return got, nil
	case got.status == http.StatusBadGateway || got.status == http.StatusGatewayTimeout:
		kind = actuator.ErrUncertain
	case got.status/100 == 5 || got.status == http.StatusTooManyRequests:
		kind = actuator.ErrUnavailable
	}
	return got, fmt.Errorf("ask for a reload: %w: %s", kind, got.text())
}

// call makes one request. Sent says that Tyk may have it.
func (a *Actuator) call(ctx context.Context, method, address string, body []byte) (got answer, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return got, false, bare(err)
	}
	secret, err := a.c.secret()
	if err != nil {
		return got, false, err
	}
	req.Header.Set("X-Tyk-Authorization", secret)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return got, sent, bare(err)
	}
	defer resp.Body.Close()
	got.status = resp.StatusCode
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(got.body) > maxAnswer {
		err = fmt.Errorf("it answers more than %d bytes", maxAnswer)
	}
	return got, true, bare(err)
}

// bare is an error without the address, which stands before it already.
func bare(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
