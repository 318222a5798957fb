package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/actuatortest"
	"github.com/slo-engine/slo-engine/internal/actuator/webhook"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("a signing secret of thirty bytes")

// receiver does what events say, each once, and tells what it has done.
type receiver struct {
	t testing.TB

	mu   sync.Mutex
	seen map[string]string // event id → body
	done map[string]status // by subject
}

type status struct {
	State  string          `json:"state"`
	Action string          `json:"action"`
	Data   json.RawMessage `json:"data"`
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method == http.MethodGet {
		if s, there := r.done[req.URL.Query().Get("subject")]; there {
			_ = json.NewEncoder(w).Encode(s)
			return
		}
		http.NotFound(w, req)
		return
	}
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = r.take(req.Header, body)
	}
	if err != nil {
		r.t.Errorf("event: %v\n%s", err, body)
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// take checks an event as a careful receiver does.
func (r *receiver) take(h http.Header, body []byte) error {
	var e cloudevents.Event
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	id, at := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + string(body)))
	seconds, err := strconv.ParseInt(at, 10, 64)
	switch {
	case e.Validate() != nil:
		return e.Validate()
	case err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute:
		return fmt.Errorf("timestamp %q is not of now", at)
	case h.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)):
		return fmt.Errorf("the signature %q is not right", h.Get("Webhook-Signature"))
	case h.Get("Content-Type") != "application/cloudevents+json" || id != e.ID():
		return fmt.Errorf("headers %v", h)
	case r.seen[id] != "" && r.seen[id] != string(body):
		return fmt.Errorf("event %s comes again with other bytes", id)
	case r.seen[id] != "":
		return nil
	}
	r.seen[id] = string(body)
	switch e.Type() {
	case "dev.slo-engine.action.do":
		r.done[e.Subject()] = status{"done", e.Extensions()["action"].(string), e.Data()}
	case "dev.slo-engine.action.undo":
		delete(r.done, e.Subject())
	default:
		return fmt.Errorf("type %s", e.Type())
	}
	return nil
}

// set is what a person does at the receiver.
func (r *receiver) set(subject string, s status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[subject] = s
}

func secretFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("whsec_"+base64.StdEncoding.EncodeToString(key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var action = actuator.Action{Kind: actuator.Notify, Event: json.RawMessage(`{"service":"checkout","playbook":"page-vendor","labels":{"tier":"heal"}}`)}

const subject = "checkout/page-vendor"

// gateway is a receiver behind a proxy that fails as told.
func gateway(t *testing.T, asked bool) *actuatortest.Gateway {
	r := &receiver{t: t, seen: map[string]string{}, done: map[string]status{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	proxy := actuatortest.NewProxy(t, server.URL)
	c := webhook.Config{URL: proxy.URL + "/heal?token=hush", SecretFile: secretFile(t)}
	if asked {
		c.StatusURL = proxy.URL + "/status?token=hush"
	}
	look := func(context.Context) (string, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Sprintf("%s", r.done), nil
	}
	return &actuatortest.Gateway{
		Open: func(t testing.TB) actuator.Actuator { return open(t, c) },
		Look: look,
		Effect: func(context.Context, actuator.Action) (bool, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			_, done := r.done[subject]
			return done, nil
		},
		Disturb: func(testing.TB, actuator.Action) {
			r.set(subject, status{"done", "somebody", json.RawMessage(`{"by":"hand"}`)})
		},
		Down: proxy.Down, Hang: proxy.Hang,
		Restart: func(testing.TB) {},
		Faults: []actuatortest.Fault{
			{Name: "409", Set: proxy.Answer(409, "text/plain", "no"), Want: actuator.ErrConflict},
			{Name: "503", Set: proxy.Answer(503, "text/plain", "busy"), Want: actuator.ErrUnavailable},
			{Name: "500", Set: proxy.Answer(500, "text/plain", "oh"), Want: actuator.ErrUncertain},
			{Name: "410", Set: proxy.Answer(410, "text/plain", "gone"), Want: actuator.ErrMissing},
			{Name: "401", Set: proxy.Answer(401, "text/plain", "who"), Want: actuator.ErrRefused},
			{Name: "a redirect", Set: proxy.Handle(func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, "/elsewhere", http.StatusTemporaryRedirect)
			}), Want: actuator.ErrRefused},
		},
	}
}

func open(t testing.TB, c webhook.Config) *webhook.Actuator {
	t.Helper()
	a, err := webhook.New(c, webhook.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The suite, at a receiver that tells nothing and at one that can be asked.
func TestConformance(t *testing.T) {
	for name, asked := range map[string]bool{"told": false, "asked": true} {
		t.Run(name, func(t *testing.T) {
			actuatortest.Run(t, actuatortest.Harness{
				Start:   func(t *testing.T) *actuatortest.Gateway { return gateway(t, asked) },
				Actions: []actuator.Action{action},
				Blind:   !asked,
				Secrets: []string{"hush", base64.StdEncoding.EncodeToString(key)},
			})
		})
	}
}

// What is sent, to the byte: a receiver may compare it with what it had before.
func TestEvent(t *testing.T) {
	a := open(t, webhook.Config{URL: "https://example.com/heal", SecretFile: secretFile(t)})
	action := action
	action.ID = "act-01"
	p, err := a.Plan(t.Context(), action)
	if err != nil {
		t.Fatal(err)
	}
	const data = `{"labels":{"tier":"heal"},"playbook":"page-vendor","service":"checkout"}`
	want := `{"specversion":"1.0","id":"act-01.undo","source":"slo-engine","type":"dev.slo-engine.action.undo",` +
		`"subject":"checkout/page-vendor","datacontenttype":"application/json","data":` + data + `,"action":"act-01"}`
	if p.Undo[0].Body != want {
		t.Errorf("undo event\n%s\nwant\n%s", p.Undo[0].Body, want)
	}
	if p.Target != subject || string(p.After) != data {
		t.Errorf("target %s, after %s", p.Target, p.After)
	}
}

// What a status URL answers.
func TestStatus(t *testing.T) {
	tests := map[string]struct {
		code  int
		body  string
		value string
		err   error
	}{
		"done":         {200, `{"state":"done","action":"a","data":{"b":1}}`, `{"b":1}`, nil},
		"pending":      {200, `{"state":"pending","action":"a","data":{"b":1}}`, `{"b":1}`, nil},
		"undone":       {200, `{"state":"undone","action":"a","data":{"b":1}}`, `null`, nil},
		"never":        {404, ``, `null`, nil},
		"nonsense":     {200, `<html>`, "", actuator.ErrUnavailable},
		"no such word": {200, `{"state":"maybe"}`, "", actuator.ErrUnavailable},
		"busy":         {503, ``, "", actuator.ErrUnavailable},
		"redirect":     {302, ``, "", actuator.ErrUnavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.code)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			live, err := open(t, webhook.Config{URL: server.URL, StatusURL: server.URL}).Read(t.Context(), subject)
			if !errors.Is(err, tt.err) || tt.err == nil && string(live.Value) != tt.value {
				t.Errorf("live %s, %v", live.Value, err)
			}
			if pending := len(live.Unsettled) > 0; pending != (name == "pending") {
				t.Errorf("unsettled %v", live.Unsettled)
			}
		})
	}
}

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("aHVzaA=="), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		c    webhook.Config
		want []string
	}{
		"nothing":       {webhook.Config{}, []string{"url: missing"}},
		"not addresses": {webhook.Config{URL: "ftp://x", StatusURL: "https://me:hush@x"}, []string{"url: not", "statusUrl: not"}},
		"a short secret": {
			webhook.Config{URL: "http://x", SecretFile: short, Timeout: time.Hour}, []string{"secretFile: ", "timeout: "},
		},
		"no such file": {webhook.Config{URL: "http://x", SecretFile: short + "er"}, []string{"secretFile: "}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New(tt.c, webhook.Options{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "hush") {
					t.Errorf("error %q, want %q in it", err, part)
				}
			}
		})
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a := open(t, webhook.Config{URL: "http://169.254.169.254/latest"})
	_, err := a.Write(t.Context(), actuator.Write{Action: "act-01", Target: subject, From: actuator.Live{Value: actuator.Absent}, To: actuator.Value(`{}`)})
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}
