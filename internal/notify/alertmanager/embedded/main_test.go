package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// message is what Alertmanager posts to a webhook, as far as we look at it.
type message struct {
	Status string
	Alerts []struct {
		Status string
		Labels map[string]string
	}
}

func (m message) String() string {
	parts := make([]string, len(m.Alerts))
	for i, a := range m.Alerts {
		parts[i] = a.Status + " " + a.Labels["severity"]
	}
	return strings.Join(parts, ", ")
}

// pager is a webhook that remembers what it was told.
type pager struct {
	*httptest.Server
	mu   sync.Mutex
	seen []message
}

func newPager(t *testing.T) *pager {
	p := &pager{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var m message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Errorf("decode webhook: %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen = append(p.seen, m)
	}))
	t.Cleanup(p.Close)
	return p
}

// told is everything so far, one line per message.
func (p *pager) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := make([]string, len(p.seen))
	for i, m := range p.seen {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// awaitTold waits until the pager was told exactly these lines.
func (p *pager) awaitTold(t *testing.T, lines ...string) {
	t.Helper()
	want := strings.Join(lines, "\n")
	await(t, func() error {
		if got := p.told(); got != want {
			return fmt.Errorf("pager was told\n%s\nwant\n%s", got, want)
		}
		return nil
	})
}

// await polls until check passes.
func await(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// configFor notifies url, fast enough for a test; each severity is a group.
func configFor(url string) string {
	return fmt.Sprintf(`
route:
  receiver: pager
  group_by: [slo_id, severity]
  group_wait: 100ms
  group_interval: 200ms
  repeat_interval: 4h
receivers:
  - name: pager
    webhook_configs: [{url: %q}]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [slo_id]
`, url)
}

func writeConfig(t *testing.T, path, text string) string {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "alertmanager.yml")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// started returns a running instance that ends with the test.
func started(t *testing.T, opts Options) *Alertmanager {
	t.Helper()
	if opts.DataDir == "" {
		opts.DataDir = t.TempDir()
	}
	a, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

var epoch = time.Now()

// burn is an alert of one SLO instance that fires now.
func burn(severity string) alertmanager.Outgoing {
	return alertmanager.Outgoing{
		Labels: map[string]string{
			"alertname": "ErrorBudgetBurn", "service": "checkout", "slo": "availability",
			"slo_id": "checkout:availability", "severity": severity,
		},
		Annotations: map[string]string{"summary": "burning"},
		StartsAt:    epoch,
		EndsAt:      time.Now().Add(4 * time.Minute),
	}
}

func ended(o alertmanager.Outgoing) alertmanager.Outgoing {
	o.EndsAt = time.Now()
	return o
}

func send(t *testing.T, s alertmanager.Sender, batch ...alertmanager.Outgoing) {
	t.Helper()
	if err := s.Send(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// call makes a request to the handler and returns status and body.
func call(t *testing.T, a *Alertmanager, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(b)
}
