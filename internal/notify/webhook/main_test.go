package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(workIn) != "" {
		work()
		return
	}
	goleak.VerifyTestMain(m)
}

// noon is the time at which everything here happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// patience bounds each wait.
const patience = time.Minute

// receiver is a server that is told, and answers as it is told to.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	heard  []call
	answer func(n int, c call) int // the status; nil: 200
}

// call is one that a receiver had.
type call struct {
	id     string
	header http.Header
	body   []byte
}

func newReceiver(t testing.TB, answer func(n int, c call) int) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	c := call{req.Header.Get("Webhook-Id"), req.Header, body}
	r.mu.Lock()
	n := len(r.heard)
	r.heard = append(r.heard, c)
	r.mu.Unlock()
	if r.answer != nil {
		w.WriteHeader(r.answer(n, c))
	}
}

func (r *receiver) calls() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

// count is how many calls there were.
func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.heard)
}

func (r *receiver) ids() (ids []string) {
	for _, c := range r.calls() {
		ids = append(ids, c.id)
	}
	return ids
}

// wantIDs waits for calls and compares their ids.
func (r *receiver) wantIDs(t testing.TB, want ...string) {
	t.Helper()
	eventually(t, func() bool { return len(r.ids()) >= len(want) })
	if diff := cmp.Diff(want, r.ids()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("not in time")
		}
		rest()
	}
}

func rest() { <-time.After(2 * time.Millisecond) }

// message is one that is due at noon.
func message(to, id, key string) remediation.Message {
	body, _ := json.Marshal(map[string]string{"specversion": "1.0", "id": id, "source": "test", "type": "test", "key": key})
	return remediation.Message{ID: id + "-" + to, To: to, Key: key, Body: body, Made: noon, Due: noon}
}

func push(t testing.TB, s webhook.Store, list ...remediation.Message) {
	t.Helper()
	if err := s.Push(context.Background(), list...); err != nil {
		t.Fatal(err)
	}
}

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// options are those of a deliverer that is in a hurry.
func options(s webhook.Store, receivers ...webhook.Receiver) webhook.Options {
	return webhook.Options{
		Store: s, Receivers: receivers, Poll: 2 * time.Millisecond,
		MinBackoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Recheck: time.Millisecond,
		GiveUp: 100 * 365 * 24 * time.Hour, // noon is long ago
	}
}

func to(name string, r *receiver) webhook.Receiver { return webhook.Receiver{Name: name, URL: r.URL} }

// run starts a deliverer, which the test ends.
func run(t testing.TB, o webhook.Options) (d *webhook.Deliverer, stop func()) {
	t.Helper()
	d, err := webhook.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return d, stop
}

// backlog is what a store says of a receiver.
func backlog(t testing.TB, s webhook.Store, name string) remediation.Backlog {
	t.Helper()
	all, err := s.Backlog(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.To == name {
			return b
		}
	}
	return remediation.Backlog{To: name}
}

// emptied waits until nothing waits for a receiver.
func emptied(t testing.TB, s webhook.Store, name string) {
	t.Helper()
	eventually(t, func() bool { return backlog(t, s, name).Waiting == 0 })
}

func memory() *statetest.Memory { return statetest.NewMemory() }

func numbered(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s%02d", prefix, i))
	}
	return ids
}
