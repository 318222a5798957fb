package webhook_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

var secret = hook.Secret("a signing secret of some thirty bytes")

func secretFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("whsec_"+base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What arrives is the event as it was pushed, signed, once.
func TestDelivers(t *testing.T) {
	signed, bare, registry, s := newReceiver(t, nil), newReceiver(t, nil), prometheus.NewRegistry(), memory()
	a := to("signed", signed)
	a.SecretFile = secretFile(t)
	a.HTTP = promconfig.HTTPClientConfig{BasicAuth: &promconfig.BasicAuth{Username: "me", Password: "hush"}}
	o := options(s, a, to("bare", bare))
	o.Registerer = registry
	one := message("signed", "m1", "k")
	push(t, s, one, message("bare", "m1", "k"))
	_, stop := run(t, o)
	signed.wantIDs(t, "m1")
	bare.wantIDs(t, "m1")
	emptied(t, s, "signed")
	emptied(t, s, "bare")
	stop()

	got := signed.calls()[0]
	if err := hook.Verify(got.header, got.body, time.Now(), 0, secret); err != nil {
		t.Error(err)
	}
	var e cloudevents.Event
	if err := errors.Join(json.Unmarshal(got.body, &e), e.Validate()); err != nil || string(got.body) != string(one.Body) {
		t.Errorf("%v: %s", err, got.body)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/cloudevents+json", "User-Agent": "slo-engine", "Authorization": "Basic bWU6aHVzaA==",
	} {
		if got.header.Get(header) != want {
			t.Errorf("%s: %q", header, got.header.Get(header))
		}
	}
	if h := bare.calls()[0].header; h.Get("Webhook-Signature") != "" || h.Get("Webhook-Timestamp") != "" {
		t.Errorf("signed without a secret: %v", h)
	}
	wantMetric(t, registry, `
# HELP slo_engine_webhook_deliveries_total Attempts to deliver a message, by receiver and result: delivered, again (it is tried later), dead.
# TYPE slo_engine_webhook_deliveries_total counter
slo_engine_webhook_deliveries_total{receiver="bare",result="again"} 0
slo_engine_webhook_deliveries_total{receiver="bare",result="dead"} 0
slo_engine_webhook_deliveries_total{receiver="bare",result="delivered"} 1
slo_engine_webhook_deliveries_total{receiver="signed",result="again"} 0
slo_engine_webhook_deliveries_total{receiver="signed",result="dead"} 0
slo_engine_webhook_deliveries_total{receiver="signed",result="delivered"} 1
`, "slo_engine_webhook_deliveries_total")
}

func wantMetric(t testing.TB, registry *prometheus.Registry, want string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// Of each key in order, whatever fails in between; keys do not wait for each
// other.
func TestOrder(t *testing.T) {
	var fails atomic.Int64
	hookA := newReceiver(t, func(_ int, c call) int {
		if strings.HasPrefix(c.id, "a") && fails.Add(1)%3 != 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusAccepted
	})
	s := memory()
	for i, id := range numbered("a", 10) {
		push(t, s, message("hook", id, "a"), message("hook", numbered("b", 10)[i], "b"))
	}
	run(t, options(s, to("hook", hookA)))
	emptied(t, s, "hook")
	of := map[string][]string{}
	for _, id := range hookA.ids() {
		if key := id[:1]; !slices.Contains(of[key], id) {
			of[key] = append(of[key], id)
		}
	}
	want := map[string][]string{"a": numbered("a", 10), "b": numbered("b", 10)}
	if diff := cmp.Diff(want, of); diff != "" {
		t.Errorf("first copies of each key (-want +got):\n%s", diff)
	}
	if n := len(hookA.ids()); n != 30+10 {
		t.Errorf("%d calls, want 3 for each of a and 1 for each of b", n)
	}
}

// One that hangs, and one that is not there, hold up only themselves.
func TestDownHoldsItself(t *testing.T) {
	end := make(chan struct{})
	hangs := newReceiver(t, func(int, call) int { <-end; return http.StatusOK })
	defer close(end)
	gone := newReceiver(t, nil)
	gone.Close()
	well, s := newReceiver(t, nil), memory()
	for _, id := range numbered("m", 50) {
		push(t, s, message("hangs", id, id), message("gone", id, id))
	}
	for _, id := range numbered("m", 50) {
		push(t, s, message("well", id, "k"))
	}
	o := options(s, to("hangs", hangs), to("gone", gone), to("well", well))
	o.DrainTimeout = 10 * time.Millisecond
	_, stop := run(t, o)
	well.wantIDs(t, numbered("m", 50)...)
	emptied(t, s, "well")
	stop()
	for _, name := range []string{"hangs", "gone"} {
		if b := backlog(t, s, name); b.Waiting != 50 || b.Dead != 0 {
			t.Errorf("%+v", b)
		}
	}
	if n := len(hangs.calls()); n != 8 {
		t.Errorf("%d calls to the one that hangs", n)
	}
}

// One that fails is asked with one message at a time, not with all that wait.
func TestProbes(t *testing.T) {
	var under, most atomic.Int64
	r := newReceiver(t, func(n int, _ call) int {
		if now := under.Add(1); n >= 8 && n < 50 && now > most.Load() {
			most.Store(now)
		}
		defer under.Add(-1)
		if n < 50 {
			rest()
			return http.StatusBadGateway
		}
		return http.StatusOK
	})
	s := memory()
	for _, id := range numbered("m", 40) {
		push(t, s, message("hook", id, id))
	}
	run(t, options(s, to("hook", r)))
	eventually(t, func() bool { return r.count() >= 45 })
	if most.Load() > 1 {
		t.Errorf("%d at once to a receiver that fails", most.Load())
	}
	emptied(t, s, "hook")
}

// What each answer means.
func TestAnswers(t *testing.T) {
	for status, fate := range map[int]remediation.Fate{
		200: remediation.Delivered, 202: remediation.Delivered, 204: remediation.Delivered,
		301: remediation.DeadEnd, 304: remediation.DeadEnd, 307: remediation.DeadEnd,
		400: remediation.DeadEnd, 401: remediation.DeadEnd, 403: remediation.DeadEnd, 404: remediation.DeadEnd,
		409: remediation.DeadEnd, 410: remediation.DeadEnd, 413: remediation.DeadEnd, 422: remediation.DeadEnd,
		408: "", 425: "", 429: "", 500: "", 501: "", 502: "", 503: "", 504: "", 599: "",
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			r := newReceiver(t, func(n int, _ call) int {
				if n > 0 {
					return http.StatusOK
				}
				return status
			})
			s := memory()
			push(t, s, message("hook", "m", "k"))
			_, stop := run(t, options(s, to("hook", r)))
			emptied(t, s, "hook")
			stop()
			dead, err := s.Dead(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			want := map[remediation.Fate]int{remediation.Delivered: 1, remediation.DeadEnd: 1, "": 2}[fate]
			if n := len(r.calls()); n != want || (len(dead) == 1) != (fate == remediation.DeadEnd) {
				t.Errorf("%d calls, want %d; dead %v", n, want, dead)
			}
			if len(dead) == 1 && (!strings.HasPrefix(dead[0].Problem, strconv.Itoa(status)+" ") || dead[0].Tries != 1) {
				t.Errorf("dead %+v", dead[0])
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere, s := newReceiver(t, nil), memory()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusPermanentRedirect))
	defer server.Close()
	push(t, s, message("hook", "m", "k"))
	one := webhook.Receiver{Name: "hook", URL: server.URL, HTTP: promconfig.DefaultHTTPClientConfig}
	_, stop := run(t, options(s, one))
	emptied(t, s, "hook")
	stop()
	if len(elsewhere.calls()) != 0 || backlog(t, s, "hook").Dead != 1 {
		t.Errorf("%d calls elsewhere, %+v", len(elsewhere.calls()), backlog(t, s, "hook"))
	}
}

// A day later a message is dead; a person can have it sent again, and then it
// has another day.
func TestGivesUp(t *testing.T) {
	var well atomic.Bool
	r := newReceiver(t, func(int, call) int {
		if well.Load() {
			return http.StatusOK
		}
		return http.StatusInternalServerError
	})
	s, c, registry := memory(), &clock{now: noon}, prometheus.NewRegistry()
	push(t, s, message("hook", "m1", "k"), message("hook", "m2", "k"))
	o := options(s, to("hook", r))
	o.Now, o.Registerer, o.GiveUp = c.Now, registry, 0
	_, stop := run(t, o)
	// later waits while time goes by, in steps that a day has many of.
	later := func(done func() bool) {
		t.Helper()
		eventually(t, func() bool {
			c.advance(time.Second)
			return done()
		})
	}
	later(func() bool { return r.count() >= 4 })
	if b := backlog(t, s, "hook"); b.Waiting != 2 || b.Dead != 0 {
		t.Errorf("the first day: %+v", b)
	}
	c.advance(24 * time.Hour)
	later(func() bool { return backlog(t, s, "hook").Dead == 2 })
	dead, err := s.Dead(t.Context(), 10)
	if err != nil || len(dead) != 2 || dead[1].ID != "m1-hook" || dead[1].Tries < 4 || dead[0].Tries != 1 || !strings.HasPrefix(dead[1].Problem, "500 Internal Server Error") {
		t.Fatalf("dead %+v, %v", dead, err)
	}
	if n, err := s.Revive(t.Context(), c.Now(), "m1-hook", "nobody"); n != 1 || err != nil {
		t.Fatalf("resent %d, %v", n, err)
	}
	before := len(r.calls())
	later(func() bool { return r.count() > before })
	if b := backlog(t, s, "hook"); b.Waiting != 1 || b.Dead != 1 {
		t.Errorf("after the first attempt: %+v", b)
	}
	well.Store(true)
	later(func() bool { return backlog(t, s, "hook").Waiting == 0 })
	eventually(t, func() bool {
		return testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP slo_engine_webhook_dead Messages that were given up and are kept, by receiver.
# TYPE slo_engine_webhook_dead gauge
slo_engine_webhook_dead{receiver="hook"} 1
# HELP slo_engine_webhook_pending Messages that wait in the outbox, by receiver.
# TYPE slo_engine_webhook_pending gauge
slo_engine_webhook_pending{receiver="hook"} 0
`), "slo_engine_webhook_dead", "slo_engine_webhook_pending") == nil
	})
	stop()
}

// Messages of a receiver that is not configured wait for it, for a day.
func TestStray(t *testing.T) {
	r, s, c := newReceiver(t, nil), memory(), &clock{now: noon.Add(24 * time.Hour)}
	late := message("gone", "late", "l")
	late.Made = noon.Add(time.Second)
	push(t, s, message("gone", "m", "k"), late)
	o := options(s, to("hook", r))
	o.Now, o.GiveUp = c.Now, 0
	_, stop := run(t, o)
	eventually(t, func() bool { return backlog(t, s, "gone").Dead == 1 })
	stop()
	dead, err := s.Dead(t.Context(), 10)
	if err != nil || len(dead) != 1 || dead[0].ID != "m-gone" || dead[0].Problem != "no receiver of this name is configured" {
		t.Errorf("dead %+v, %v", dead, err)
	}
}

// Only the leader delivers.
func TestLeads(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	var leads atomic.Bool
	asked := make(chan struct{}, 100)
	o := options(s, to("hook", r))
	o.Leads = func() bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return leads.Load()
	}
	push(t, s, message("hook", "m", "k"))
	run(t, o)
	for range cap(asked) {
		<-asked
	}
	if n := len(r.calls()); n != 0 {
		t.Errorf("%d calls by one that does not lead", n)
	}
	leads.Store(true)
	r.wantIDs(t, "m")
}

// The end of the engine delivers what is due, and waits for nobody who hangs.
func TestStop(t *testing.T) {
	end := make(chan struct{})
	hangs, well, s := newReceiver(t, func(int, call) int { <-end; return http.StatusOK }), newReceiver(t, nil), memory()
	defer close(end)
	for _, id := range numbered("m", 20) {
		push(t, s, message("well", id, "k"))
	}
	push(t, s, message("hangs", "m", "k"))
	o := options(s, to("hangs", hangs), to("well", well))
	o.DrainTimeout = 500 * time.Millisecond
	d, err := webhook.New(o)
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	if err := d.Run(over); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	well.wantIDs(t, numbered("m", 20)...)
	if b := backlog(t, s, "hangs"); b.Waiting != 1 {
		t.Errorf("%+v", b)
	}
	if due, err := s.Pull(t.Context(), "hangs", noon, 10); err != nil || len(due) != 1 || due[0].Tries != 0 {
		t.Errorf("the end of the engine is no failure of the receiver: %+v, %v", due, err)
	}
	if err := d.Run(over); err == nil {
		t.Error("it ran twice")
	}
}

// refusing is a store that settles nothing for a while.
type refusing struct {
	webhook.Store
	mu   sync.Mutex
	left int
}

func (s *refusing) Settle(ctx context.Context, list ...remediation.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 {
		s.left--
		return errors.New("the store is away")
	}
	return s.Store.Settle(ctx, list...)
}

// A store that is away for a moment makes no copies.
func TestStoreAway(t *testing.T) {
	r, s := newReceiver(t, nil), &refusing{Store: memory(), left: 5}
	push(t, s, message("hook", "m1", "k"), message("hook", "m2", "k"))
	run(t, options(s, to("hook", r)))
	emptied(t, s, "hook")
	r.wantIDs(t, "m1", "m2")
}

// A secret that cannot be read now is a failure that may pass.
func TestSecretGone(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	one := to("hook", r)
	one.SecretFile = secretFile(t)
	aside := one.SecretFile + ".aside"
	d, err := webhook.New(options(s, one))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(one.SecretFile, aside); err != nil {
		t.Fatal(err)
	}
	push(t, s, message("hook", "m", "k"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	eventually(t, func() bool {
		due, err := s.Pull(t.Context(), "hook", time.Now().Add(time.Hour), 1)
		return err == nil && len(due) == 1 && due[0].Tries > 1 && strings.HasPrefix(due[0].Problem, "sign: read secret: ")
	})
	if err := os.Rename(aside, one.SecretFile); err != nil {
		t.Fatal(err)
	}
	r.wantIDs(t, "m")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := hook.Verify(r.calls()[0].header, r.calls()[0].body, time.Now(), 0, secret); err != nil {
		t.Error(err)
	}
}

// What cannot be is named, all at once and without secrets.
func TestNew(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("aHVzaA=="), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := webhook.New(webhook.Options{Store: memory(), Receivers: []webhook.Receiver{
		{Name: "scheme", URL: "ftp://hush"}, {Name: "user", URL: "http://me:hush@a"},
		{Name: "link-local", URL: "http://[fe80::1]/hush"}, {Name: "secret", URL: "http://a", SecretFile: short},
		{Name: "client", URL: "http://a", HTTP: promconfig.HTTPClientConfig{BearerToken: "hush", BasicAuth: &promconfig.BasicAuth{Username: "a"}}},
		{Name: "well", URL: "http://a"}, {Name: "well", URL: "http://a"},
	}})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{`"scheme": its url is not`, `"user": its url has`, `"link-local": its url is a link-local`, `"secret": read secret`, `"client": at most one`, `"well": is there twice`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s in it", err, want)
		}
	}
	if _, err := webhook.New(webhook.Options{}); err == nil {
		t.Error("there is no store, and no error")
	}
}

// Whom the runner of actions, and whoever else tells, writes to.
func TestReceivers(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	a, b := to("a", r), to("b", r)
	a.Types = []string{webhook.Alerts, webhook.Gates}
	d, _ := run(t, options(s, a, b))
	for kind, want := range map[string][]string{webhook.Alerts: {"a", "b"}, webhook.Actions: {"b"}, webhook.Gates: {"a", "b"}} {
		if diff := cmp.Diff(want, d.Receivers(kind)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
	for range 2 { // which is once
		if err := d.Push(t.Context(), webhook.Actions, "act-1", "act-1-3", json.RawMessage(`{"id":"act-1-3"}`)); err != nil {
			t.Fatal(err)
		}
	}
	r.wantIDs(t, "act-1-3")
	emptied(t, s, "b")
}
