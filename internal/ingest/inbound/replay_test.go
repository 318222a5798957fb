package inbound_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/internal/ingest/inbound"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
)

// Somebody has overheard a signed message, and sends it again, over a restart of
// the engine, too: it says nothing new, and after five minutes nothing at all.
func TestReplays(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	const key = "whsec_YSBzaWduaW5nIHNlY3JldCBvZiB0aGlydHkgYnl0ZXM="
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := hook.ParseSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	now := noon
	clock := func() time.Time { return now }
	var inbox *remediation.Inbox
	begin := func() (end func()) {
		store, err := state.Open(t.Context(), state.Options{DSN: filepath.Join(dir, "state.db")})
		if err != nil {
			t.Fatal(err)
		}
		inbox = remediation.NewInbox(remediation.InboxOptions{Store: store, Now: clock})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); inbox.Run(ctx) }()
		return func() { cancel(); <-done; _ = store.Close() }
	}
	h := inbound.New(inbound.Options{Inbox: func() inbound.Inbox { return inbox }, SecretFile: file, Now: clock})
	fires, over := message(firing), message(strings.NewReplacer(`"firing"`, `"resolved"`, "0001-01-01T00:00:00Z", "2026-03-01T11:59:50Z").Replace(firing))
	send := func(body string, signed time.Time, status int, want string) {
		t.Helper()
		w := post(h, body, func(r *http.Request) { secret.Sign(r.Header, "m", []byte(body), signed) })
		if w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, status, want)
		}
	}
	end := begin()
	send(fires, noon, 200, `"taken":{"new":1}`)
	send(fires, noon, 200, `"taken":{"repeated":1}`)
	now = noon.Add(time.Minute)
	send(over, now, 200, `"taken":{"ended":1}`)
	send(fires, noon, 200, `"taken":{"late":1}`)
	end()
	end = begin()
	defer func() { end() }()
	send(fires, noon, 200, `"taken":{"late":1}`)
	send(over, noon.Add(time.Minute), 200, `"taken":{"repeated":1}`)
	now = noon.Add(6 * time.Minute)
	send(fires, noon, 401, "too far off")
	if list := inbox.Alerts(now); len(list) != 1 || list[0].Ended.IsZero() {
		t.Errorf("known: %+v", list)
	}
}
