package kong

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
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

const (
	maxAnswer = 1 << 20 // bytes that are read of an answer
	maxShown  = 500     // bytes that are kept of it for people
	pageSize  = "1000"  // the largest that Kong gives at once
	maxPages  = 20
)

// request is one that changes something.
type request struct {
	method string
	path   string // below the Admin API's address, escaped
	body   []byte // JSON; nil: none
}

// shown is a request as people read it: all that is left out is the token.
func (a *Actuator) shown(list []request) []actuator.Request {
	all := make([]actuator.Request, 0, len(list))
	for _, r := range list {
		all = append(all, actuator.Request{Line: r.method + " " + a.c.URL + r.path, Body: string(r.body)})
	}
	return all
}

// answer is what Kong said.
type answer struct {
	status int
	date   time.Time // by its clock; zero: it does not say
	body   []byte
}

// text is an answer as people read it.
func (a answer) text() string {
	return fmt.Sprintf("%d %s: %.*q", a.status, http.StatusText(a.status), maxShown, a.body)
}

// get asks one node for something below its address.
func (a *Actuator) get(ctx context.Context, node, path string, into any) (answer, error) {
	got, _, err := a.call(ctx, node, request{method: http.MethodGet, path: path})
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	kind := actuator.ErrUnavailable
	switch got.status {
	case http.StatusOK:
		if err := json.Unmarshal(got.body, into); err != nil {
			return got, fmt.Errorf("ask %s%s: %w: its answer is no JSON of Kong's: %w", node, path, actuator.ErrUnavailable, err)
		}
		return got, nil
	case http.StatusNotFound:
		kind = actuator.ErrMissing
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = actuator.ErrRefused
	}
	return got, fmt.Errorf("ask %s%s: %w: %s", node, path, kind, got.text())
}

// list gets all pages of a collection.
func list[T any](ctx context.Context, a *Actuator, node, path string) (all []T, at answer, err error) {
	next := "?size=" + pageSize
	for range maxPages {
		var page struct {
			Data   []T
			Offset string
		}
		if at, err = a.get(ctx, node, path+next, &page); err != nil {
			return nil, at, err
		}
		if all = append(all, page.Data...); page.Offset == "" {
			return all, at, nil
		}
		next = "?size=" + pageSize + "&offset=" + url.QueryEscape(page.Offset)
	}
	return nil, at, fmt.Errorf("ask %s%s: %w: it has more than %d pages", node, path, actuator.ErrUnavailable, maxPages)
}

// tell makes one request that changes something.
func (a *Actuator) tell(ctx context.Context, r request) (answer, error) {
	got, sent, err := a.call(ctx, a.c.URL, r)
	switch {
	case err == nil:
		return got, judge(got)
	case sent:
		return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUncertain, err)
	}
	return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
}

// judge is what an answer to a request means.
func judge(a answer) error {
	kind := actuator.ErrRefused
	switch a.status {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return nil
	case http.StatusNotFound:
		kind = actuator.ErrMissing
	case http.StatusMethodNotAllowed:
		return fmt.Errorf("tell kong: %w: %s: %s", actuator.ErrUnsupported, withoutDatabase, a.text())
	case http.StatusConflict:
		kind = actuator.ErrConflict
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind = actuator.ErrUnavailable
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		kind = actuator.ErrUncertain
	}
	return fmt.Errorf("tell kong: %w: %s", kind, a.text())
}

// call makes one request. Sent says that Kong may have it.
func (a *Actuator) call(ctx context.Context, node string, r request) (got answer, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	req, err := a.compose(ctx, node, r)
	if err != nil {
		return got, false, bare(err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return got, sent, bare(err)
	}
	defer resp.Body.Close()
	got.status = resp.StatusCode
	got.date, _ = http.ParseTime(resp.Header.Get("Date"))
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(got.body) > maxAnswer {
		err = fmt.Errorf("it answers more than %d bytes", maxAnswer)
	}
	return got, true, bare(err)
}

func (a *Actuator) compose(ctx context.Context, node string, r request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, node+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	token, err := a.c.token()
	if token != "" {
		req.Header.Set("Kong-Admin-Token", token)
	}
	return req, err
}

// bare is an error without the address, which stands before it already.
func bare(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
