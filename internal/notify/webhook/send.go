package webhook

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

const (
	maxAnswer = 64 << 10 // bytes that are read of an answer
	maxShown  = 200      // bytes of it that are kept for people
)

// newLane makes a lane, and looks at what it is told.
func newLane(r Receiver, o *Options, m *metrics) (*lane, error) {
	r.Timeout = cmp.Or(r.Timeout, usualTimeout)
	client, err := newClient(r)
	if err = errors.Join(checkURL(r.URL), err); err != nil {
		return nil, err
	}
	if _, err := hook.ReadSecret(r.SecretFile); err != nil {
		return nil, err
	}
	return &lane{
		Receiver: r, o: o, m: m.lane(r.Name), client: client,
		done: make(chan outcome, o.Parallel), busy: map[string]bool{},
	}, nil
}

func newClient(r Receiver) (*http.Client, error) {
	if err := r.HTTP.Validate(); err != nil {
		return nil, err
	}
	client, err := promconfig.NewClientFromConfig(r.HTTP, "webhook",
		promconfig.WithDialContextFunc(hook.Dial), promconfig.WithUserAgent("slo-engine"))
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// checkURL does not repeat the address.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("its url is not an http or https address")
	case u.User != nil || u.Fragment != "":
		return errors.New("its url has a user or a fragment: write basic_auth instead")
	}
	if at, err := netip.ParseAddr(u.Hostname()); err == nil && hook.LinkLocal(at) {
		return errors.New("its url is a link-local address, which is not called")
	}
	return nil
}

// send POSTs a message and judges the answer.
func (l *lane) send(ctx context.Context, m remediation.Message) verdict {
	ctx, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	req, err := l.request(ctx, m)
	if err != nil {
		return verdict{problem: err.Error()}
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return verdict{problem: bare(err).Error()}
	}
	defer resp.Body.Close()
	// The status is the answer: what is wrong with the rest of it does not matter.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return judge(resp.StatusCode, resp.Header, body, l.o.Now())
}

func (l *lane) request(ctx context.Context, m remediation.Message) (*http.Request, error) {
	secret, err := hook.ReadSecret(l.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, bare(err)
	}
	req.Header.Set("Content-Type", cloudevents.ApplicationCloudEventsJSON)
	secret.Sign(req.Header, eventID(m), m.Body, l.o.Now())
	return req, nil
}

// eventID is that of the event in a message: the same for all receivers.
func eventID(m remediation.Message) string {
	var event struct{ ID string }
	if err := json.Unmarshal(m.Body, &event); err != nil || event.ID == "" {
		return m.ID
	}
	return event.ID
}

// bare is an error without the address, which may be a secret.
func bare(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}
