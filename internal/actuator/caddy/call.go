package caddy

import (
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
	maxAnswer = 1 << 20 // bytes that Caddy may answer to one call
	maxShown  = 500     // bytes that are kept of an answer for people
)

// message is one call that changes the configuration.
type message struct {
	method, path string
	body         json.RawMessage // nil: none
}

// request is a message as people read it.
func (a *Actuator) request(m message, etag string) actuator.Request {
	if etag == "" {
		etag = "(the ETag then)"
	}
	return actuator.Request{Line: m.method + " " + a.c.Admin + m.path, Headers: []string{"If-Match: " + etag}, Body: string(m.body)}
}

// answer is what Caddy said.
type answer struct {
	status int
	etag   string
	body   []byte
}

// said is the error that Caddy itself tells; empty: none.
func (a answer) said() string {
	var said struct{ Error string }
	if err := json.Unmarshal(a.body, &said); err != nil {
		return ""
	}
	return said.Error
}

// text is an answer as people read it.
func (a answer) text() string {
	if said := a.said(); said != "" {
		return fmt.Sprintf("%d %s: %.*s", a.status, http.StatusText(a.status), maxShown, said)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %.*s", a.status, http.StatusText(a.status), maxShown, a.body))
}

// part is a part of the configuration, and where it stands.
type part struct {
	path string // below /config
	etag string
	body []byte
}

// get reads what is at an @id or a path.
func (a *Actuator) get(ctx context.Context, at string) (p part, err error) {
	path := at
	if !strings.HasPrefix(at, "/") {
		path = "/id/" + at
	}
	got, err := a.ask(ctx, path)
	if err != nil {
		return p, err
	}
	// An ETag is the place and its hash, also where it was asked by @id.
	where, _, ok := strings.Cut(strings.Trim(got.etag, `"`), " ")
	if !ok || !strings.HasPrefix(where, "/config/") {
		return p, fmt.Errorf("ask %s: %w: it gives no ETag for %s (%q): Caddy does so from 2.5 on", a.c.Name(), actuator.ErrUnavailable, path, got.etag)
	}
	return part{path: where, etag: got.etag, body: got.body}, nil
}

// tries is how often a question is asked whose answer gets lost on the way:
// Caddy opens its admin API anew with each change, and with somebody else's a
// call may be cut off.
const tries = 3

// ask asks one question.
func (a *Actuator) ask(ctx context.Context, path string) (got answer, err error) {
	for n, lost := 0, true; lost && n < tries && ctx.Err() == nil; n++ {
		got, lost, err = a.call(ctx, message{method: http.MethodGet, path: path}, "")
		lost = lost && err != nil || got.status == http.StatusBadGateway
	}
	if err == nil && got.status == 0 {
		err = ctx.Err()
	}
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
	}
	kind := actuator.ErrUnavailable
	switch got.status {
	case http.StatusOK:
		return got, nil
	case http.StatusNotFound, http.StatusBadRequest: // an unknown @id; a path that leads nowhere
		kind = actuator.ErrMissing
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = actuator.ErrRefused
	}
	return got, fmt.Errorf("ask %s for %s: %w: %s", a.c.Name(), path, kind, got.text())
}

// tell makes one call that changes something, if what it is about still has the
// ETag.
func (a *Actuator) tell(ctx context.Context, m message, etag string) (answer, error) {
	got, sent, err := a.call(ctx, m, etag)
	switch {
	case err == nil:
		return got, judge(got)
	case sent:
		return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUncertain, err)
	}
	return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
}

// judge is what an answer to a change means.
func judge(a answer) error {
	kind := actuator.ErrRefused
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusPreconditionFailed, http.StatusConflict:
		kind = actuator.ErrConflict
	case http.StatusNotFound:
		kind = actuator.ErrMissing
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind = actuator.ErrUnavailable
	default:
		// An error that Caddy itself tells means that its configuration is the old one;
		// any other 5xx is of something in between.
		own := a.status == http.StatusInternalServerError && a.said() != ""
		switch {
		case own && (strings.Contains(a.said(), "traversal path") || strings.Contains(a.said(), "array index")):
			kind = actuator.ErrConflict // what it was put into has gone meanwhile
		case a.status >= 500 && !own:
			kind = actuator.ErrUncertain
		}
	}
	return fmt.Errorf("tell caddy: %w: %s", kind, a.text())
}

// call makes one request. Sent says that Caddy may have it.
func (a *Actuator) call(ctx context.Context, m message, etag string) (got answer, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	req, err := http.NewRequestWithContext(ctx, m.method, a.c.Admin+(&url.URL{Path: m.path}).EscapedPath(), strings.NewReader(string(m.body)))
	if err != nil {
		return got, false, err
	}
	if m.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if etag != "" {
		req.Header.Set("If-Match", etag)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return got, sent, err
	}
	defer resp.Body.Close()
	got.status, got.etag = resp.StatusCode, resp.Header.Get("Etag")
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(got.body) > maxAnswer {
		err = errors.New("it answers more than 1 MiB: name a smaller part of the configuration")
	}
	return got, true, err
}
