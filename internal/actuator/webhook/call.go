package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/slo-engine/slo-engine/internal/actuator"
)

const (
	maxAnswer = 1 << 20 // bytes that are read of an answer
	maxShown  = 500     // bytes that are kept of it for people
)

// answer is what a receiver said.
type answer struct {
	status int
	body   []byte
}

// text is an answer as people read it.
func (a answer) text() string {
	return fmt.Sprintf("%d %s: %.*q", a.status, http.StatusText(a.status), maxShown, a.body)
}

// post sends an event.
func (a *Actuator) post(ctx context.Context, e event) (answer, error) {
	secret, err := a.c.secret()
	if err != nil {
		return answer{}, fmt.Errorf("sign event: %w: %w", actuator.ErrUnavailable, err)
	}
	header := http.Header{"Content-Type": {cloudevents.ApplicationCloudEventsJSON}}
	secret.Sign(header, e.id, e.body, a.now())
	got, sent, err := a.call(ctx, http.MethodPost, a.c.URL, header, e.body)
	switch {
	case err == nil:
		return got, judge(got)
	case sent:
		return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUncertain, err)
	}
	return got, fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
}

// judge is what an answer to an event means.
func judge(a answer) error {
	kind := actuator.ErrRefused
	switch a.status {
	case http.StatusConflict:
		kind = actuator.ErrConflict
	case http.StatusNotFound, http.StatusGone:
		kind = actuator.ErrMissing
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		kind = actuator.ErrUnavailable
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		kind = actuator.ErrUncertain
	default:
		if a.status/100 == 2 {
			return nil
		}
	}
	return fmt.Errorf("tell the receiver: %w: %s", kind, a.text())
}

// ask gets what the status URL says about a subject.
func (a *Actuator) ask(ctx context.Context, subject string) (answer, error) {
	u, err := url.Parse(a.c.StatusURL)
	if err != nil {
		return answer{}, fmt.Errorf("ask status: %w: %w", actuator.ErrUnavailable, err)
	}
	query := u.Query()
	query.Set("subject", subject)
	u.RawQuery = query.Encode()
	got, _, err := a.call(ctx, http.MethodGet, u.String(), http.Header{"Accept": {"application/json"}}, nil)
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", shown(a.c.StatusURL), actuator.ErrUnavailable, err)
	}
	return got, nil
}

// call makes one request. Sent says that the receiver may have it.
func (a *Actuator) call(ctx context.Context, method, address string, header http.Header, body []byte) (got answer, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return got, false, bare(err)
	}
	req.Header = header
	resp, err := a.client.Do(req)
	if err != nil {
		return got, sent, bare(err)
	}
	defer resp.Body.Close()
	got.status = resp.StatusCode
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return got, true, bare(err)
}

// bare is an error without the address, which may hold a secret.
func bare(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
