package inbound

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Inbox keeps alerts: a *remediation.Inbox.
type Inbox interface {
	Take(ctx context.Context, alerts []remediation.Inbound) (remediation.Taken, error)
}

// Options are what a Handler needs.
type Options struct {
	// Inbox is where alerts go; nil is one that is not there yet: then the answer
	// is 503.
	Inbox func() Inbox
	// SecretFile holds the secret that messages must be signed with. It is read at
	// each message, so it can be exchanged there. Empty: they need not be signed.
	SecretFile string
	// Patience is how long a message waits for its turn and for the disk. 0: 8 s,
	// which is less than Alertmanager waits.
	Patience time.Duration

	Now        func() time.Time      // nil: time.Now
	Logger     *slog.Logger          // nil: slog.DiscardHandler
	Registerer prometheus.Registerer // nil: not registered
}

const (
	// maxBody bounds one message.
	maxBody = 4 << 20
	// maxHeld bounds the bytes of all messages that are read at once; they take a
	// few times as much while they are decoded.
	maxHeld = 16 << 20
	// maxWaiting bounds the requests that are answered at once.
	maxWaiting = 512
	// overhead is what a small message takes beside its body.
	overhead = 8 << 10
)

// Handler is the endpoint.
type Handler struct {
	o       Options
	log     *slog.Logger
	m       *metrics
	held    *semaphore.Weighted
	waiting atomic.Int64
}

// New makes one.
func New(o Options) *Handler {
	o.Patience = cmp.Or(o.Patience, 8*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{
		o: o, log: o.Logger.With("component", "inbound"), m: newMetrics(o.Registerer), held: semaphore.NewWeighted(maxHeld),
	}
}

// ServeHTTP answers one message.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.o.Now()
	// Who sends slowly must not keep the room of others. Where there is no deadline
	// to be set, as in tests, there is no connection either.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.o.Patience))
	a := h.answer(r)
	a.write(w)
	h.m.answered(a.status, h.o.Now().Sub(began))
}

// answer takes a message, if it is one and there is room.
func (h *Handler) answer(r *http.Request) answer {
	if p := asked(r); p != nil {
		return p.answer()
	}
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return busy("too many messages wait already").answer()
	}
	defer h.waiting.Add(-1)
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Patience)
	defer cancel()
	weight := int64(maxBody)
	if r.ContentLength >= 0 {
		weight = min(r.ContentLength+overhead, maxBody)
	}
	if h.held.Acquire(ctx, weight) != nil {
		return busy("too many messages are read already").answer()
	}
	defer h.held.Release(weight)
	got, p := h.read(r)
	if p != nil {
		return p.answer()
	}
	return h.take(ctx, got)
}

// asked says what is wrong with a request before its body is read.
func asked(r *http.Request) *problem {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	encoding := r.Header.Get("Content-Encoding")
	switch {
	case r.Method != http.MethodPost:
		return &problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "alerts are sent with POST"}
	case err != nil || kind != "application/json":
		return &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "the content type must be application/json"}
	case encoding != "" && encoding != "identity":
		return &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "the body must not be compressed"}
	case r.ContentLength > maxBody:
		return tooLarge()
	}
	return nil
}

func tooLarge() *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, code: "too_large", detail: "a message has at most 4 MiB: set max_alerts in Alertmanager's webhook_config"}
}

// read reads a body, and believes it or not.
func (h *Handler) read(r *http.Request) (got received, p *problem) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil: // nothing says that the message is bad, so it may come again
		return got, busy("the body could not be read: " + err.Error())
	case len(body) > maxBody:
		return got, tooLarge()
	}
	if p := h.believe(r.Header, body); p != nil {
		return got, p
	}
	return decode(body, h.o.Now(), sender(r))
}

// believe checks the signature, where there is to be one.
func (h *Handler) believe(header http.Header, body []byte) *problem {
	if h.o.SecretFile == "" {
		return nil
	}
	secret, err := hook.ReadSecret(h.o.SecretFile)
	if err != nil {
		h.log.Error("cannot check alerts from elsewhere", "err", err)
		return busy("the secret that messages are signed with cannot be read: see the engine's log")
	}
	if err := hook.Verify(header, body, h.o.Now(), 0, secret); err != nil {
		return &problem{status: http.StatusUnauthorized, code: "unauthorized", detail: err.Error()}
	}
	return nil
}

// sender is who sent a request: a name, where people have them, else an address.
func sender(r *http.Request) string {
	if who := auth.From(r.Context()).Name; who != "" && who != auth.Local.Name {
		return who
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return strings.TrimSpace(r.RemoteAddr)
}

// take hands alerts to the Inbox.
func (h *Handler) take(ctx context.Context, got received) answer {
	h.m.malformed.Add(float64(len(got.bad)))
	if len(got.bad) > 0 {
		h.log.Warn("alerts from elsewhere that cannot be", "alerts", len(got.bad), "of", got.total, "first", got.bad[0].Problem)
	}
	if len(got.alerts) == 0 {
		return got.done(nil)
	}
	inbox := h.o.Inbox()
	if inbox == nil {
		return busy("the state of actions cannot be opened yet").answer()
	}
	taken, err := inbox.Take(ctx, got.alerts)
	switch {
	case err == nil:
		return got.done(taken)
	case !errors.Is(err, remediation.ErrBusy):
		h.log.Error("cannot take alerts from elsewhere", "err", err)
	}
	return busy(err.Error()).answer()
}
